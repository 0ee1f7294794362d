"""Google's money: whole micros of the account's currency, in steps of the currency's billable unit.

The vendor tells the step itself (`currency_constant.billable_unit_micros`: 10,000 for USD, 1,000,000 for JPY), so
there is no table of ours to be wrong. Reports give costs in micros too, but conversion values as doubles in main units.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Final

from backstay.errors import BadResponseError, InvalidRequestError
from backstay.money import Money, from_major, from_units, to_units

MICROS: Final = 1_000_000


def money_out(money: Money, currency: str, step: int, field: str) -> int:
    """Micros of the account's currency; raises MoneyPrecisionError instead of rounding."""
    if money.currency != currency:
        raise InvalidRequestError(
            f"{field} is in {money.currency}, the account in {currency}", field=field, value=str(money),
            hint=f"convert it to {currency} with a rate of yours first",
        )  # fmt: skip
    return to_units(money, MICROS, step=step, field=field)


def money_in(micros: Any, currency: str) -> Money | None:
    """Money from micros; None and 0 are no amount in the vendor's settings."""
    return from_units(int(micros), MICROS, currency) if micros else None


def cost_in(micros: Any, currency: str) -> Money:
    """Money from the micros of a report, where 0 is a number."""
    return from_units(int(micros or 0), MICROS, currency)


def value_in(value: Any, currency: str) -> Money:
    """Money from a report's double in main units, taken for the decimal that it prints as."""
    return from_major(_finite(value), currency)


def number_in(value: Any) -> Decimal:
    """A count that may be fractional: conversions are shared out between clicks."""
    return Decimal(repr(_finite(value)))


def _finite(value: Any) -> float:
    """A report's double; protobuf carries NaN and infinity as well, which are no numbers of anything."""
    found = float(value or 0.0)
    if not math.isfinite(found):
        raise BadResponseError(
            f"a report's number is {found}", vendor="google_ads", field="metrics", value=str(found),
            rule="google_ads.wire.report", hint="report it with the request id",
        )  # fmt: skip
    return found
