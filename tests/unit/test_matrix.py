"""The page of the error recovery matrix says what the code does."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from backstay.errors import BackstayError
from backstay.functions import resilient
from backstay.matrix import EXEMPLARS, SHOWN, recovery_matrix
from backstay.runtime import Runtime
from backstay.taxonomy import TYPES
from backstay.testing.clock import VirtualClock, run

PAGE = Path(__file__).resolve().parents[2] / "docs/recovery-matrix.md"
ROWS = {
    cells[1]: cells[2:-1]
    for line in recovery_matrix().splitlines()
    if len(cells := [cell.strip() for cell in line.split("|")]) > 2
}


def test_the_page_is_fresh() -> None:
    """S3-60: the table is generated; run `python docs/_generate/recovery_matrix.py` when this fails."""
    assert PAGE.read_text("utf8") == recovery_matrix()


@pytest.mark.parametrize(("label", "error"), EXEMPLARS, ids=[label for label, _ in EXEMPLARS])
def test_the_matrix_says_how_many_calls_are_made(label: str, error: Exception) -> None:
    """Each row's exemplar is played to a function under the preset, and the calls are counted."""
    clock = VirtualClock()
    times: list[float] = []

    @resilient(SHOWN, runtime=Runtime.in_memory(clock=clock, listeners=()))
    async def ask() -> None:
        times.append(clock.monotonic())
        raise type(error)() if isinstance(error, BackstayError) else error

    with pytest.raises(type(error)):
        run(ask(), clock)

    _type, _code, again, calls, waits, _rule = ROWS[label]
    assert len(times) == int(calls)
    assert (again == "yes") is (len(times) > 1)
    assert waits == (", ".join(f"{b - a:g}" for a, b in itertools.pairwise(times)) or "-")


@pytest.mark.parametrize(
    ("label", "calls"),
    [
        ("Network timeout", "5"), ("HTTP 500", "5"), ("HTTP 429", "5"), ("HTTP 503", "5"), ("Connection refused", "5"),
        ("HTTP 401, invalid API key", "1"), ("HTTP 400", "1"), ("Content policy violation (adapters)", "1"),
        ("HTTP 501", "1"), ("HTTP 505", "1"),
    ],
)  # fmt: skip
def test_the_rows_of_the_requirements_are_there(label: str, calls: str) -> None:
    """S3-60's nine rows with decision 18: a call that is not repeated was still made once."""
    assert ROWS[label][3] == calls


def test_every_type_has_its_row() -> None:
    """The last table is the whole taxonomy."""
    assert {f"`{name}`" for name in TYPES} <= ROWS.keys()
