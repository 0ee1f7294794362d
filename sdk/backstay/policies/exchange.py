"""Dated exchange rates that the caller gives: nothing is guessed, nothing old is believed, and sums are rounded up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, Context, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from backstay.errors import SpendGuardError
from backstay.policies.settings import refuse

_WORK: Final = Context(prec=60, rounding=ROUND_CEILING)
_STEP: Final = Decimal("0.000001")
_TOMORROW: Final = timedelta(days=1)
"""A rate of tomorrow is one from a zone where the day has begun already; one of a later day is a mistake."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Exchange rates of one day: one unit of each currency is so many of `to`.

        Rates(date(2026, 1, 1), "USD", {"EUR": "1.09", "JPY": "0.0064"})

    Older than `max_age` they are not used any more, and a write that needs them is refused. Raises InvalidRequestError.
    """

    day: date
    to: str
    one: Mapping[str, Decimal | int | str] = field(hash=False)
    max_age: timedelta = timedelta(days=3)

    def __post_init__(self) -> None:
        """Make the numbers exact, and refuse what is no rate."""
        if type(self.day) is not date:
            refuse("day", self.day, "the date of the rates, for example date(2026, 1, 1)")
        if self.max_age < timedelta(0):
            refuse("max_age", self.max_age, "a time that is not negative")
        exact = {_code(name): _rate(name, value) for name, value in self.one.items()}
        object.__setattr__(self, "one", MappingProxyType({**exact, _code(self.to): Decimal(1)}))

    def convert(self, amount: Decimal, currency: str, to: str, today: date) -> Decimal:
        """The amount in another currency, rounded up to a millionth.

        Raises:
            SpendGuardError: there is no such rate, or the rates are too old.
        """
        if not -_TOMORROW <= today - self.day <= max(self.max_age, timedelta(0)):
            raise _unusable(
                f"the exchange rates are of {self.day}, today is {today}", self.day.isoformat(),
                f"give rates of today; they are used for {self.max_age.days} days",
            )  # fmt: skip
        per_unit = _WORK.divide(self._of(currency), self._of(to))
        return _WORK.multiply(amount, per_unit).quantize(_STEP, context=_WORK)

    def _of(self, currency: str) -> Decimal:
        rate = self.one.get(currency)
        if rate is None:
            raise no_rate(currency, self.to)
        return Decimal(rate)


def no_rate(currency: str, to: str) -> SpendGuardError:
    """A cap in one currency and money in another, with nothing to compare them by."""
    return _unusable(
        f"no exchange rate between {currency} and {to}", currency,
        f'give dated ones: SpendGuard(..., rates=Rates(day, "{to}", {{"{currency}": ...}}))',
    )  # fmt: skip


def _unusable(message: str, value: str, cure: str) -> SpendGuardError:
    return SpendGuardError(message, field="rates", value=value, hint=cure, rule="guard.rates")


def _code(name: object) -> str:
    if not (isinstance(name, str) and len(name) == 3 and name.isascii() and name.isalpha() and name.isupper()):
        refuse("rates", name, "currencies as three upper-case letters (ISO 4217)")
    return name


def _rate(name: str, value: object) -> Decimal:
    try:
        rate = Decimal(value) if isinstance(value, Decimal | int | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        rate = None
    if rate is None or not rate.is_finite() or rate <= 0:
        refuse(f"rates[{name}]", value, 'an exact number above 0, such as Decimal("1.09") or "1.09"')
    return rate
