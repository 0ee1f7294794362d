"""Faults from a seeded plan: which request fails, when, and how.

    plan = FaultPlan([FaultRule(FaultKind.RESET_AFTER, rate=0.04, method="POST")], seed=7)
    fault = plan.decide(request, now)           # a Fault, or None

A plan is pure: it is told the request and the time. Rules are tried in their order and the first that strikes
wins; rules of LATENCY add up and let the next ones try.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from backstay.policies.settings import refuse, whole, within
from backstay.sandbox.draws import between, unit
from backstay.sandbox.wire import Request


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """The answer comes late by `delay`."""
    SLOW_DRIP = "slow_drip"
    """The body comes in small pieces over `delay` seconds."""
    TIMEOUT = "timeout"
    """No answer ever comes."""
    RESET_BEFORE = "reset_before"
    """The connection breaks before the vendor has done anything."""
    RESET_AFTER = "reset_after"
    """The connection breaks after the vendor has done it: the answer is lost."""
    CONNECT_REFUSED = "connect_refused"
    """No connection; the request is never sent."""
    HTTP_5XX = "http_5xx"
    """A gateway's 500, 502, 503 or 504."""
    HTML = "html"
    """A page for people, with 200 or 502."""
    HALF_JSON = "half_json"
    """The answer stops in its middle."""
    STALL = "stall"
    """Half of the answer comes, then nothing more, and the line stays open."""
    EMPTY = "empty"
    """200 and no body."""
    RATE_LIMIT = "rate_limit"
    """The vendor's own words for too many requests."""
    VENDOR_ERROR = "vendor_error"
    """The vendor's own words for "something went wrong on our side"."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a fault's name, no secret
    """The credential counts as expired."""
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a fault's name, no secret
    """The credential counts as revoked."""
    PARTIAL = "partial"
    """Of several objects some fail."""


Kind = FaultKind
WORDED: Final = frozenset({Kind.RATE_LIMIT, Kind.VENDOR_ERROR, Kind.TOKEN_EXPIRED, Kind.TOKEN_REVOKED, Kind.PARTIAL})
"""Kinds whose answer is worded by the vendor's simulator."""

_NEVER_DONE: Final = frozenset({Kind.RESET_BEFORE, Kind.CONNECT_REFUSED})
_ALWAYS_DONE: Final = frozenset({Kind.RESET_AFTER, Kind.PARTIAL})
_USUALLY_DONE: Final = frozenset({Kind.SLOW_DRIP, Kind.HALF_JSON, Kind.STALL, Kind.EMPTY, Kind.LATENCY})
_STATUSES: Final = (500, 502, 503, 504)

Span = float | tuple[float, float]
"""Seconds, or a range from which they are drawn."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request."""

    kind: FaultKind
    rule: int
    """Which rule of the plan struck."""
    delay: float = 0.0
    """Seconds."""
    after_commit: bool = False
    """Whether the vendor does what was asked, before things go wrong."""
    status: int | None = None
    code: int | None = None
    text: str | None = None
    long: bool = False
    wrong_length: bool = False
    draw: float = 0.0
    """A number in [0, 1) for the simulator's own choices."""
    error: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """When something goes wrong, and what.

    Raises:
        InvalidRequestError: naming the field, the value and the cure.
    """

    kind: FaultKind
    rate: float = 1.0
    """Of the requests that match, how many are struck: 0 to 1."""
    method: str | None = None
    path: str | None = None
    """How the path begins."""
    operation: str | None = None
    """A glob over the operation, such as `campaign/*`."""
    start: float = 0.0
    """Seconds after the plan's first request at which the rule begins to hold."""
    end: float | None = None
    """Seconds at which it ceases to hold."""
    skip: int = 0
    """Matching requests that pass first."""
    times: int | None = None
    """Requests struck at most."""
    delay: Span = 0.0
    status: int | None = None
    code: int | None = None
    """The vendor's own code, where the kind has one."""
    text: str | None = None
    """The vendor's own message."""
    after_commit: bool | None = None
    """Whether the vendor acts before things go wrong; None is the kind's own habit, for TIMEOUT drawn."""
    long: bool = False
    """RATE_LIMIT: the kind that lasts minutes."""
    wrong_length: bool = False
    """HALF_JSON: the content-length promises the whole body."""
    error: str | None = None
    """The vendor's own error, where errors have names: a gRPC status, or `family.MEMBER`."""
    retry_after: float | None = None
    """RATE_LIMIT: the seconds that the vendor asks to wait, where it says so."""

    def __post_init__(self) -> None:
        _check(self)

    def matches(self, request: Request, operation: str, elapsed: float) -> bool:
        """Whether the rule has something to say on this request now."""
        return (
            elapsed >= self.start
            and (self.end is None or elapsed < self.end)
            and (self.method is None or request.method.upper() == self.method.upper())
            and (self.path is None or request.path.startswith(self.path))
            and (self.operation is None or fnmatchcase(operation, self.operation))
        )


class FaultPlan:
    """Rules and a seed; the same plan and the same requests give the same faults."""

    def __init__(
        self,
        rules: Sequence[FaultRule] = (),
        seed: int = 0,
        *,
        read_lag: Span | None = None,
        name: str = "custom",
    ) -> None:
        self.rules = tuple(rules)
        self.seed = seed
        self.read_lag = read_lag
        """Seconds by which lists lag behind writes, instead of the world's own setting."""
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Begin anew: no request seen, time at zero."""
        self.epoch: float | None = None
        self.struck = [0] * len(self.rules)
        """How often each rule has struck."""
        self._seen = [0] * len(self.rules)

    def begin(self, now: float) -> None:
        """Start the plan's time; otherwise the first request does."""
        if self.epoch is None:
            self.epoch = now

    def decide(self, request: Request, now: float, operation: str | None = None) -> Fault | None:
        """What happens to this request; `operation` is the simulator's name for it, else the bare path."""
        self.begin(now)
        elapsed = now - (self.epoch or 0.0)
        named = request.path.strip("/") if operation is None else operation
        late: Fault | None = None
        for index, rule in enumerate(self.rules):
            if not (rule.matches(request, named, elapsed) and self._strikes(index, rule)):
                continue
            fault = self._fault(index, rule)
            if fault.kind is not FaultKind.LATENCY:
                return replace(fault, delay=fault.delay + (late.delay if late else 0.0))
            late = fault if late is None else replace(late, delay=late.delay + fault.delay)
        return late

    def _strikes(self, index: int, rule: FaultRule) -> bool:
        self._seen[index] += 1
        seen = self._seen[index]
        if seen <= rule.skip or (rule.times is not None and self.struck[index] >= rule.times):
            return False
        if unit(self.seed, index, seen, "strike") >= rule.rate:
            return False
        self.struck[index] += 1
        return True

    def _fault(self, index: int, rule: FaultRule) -> Fault:
        what = (index, self._seen[index])
        low, high = rule.delay if isinstance(rule.delay, tuple) else (rule.delay, rule.delay)
        draw = unit(self.seed, *what, "draw")
        return Fault(
            rule.kind, index, delay=between(low, high, self.seed, *what, "delay"), after_commit=_done(rule, draw),
            status=_status(rule, draw), code=rule.code, text=rule.text, long=rule.long,
            wrong_length=rule.wrong_length, draw=draw, error=rule.error, retry_after=rule.retry_after,
        )  # fmt: skip


def _done(rule: FaultRule, draw: float) -> bool:
    if rule.after_commit is not None:
        return rule.after_commit
    if rule.kind is FaultKind.TIMEOUT:
        return draw < 0.5
    return rule.kind in _ALWAYS_DONE or rule.kind in _USUALLY_DONE


def _status(rule: FaultRule, draw: float) -> int | None:
    if rule.status is not None:
        return rule.status
    if rule.kind is FaultKind.HTTP_5XX:
        return _STATUSES[int(draw * len(_STATUSES))]
    return (200, 502)[int(draw * 2)] if rule.kind is FaultKind.HTML else None


def _check(rule: FaultRule) -> None:
    if not isinstance(rule.kind, FaultKind):
        refuse("kind", rule.kind, f"one of {', '.join(FaultKind)}")
    within("rate", rule.rate, 0.0, 1.0)
    within("start", rule.start, 0.0)
    if rule.end is not None:
        within("end", rule.end, rule.start)
    whole("skip", rule.skip, 0)
    if rule.times is not None:
        whole("times", rule.times, 0)
    check_span("delay", rule.delay)
    if rule.status is not None:
        whole("status", rule.status, 200, 599)
    if rule.retry_after is not None:
        within("retry_after", rule.retry_after, 0.0)
    _check_commit(rule)


def _check_commit(rule: FaultRule) -> None:
    if rule.after_commit is True and rule.kind in _NEVER_DONE:
        refuse("after_commit", value=True, cure=f"false for {rule.kind}, or the kind reset_after")
    if rule.after_commit is False and rule.kind in _ALWAYS_DONE:
        refuse("after_commit", value=False, cure=f"true for {rule.kind}, or the kind reset_before")


def check_span(field: str, span: Span) -> None:
    """Refuse what is neither seconds >= 0 nor a range of them."""
    if isinstance(span, tuple):
        if len(span) != 2:
            refuse(field, span, "seconds, or a range [low, high]")
        within(f"{field}[0]", span[0], 0.0)
        within(f"{field}[1]", span[1], span[0])
    else:
        within(field, span, 0.0)
