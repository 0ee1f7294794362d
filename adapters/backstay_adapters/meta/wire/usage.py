"""Meta's usage headers: how much of each limit is used, and how long a closed one stays closed.

`X-App-Usage`, `X-Ad-Account-Usage`, `X-Business-Use-Case-Usage` and `X-FB-Ads-Insights-Throttle` hold JSON as text, in
percent. Their times differ: an account's reset is in seconds, a use case's regain time in minutes (vendor's page "Rate
Limits", section "Headers").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

APP, ACCOUNT, INSIGHTS_APP = "app", "account", "insights_app"
"""Limits by the profile's names: the app's hour, the account's score, the app's load of insights."""
MANAGEMENT, INSIGHTS = "ads_management", "ads_insights"
"""The use cases that this adapter falls under; the vendor's own words, each counted by account."""

LIMITED_TIER: Final = "development_access"
"""How headers call the limited tier of access; the full one is `standard_access`."""

_PARTS: Final = ("call_count", "total_cputime", "total_time")


@dataclass(frozen=True, slots=True)
class Usage:
    """One statement of a header: so much of a limit is used."""

    limit: str
    """The profile's name of the limit; a use case is called as the vendor calls it."""
    used: float
    """Share of the limit; 1.0 is all of it."""
    wait: float | None = None
    """Seconds until calls are let in again, where the limit is used up and the vendor says when."""
    of: str = ""
    """The id that the vendor counts by (an ad account, a business), where it names one."""
    tier: str = ""
    """The tier of the app's access, where it is told."""


def read_usage(headers: Mapping[str, str]) -> tuple[Usage, ...]:
    """Every statement of every usage header; `headers` have names in lower case. What cannot be read is left out."""
    found: list[Usage] = []
    for name, read in _HEADERS.items():
        text = headers.get(name)
        if text:
            found += _read(text, read)
    return tuple(found)


def told(headers: Mapping[str, str], account: str) -> tuple[Usage, ...]:
    """What an answer's headers say of the limits of an account: one statement for each limit, the worst."""
    texts = tuple([headers.get(name) for name in _HEADERS])
    return _told(texts, account) if any(texts) else ()


@lru_cache(maxsize=256)
def _told(texts: tuple[str | None, ...], account: str) -> tuple[Usage, ...]:
    # The same texts come with many answers, since percentages are whole numbers.
    usages = read_usage({name: text for name, text in zip(_HEADERS, texts, strict=True) if text})
    return tuple(of_account(usages, account).values())


def of_account(usages: Iterable[Usage], account: str) -> dict[str, Usage]:
    """For each limit the worst statement that concerns an account: its own entries, else those of anybody else's id.

    The vendor counts most use cases by ad account, some by the business above it, which we do not know.
    """
    worst: dict[str, Usage] = {}
    for usage in sorted(usages, key=lambda each: (each.of in {"", account}, each.used)):
        worst[usage.limit] = usage
    return worst


@lru_cache(maxsize=1024)
def _read(text: str, read: Callable[[Any], tuple[Usage, ...]]) -> tuple[Usage, ...]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return read(value) if isinstance(value, dict) else ()


def _app(value: Mapping[str, Any]) -> tuple[Usage, ...]:
    return (Usage(APP, max(_share(value.get(part)) for part in _PARTS)),)


def _account(value: Mapping[str, Any]) -> tuple[Usage, ...]:
    used = _share(value.get("acc_id_util_pct"))
    wait = _number(value.get("reset_time_duration")) or None
    return (Usage(ACCOUNT, used, wait if used >= 1.0 else None, tier=_text(value.get("ads_api_access_tier"))),)


def _use_cases(value: Mapping[str, Any]) -> tuple[Usage, ...]:
    entries = [
        (str(of), entry)
        for of, several in value.items()
        for entry in (several if isinstance(several, list) else ())
        if isinstance(entry, dict)
    ]
    return tuple(_use_case(of, entry) for of, entry in entries)


def _use_case(of: str, entry: Mapping[str, Any]) -> Usage:
    minutes = _number(entry.get("estimated_time_to_regain_access"))
    return Usage(
        limit=_text(entry.get("type")) or MANAGEMENT,
        used=max(_share(entry.get(part)) for part in _PARTS),
        wait=minutes * 60.0 or None,
        of=of,
        tier=_text(entry.get("ads_api_access_tier")),
    )


def _insights(value: Mapping[str, Any]) -> tuple[Usage, ...]:
    app, account = _share(value.get("app_id_util_pct")), _share(value.get("acc_id_util_pct"))
    return Usage(INSIGHTS_APP, app), Usage(INSIGHTS, account)


_HEADERS: Final[Mapping[str, Callable[[Any], tuple[Usage, ...]]]] = MappingProxyType(
    {
        "x-app-usage": _app,
        "x-ad-account-usage": _account,
        "x-business-use-case-usage": _use_cases,
        "x-fb-ads-insights-throttle": _insights,
    }
)


def _share(percent: Any) -> float:
    return _number(percent) / 100.0


def _number(value: Any) -> float:
    """A finite number that is not negative; 0.0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if isfinite(number) and number >= 0.0 else 0.0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
