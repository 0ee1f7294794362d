"""A vendor's settings as data: `Profile()` is the base of every adapter, a vendor changes what it must and says why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from backstay.policies.backoff import Backoff, Jitter
from backstay.policies.breaker import BreakerOptions
from backstay.policies.bulkhead import BulkheadOptions
from backstay.policies.hedge import HedgeOptions
from backstay.policies.pace import PaceOptions
from backstay.policies.retry import Retry
from backstay.policies.settings import above, refuse, whole, within
from backstay.policies.strain import StrainOptions

DEFAULT_TIMEOUT: Final = 30.0

_KINDS: Final[Mapping[str, float]] = MappingProxyType(
    {"api_call": 30.0, "mcp_call": 30.0, "ai_generation": 30.0, "default": DEFAULT_TIMEOUT}
)


@dataclass(frozen=True, slots=True)
class TimeoutConfig:
    """Seconds for one attempt, by the kind of operation (S1-32)."""

    kinds: Mapping[str, float] = field(default_factory=lambda: _KINDS)

    def get_timeout(self, kind: str = "default") -> float:
        """The timeout of a kind in seconds; an unknown kind gets the default."""
        return self.kinds.get(kind, self.kinds.get("default", DEFAULT_TIMEOUT))

    def __post_init__(self) -> None:
        """Refuse times that are not positive."""
        for kind, seconds in self.kinds.items():
            above(f"timeouts.{kind}", seconds, 0.0)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls one thing lets through: a bucket of `rate` per second and longer windows beside it."""

    rate: float | None
    """Calls per second; None where the vendor names no number and only its own words hold calls back."""
    burst: float | None = None
    """Calls at once; default one second's worth."""
    windows: tuple[tuple[float, float], ...] = ()
    """(calls, seconds) pairs, such as (600, 60) and (864_000, 86_400)."""
    per: str = "app"
    """What the vendor counts by: "app" (credentials' app), "account", or "object" (see `Adapter.narrowed`)."""
    groups: tuple[str, ...] = ()
    """Operation groups that pass it; empty: the whole account for "account", else the operations that name it."""
    pace: PaceOptions | None = None
    """How it slows down by the vendor's own statements of how much is used (`note_usage`); None does not listen."""

    def __post_init__(self) -> None:
        """Refuse what limits nothing."""
        if self.rate is not None:
            above("limit.rate", self.rate, 0.0)
        if self.per not in {"app", "account", "object"}:
            refuse("limit.per", self.per, '"app", "account" or "object"')


@dataclass(frozen=True, slots=True)
class Profile:
    """Retries, timeouts, breaker, limits and cache defaults of one vendor.

    The defaults come from measurement (`docs/decisions/0003-defaults.md`): 4 calls, full jitter from 50 ms (1 s after
    throttling) capped at 20 s, 30 s an attempt, 130 s in all, a retry budget of 20 % of the traffic and 10 more.
    """

    retry: Retry = field(default_factory=Retry)
    attempt_timeout: float | None = None
    """Seconds for one attempt of every kind; None leaves it to `timeouts`."""
    deadline: float = 130.0
    """Seconds for the whole call."""
    deadlines: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds for the whole call by the kind of operation, where it differs from `deadline`."""
    timeouts: TimeoutConfig = field(default_factory=TimeoutConfig)
    connect_timeout: float = 10.0
    budget_ratio: float = 0.2
    budget_reserve: float = 10.0
    breaker: BreakerOptions = field(default_factory=BreakerOptions)
    bulkhead: BulkheadOptions = field(default_factory=BulkheadOptions)
    strain: StrainOptions = field(default_factory=StrainOptions)
    """When and how far the number of calls under way is cut by itself, while the vendor is slow."""
    hedge: HedgeOptions | None = field(default_factory=HedgeOptions)
    """When reads that are declared safe are asked a second time; None for never."""
    limits: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))
    """By name; "app" is the one that every call passes, operations name others."""
    write_cost: float = 1.0
    """Tokens that a write takes from the limits, where the vendor counts it for more than a read."""
    read_lag: float = 0.0
    """Seconds after which the vendor's reads show a write for certain."""
    patience: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
    """Waits between the looks after a lost answer, as far as the read lag goes."""
    generate_again: bool = True
    """Whether a lost GENERATE may be paid for twice."""
    paid_once: frozenset[str] = frozenset()
    """Kinds of operations (`image`) of which a lost one is not paid for twice, although others are."""
    ttl: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds of freshness by operation, where it differs from the operation's own."""
    max_stale: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    revalidate: float = 0.0
    """Seconds past its time that an answer is still served while a new one is fetched."""
    note: str = ""
    """Why this vendor differs, with the source."""

    def __post_init__(self) -> None:
        """Refuse times that are no times."""
        above("deadline", self.deadline, 0.0)
        for kind, seconds in self.deadlines.items():
            above(f"deadlines.{kind}", seconds, 0.0)
        if self.attempt_timeout is not None:
            above("attempt_timeout", self.attempt_timeout, 0.0)
        within("read_lag", self.read_lag, 0.0)
        above("write_cost", self.write_cost, 0.0)

    def timeout(self, kind: str) -> float:
        """Seconds for one attempt of a kind of operation."""
        return self.attempt_timeout or self.timeouts.get_timeout(kind)

    def deadline_of(self, kind: str) -> float:
        """Seconds for the whole call of a kind of operation."""
        return self.deadlines.get(kind, self.deadline)

    def with_(self, **changes: Any) -> Profile:
        """A copy with some fields changed; an unknown field is refused."""
        known = {item.name for item in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in known:
                refuse(name, value, f"one of {', '.join(sorted(known))}")
        return dataclasses.replace(self, **changes)


def attempts(max_attempts: int | None, max_retries: int | None, default: int) -> int:
    """Calls made at most; `max_retries=n` is an alias for n + 1 (decision 1 of the requirements)."""
    if max_attempts is not None:
        whole("max_attempts", max_attempts, 1, 10)
    if max_retries is not None:
        whole("max_retries", max_retries, 0, 9)
    if max_attempts is not None and max_retries is not None and max_attempts != max_retries + 1:
        refuse("max_retries", max_retries, f"max_retries={max_attempts - 1}, or only one of the two")
    return max_attempts if max_attempts is not None else default if max_retries is None else max_retries + 1


def _schedule(calls: int, base: float, cap: float, jitter: Jitter = Jitter.NONE) -> Retry:
    backoff = Backoff(base=base, factor=2.0, cap=cap, jitter=jitter)
    return Retry(max_attempts=calls, backoff=backoff, throttle=backoff, padding=0.0)


PRESETS: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        # S0-02, S0-03: waits of exactly 1, 2, 4 s; 4 x 30 s and the waits make 127 s.
        "ads_default": Profile(retry=_schedule(4, 1.0, 60.0), deadline=130.0),
        # S3-02: 5 calls, waits 2, 4, 8, 16 s: 5 x 30 + 30 = 180 s.
        "external_api": Profile(retry=_schedule(5, 2.0, 30.0), deadline=185.0),
        # S3-03: 3 calls, waits 1, 2 s: 3 x 30 + 3 = 93 s.
        "api": Profile(retry=_schedule(3, 1.0, 10.0), deadline=95.0),
        # S3-04: 3 calls, waits 0.5, 1 s.
        "database": Profile(retry=_schedule(3, 0.5, 5.0), deadline=95.0),
        # S2-01, S2-07: 4 calls, waits 1, 2, 4 s shortened to between half and all.
        "kafka": Profile(retry=_schedule(4, 1.0, 60.0, Jitter.EQUAL), deadline=130.0),
        # S4-12: 3 calls, jitter as above.
        "standard": Profile(retry=_schedule(3, 1.0, 60.0, Jitter.EQUAL), deadline=95.0),
    }
)
"""The schedules of the requirements by name."""


def preset(profile: Profile | str | None) -> Profile:
    """A profile, the preset of a name, or the default."""
    if isinstance(profile, Profile):
        return profile
    if profile is None:
        return Profile()
    if not isinstance(profile, str) or profile not in PRESETS:
        refuse("profile", profile, f"a Profile or one of {', '.join(PRESETS)}")
    return PRESETS[profile]
