"""TikTok's money: JSON numbers in main units of the account's currency, whole where the currency has no cents."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from backstay.errors import BadResponseError, MoneyPrecisionError
from backstay.money import Money, UnitTable, from_major

_TWO_DIGITS: Final = (
    "AED ARS AUD BDT BOB BRL CAD CHF CNY CZK DKK DZD EGP EUR GBP GTQ HKD HNL ILS INR KES MOP MXN MYR NGN NIO NOK NZD "
    "PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY UAH USD UYU ZAR COP CRC"
)
_WHOLE: Final = "CLP HUF IDR ISK JPY KRW PYG TWD VEF VND"
"""Integers only, by the vendor's table (page "Currency"): not what ISO 4217 says of HUF and TWD."""

UNITS: Final = UnitTable(
    "tiktok",
    MappingProxyType({**dict.fromkeys(_TWO_DIGITS.split(), 100), **dict.fromkeys(_WHOLE.split(), 1)}),
)


def money_out(money: Money, field: str) -> float:
    """A number as TikTok wants it; raises MoneyPrecisionError instead of rounding."""
    return UNITS.to_major_float(money, field=field)


def money_in(value: Any, currency: str) -> Money | None:
    """Money from a number, a decimal string, or the empty metric "-"."""
    if value is None or value in ("", "-"):
        return None
    try:
        return _from_major(value, currency)
    except (MoneyPrecisionError, TypeError) as error:  # TypeError: a list or an object in a number's place
        raise BadResponseError(
            f"an answer's money cannot be read: {value!r}", vendor="tiktok", value=value, rule="tiktok.wire.money",
            hint="report it with the request id",
        ) from error  # fmt: skip


@lru_cache(maxsize=1024, typed=True)
def _from_major(value: Any, currency: str) -> Money:
    """Budgets are the same few numbers over and over, and money never changes."""
    return from_major(value, currency)
