"""The tables that a script has written into a page are those of the code."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TIKTOK = runpy.run_path(str(TOP / "docs/_generate/tiktok.py"))


def test_the_tables_of_the_tiktok_page_are_fresh() -> None:
    """`python docs/_generate/tiktok.py` would change nothing."""
    text = TIKTOK["PAGE"].read_text("utf8")
    assert TIKTOK["page"](text) == text, "run python docs/_generate/tiktok.py"


@pytest.mark.parametrize("part", TIKTOK["PARTS"])
def test_every_table_is_on_the_page(part: str) -> None:
    """A page that lost its markers would always be fresh."""
    text = TIKTOK["PAGE"].read_text("utf8")
    assert text.count(f"<!-- generated: {part} -->") == 1
    stale = text.replace(f"<!-- generated: {part} -->\n", f"<!-- generated: {part} -->\nold\n")
    assert TIKTOK["page"](stale) == text
