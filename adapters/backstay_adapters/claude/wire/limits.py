"""What the vendor says of its limits in every answer: `anthropic-ratelimit-<what>-<limit|remaining|reset>`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from backstay_adapters.claude.profile import INPUT, OUTPUT, REQUESTS, TOKENS

NAMES: Final = {REQUESTS: "requests", TOKENS: "tokens", INPUT: "input-tokens", OUTPUT: "output-tokens"}
"""The profile's limits, by the vendor's word in the header."""


class Usage(NamedTuple):
    """How much of a limit is used: 1.0 is all; `resets_at` are wall seconds."""

    limit: str
    used: float
    resets_at: float | None


def usages(headers: Mapping[str, str]) -> Iterator[Usage]:
    """What the headers (names in lower case) say; what cannot be read is passed over."""
    for name, word in NAMES.items():
        most, left = (_number(headers.get(f"anthropic-ratelimit-{word}-{each}")) for each in ("limit", "remaining"))
        if most and left is not None:
            used = min(1.0, max(0.0, 1.0 - left / most))
            yield Usage(name, used, moment(headers.get(f"anthropic-ratelimit-{word}-reset")))


def opens_again(headers: Mapping[str, str], now: float | None) -> float | None:
    """Seconds until the last of the limits that are used up opens again; None where the headers do not say."""
    if now is None:
        return None
    waits = [usage.resets_at - now for usage in usages(headers) if usage.used >= 1.0 and usage.resets_at is not None]
    return max(waits) if waits and max(waits) > 0.0 else None


def moment(text: str | None) -> float | None:
    """Wall seconds of an RFC 3339 time."""
    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


__all__ = ["NAMES", "Usage", "moment", "opens_again", "usages"]
