"""How long reads lag behind writes: a number, a range to draw from, or a list of numbers, one for each turn."""

from __future__ import annotations

from typing import Final

from backstay.policies.settings import refuse, within
from backstay.sandbox.draws import between

Lag = float | tuple[float, float] | list[float]
"""Seconds. A list is taken in turn (first object, second object, ...); its last number stays."""

CURE: Final = "seconds, a range (low, high), or a list of seconds"


def check_lag(field: str, lag: Lag) -> None:
    """Refuse what is no lag; names the field, the value and the cure."""
    if isinstance(lag, tuple) and (len(lag) != 2 or lag[1] < lag[0]):
        refuse(field, lag, CURE)
    if isinstance(lag, list) and not lag:
        refuse(field, lag, CURE)
    for seconds in lag if isinstance(lag, tuple | list) else (lag,):
        within(field, seconds, 0.0)


def drawn(lag: Lag, turn: int, seed: int, *what: object) -> float:
    """The lag of one thing; `turn` counts from 0 and matters for lists only."""
    if isinstance(lag, list):
        return lag[min(turn, len(lag) - 1)]
    return between(*lag, seed, "lag", *what) if isinstance(lag, tuple) else lag
