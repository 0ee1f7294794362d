"""SpendGuard: what a service may come to spend, said by whoever is responsible for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final, Self, TypedDict, Unpack

from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.policies.caps import Cap, Caps
from backstay.policies.exchange import Rates, no_rate
from backstay.policies.settings import refuse

AMOUNTS: Final = ("per_call", "per_day", "per_account", "total")
RAISES: Final = ("max_raise", "max_raise_per_day")


class Rules(TypedDict, total=False):
    """The keywords of `SpendGuard`."""

    per_call: Money | None
    per_day: Money | None
    per_account: Money | None
    total: Money | None
    max_raise: Decimal | None
    max_raise_per_day: Decimal | None


class SpendGuard:
    """Caps below every write of every adapter of a runtime: `Runtime(guard=SpendGuard(per_day=Money("500", "USD")))`.

    All amounts are exposures: the most that a budget can cost in one day, which is more than its figure where the
    platform may overspend (`Capabilities.overspend`); a lifetime budget counts whole.

    - `per_call`: what one write may add.
    - `per_day`: what can be spent on one day of the account, by all that runs or ran on it, in all accounts.
    - `per_account`, `total`: what may run at once, in one account, in all of them.
    - `max_raise`, `max_raise_per_day`: the largest relative raise of a budget or bid by one write, and on one day of
      the account; Decimal("0.5") is 50 %.

    Amounts in another currency than a cap's need `rates`, or a function that gives fresh ones. Raises
    InvalidRequestError without any rule: no caps at all must be written out, `SpendGuard.unlimited()`.
    """

    def __init__(self, *, rates: Rates | Callable[[], Rates] | None = None, **rules: Unpack[Rules]) -> None:
        for name, value in rules.items():
            if name not in (*AMOUNTS, *RAISES):
                refuse(name, value, f"one of {', '.join((*AMOUNTS, *RAISES))}, or rates")
        if all(rule is None for rule in rules.values()):
            raise InvalidRequestError(
                "a guard without any rule lets everything pass", field="per_day", value=None,
                hint='give at least one cap, such as per_day=Money("500", "USD"), or write out SpendGuard.unlimited()',
            )  # fmt: skip
        caps = {name: _cap(name, rules.get(name)) for name in AMOUNTS}
        raises = {name: _share(name, rules.get(name)) for name in RAISES}
        self.caps = Caps(**caps, **raises)  # type: ignore[arg-type]  # by name
        self._rates = rates

    @classmethod
    def unlimited(cls) -> Self:
        """No caps at all: writes are still audited, and what runs is still written down."""
        guard = object.__new__(cls)
        guard.caps = Caps()
        guard._rates = None
        return guard

    def exchange(self, today: date) -> Callable[[Decimal, str, str], Decimal]:
        """Converts amounts by the caller's rates; raises SpendGuardError where there are none of today."""

        def convert(amount: Decimal, currency: str, to: str) -> Decimal:
            rates = self._rates() if callable(self._rates) else self._rates
            if rates is None:
                raise no_rate(currency, to)
            return rates.convert(amount, currency, to, today)

        return convert

    def __repr__(self) -> str:
        given = {name: getattr(self.caps, name) for name in (*AMOUNTS, *RAISES)}
        shown = ", ".join(f"{name}={value}" for name, value in given.items() if value is not None)
        return f"SpendGuard({shown})" if shown else "SpendGuard.unlimited()"


def _cap(name: str, value: object) -> Cap | None:
    if value is None:
        return None
    if not isinstance(value, Money) or value.amount < 0:
        refuse(name, value, 'an amount of money that is not negative, such as Money("500", "USD")')
    return Cap(value.amount, value.currency)


def _share(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        refuse(name, value, 'a share as an exact number, such as Decimal("0.5") for 50 %')
    return value
