"""Drawn trouble: fault plans of every kind, and how a run's processes, clocks and stores are set up."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.simulation.losses import HeardPlan
from backstay.writes.sightings import SKEW

ACTS: Final = 4.3
"""Seconds at most until a vendor acts on a request that has arrived.

What the read lag of a profile promises is counted from the end of an attempt. A caller may leave before the vendor has
acted, so this and the lag of the vendor's reads together must not exceed the profile's.
"""
USUAL: Final = (0.02, 0.6)
"""Seconds of any answer; the vendor acts at half of them."""
SLOW: Final = (0.1, 2 * ACTS - 0.6)
DRIP: Final = (1.0, 90.0)
LOSSES: Final = (FaultKind.RESET_AFTER, FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.VENDOR_ERROR)
"""Kinds that are drawn more often than others: what they strike may have happened."""
MAYBE_DONE: Final = frozenset({FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.VENDOR_ERROR, FaultKind.HTML})
"""Kinds whose rules are drawn with and without the act."""
RATES: Final = (0.05, 0.1, 0.2, 0.4, 0.6)
LENGTH: Final = 150.0
"""Seconds for which it storms at most."""


def seeded(*what: object) -> random.Random:
    """Numbers for one purpose of a run."""
    return random.Random(" ".join(map(str, what)))  # noqa: S311 - a seeded run, not a secret


def storm(draw: random.Random, seed: int, writes: Mapping[str, str]) -> FaultPlan:
    """Some rules of any kind, each for some of the time, for reads, for writes, or for both."""
    kinds = [draw.choice((*FaultKind, *LOSSES)) for _ in range(draw.choice((0, 2, 3, 4, 5, 6, 8)))]
    if draw.random() < 0.6:
        kinds.insert(0, draw.choice(LOSSES))
    late = [kind for kind in kinds if kind is FaultKind.LATENCY]  # one rule of it: the delays of several add up
    rules = [_rule(draw, kind, writes) for kind in (*late[:1], *(kind for kind in kinds if kind not in late))]
    if draw.random() < 0.8:
        rules.insert(0, FaultRule(FaultKind.LATENCY, delay=USUAL))
    if draw.random() < 0.15:
        start = draw.uniform(0.0, LENGTH / 2)
        away = draw.choice((FaultKind.CONNECT_REFUSED, FaultKind.HTTP_5XX, FaultKind.TIMEOUT))
        rules.append(FaultRule(away, start=start, end=start + draw.uniform(5.0, 60.0)))
    return HeardPlan(rules, seed)


def _rule(draw: random.Random, kind: FaultKind, writes: Mapping[str, str]) -> FaultRule:
    facts: dict[str, Any] = dict(writes) if draw.random() < 0.7 else {}
    start = draw.uniform(0.0, LENGTH / 2)
    facts |= {"start": start, "end": draw.uniform(start, LENGTH)} if draw.random() < 0.5 else {"end": LENGTH}
    if draw.random() < 0.2:
        facts |= {"skip": draw.randrange(10), "times": draw.randrange(1, 4)}
    else:
        facts["rate"] = draw.choice(RATES)
    if kind is FaultKind.LATENCY:
        facts["delay"] = SLOW
    if kind is FaultKind.SLOW_DRIP:
        facts["delay"] = DRIP
    if kind in MAYBE_DONE:
        facts["after_commit"] = draw.choice((None, True, False))
    if kind is FaultKind.RATE_LIMIT:
        facts["long"] = draw.random() < 0.15
    return FaultRule(kind, **facts)


@dataclass(frozen=True, slots=True)
class Setting:
    """How a run is set up, apart from the vendors."""

    slots: int
    """Processes at a time."""
    actors: int
    """Tasks in each of them."""
    operations: int
    """Calls of each task."""
    files: bool
    """Whether journal and letters are in files."""
    lease: float
    """Seconds."""
    cancels: float
    """Share of the calls that are cancelled."""
    mortal: float
    """Share of the processes that die."""
    walls: tuple[float, ...]
    """By how many seconds the processes' wall clocks are wrong, in turn."""
    held: float
    """Share of the requests that are on their way for long."""
    crowd: bool
    """Whether all tasks want the same few keys at the same time."""
    guard: Mapping[str, int] | None
    """Caps in main units of the accounts' currency; empty is no cap, None is no guard."""


def setting(draw: random.Random, *, files: bool) -> Setting:
    """Draw one; clocks differ by less than `sightings.SKEW`."""
    skew = draw.choice((0.0, 1.0, 0.49 * SKEW))
    return Setting(
        slots=draw.choice((1, 2, 2, 3)), actors=draw.choice((1, 2, 3)), operations=draw.randrange(4, 12), files=files,
        lease=draw.choice((1.0, 2.0, 10.0)), held=draw.choice((0.0, 0.0, 0.1, 0.3)),
        cancels=draw.choice((0.0, 0.1, 0.3)),
        mortal=draw.choice((0.0, 0.5, 0.9)), walls=tuple(draw.uniform(-skew, skew) for _ in range(7)),
        crowd=draw.random() < 0.3, guard=_guard(draw),
    )  # fmt: skip


def _guard(draw: random.Random) -> Mapping[str, int] | None:
    if draw.random() < 0.05:
        return None
    names = draw.sample(("per_call", "per_day", "per_account", "total"), draw.choice((0, 0, 1, 2)))
    return {name: draw.choice((150, 260, 400, 700)) for name in sorted(names)}


__all__ = ["ACTS", "LENGTH", "Setting", "seeded", "setting", "storm"]
