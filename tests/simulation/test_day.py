"""A campaign service's bad day in virtual time, judged by the world's own log."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.cli.demo import play


def quiet(_: float, __: str) -> None:
    """Nobody looks at the progress."""


def played(seed: int, faults: str = "storm") -> dict[str, Any]:
    """The day's JSON."""
    return play(seed, faults, real=False, progress=quiet)


@pytest.mark.parametrize("seed", range(50))
def test_nothing_happens_twice_and_nothing_is_lost(seed: int) -> None:
    """Whatever the storm does, every tree runs once and no active object is without an owner."""
    result = played(seed)
    assert result["ok"]
    assert (result["world"]["duplicates"], result["world"]["orphans"]) == (0, 0)
    assert result["world"]["active_trees"] == 9


def test_the_storm_is_a_storm() -> None:
    """The day proves something: on each platform answers were lost and calls made again, and stale answers served."""
    played_out = [played(seed)["platforms"] for seed in (3, 7, 11)]
    for name in ("google_ads", "meta", "tiktok"):
        tallies = [platforms[name] for platforms in played_out]
        assert sum(each["retries"] for each in tallies) > 50, name
        assert sum(each["stale_served"] for each in tallies) > 0, name
    assert sum(each["adopted"] for platforms in played_out for each in platforms.values()) > 3


def test_a_calm_day_is_quiet() -> None:
    """Without faults nothing is raised, and every platform has its share of the trees."""
    platforms = played(7, "calm")["platforms"]
    assert sorted(platforms) == ["google_ads", "meta", "tiktok"]
    assert [each["errors"] for each in platforms.values()] == [{}, {}, {}]


def test_the_same_seed_is_the_same_day() -> None:
    """Two runs of one seed agree in every number but the seconds that they took."""
    one, other = played(3), played(3)
    one.pop("seconds")
    other.pop("seconds")
    assert one == other
