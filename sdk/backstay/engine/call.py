"""One call and its plan: what the engine knows while it drives an operation."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backstay.engine.timer import Watched
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Collection, Iterator

    from backstay.clock import Clock
    from backstay.engine.flight import Flight
    from backstay.engine.scope import Scope
    from backstay.errors import Attempt, BackstayError
    from backstay.events import Stream
    from backstay.ledger import Charge
    from backstay.policies.effect import Effect
    from backstay.policies.hedge import Hedge
    from backstay.policies.rate import Cost
    from backstay.policies.retry import Retry


@dataclass(slots=True, eq=False)
class Plan:
    """An operation with its options resolved: made once for each operation of an adapter, used by every call."""

    vendor: str | None
    function: str
    """The name for logs and errors: the operation, or the plain function."""
    effect: Effect
    clock: Clock
    scope: Scope
    events: Stream
    retry: Retry
    judge: Callable[[Exception], BackstayError]
    """Turns what an attempt raised into an error of ours: the vendor's table, or the rule of a plain function."""
    attempt_timeout: float = 30.0
    deadline: float = 130.0
    cost: Cost = 1.0
    ttl: float = 0.0
    max_age: float | None = None
    max_stale: float = 0.0
    revalidate: float = 0.0
    read_lag: float = 0.0
    """Seconds after which the vendor's reads show a write for certain."""
    patience: tuple[float, ...] = ()
    """Seconds after an attempt's end at which to look for what it may have made."""
    generate_again: bool = True
    renew: Callable[[], Awaitable[bool]] | None = None
    """Asks for a new credential after TOKEN_EXPIRED; False when there is none."""
    criticality: str = "interactive"
    hedge: Hedge | None = None
    """Of a read that may be asked twice at once: when."""
    fresh_for: float = field(init=False)
    """Age in seconds below which a stored answer is served at once."""

    def __post_init__(self) -> None:
        """Work out what every call would."""
        self.fresh_for = self.ttl if self.max_age is None else min(self.max_age, self.ttl)


class Call(Watched):
    """One call under way. Class attributes are the defaults of what few calls need, so that making one is cheap."""

    sent: bool | None = None
    """Whether the running attempt's head has left: None means that the transport cannot tell."""
    certainty: Certainty = Certainty.NOT_SENT
    """The worst of the attempts so far."""
    timeline: tuple[Attempt, ...] = ()
    request_ids: tuple[str, ...] = ()
    waited: float = 0.0
    """Seconds spent waiting between attempts."""
    paused: float = 0.0
    """Seconds waited since the last attempt."""
    renewed: bool = False
    pausing: bool = False
    """A SET that only pauses: always safe to send again."""
    blind: bool = False
    """A SET that nobody can look at: it is sent again, and nothing proves that it has not happened before."""
    settle: Callable[[BackstayError], Awaitable[Settled | None]] | None = None
    """Looks whether a write with a lost answer has happened; set by `engine.write`."""
    admitted: float = 0.0
    """When the running attempt was let through; monotonic seconds."""
    hedged: bool = False
    led: bool = False
    """Whether it asked the vendor itself, instead of joining a call that was under way."""
    tags: Collection[str] = ()
    charge: Charge | None = None
    """The ledger's record of the running attempt, where it may cost money; set by `backstay.generating`."""
    loop: asyncio.AbstractEventLoop | None = None
    """The running one where it is known already: to ask for it costs a system call."""

    def __init__(self, plan: Plan, began: float, deadline: float) -> None:
        self.plan = plan
        self.began = began
        self.deadline = deadline
        self.calls = 0
        self.reserve = 0.0
        """Seconds at the end that no attempt may use: a CREATE keeps them for looking."""
        self.flight: Flight | None = None
        """See `flight.Lead`: set where it leads a flight of the cache."""

    def mark_sent(self) -> None:
        """Called by a transport when the head of a request leaves."""
        self.sent = True

    def left(self) -> float:
        """Seconds left until the deadline."""
        return self.deadline - self.plan.clock.monotonic()


class Settled:
    """The answer that looking has found; wrapped, because an answer may be None."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


_current: ContextVar[Call | None] = ContextVar("backstay_call", default=None)
current = _current.get
"""The call that this task is in, if any: transports mark it, nested calls inherit its deadline."""
enter = _current.set
leave = _current.reset


def time_left() -> float | None:
    """Seconds that the running call still has, for code inside it that has timeouts of its own; None outside."""
    call = current()
    return None if call is None else max(0.0, call.left())


def note_usage(limit: str, used: float, wait: float | None = None) -> None:
    """Tell the engine what an answer says of a limit: `used` of it (1.0 is all), shut for `wait` seconds if all is.

    `limit` is the profile's name; one that does not listen (`Limit.pace`) or that the call does not pass is ignored.
    """
    call = current()
    if call is not None:
        call.plan.scope.hear(limit, used, call.plan.clock.monotonic(), wait)


_collected: ContextVar[list[str] | None] = ContextVar("backstay_request_ids", default=None)


@contextlib.contextmanager
def collecting(ids: list[str]) -> Iterator[None]:
    """Put the request ids of all calls inside the block into a list, whatever becomes of them."""
    token = _collected.set(ids)
    try:
        yield
    finally:
        _collected.reset(token)


def note_request_id(*ids: str) -> None:
    """Remember the vendor's request ids for the answer's `served`, for errors and for the audit record."""
    call, collected = current(), _collected.get()
    if collected is not None:
        collected.extend(i for i in ids if i)
    if call is not None:
        call.request_ids = (*call.request_ids, *(i for i in ids if i))
