"""Meta's money: budgets, bids and caps are whole units, 1 or 100 to a main unit; insights are decimal texts.

The table is Meta's own (page "Currency Codes"): COP, CRC, HUF, IDR and TWD have no decimals here although ISO 4217
gives them two, and BHD and JOD have two although it gives them three.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from backstay.errors import BackstayError, BadResponseError, InvalidRequestError
from backstay.money import Money, UnitTable, from_major

_WHOLE: Final = "CLP COP CRC HUF IDR ISK JPY KRW PYG TWD VND"
_HUNDREDTHS: Final = (
    "AED ARS AUD BDT BHD BOB BRL CAD CHF CNY CZK DKK DZD EGP EUR GBP GTQ HKD HNL ILS INR JOD KES LKR MOP MXN MYR NGN "
    "NIO NOK NZD PEN PHP PKR PLN QAR RON SAR SEK SGD THB TRY UAH USD UYU ZAR"
)
"""The currencies of ad accounts in facebook-business 26.0.3 (`AdAccount.Currency`), BHD and JOD added."""

UNITS: Final = UnitTable(
    "meta",
    MappingProxyType({**dict.fromkeys(_HUNDREDTHS.split(), 100), **dict.fromkeys(_WHOLE.split(), 1)}),
)

NO_CAP: Final = 922_337_203_685_478
"""The spend cap that stands for none (vendor's page "Campaign")."""


def units_out(money: Money, currency: str, field: str) -> int:
    """Whole units of the account's currency.

    Raises:
        InvalidRequestError: another currency than the account's, or one that Meta's table does not have.
        MoneyPrecisionError: the amount is no whole multiple of Meta's unit.
    """
    if money.currency != currency:
        raise InvalidRequestError(
            f"{field} is in {money.currency}, the account in {currency}", field=field, value=str(money), vendor="meta",
            hint=f"convert it to {currency} with a rate of yours first",
        )  # fmt: skip
    return UNITS.to_units(money, field=field)


def units_in(value: Any, currency: str, field: str) -> Money | None:
    """Money from whole units, which come as text; None where nothing is said."""
    if value is None or value == "":
        return None
    return _read(_from_units, str(value), currency, field)


@lru_cache(maxsize=1024)
def _from_units(text: str, currency: str) -> Money:
    """Budgets are the same few numbers over and over, and money never changes."""
    return UNITS.from_units(text, currency)


def major_in(value: Any, currency: str, field: str) -> Money | None:
    """Money from a decimal text in main units, as insights give it; None where the metric is absent."""
    if value is None or value == "":
        return None
    return _read(from_major, value, currency, field)


def _read(read: Callable[[Any, str], Money], value: Any, currency: str, field: str) -> Money:
    try:
        return read(value, currency)
    except BackstayError as error:
        raise BadResponseError(
            f"{field} cannot be read as money: {value!r}", vendor="meta", field=field, value=value,
            rule="meta.wire.money", hint=error.hint or "report it with the trace id",
        ) from error  # fmt: skip
