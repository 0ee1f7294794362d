"""Whether to call again, and after how long; and the reasons why a loop stopped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from backstay.policies.backoff import Backoff
from backstay.policies.settings import whole, within


class Why(StrEnum):
    """Why no further call was made; every error says it."""

    ATTEMPTS = "attempts"
    """All calls that were allowed have been made."""
    BUDGET = "budget"
    """The retry budget of this dependency is empty."""
    DEADLINE = "deadline"
    """No further attempt can finish before the deadline."""
    NOT_RETRYABLE = "not_retryable"
    """The condition does not pass by itself."""
    EFFECT = "effect"
    """What the call does forbids a repeat after what happened."""
    OPEN_BREAKER = "open_breaker"
    """The breaker holds calls back."""
    SHED = "shed"
    """Too many calls are under way or waiting here."""
    VENDOR_WAIT = "vendor_wait"
    """The vendor asks for a longer wait than this call has or allows."""
    GUARD = "guard"
    """The spend guard refused the call."""
    CANCELLED = "cancelled"
    """The caller went away."""
    ALLOWANCE = "allowance"
    """The work that the call belongs to has used up its retries, or its time for them (`Ledger.budget`)."""
    STARTED = "started"
    """Part of the answer had arrived: another call would give another answer."""
    UNSETTLED = "unsettled"
    """It was looked up and still nobody knows whether the write happened."""


_TRANSIENT: Final = Backoff()
_THROTTLED: Final = Backoff(base=1.0)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often one call is made and how long the waits between are.

    `max_attempts` counts calls, the first included (1 to 10). `throttle` is the schedule after a rate limit.
    A vendor's wait above `max_retry_after` seconds is not waited for (None: only the deadline limits it);
    `padding` is the share of the vendor's wait by which it is lengthened at most, so that a herd spreads.
    """

    max_attempts: int = 4
    backoff: Backoff = _TRANSIENT
    throttle: Backoff = _THROTTLED
    max_retry_after: float | None = None
    padding: float = 0.1

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        whole("max_attempts", self.max_attempts, 1, 10)
        within("padding", self.padding, 0.0, 1.0)
        if self.max_retry_after is not None:
            within("max_retry_after", self.max_retry_after, 0.0)

    def next_wait(
        self,
        retry: int,
        throttled: bool,  # noqa: FBT001 - the engine passes what it knows of the failure, never a literal
        rand: float,
        previous: float = 0.0,
        vendor_wait: float | None = None,
    ) -> float:
        """Seconds before the n-th retry (the first is 1): our backoff, or the vendor's wait if longer."""
        schedule = self.throttle if throttled else self.backoff
        ours = schedule.delay(retry, rand, previous)
        if vendor_wait is None or vendor_wait <= 0.0:
            return ours
        return max(ours, vendor_wait * (1.0 + self.padding * rand))

    def refuses(self, vendor_wait: float | None) -> bool:
        """Whether the vendor's wait is longer than this policy waits for."""
        return vendor_wait is not None and self.max_retry_after is not None and vendor_wait > self.max_retry_after


def decide(
    *,
    calls_made: int,
    max_attempts: int,
    retryable: bool,
    allowed: bool,
    budget_ok: bool,
    wait: float,
    time_left: float,
    vendor_wait: float | None = None,
    vendor_wait_refused: bool = False,
    least: float = 0.0,
) -> float | Why:
    """The wait in seconds before the next call, or the reason why there is none.

    `allowed` is the verdict of effect x certainty, `time_left` the seconds to the deadline (inf without
    one), `least` the shortest time in which an attempt can be of use, `vendor_wait` what the vendor asked
    for, unpadded. `budget_ok` is what `RetryBudget.affords` says: withdraw only after a number came back.
    """
    if not retryable:
        return Why.NOT_RETRYABLE
    if not allowed:
        return Why.EFFECT
    if calls_made >= max_attempts:
        return Why.ATTEMPTS
    if vendor_wait_refused or (vendor_wait is not None and vendor_wait + least >= time_left):
        return Why.VENDOR_WAIT
    if wait + least >= time_left:
        return Why.DEADLINE
    if not budget_ok:
        return Why.BUDGET
    return wait
