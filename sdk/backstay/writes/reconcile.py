"""What to make of what was found after a lost answer. Pure: nothing here looks or waits."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Seen(StrEnum):
    """What a look at an object shows after a SET or DELETE with a lost answer."""

    WANTED = "wanted"
    BEFORE = "before"
    OTHER = "other"


class Finding(StrEnum):
    """What a look for a key's objects says about a CREATE or PUBLISH."""

    ADOPT = "adopt"
    ADOPT_OLDEST = "adopt_oldest"
    """Several: keep the oldest, leave the rest paused and write them down."""
    ABSENT = "absent"
    """None, seen after the whole read lag: proof."""
    NOT_YET = "not_yet"
    """None, but reads may lag: no proof."""
    AMBIGUOUS = "ambiguous"
    """Several posts: only a person may decide."""


def judge_found(count: int, *, since: float, read_lag: float, publishing: bool) -> Finding:
    """Judge the number of objects found `since` seconds after the attempt ended."""
    if count == 1:
        return Finding.ADOPT
    if count > 1:
        return Finding.AMBIGUOUS if publishing else Finding.ADOPT_OLDEST
    return Finding.ABSENT if since >= read_lag else Finding.NOT_YET


def looks(patience: tuple[float, ...], read_lag: float) -> Iterator[float]:
    """Seconds after the attempt's end at which to look: early ones to adopt soon, the last one to prove absence.

    Always ends with a look at or after the read lag.
    """
    for at in patience:
        if at >= read_lag:
            break
        yield at
    yield read_lag
