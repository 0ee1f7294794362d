"""One budget for the retries and hedges of a dependency: a share of its first attempts, and a reserve."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from backstay.policies.settings import refuse, within

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRANSIENT: Final = 1.0
_THROTTLED: Final = 0.4

PRICES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "API_RATE_LIMIT": _THROTTLED,
        "NOT_READY": _THROTTLED,
        "CONNECTION_FAILED": _TRANSIENT,
        "TIMEOUT": _TRANSIENT,
        "BAD_RESPONSE": _TRANSIENT,
        "SERVICE_UNAVAILABLE": _TRANSIENT,
        "PLATFORM_SERVICE_ERROR": _TRANSIENT,
        "PLATFORM_TIMEOUT": _TRANSIENT,
        "AI_MODEL_FAILED": _TRANSIENT,
        "MCP_CONNECTION_ERROR": _TRANSIENT,
        "MCP_TIMEOUT": _TRANSIENT,
    }
)
"""What a retry costs after an error of this type.

A refusal that the vendor makes cheaply ("slow down") costs it less than work that failed: botocore's retry
quota takes 14 tokens after a transient error and 5 after a throttle, which is 1 to 0.36.
"""


def price(error_type: str) -> float:
    """The cost of a retry after this type of error; one not in the table counts as transient."""
    return PRICES.get(error_type, _TRANSIENT)


_DUST: Final = 1e-9
"""Ten deposits of 0.1 must buy one retry although they add up to a little less than 1."""


class RetryBudget:
    """Tokens for retries and hedges: `ratio` of one per first attempt, `reserve` at first, at most `cap`.

    In every span of time the cost withdrawn is at most ratio x first attempts + cap; `cap` is the reserve
    unless given. Results give nothing back, so that bound holds however the calls end. `refused` counts
    what an empty budget refused, `balance` is what is left, `dry` tells that it was found empty and is not
    half full again: an empty budget can be seen.
    """

    __slots__ = ("balance", "cap", "dry", "ratio", "refused", "reserve")

    def __init__(self, ratio: float = 0.2, reserve: float = 10.0, cap: float | None = None) -> None:
        """Raise InvalidRequestError for a ratio outside 0 to 1, a negative reserve or a smaller cap."""
        within("ratio", ratio, 0.0, 1.0)
        within("reserve", reserve, 0.0)
        if cap is not None and not cap >= reserve:
            refuse("cap", cap, f"at least the reserve of {reserve:g}")
        self.ratio = ratio
        self.reserve = reserve
        self.cap = reserve if cap is None else cap
        self.balance = reserve
        self.refused = 0
        self.dry = False

    def deposit(self) -> None:
        """A first attempt was made."""
        balance = self.balance + self.ratio
        self.balance = balance if balance < self.cap else self.cap

    def charge(self, cost: float = 1.0) -> None:
        """Pay for what is sent in any case, a probe of the breaker: what it costs, retries and hedges cannot spend."""
        self.balance = max(0.0, self.balance - cost)

    def affords(self, cost: float = 1.0) -> bool:
        """Whether `withdraw` would succeed; nothing moves."""
        return self.balance + _DUST >= cost

    def ran_dry(self) -> bool:
        """After a refusal: whether it is the first since it was half full, which is worth telling, once."""
        first, self.dry = not self.dry, True
        return first

    def withdraw(self, cost: float = 1.0) -> bool:
        """Pay for a retry or a hedge; False (and counted in `refused`) when the balance is too small."""
        if self.balance + _DUST < cost:
            self.refused += 1
            return False
        if self.dry and self.balance >= self.cap / 2:
            self.dry = False
        self.balance = max(0.0, self.balance - cost)
        return True
