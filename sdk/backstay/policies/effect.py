"""When asking again is safe: what a call does x how sure we are that the vendor did it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from backstay.taxonomy import Certainty

__all__ = ["Certainty", "Effect", "Move", "move", "worst"]


class Effect(StrEnum):
    """What a call does at the vendor."""

    READ = "read"
    """Changes nothing."""
    SET = "set"
    """Writes an absolute value: twice is as once, unless somebody else wrote in between."""
    DELETE = "delete"
    """Removes an object."""
    GENERATE = "generate"
    """Costs money and leaves nothing behind: text, a picture, research."""
    CREATE = "create"
    """Makes an object that can spend."""
    PUBLISH = "publish"
    """Shows something to the public."""


class Move(StrEnum):
    """What may follow a failed attempt."""

    AGAIN = "again"
    LOOK = "look"
    """Find out what happened before anything else is sent."""
    STOP = "stop"


_RANK: Final = {Certainty.NOT_SENT: 0, Certainty.REFUSED: 1, Certainty.UNKNOWN: 2}
_LOOKS: Final = frozenset({Effect.SET, Effect.DELETE, Effect.CREATE, Effect.PUBLISH})


def worst(a: Certainty, b: Certainty) -> Certainty:
    """The less certain of two attempts: UNKNOWN before REFUSED before NOT_SENT."""
    return a if _RANK[a] >= _RANK[b] else b


def move(
    effect: Effect,
    certainty: Certainty,
    retryable: bool,  # noqa: FBT001 - a fact of the error that the engine hands on, never a literal
    *,
    pausing: bool = False,
    generate_again: bool = True,
) -> Move:
    """What may follow; `certainty` is the worst of all attempts since the outcome was last settled.

    `pausing` marks a SET that only stops spending: it is repeated without looking, and so is never delayed.
    `generate_again` is the profile's word on whether a lost generation may be paid for twice.
    An unknown write is looked up even if its error is not retryable: the question is what happened.
    """
    if certainty is Certainty.UNKNOWN:
        if effect is Effect.SET and pausing:
            return Move.AGAIN
        if effect in _LOOKS:
            return Move.LOOK
        if effect is Effect.GENERATE and not generate_again:
            return Move.STOP
    return Move.AGAIN if retryable else Move.STOP
