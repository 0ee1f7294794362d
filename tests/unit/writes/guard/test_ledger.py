"""The ledger: judging and holding are one transaction, for tasks, threads and processes alike."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import SpendGuardError
from backstay.policies.caps import Cap, Caps, Dial, Proposal, reserve
from backstay.policies.spend import UNBOUNDED, Book, Hold, Line, Outcome
from backstay.writes.database import Database
from backstay.writes.guard import Ledger, MemoryLedger, SqliteLedger
from backstay.writes.guard.ledger import counting, decoded, encoded

CAPS = Caps(total=Cap(Decimal(500), "USD"))


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Ledger]:
    if kind == "memory":
        yield MemoryLedger()
        return
    with closing(Database(folder / "backstay.db")) as database:
        yield SqliteLedger(database)


def switch_on(holder: str, amount: str = "100") -> Any:
    asked = Proposal(holder, "a1", dials=(Dial(holder, "USD", Decimal(amount), on=False, turns=True),))
    return lambda book: reserve(book, asked, CAPS, now=1e9, today=lambda _: "1", exchange=lambda *_: Decimal(0))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_no_two_callers_take_the_same_room(kind: str, tmp_path: Path) -> None:
    """Twenty at once, room for five."""
    with opened(kind, tmp_path) as ledger:
        results = await asyncio.gather(*(ledger.run(switch_on(f"c{n}")) for n in range(20)), return_exceptions=True)
        assert sum(isinstance(each, SpendGuardError) for each in results) == 15
        assert len(await ledger.run(counting)) == 5


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_refusal_leaves_nothing(kind: str, tmp_path: Path) -> None:
    """Nor does any other error in the work."""
    with opened(kind, tmp_path) as ledger:
        with pytest.raises(SpendGuardError):
            await ledger.run(switch_on("c1", "501"))

        def fails(book: Book) -> None:
            book.put({"c2": Line("c2", "a1", "UTC", "USD")})
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await ledger.run(fails)
        assert await ledger.run(lambda book: dict(book.lines)) == {}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("holders", [("c1",), ("c1", "c9"), tuple(f"c{n}" for n in range(1_000))])
async def test_lines_of_some_holders_are_read_and_written(kind: str, holders: tuple[str, ...], tmp_path: Path) -> None:
    """Others are neither seen nor touched, unless so many are asked for that all are read."""
    with opened(kind, tmp_path) as ledger:
        await ledger.run(switch_on("c1"))
        await ledger.run(switch_on("other"))
        seen = await ledger.run(lambda book: set(book.lines), holders)
        assert "c1" in seen
        assert seen <= {"c1"} or len(holders) > 400
        await ledger.run(lambda book: book.settle("c1", Outcome.DONE, 2e9, lambda _: "1"), holders)
        lines = await ledger.run(lambda book: dict(book.lines))
        assert lines["c1"].on
        assert lines["other"].holds
        await ledger.run(lambda book: book.prune(9e9))
        assert set(await ledger.run(lambda book: set(book.lines))) == {"c1", "other"}


async def test_it_outlives_the_process(tmp_path: Path) -> None:
    """What was held is held when the file is opened again."""
    with opened("sqlite", tmp_path) as ledger:
        await ledger.run(switch_on("c1", "450"))
    with opened("sqlite", tmp_path) as ledger, pytest.raises(SpendGuardError):
        await ledger.run(switch_on("c2"))


def test_two_processes_do_not_overspend_together(tmp_path: Path) -> None:
    """Four processes of ten writes each on one file, room for five: five pass."""
    code = f"""
import asyncio, sys
from decimal import Decimal
from backstay.errors import SpendGuardError
from backstay.policies.caps import Cap, Caps, Dial, Proposal, reserve
from backstay.writes.database import Database
from backstay.writes.guard import SqliteLedger

CAPS = Caps(total=Cap(Decimal(500), "USD"))

async def one(ledger, holder):
    asked = Proposal(holder, "a1", dials=(Dial(holder, "USD", Decimal(100), on=False, turns=True),))
    try:
        await ledger.run(lambda book: reserve(
            book, asked, CAPS, now=1e9, today=lambda _: "1", exchange=lambda *_: Decimal(0)))
    except SpendGuardError:
        return 0
    return 1

async def main():
    ledger = SqliteLedger(Database({str(tmp_path / "backstay.db")!r}))
    print(sum(await asyncio.gather(*(one(ledger, f"{{sys.argv[1]}}/{{n}}") for n in range(10)))))

asyncio.run(main())
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    passed = [int(each.communicate(timeout=60)[0]) for each in running]
    assert sum(passed) == 5


AMOUNTS = st.one_of(st.just(UNBOUNDED), st.decimals(0, "1e20", allow_nan=False, places=4))
TIMES = st.one_of(st.just(math.inf), st.just(-math.inf), st.floats(0, 4e9))
HOLDS = st.builds(
    Hold, st.text(max_size=5), st.floats(0, 4e9), TIMES, st.none() | st.booleans(), st.none() | st.booleans(),
    st.booleans(), st.none() | AMOUNTS, st.none() | TIMES, st.booleans(), st.booleans(),
)  # fmt: skip
LINES = st.builds(
    Line, st.text(max_size=9), st.text(max_size=9), st.just("Asia/Tokyo"), st.just("JPY"),
    st.lists(st.text(max_size=5), max_size=2).map(tuple), st.booleans(), st.booleans(), st.booleans(), AMOUNTS, TIMES,
    TIMES, st.text(max_size=10), AMOUNTS, AMOUNTS, st.lists(HOLDS, max_size=3).map(tuple),
)  # fmt: skip


@given(LINES)
def test_a_line_comes_back_as_it_was(line: Line) -> None:
    """Every digit of every amount."""
    assert decoded(encoded(line)) == line
