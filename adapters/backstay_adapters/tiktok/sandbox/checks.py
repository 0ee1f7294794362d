"""What the vendor checks in names and budgets, with its own words."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from backstay_adapters.tiktok.sandbox.envelope import invalid
from backstay_adapters.tiktok.sandbox.settings import RATIOS, SYMBOLS, WHOLE

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.envelope import Params
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

LONGEST: Final = 512
MOST: Final = 10_000_000
DAILY: Final = ("BUDGET_MODE_DAY", "BUDGET_MODE_DYNAMIC_DAILY_BUDGET")
MODES: Final = ("BUDGET_MODE_INFINITE", "BUDGET_MODE_TOTAL", *DAILY)


def name_of(params: Params, field: str) -> str:
    """A required name that the vendor takes."""
    return good_name(field, params.text(field))


def good_name(field: str, name: str) -> str:
    """A name of at most 512 characters, of which East Asian ones count twice, without emoji."""
    wide = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in name)
    if not name.strip() or wide > LONGEST:
        message = f"{field}: Length must be between 1 and {LONGEST}."
        raise invalid(message)
    if any(ord(each) >= 0x1F000 for each in name):
        message = f"{field}: Emojis are not supported."
        raise invalid(message)
    return name


def amount(account: Advertiser, field: str, value: Any, minimum: float) -> float:
    """A budget in main units, at least the minimum (given in dollars)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{field}: Not a valid number."
        raise invalid(message)
    if account.currency in WHOLE and value != int(value):
        message = f"{field}: The budget must be an integer for currency {account.currency}."
        raise invalid(message)
    ratio = RATIOS.get(account.currency, 1)
    if value < minimum * ratio:
        message = f"Your budget setting must not be less than {_money(account, minimum * ratio)}"
        raise invalid(message)
    if value > MOST * ratio:
        message = f"Your budget setting must not be more than {_money(account, MOST * ratio)}"
        raise invalid(message)
    return float(value)


def fitting(account: Advertiser, value: float, spent: float) -> None:
    """A new budget is at least 105 % of what is already spent."""
    if spent > 0 and value < spent * 1.05:
        floor = _money(account, round(spent * 1.05, 2))
        message = f"Your budget setting must not be less than {floor} (105% of the current cost)"
        raise invalid(message)


def _money(account: Advertiser, value: float) -> str:
    symbol = SYMBOLS.get(account.currency, f"{account.currency} ")
    return f"{symbol}{value:g}" if value < 1e6 else f"{symbol}{value:.0f}"
