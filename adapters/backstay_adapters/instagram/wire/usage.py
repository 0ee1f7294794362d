"""Instagram's usage headers: how much of a limit is used, and how long a closed one stays closed.

`X-App-Usage` and `X-Business-Use-Case-Usage` hold JSON as text, in percent; the time until access is regained is in
minutes (vendor's page "Rate Limits" of the Graph API; Instagram's calls count as use case `instagram`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

APP, ACCOUNT = "app", "instagram"
"""Limits by the profile's names: the app's hour, and the account's day, which the vendor calls `instagram`."""

_PARTS: Final = ("call_count", "total_cputime", "total_time")


@dataclass(frozen=True, slots=True)
class Usage:
    """One statement of a header."""

    limit: str
    used: float
    """Share of the limit; 1.0 is all of it."""
    wait: float | None = None
    """Seconds until calls are let in again, where the vendor says so."""


def told(headers: Mapping[str, str]) -> tuple[Usage, ...]:
    """Every statement of the usage headers; names in lower case. What cannot be read is left out."""
    app, cases = _read(headers.get("x-app-usage")), _read(headers.get("x-business-use-case-usage"))
    found = [Usage(APP, _used(app))] if app else []
    for several in cases.values():
        for entry in several if isinstance(several, list) else ():
            if isinstance(entry, dict) and entry.get("type") in {ACCOUNT, None}:
                minutes = _number(entry.get("estimated_time_to_regain_access"))
                found.append(Usage(ACCOUNT, _used(entry), minutes * 60.0 or None))
    return tuple(found)


def _read(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _used(entry: Mapping[str, Any]) -> float:
    return max(_number(entry.get(part)) for part in _PARTS) / 100.0


def _number(value: Any) -> float:
    """A finite number that is not negative; 0.0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if isfinite(value) and value >= 0 else 0.0


__all__ = ["ACCOUNT", "APP", "Usage", "told"]
