"""The vocabularies of campaign plans."""

from __future__ import annotations

from enum import StrEnum


class Do(StrEnum):
    """What a step does, in the order in which steps are carried out: what stops or lowers spend comes first."""

    PAUSE = "pause"
    LOWER = "lower"
    """Less money: a budget or a bid."""
    CHANGE = "change"
    """What is not about money."""
    FINISH = "finish"
    """Go on with a tree whose building broke off."""
    CREATE = "create"
    """A whole tree, paused."""
    ADD = "add"
    """An ad group or an ad to a campaign that is there."""
    RAISE = "raise"
    """More money, or money of another kind."""
    ACTIVATE = "activate"


MORE = frozenset({Do.RAISE, Do.ACTIVATE})
"""Steps after which more can be spent."""
LESS = frozenset({Do.PAUSE, Do.LOWER})
MAKES = frozenset({Do.CREATE, Do.FINISH, Do.ADD})
MONEY = frozenset({Do.LOWER, Do.RAISE})
STATUS = frozenset({Do.PAUSE, Do.ACTIVATE})


class Cause(StrEnum):
    """Why a step is needed."""

    SPEC = "spec"
    """The spec says so, or says otherwise than when it was applied last."""
    DRIFT = "drift"
    """It was as the spec says, and was changed outside of this service."""
    REMOVED = "removed"
    """The spec does not name it any more: it is paused, never deleted."""


class Who(StrEnum):
    """Who made the difference that a drift report shows, as far as it can be known."""

    PLATFORM = "platform"
    """The platform by itself: its review, its account, its end, or how it writes a value that was asked for."""
    OUTSIDE = "outside"
    """Not this service: a person, another program, or an automation of the platform."""
    SPEC = "spec"
    """The spec was changed and not applied since."""
    HELD = "held"
    """It was paused by `pause_all()` and not released since."""
