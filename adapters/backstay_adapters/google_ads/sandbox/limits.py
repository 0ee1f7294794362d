"""Quotas: operations of a sliding day for the whole project, and calls a second for each customer."""

from __future__ import annotations

from collections import deque
from types import MappingProxyType
from typing import Final

from backstay.policies.settings import refuse
from backstay_adapters.google_ads.sandbox.failure import Problem, Refusal

DAY: Final = 86_400.0

TIERS: Final = MappingProxyType({"explorer": 2_880, "basic": 15_000, "standard": None})
"""Operations a day by access level, in production (vendor page "Access levels")."""


def daily(delay: float, *, name: str = "Number of operations for basic access") -> Refusal:
    """The day's quota is used up: it comes back in `delay` seconds, and hurts everybody of the project."""
    return Refusal(_quota("RESOURCE_EXHAUSTED", delay, "DEVELOPER", name))


def temporary(delay: float, *, scope: str = "ACCOUNT") -> Refusal:
    """Too many calls a second."""
    return Refusal(_quota("RESOURCE_TEMPORARILY_EXHAUSTED", delay, scope, "Requests per second"))


def _quota(member: str, delay: float, scope: str, name: str) -> Problem:
    whole = max(1, round(delay))
    about = {"rate_scope": scope, "rate_name": name, "retry_delay": f"{whole}s"}
    text = f"Too many requests. Retry in {whole} seconds."
    return Problem("quota_error", member, text, details={"quota_error_details": about})


class Limits:
    """Both quotas; None means that there is none.

    Raises:
        InvalidRequestError: for a tier that does not exist.
    """

    def __init__(
        self, operations_per_day: int | None, queries_per_second: float | None, tier: str | None = None
    ) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        if tier is not None and operations_per_day is None:
            operations_per_day = TIERS[tier]
        self.operations_per_day = operations_per_day
        self.queries_per_second = queries_per_second
        self._day: deque[tuple[float, int]] = deque()
        self._tokens: dict[str, tuple[float, float]] = {}

    def check(self, customer: str, operations: int, now: float) -> None:
        """Count a call that does so many operations, or refuse it."""
        self._second(customer, now)
        self._whole_day(operations, now)

    def _whole_day(self, operations: int, now: float) -> None:
        if self.operations_per_day is None:
            return
        while self._day and self._day[0][0] <= now - DAY:
            self._day.popleft()
        if sum(count for _, count in self._day) + operations > self.operations_per_day:
            raise daily(self._day[0][0] + DAY - now if self._day else DAY)
        self._day.append((now, operations))

    def _second(self, customer: str, now: float) -> None:
        rate = self.queries_per_second
        if rate is None:
            return
        tokens, at = self._tokens.get(customer, (rate, now))
        tokens = min(rate, tokens + (now - at) * rate)
        if tokens < 1.0:
            self._tokens[customer] = (tokens, now)
            raise temporary((1.0 - tokens) / rate)
        self._tokens[customer] = (tokens - 1.0, now)
