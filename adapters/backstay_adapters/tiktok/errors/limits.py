"""Too many calls: which limit, and how long it holds (the vendor's page "API rate limits").

A limit by the second ends with the next second, one by the minute after five minutes, one by the day at 00:00 UTC.
The code does not say which; the text often does, and no header ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.table import Match, Row, code, pattern, text, until_utc_midnight
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.table import Facts

NEXT_SECOND: Final = 1.0
FIVE_MINUTES: Final = 300.0

APP, ADVERTISER, FIELD = "app", "advertiser", "field"

_SECOND: Final = pattern(r"\bqps\b|per second")
_DAY: Final = pattern(r"\bqpd\b|per day|daily|\ba day\b")
_TOO_OFTEN: Final = text("too many requests", "too frequent", "temporarily restricted") | pattern(
    r"reach\w* (the )?(qps|qpm|qpd) limit|\brate limit"
)
_SLOW_DOWN: Final = "send fewer calls: the limit is per app and all its advertisers share it"
_TOMORROW: Final = "the daily limit of calls renews at 00:00 UTC; ask TikTok for a higher level of API access"


def wait(facts: Facts) -> float:
    """Seconds until the limit that the message names opens again; five minutes where it names none."""
    return NEXT_SECOND if _SECOND(facts) else FIVE_MINUTES


def midnight(facts: Facts) -> float | None:
    """Seconds until 00:00 UTC, where the answer's time is known."""
    return until_utc_midnight(facts.moment())


def limits_in_text(where: Match, suffix: str) -> tuple[Row, ...]:
    """The limits that hide behind codes which mean many things."""
    return (
        Row(f"tiktok.text.quota_day{suffix}", where & _TOO_OFTEN & _DAY, "QUOTA_EXHAUSTED", wait=midnight, scope=APP,
            hint=_TOMORROW),
        Row(f"tiktok.text.rate{suffix}", where & _TOO_OFTEN, "API_RATE_LIMIT", wait=wait, scope=APP, hint=_SLOW_DOWN),
    )  # fmt: skip


LIMITS: Final = (
    Row("tiktok.quota_day", code(40016, 40100, 40132, 40133, 51021, 61000) & _DAY, "QUOTA_EXHAUSTED", wait=midnight,
        scope=APP, hint=_TOMORROW),
    Row("tiktok.rate.advertiser", code(40133), "API_RATE_LIMIT", wait=NEXT_SECOND, scope=ADVERTISER,
        hint="send fewer calls for this advertiser: this limit is its own"),
    Row("tiktok.rate.field", code(40132), "API_RATE_LIMIT", wait=NEXT_SECOND, scope=FIELD,
        hint="send fewer calls with this field's value, such as one pixel code"),
    Row("tiktok.rate.app", code(40016, 40100, 61000), "API_RATE_LIMIT", wait=wait, scope=APP, hint=_SLOW_DOWN),
    # A service behind the API refused, so parts of a write may have been done before.
    Row("tiktok.rate.internal", code(51021), "API_RATE_LIMIT", certainty=Certainty.UNKNOWN, wait=wait, scope=APP,
        hint=_SLOW_DOWN),
)  # fmt: skip
"""The codes that mean "too many calls"."""
