"""Limits that grow with calls and errors and decay with time, and the headers that tell of them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType
from typing import Final

from backstay.policies.settings import refuse
from backstay_adapters.meta.sandbox.refusal import Refused

HOUR: Final = 3_600.0
DRAIN: Final = 300.0
"""Seconds in which a full score empties."""

MANAGEMENT: Final = "ads_management"
INSIGHTS: Final = "ads_insights"
CODES: Final = {MANAGEMENT: 80004, INSIGHTS: 80000}
PER_AD: Final = {MANAGEMENT: 40, INSIGHTS: 400}
COSTS: Final = {"read": (1, 1.0), "write": (3, 2.0), "insights": (1, 6.0)}
"""Points of the account's score, and processor time."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much an app of a tier may do."""

    word: str
    score: float
    block: float
    """Seconds for which a full score blocks."""
    management: int
    insights: int
    """Calls per account and hour, before what active ads add."""
    mutations: int = 100
    """Writes per second of an app on an account."""

    def hourly(self, use: str, active: int) -> int:
        """A use case's calls per hour."""
        return (self.management if use == MANAGEMENT else self.insights) + PER_AD[use] * active


TIERS: Final = MappingProxyType(
    {
        "limited": Sizes("development_access", 60, 300.0, 300, 600),
        "full": Sizes("standard_access", 9_000, 60.0, 100_000, 190_000),
    }
)


class Hour:
    """A sum over the last hour, minute by minute."""

    def __init__(self) -> None:
        self._minutes: dict[int, float] = {}

    def add(self, now: float, points: float) -> None:
        """Count something."""
        minute = int(now // 60)
        self._minutes[minute] = self._minutes.get(minute, 0.0) + points

    def total(self, now: float) -> float:
        """What the last hour holds."""
        oldest = int(now // 60) - 59
        for minute in [each for each in self._minutes if each < oldest]:
            del self._minutes[minute]
        return sum(self._minutes.values())

    def minutes_until(self, now: float, limit: float) -> int:
        """Minutes until no more than `limit` is left, if nothing is added."""
        left = self.total(now)
        for minute in sorted(self._minutes):
            if left <= limit:
                break
            left -= self._minutes[minute]
            if left <= limit:
                return max(1, minute + 60 - int(now // 60))
        return 0


@dataclass(slots=True)
class Score:
    """An account's score: drains by itself, blocks when it is full; calls during the block lengthen it."""

    points: float = 0.0
    at: float = 0.0
    until: float = 0.0

    def level(self, now: float, most: float) -> float:
        """The points that are left now."""
        return max(0.0, self.points - (now - self.at) * most / DRAIN)

    def add(self, now: float, points: float, sizes: Sizes) -> bool:
        """Count a call; false when it is refused."""
        blocked = now < self.until
        self.points, self.at = self.level(now, sizes.score) + (0.0 if blocked else points), now
        if blocked or self.points > sizes.score:
            self.until = now + sizes.block
            return False
        return True


@dataclass(slots=True)
class _Second:
    second: int = -1
    seen: int = 0

    def add(self, now: float) -> int:
        if int(now) != self.second:
            self.second, self.seen = int(now), 0
        self.seen += 1
        return self.seen


@dataclass(slots=True)
class _Meters:
    score: Score = field(default_factory=Score)
    calls: dict[str, Hour] = field(default_factory=lambda: defaultdict(Hour))
    times: dict[str, Hour] = field(default_factory=lambda: defaultdict(Hour))
    writes: _Second = field(default_factory=_Second)


class Usage:
    """Counts what one app does; without a tier it shows and refuses nothing."""

    def __init__(self, tier: str | None, users: int, score_error: tuple[int, int]) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        self.sizes = TIERS[tier or "full"]
        self.enforced = tier is not None
        self.app_limit = 200 * users
        self._score_error = score_error
        self._app, self._app_time = Hour(), Hour()
        self._accounts: dict[str, _Meters] = defaultdict(_Meters)

    def check(self, account: str | None, use: str, *, write: bool, active: int, now: float) -> None:
        """Count one call; raises the vendor's refusal where the tier is enforced."""
        points, cost = COSTS["insights" if use == INSIGHTS else "write" if write else "read"]
        self._app.add(now, 1)
        self._app_time.add(now, cost)
        over = self.enforced and self._app.total(now) > self.app_limit
        if account is not None:
            self._account(self._accounts[account], use, write=write, active=active, now=now, points=points, cost=cost)
        if over:
            raise Refused(4)

    def _account(
        self, meters: _Meters, use: str, *, write: bool, active: int, now: float, points: float, cost: float
    ) -> None:
        meters.calls[use].add(now, 1)
        meters.times[use].add(now, cost)
        good = meters.score.add(now, points, self.sizes)
        fast = meters.writes.add(now) if write else 0
        if not self.enforced:
            return
        if not good:
            raise Refused(*self._score_error)
        if meters.calls[use].total(now) > self.sizes.hourly(use, active):
            raise Refused(CODES[use], 2446079)
        if fast > self.sizes.mutations:
            raise Refused(613, 5044001)

    def failed(self, account: str | None, use: str, now: float) -> None:
        """An error of the caller's costs a call more."""
        self._app.add(now, 1)
        if account is not None:
            self._accounts[account].calls[use].add(now, 1)

    def headers(self, account: str | None, active: int, now: float) -> dict[str, str]:
        """The usage headers of an answer."""
        called, timed = (100 * hour.total(now) / self.app_limit for hour in (self._app, self._app_time))
        found = {"x-app-usage": _json(call_count=int(called), total_time=int(timed), total_cputime=int(timed))}
        if account is None:
            return found
        meters, sizes = self._accounts[account], self.sizes
        share = 100 * meters.score.level(now, sizes.score) / sizes.score
        full = now < meters.score.until
        reset = meters.score.until - now if full else share / 100 * DRAIN
        found["x-ad-account-usage"] = _json(
            acc_id_util_pct=100 if full else round(share, 2), reset_time_duration=ceil(reset),
            ads_api_access_tier=sizes.word,
        )  # fmt: skip
        rows = [self._use(meters, use, active, now) for use in (MANAGEMENT, INSIGHTS) if use in meters.calls]
        if rows:
            found["x-business-use-case-usage"] = json.dumps({account: rows}, separators=(",", ":"))
        if INSIGHTS in meters.calls:
            found["x-fb-ads-insights-throttle"] = _json(
                app_id_util_pct=int(called), acc_id_util_pct=rows[-1]["call_count"], ads_api_access_tier=sizes.word
            )
        return found

    def _use(self, meters: _Meters, use: str, active: int, now: float) -> dict[str, object]:
        limit = self.sizes.hourly(use, active)
        called, timed = (100 * hours[use].total(now) / limit for hours in (meters.calls, meters.times))
        wait = meters.calls[use].minutes_until(now, limit)
        return {
            "type": use, "call_count": int(called), "total_cputime": int(timed), "total_time": int(timed),
            "estimated_time_to_regain_access": wait, "ads_api_access_tier": self.sizes.word,
        }  # fmt: skip


def _json(**values: object) -> str:
    return json.dumps(values, separators=(",", ":"))
