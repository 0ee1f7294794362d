"""What the vendor says of its limits: `x-ratelimit-<limit|remaining|reset>-<what>`, and "try again in 7m12s"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from backstay_adapters.openai.profile import IMAGES, INPUT, REQUESTS, TOKENS

NAMES: Final = {REQUESTS: "requests", TOKENS: "tokens", IMAGES: "images", INPUT: "input-images"}
"""The profile's limits, by the vendor's word in the header."""

_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|h|m|s)")
_WHOLE: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+")
_AGAIN: Final = re.compile(r"try again in ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+)")
_AZURE: Final = re.compile(r"retry after (\d{1,6}) seconds?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Usage(NamedTuple):
    """How much of a limit is used: 1.0 is all; `wait` are seconds until it is new."""

    limit: str
    used: float
    wait: float | None


def usages(headers: Mapping[str, str]) -> Iterator[Usage]:
    """What the headers (names in lower case) say; what cannot be read is passed over."""
    for name, word in NAMES.items():
        most, left = (_number(headers.get(f"x-ratelimit-{each}-{word}")) for each in ("limit", "remaining"))
        if most and left is not None:
            used = min(1.0, max(0.0, 1.0 - left / most))
            yield Usage(name, used, duration(headers.get(f"x-ratelimit-reset-{word}")))


def duration(text: str | None) -> float | None:
    """Seconds of a Go duration: `15ms`, `12s`, `7m12s`, `1h2m3s`; None for anything else."""
    if text is None or _WHOLE.fullmatch(text.strip()) is None:
        return None
    return round(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)), 9)


def asked_wait(said: str) -> float | None:
    """Seconds that a message (in lower case) asks to wait; None where it does not say."""
    found = _AGAIN.search(said)
    if found is not None:
        return duration(found[1])
    azure = _AZURE.search(said)
    return None if azure is None else float(azure[1])


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None


__all__ = ["NAMES", "Usage", "asked_wait", "duration", "usages"]
