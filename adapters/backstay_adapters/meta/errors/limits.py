"""Too many calls: which limit, whom it holds, and for how long (vendor's page "Rate Limits", and its headers).

The wait is the longest of a floor and what the usage headers say of the limit that was hit. Calls made meanwhile
lengthen a block, so a limit holds all that share it: the app, the account, a use case, one ad set's budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from backstay.table import Match, Row, code, codes_between, subcode, text
from backstay_adapters.meta.errors.matches import number
from backstay_adapters.meta.wire.usage import (
    ACCOUNT,
    APP,
    INSIGHTS,
    INSIGHTS_APP,
    LIMITED_TIER,
    MANAGEMENT,
    read_usage,
)

if TYPE_CHECKING:
    from backstay.table import Facts

AUDIENCES: Final = "custom_audience"
PAGE: Final = "page"
AD_SET_BUDGET: Final = "ad_set_budget"

FLOOR: Final = 60.0
"""Seconds: the full tier's block of an account's score, and what a limit without any number is given."""
LIMITED_BLOCK: Final = 300.0
"""Seconds that the limited tier's score is blocked."""
INSIGHTS_LOAD: Final = 120.0
"""Seconds after the insights service called itself overloaded; the vendor says minutes and gives no number."""
ABUSE: Final = 900.0
"""Seconds after an unusual pattern of calls (613/1996); the vendor gives none, users report a quarter of an hour."""
HOUR: Final = 3_600.0

_SLOW_DOWN: Final = "send fewer calls; calls made meanwhile make the wait longer"
_TOMORROW: Final = "the day's limit is used up: try again tomorrow"


def wait(*limits: str) -> Callable[[Facts], float]:
    """How long these limits hold, by the headers of the answer and never shorter than the floor."""

    def seconds(facts: Facts) -> float:
        told = [usage for usage in read_usage(facts.headers) if usage.limit in limits]
        limited = ACCOUNT in limits and any(usage.tier == LIMITED_TIER for usage in told)
        return max(LIMITED_BLOCK if limited else FLOOR, *(usage.wait or 0.0 for usage in told), 0.0)

    return seconds


def _rate(rule: str, match: Match, scope: str, *also: str, hint: str = _SLOW_DOWN) -> Row:
    return Row(f"meta.rate.{rule}", match, "API_RATE_LIMIT", wait=wait(scope, *also), scope=scope, hint=hint)


LIMITS: Final = (
    Row("meta.quota.spend_cap", number(1885172), "QUOTA_EXHAUSTED", scope=ACCOUNT,
        hint="an account's spend cap may be changed ten times a day: try again tomorrow"),
    Row("meta.quota.ad_creation", number(1487225), "QUOTA_EXHAUSTED", scope=ACCOUNT,
        hint="how many ads may be created depends on the account's daily spend: delete old ones, or try tomorrow"),
    Row("meta.spam", number(2207051), "API_RATE_LIMIT", retryable=False,
        hint="look first whether it was published all the same; then stop publishing for some hours"),
    Row("meta.rate.ad_set_budget", number(1487632), "API_RATE_LIMIT", wait=HOUR, scope=AD_SET_BUDGET,
        hint="an ad set's budget may be changed four times an hour, and setting the same value counts too"),
    Row("meta.rate.insights_load", number(1504022, 1504039), "API_RATE_LIMIT", wait=INSIGHTS_LOAD,
        scope=INSIGHTS_APP, hint="the insights service is overloaded for this app: ask for less, or as a job, later"),
    Row("meta.rate.abuse", code(613) & subcode(1996), "API_RATE_LIMIT", wait=ABUSE, scope=ACCOUNT,
        hint="the vendor calls the pattern of calls unusual: stop for a quarter of an hour, then go slower"),
    _rate("insights", code(80000), INSIGHTS),
    _rate("audiences", code(80003), AUDIENCES),
    _rate("management", code(80004), MANAGEMENT),
    _rate("other_use_case", code(80001, 80002, 80005, 80006, 80008, 80009, 80014) | codes_between(80000, 80099),
          "other"),
    _rate("account", code(17, 613) | number(2446079, 1487742, 5044001), ACCOUNT, MANAGEMENT),
    _rate("app", code(4, 341), APP),
    _rate("page", code(32), PAGE),
)  # fmt: skip
"""The codes that mean "too many calls"; those with a subcode of their own first."""

TOO_OFTEN: Final = text("request limit reached", "too many calls", "too many requests", "rate limit")
"""Words of the limits, for answers whose code is missing."""

UNCODED: Final = (
    _rate("text", code(None) & TOO_OFTEN, APP),
)  # fmt: skip
