"""What the simulated vendor can be told to be: its advertisers, and each behaviour of which the truth is not known."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

TOKEN: Final = "sandbox-token"  # noqa: S105 - the simulator's own, opens nothing
APP_ID: Final = "7000000000000000000"
SECRET: Final = "sandbox-secret"  # noqa: S105 - as above


@dataclass(slots=True)
class Advertiser:
    """An account; `timezone` is an IANA name, `balance` in main units."""

    id: str
    name: str = "Sandbox advertiser"
    currency: str = "USD"
    timezone: str = "UTC"
    status: str = "STATUS_ENABLE"
    balance: float = 100_000.0


def default_advertisers() -> tuple[Advertiser, ...]:
    """Three accounts of different currencies and zones; new ones each time, because tests change them."""
    return (
        Advertiser("7000000000000000001"),
        Advertiser("7000000000000000002", "Sandbox Tokyo", "JPY", "Asia/Tokyo", balance=10_000_000.0),
        Advertiser("7000000000000000003", "Sandbox London", "GBP", "Europe/London"),
    )


ADVERTISERS: Final = tuple(advertiser.id for advertiser in default_advertisers())
"""The ids that are there by default: dollars in UTC, yen in Tokyo, pounds in London."""


@dataclass(slots=True)
class Switches:
    """Behaviours that can be set either way, because public material does not settle them."""

    repeat: Literal["error", "same"] = "error"
    """A `request_id` within ten seconds: refused with 40050, or answered with the first object."""
    ignore_disable_on_campaign: bool = False
    """Whether /campaign/create/ ignores `operation_status: DISABLE` and starts the campaign."""
    reserve_deleted_names: bool = True
    """Whether a deleted campaign keeps its name taken."""
    unique_adgroup_names: bool = False
    """Whether ad groups of one campaign must have different names."""
    lag_by_id: bool = True
    """Whether lists that ask for ids lag behind writes as others do."""
    nothing_to_update: bool = False
    """Whether an update that changes nothing is refused with 40012."""
    secondary_status: bool = True
    """Whether lists tell the secondary status; the vendor's own sandbox does not."""
    manual_lists_smart_plus: bool = True
    """Whether /campaign/get/ and /adgroup/get/ list Smart+ objects, too."""
    review: float = 0.0
    """Seconds until an ad has passed its review; `[deny]` in its text makes it fail."""
    transcode: float = 5.0
    """Seconds until a video can be used."""
    task_queue: float = 2.0
    """Seconds that a report task waits."""
    task_run: float = 8.0
    """Seconds that a report task runs."""
    campaign_minimum: float = 50.0
    """The lowest daily budget of a campaign, in dollars."""
    adgroup_minimum: float = 20.0
    """The lowest daily budget of an ad group, in dollars."""


_RATIOS: Final = {
    4: "PLN",
    10: "BOB CNY CZK DKK EGP GTQ HKD HNL MOP MXN NIO NOK SEK THB TRY TWD UAH UYU ZAR",
    50: "PHP",
    100: "BDT DZD INR ISK JPY KES NGN PKR RUB",
    1_000: "CLP COP CRC KRW",
    10_000: "IDR PYG VND",
    100_000: "VEF",
}
RATIOS: Final = MappingProxyType({code: ratio for ratio, codes in _RATIOS.items() for code in codes.split()})
"""How many times a minimum in dollars an account's minimum is (vendor page "Currency"); what is not here is 1."""

WHOLE: Final = frozenset({"CLP", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VEF", "VND"})
"""Currencies without decimals."""

SYMBOLS: Final = MappingProxyType({"USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥"})
