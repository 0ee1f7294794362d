"""The vendor's rate limits: per app, by second, minute and day, with its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from backstay.policies.settings import refuse
from backstay_adapters.tiktok.profile import TIERS
from backstay_adapters.tiktok.sandbox.envelope import Refusal

OWN: Final = {"ad/create": (5, 150, 86_400), "report/task/create": (2, 60, 4_500)}
"""Endpoints with limits of their own on the basic level."""

RESTRICTED: Final = 300.0
"""Seconds for which an app stays restricted after its limit of the minute."""

TOO_OFTEN: Final = 40100


def restricted(app_id: str) -> Refusal:
    """The long kind."""
    return Refusal(TOO_OFTEN, f"Due to too many requests, requests from App {app_id} are temporarily restricted.")


def too_fast(app_id: str, limit: int, current: int) -> Refusal:
    """The short kind: over by the next second."""
    return Refusal(TOO_OFTEN, f"App {app_id} reaches the QPS limit {limit}, current QPS is {current}")


@dataclass(slots=True)
class _Count:
    window: int = -1
    seen: int = 0

    def add(self, window: int) -> int:
        if window != self.window:
            self.window, self.seen = window, 0
        self.seen += 1
        return self.seen


@dataclass(slots=True)
class _Meter:
    second: _Count = field(default_factory=_Count)
    minute: _Count = field(default_factory=_Count)
    day: _Count = field(default_factory=_Count)
    until: float = 0.0


class Limits:
    """Counts requests and refuses what is too much; without a tier nothing is."""

    def __init__(self, tier: str | None) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        self.tier = tier
        self._meters: dict[tuple[str, str], _Meter] = {}

    def check(self, app_id: str, operation: str, now: float) -> None:
        """Count one request; raises the vendor's refusal."""
        if self.tier is None:
            return
        if self.tier == "sandbox":  # the vendor's sandbox counts per endpoint
            self._count(app_id, operation, TIERS["sandbox"], now)
            return
        self._count(app_id, "", TIERS[self.tier], now)
        if operation in OWN:
            self._count(app_id, operation, OWN[operation], now)

    def _count(self, app_id: str, group: str, limits: tuple[int, int, int], now: float) -> None:
        meter = self._meters.setdefault((app_id, group), _Meter())
        if now < meter.until:
            raise restricted(app_id)
        current = meter.second.add(int(now))
        if meter.day.add(int(now // 86_400)) > limits[2]:
            meter.until = (now // 86_400 + 1) * 86_400
            raise restricted(app_id)
        if meter.minute.add(int(now // 60)) > limits[1]:
            meter.until = now + RESTRICTED
            raise restricted(app_id)
        if current > limits[0]:
            raise too_fast(app_id, limits[0], current)
