"""The page of faults says what was measured, and the picture shows it."""

from __future__ import annotations

import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
TABLES: dict[str, Any] = runpy.run_path(str(TOP / "docs/_generate/faults.py"))
PICTURE: dict[str, Any] = runpy.run_path(str(TOP / "docs/_generate/faults_picture.py"))
PARTS = TABLES["parts"]()


def test_the_tables_are_fresh() -> None:
    """`python docs/_generate/faults.py` would change nothing."""
    text = TABLES["PAGE"].read_text("utf8")
    assert TABLES["page"](text) == text, "run python docs/_generate/faults.py"


@pytest.mark.parametrize("part", PARTS)
def test_every_table_is_on_the_page(part: str) -> None:
    """A page that lost its markers would always be fresh."""
    text = TABLES["PAGE"].read_text("utf8")
    assert text.count(f"<!-- generated: {part} -->") == 1
    stale = text.replace(f"<!-- generated: {part} -->\n", f"<!-- generated: {part} -->\nold\n")
    assert TABLES["page"](stale) == text


def test_the_picture_is_fresh() -> None:
    """`python docs/_generate/faults_picture.py` would change nothing."""
    assert PICTURE["PICTURE"].read_text("utf8") == PICTURE["picture"](), "run python docs/_generate/faults_picture.py"


def test_the_picture_can_be_read_in_light_and_dark_and_by_those_who_do_not_see_it() -> None:
    """It is well-formed, has a title, a page of its own under it, and colours for both."""
    drawn = PICTURE["picture"]()
    root = ET.fromstring(drawn)
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "prefers-color-scheme:dark" in drawn
    assert 'class="page"' in drawn
    for colour in (*PICTURE["LIGHT"].values(), *PICTURE["DARK"].values()):
        assert colour in drawn


def test_a_missed_goal_is_told() -> None:
    """A table of goals that could only say yes would say nothing."""
    result = TABLES["load"]("faults")
    worse = {"b": {"backstay": {**result["b"]["backstay"], "recover_s": 5.0}}}
    assert "**no**" in TABLES["goals"](worse)
    assert "**no**" not in TABLES["goals"](result)
