"""Which failures leave a dead letter, when too many wait, and when the alarm is told."""

from __future__ import annotations

from typing import Final

from backstay.errors import BackstayError
from backstay.policies.settings import above, refuse, whole
from backstay.taxonomy import Certainty

LATER: Final = frozenset({"UNKNOWN_OUTCOME", "QUOTA_EXHAUSTED"})
"""Types that are not worth another call now, but one later: when it was looked up, when the quota is new."""

ELSEWHERE: Final = frozenset({"IN_FLIGHT", "NOT_READY"})
"""Types that pass, and leave no letter all the same: the write is somebody else's, or it is done already."""

OVERTAKEN: Final = frozenset({"CONFLICT"})
"""Somebody else has decided in the meantime: sending it later would undo that."""


def deserves_letter(error: BackstayError, *, wrote: bool) -> bool:
    """Whether a failed write is worth keeping: the same call, made later, may succeed or must be looked up.

    `wrote` says that the failure is that of a write that was sent, not that of a read on the way to it. Kept are
    those that are out of tries, of time, of retry budget, that the breaker held back or the line shed, that the vendor
    asked to make much later, and those whose outcome is unknown. A request that is wrong, forbidden or refused by the
    guard leaves none: made later, it is as wrong as now.
    """
    if error.type in ELSEWHERE:
        return False
    if error.retryable or error.type in LATER:
        return True
    return wrote and error.certainty is Certainty.UNKNOWN and error.type not in OVERTAKEN


class SizeAlarm:
    """Rings once when so many letters wait, and again only after they were a fifth fewer."""

    __slots__ = ("_ringing", "limit")

    def __init__(self, limit: int) -> None:
        whole("alarm", limit, 1, 1_000_000_000)
        self.limit = limit
        self._ringing = False

    def rings(self, waiting: int) -> bool:
        """Whether to tell somebody now that so many wait."""
        if waiting >= self.limit:
            first, self._ringing = not self._ringing, True
            return first
        if waiting <= self.limit * 4 // 5:
            self._ringing = False
        return False


def check_retention(max_age: float, max_count: int, alarm: int) -> None:
    """Refuse limits that keep nothing, or an alarm that the limit makes silent."""
    above("max_age", max_age, 0.0)
    whole("max_count", max_count, 1, 1_000_000_000)
    whole("alarm", alarm, 1, 1_000_000_000)
    if alarm > max_count:
        refuse("alarm", alarm, f"at most max_count, {max_count}: above it the oldest letters are dropped unheard")
