"""The tables that a script has written into a page are those of the code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]


def _script() -> Any:
    """docs/_generate/adapters.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("adapter_pages", TOP / "docs/_generate/adapters.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


VENDORS = _script().VENDORS
PARTS = ("capabilities", "limits", "operations", "errors")


def fresh(vendor: str) -> None:
    """The script would change nothing."""
    page = VENDORS[vendor].page.read_text("utf8")
    assert VENDORS[vendor].written(page) == page, "run python docs/_generate/adapters.py"


def test_the_tables_of_the_tiktok_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("tiktok")


def test_the_tables_of_the_claude_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("claude")


def test_the_tables_of_the_gemini_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("gemini")


def test_the_tables_of_the_meta_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("meta")


def test_the_tables_of_the_google_ads_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("google_ads")


def test_the_tables_of_the_openai_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("openai")


def test_the_tables_of_the_perplexity_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("perplexity")


def test_the_tables_of_the_mcp_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("mcp")


def test_the_tables_of_the_instagram_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("instagram")


def test_the_tables_of_the_s3_page_are_fresh() -> None:
    """`python docs/_generate/adapters.py` would change nothing."""
    fresh("s3")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("part", PARTS)
def test_every_table_is_on_the_page(vendor: str, part: str) -> None:
    """A page that lost its markers would always be fresh."""
    page = VENDORS[vendor].page.read_text("utf8")
    assert set(VENDORS[vendor].parts) == set(PARTS)
    assert page.count(f"<!-- generated: {part} -->") == 1
    stale = page.replace(f"<!-- generated: {part} -->\n", f"<!-- generated: {part} -->\nold\n")
    assert VENDORS[vendor].written(stale) == page
