"""What the simulated vendor can be told to be: its accounts, and each behaviour of which the truth is not known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from backstay.sandbox.delivery import Market

TOKEN: Final = "sandbox-token"  # noqa: S105 - the simulator's own, opens nothing
APP_ID: Final = "1000000000000001"
SECRET: Final = "sandbox-secret"  # noqa: S105 - as above
BUSINESS: Final = "1000000000000002"

VERSION: Final = "v26.0"
LIVE: Final = ("v24.0", "v25.0", "v26.0")
"""Versions whose marketing endpoints live (they die after about a year, long before Graph's own)."""

WHOLE: Final = frozenset({"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"})
"""Currencies that Meta counts in main units; all others in hundredths, whatever ISO 4217 says."""


@dataclass(slots=True)
class Account:
    """An ad account; `timezone` is an IANA name, amounts are in Meta's own minor units."""

    id: str
    """Without the `act_`."""
    name: str = "Sandbox account"
    currency: str = "USD"
    timezone: str = "UTC"
    status: int = 1
    """1 active, 2 disabled, 3 unsettled, 7 risk review, 9 grace period, 100 closing, 101 closed."""
    disable_reason: int = 0
    balance: int = 0
    """What was owed before the sandbox began."""
    spend_cap: int = 0
    """0: none."""
    spent: int = 0
    """What had been spent before the sandbox began."""
    per_dollar: int = 1
    """Main units per dollar, for minimums and numbers."""
    prepaid: bool = False
    funded: bool = True
    """Whether there is a way to pay."""
    business: str | None = BUSINESS

    @property
    def offset(self) -> int:
        """Minor units per main unit."""
        return 1 if self.currency in WHOLE else 100

    @property
    def minimum(self) -> int:
        """The lowest daily budget for impressions: about a dollar."""
        return self.offset * self.per_dollar

    @property
    def market(self) -> Market:
        """Its days and money, for the numbers of delivery."""
        return Market(self.timezone, Decimal(1) if self.offset == 1 else Decimal("0.01"), self.per_dollar)


def default_accounts() -> tuple[Account, ...]:
    """Three accounts of different currencies and zones; new ones each time, because tests change them."""
    return (
        Account("100000000000001"),
        Account("100000000000002", "Sandbox Tokyo", "JPY", "Asia/Tokyo", per_dollar=100),
        Account("100000000000003", "Sandbox London", "GBP", "Europe/London"),
    )


ACCOUNTS: Final = tuple(account.id for account in default_accounts())
"""The ids that are there by default, without `act_`: dollars in UTC, yen in Tokyo, pounds in London."""


@dataclass(slots=True)
class Switches:
    """Behaviours that can be set either way, because public material does not settle them."""

    contain: Literal["exact", "fuzzy"] = "exact"
    """Whether a CONTAIN filter on names takes letters as they are, or ignores case and everything but letters."""
    equal_ignores_case: bool = False
    """Whether an EQUAL filter on names ignores case."""
    lag_nodes: bool = False
    """Whether GET /{id} lags as lists do (100/33 for what is not visible yet), or always tells what is."""
    label_repeat: Literal["same", "error"] = "same"
    """POST /adlabels with a name that exists: the old id, or a refusal."""
    deleted_again: Literal["success", "missing"] = "missing"
    """DELETE of what is deleted: `{"success":true}`, or 100/33."""
    deleted_readable: bool = True
    """Whether GET /{id} still shows a deleted object."""
    same_budget_counts: bool = False
    """Whether setting an ad set's budget to what it is counts towards its four changes an hour."""
    ignore_budgets: bool = False
    """Updates of budgets answer success and change nothing (seen in the wild)."""
    budget_switch: bool = False
    """Whether a budget may change from daily to lifetime and back."""
    unset_budget: Literal["zero", "absent"] = "zero"
    """How an ad set shows the budget that it does not have."""
    advantage_flag: bool = True
    """Whether targeting must say `targeting_automation.advantage_audience`."""
    dsa: bool = True
    """Whether ad sets for the EU must name beneficiary and payor."""
    rename_creatives: bool = False
    """Whether creatives get the date and a hash behind their names."""
    same_creative: bool = False
    """Whether a creative with equal content gives the old one's id."""
    video_must_be_ready: bool = True
    """Whether a creative refuses a video that is still processing."""
    review: float = 0.0
    """Seconds until an ad has passed its review; `[deny]` in its texts makes it fail."""
    review_paused: bool = True
    """Whether paused ads are reviewed, too."""
    process: float = 0.0
    """Seconds for which a new or changed object is IN_PROCESS."""
    learning: float = 0.0
    """Seconds for which an ad set learns after its first activation."""
    unfunded: Literal["refuse", "pending"] = "refuse"
    """Activating an ad without a way to pay: 100/1359188, or the ad is PENDING_BILLING_INFO."""
    disabled: tuple[int, int | None] = (200, 2490592)
    """Code and subcode with which an account that is not active refuses writes."""
    transcode: float = 5.0
    """Seconds until a video is ready; `[broken]` at its start makes it fail."""
    chunk: int = 1_048_576
    """Bytes that the server asks for at a time."""
    job_race: float = 0.0
    """Seconds for which a new report run answers 100/33."""
    job_queue: float = 2.0
    """Seconds that a report run waits."""
    job_run: float = 8.0
    """Seconds that a report run runs."""
    job_settle: float = 0.0
    """Seconds for which a completed run says 99 percent and has no rows yet."""
    job_error: tuple[int, int] = (-2, 2490547)
    """Code and subcode of a failed run."""
    heavy_limit: int | None = None
    """Pages of more rows are too much data: HTTP 500, code 1."""
    heavy_rows: int | None = None
    """Synchronous insights of more rows are too much data."""
    heavy: tuple[int, int | None] = (1, None)
    """Code and subcode with which they are refused: (1, None), (100, 1487534) or (100, 1504018)."""
    cursor_lives: float | None = None
    """Seconds for which a cursor is good; None: for ever."""
    score_error: tuple[int, int] = (17, 2446079)
    """Code and subcode when an account's score is full: (17, 2446079) or (613, 1487742)."""
    success_on_create: bool = False
    """Whether creates answer `success` beside the id."""
    error_data_text: bool = False
    """Whether `error_data` is JSON in a string."""
    foreign_texts: bool = False
    """Whether the texts for users are in another language than English."""
