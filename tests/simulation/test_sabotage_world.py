"""Take a safeguard away, and the simulation of the whole stack fails: or its silence would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.testing.simulation import Sabotage, simulate
from benchmarks.simulate.platforms import STAGES

CROWD: dict[str, Any] = {"crowd": True, "slots": 3, "actors": 3}
"""Nine tasks in three processes that want the same keys at the same time."""
CAPPED: dict[str, Any] = {
    "crowd": False, "slots": 3, "actors": 3, "operations": 12, "mortal": 0.5, "guard": {"total": 150},
}  # fmt: skip
SEEDS = range(40)
"""Usually one of the first five is enough; with all safeguards none of them fails."""


def fails(sabotage: Sabotage, vendor: str, given: dict[str, Any]) -> set[str]:
    """What is wrong in the first seed in which something is."""
    for seed in SEEDS:
        wrongs = simulate(seed, [STAGES[vendor]], sabotage=sabotage, **given).wrongs
        if wrongs:
            return {wrong.kind for wrong in wrongs}
    return set()


@pytest.mark.parametrize("vendor", ["tiktok", "meta"])
@pytest.mark.parametrize(
    ("sabotage", "shows"),
    [
        (Sabotage(journal=True), {"parked", "duplicate"}),
        (Sabotage(read_lag=True), {"parked", "duplicate", "wrong_answer"}),
        (Sabotage(lease=True), {"parked", "duplicate", "wrong_answer"}),
    ],
    ids=["journal", "read lag", "lease"],
)
def test_without_it_things_are_made_twice(vendor: str, sabotage: Sabotage, shows: set[str]) -> None:
    """Without a shared journal, without the wait for reads that lag, without leases: the run is found wrong."""
    assert fails(sabotage, vendor, CROWD) & shows


def test_without_a_shared_ledger_the_cap_is_exceeded() -> None:
    """Each process keeps to the cap by itself, and all of them together do not."""
    assert "spend" in fails(Sabotage(guard=True), "tiktok", CAPPED)


@pytest.mark.parametrize("given", [CROWD, CAPPED], ids=["crowd", "capped"])
def test_with_all_safeguards_the_same_seeds_are_right(given: dict[str, Any]) -> None:
    """The control."""
    for seed in SEEDS[:5]:
        for vendor in ("tiktok", "meta"):
            assert simulate(seed, [STAGES[vendor]], **given).wrongs == []
