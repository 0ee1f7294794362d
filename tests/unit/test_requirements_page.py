"""docs/requirements.md lists every requirement, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from backstay.profile import TimeoutConfig

TOP: Final = Path(__file__).resolve().parents[2]
PAGE: Final = TOP / "docs" / "requirements.md"

IDS: Final = {
    "S0": "01-38",
    "S1": "01-12 20-24 30-34",
    "S2": "01-31",
    "S3": "01-07 10-12 20-23 30-33 40-41 50-51 60-62 70-73 80-81 90-94",
    "S4": "01-04 10-12 20-20 30-30 40-41 50-51 60-61 70-74 80-83 90-96",
}
"""The items of the five documents that the product was asked for with."""

ROW: Final = re.compile(r"^\| (S\d-\d\d) \| (.+?) \| (.*?) \|$", re.MULTILINE)
TEST: Final = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LINK: Final = re.compile(r"\[[^\]]+\]\(([\w./-]+\.md)\)")


def expected() -> list[str]:
    """Every id, in order."""
    found = []
    for document, spans in IDS.items():
        for span in spans.split():
            first, last = map(int, span.split("-"))
            found += [f"{document}-{number:02d}" for number in range(first, last + 1)]
    return found


def rows(text: str) -> dict[str, str]:
    """What shows each id."""
    return {id_: shown for id_, shown, _ in ROW.findall(text)}


ROWS: Final = rows(PAGE.read_text("utf8"))


@cache
def functions_of(path: str) -> frozenset[str]:
    """The test functions of a file; none when there is no such file."""
    file = TOP / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text("utf8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def wrong(shown: str) -> list[str]:
    """What a cell names and is not there; a cell that names nothing is wrong altogether."""
    tests, pages = TEST.findall(shown), LINK.findall(shown)
    missing = [f"{path}::{name}" for path, name in tests if name not in functions_of(path)]
    missing += [page for page in pages if not (PAGE.parent / page).is_file()]
    says_open = re.search(r"(?:^|, )open(?:$|,)", shown)
    return missing or ([] if tests or pages or says_open else [f"nothing in {shown!r}"])


def test_every_requirement_has_a_row() -> None:
    """Each id once, in order."""
    assert [id_ for id_, _, _ in ROW.findall(PAGE.read_text("utf8"))] == expected()


@pytest.mark.parametrize("id_", expected())
def test_what_shows_a_requirement_exists(id_: str) -> None:
    """A test that was renamed or a page that went is found here."""
    assert wrong(ROWS.get(id_, "")) == []


def test_the_count_of_open_ones_is_true() -> None:
    """The page's sentence is not an old one."""
    still_open = sum("open" in shown.split(", ") for shown in ROWS.values())
    assert f"{still_open} of {len(expected())}" in PAGE.read_text("utf8")


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("", ["nothing in ''"]),
        ("soon", ["nothing in 'soon'"]),
        ("`tests/unit/test_none.py::test_x`", ["tests/unit/test_none.py::test_x"]),
        ("`tests/unit/test_requirements_page.py::test_gone`", ["tests/unit/test_requirements_page.py::test_gone"]),
        ("[gone](gone.md)", ["gone.md"]),
        ("open", []),
        ("`tests/unit/test_requirements_page.py::test_every_requirement_has_a_row`, open", []),
    ],
)
def test_a_cell_that_shows_nothing_is_found(shown: str, found: list[str]) -> None:
    """A check that took everything would prove nothing."""
    assert wrong(shown) == found


@pytest.mark.parametrize("kind", ["api_call", "mcp_call", "ai_generation", "default", "no such kind"])
def test_the_timeouts_of_the_requirements(kind: str) -> None:
    """S1-32: 30 s each, and an unknown kind gets the default."""
    assert TimeoutConfig().get_timeout(kind) == 30.0
    assert TimeoutConfig(kinds={"default": 7.0, "report": 60.0}).get_timeout(kind) == 7.0
