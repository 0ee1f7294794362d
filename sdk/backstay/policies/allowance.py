"""What one piece of work may use: retries, time lost to them, and money; asked before a call, never after.

An allowance stands inside another one: what the inner uses, the outer has used as well, and each may refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from backstay.policies.settings import refuse, whole, within

NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class AllowanceOptions:
    """The bounds; None is no bound.

    Raises:
        InvalidRequestError: naming the field, the value and the cure.
    """

    money: Decimal | None = None
    currency: str = "USD"
    retries: int | None = None
    """Calls made again, of all operations together."""
    retry_seconds: float | None = None
    """Seconds spent on retries: waits, and attempts that failed after the first one."""
    unpriced: bool = False
    """Whether calls may be made whose cost nobody can tell beforehand; they count as nothing."""

    def __post_init__(self) -> None:
        """Refuse what bounds nothing."""
        if self.money is not None and not (self.money.is_finite() and self.money >= 0):
            refuse("money", self.money, "an amount of at least 0")
        if self.retries is not None:
            whole("retries", self.retries, 0)
        if self.retry_seconds is not None:
            within("retry_seconds", self.retry_seconds, 0.0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something must not be done: the field, what it would come to, and the bound."""

    field: str
    value: str
    cap: str
    cure: str


class Allowance:
    """The state of one."""

    __slots__ = ("options", "reserved", "retries", "retry_seconds", "spent", "within")

    def __init__(self, options: AllowanceOptions, within: Allowance | None = None) -> None:
        """Begin with nothing used."""
        self.options = options
        self.within = within
        self.spent = NOTHING
        self.reserved = NOTHING
        """What calls under way may cost at most."""
        self.retries = 0
        self.retry_seconds = 0.0

    @property
    def left(self) -> Decimal | None:
        """Money that is neither spent nor reserved; None without a bound."""
        money = self.options.money
        return None if money is None else max(NOTHING, money - self.spent - self.reserved)

    def refuses_retry(self, seconds: float) -> Refusal | None:
        """Why no further retry that costs so many seconds may be made; None when it may."""
        options = self.options
        if options.retries is not None and self.retries >= options.retries:
            return Refusal("retries", str(self.retries + 1), str(options.retries), "allow more retries for this work")
        wanted = self.retry_seconds + seconds
        if options.retry_seconds is not None and wanted > options.retry_seconds:
            return Refusal(
                "retry_seconds",
                f"{wanted:.1f}",
                f"{options.retry_seconds:g}",
                "allow more time for this work's retries",
            )
        return None if self.within is None else self.within.refuses_retry(seconds)

    def retried(self, seconds: float) -> None:
        """A retry is made."""
        self.retries += 1
        self.retry_seconds += seconds
        if self.within is not None:
            self.within.retried(seconds)

    def refuses(self, amount: Decimal | None, currency: str) -> Refusal | None:
        """Why a call of this cost (None: nobody knows) must not be made; None when it may."""
        options = self.options
        if options.money is not None:
            cap = f"{options.money} {options.currency}"
            if amount is None:
                if not options.unpriced:
                    cure = "give the adapter prices=, or allow such calls with unpriced=True"
                    return Refusal("money", "a cost that nobody can tell", cap, cure)
            elif currency != options.currency:
                return Refusal("currency", currency, options.currency, f"bound the money in {currency}")
            elif self.spent + self.reserved + amount > options.money:
                value = f"{self.spent + self.reserved + amount} {currency}"
                return Refusal("money", value, cap, "allow more money for this work, or ask for less")
        return None if self.within is None else self.within.refuses(amount, currency)

    def reserve(self, amount: Decimal, currency: str) -> None:
        """A call is sent that may cost so much; amounts of another currency than its own count nowhere here."""
        if currency == self.options.currency:
            self.reserved += amount
        if self.within is not None:
            self.within.reserve(amount, currency)

    def free(self, amount: Decimal, currency: str) -> None:
        """That call has ended: what was reserved for it is free."""
        self.reserve(-amount, currency)

    def spend(self, amount: Decimal, currency: str) -> None:
        """So much is spent."""
        if currency == self.options.currency:
            self.spent += amount
        if self.within is not None:
            self.within.spend(amount, currency)


__all__ = ["Allowance", "AllowanceOptions", "Refusal"]
