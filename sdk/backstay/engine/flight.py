"""One origin call for many callers who want the same.

The first caller leads: it makes the call inline, in its own task and context. Whoever comes while that call is under
way joins and waits, each with its own deadline. A leader that goes away (cancelled, or out of time) hands over to the
joiner that has most time left; an error of the origin is shared by all.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from backstay.errors import BackstayError, DeadlineExceededError, InternalError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

T = TypeVar("T")

LEAD: Final = object()
"""What a joiner's wait ends with when it must lead now."""
MORE_TIME: Final = 0.001
"""Seconds by which a joiner must outlast a leader that ran out of time, to be worth another call."""

_Place = tuple[asyncio.AbstractEventLoop, str]


class Lead(Protocol):
    """What stands in the table for an origin call that nobody has joined yet: most are over before anybody does."""

    task: asyncio.Task[Any] | None
    """The leader's."""
    tags: Collection[str]
    flight: Flight | None
    """Made when somebody joins; the leader then ends that."""


class Flight:
    """One call under way. Its leader ends it with `done`, `fail` or `abandon`, exactly one of them."""

    __slots__ = ("_joiners", "_place", "_table", "leader", "tags")

    def __init__(
        self, table: dict[_Place, Flight | Lead], place: _Place, tags: Collection[str],
        leader: asyncio.Task[Any] | None,
    ) -> None:  # fmt: skip
        self._table = table
        self._place = place
        self._joiners: dict[asyncio.Future[Any], float] | None = None
        self.leader = leader
        self.tags = tags

    def done(self, value: object) -> None:
        """The value is here, for everybody."""
        self._land()
        if self._joiners is not None:
            for joiner in self._waiting():
                joiner.set_result(value)

    def fail(self, error: Exception) -> None:
        """The origin has failed, for everybody."""
        self._land()
        for joiner in self._waiting():
            joiner.set_exception(error)
            joiner.exception()  # a joiner that is cancelled at this moment never reads it: no complaint about that

    def abandon(self, until: float = -math.inf) -> bool:
        """The leader goes; the joiner with most time takes over. Lands if nobody waits beyond `until`; says which."""
        joiners = {joiner: self._joiners[joiner] for joiner in self._waiting()} if self._joiners else {}
        heir = max(joiners, key=joiners.__getitem__, default=None)
        if heir is None or joiners[heir] <= until or self._place[0].is_closed():
            self._land()
            return False
        self.leader = None  # the heir's task has not run yet, and the one that leaves may ask again before it does
        heir.set_result(LEAD)
        return True

    async def wait(self, until: float | None, loop: asyncio.AbstractEventLoop) -> Any:
        """The value, or LEAD when this caller must lead now; `until` is a time of the loop.

        Raises:
            DeadlineExceededError: this caller's time is over; the call goes on without it.
        """
        joiner: asyncio.Future[Any] = loop.create_future()
        if self._joiners is None:
            self._joiners = {}
        self._joiners[joiner] = math.inf if until is None else until
        timer = None if until is None else loop.call_at(until, _expire, joiner)
        try:
            value = await joiner
        except BaseException:
            if joiner.done() and not joiner.cancelled() and joiner.exception() is None and joiner.result() is LEAD:
                self.abandon()  # cancelled in the moment in which it was to take over
            raise
        finally:
            del self._joiners[joiner]
            if timer is not None:
                timer.cancel()
        if value is LEAD:
            self.leader = asyncio.current_task(loop)
        return value

    def _waiting(self) -> list[asyncio.Future[Any]]:
        return [joiner for joiner in self._joiners or () if not joiner.done()]

    def _land(self) -> None:
        if self._table.get(self._place) is self:
            del self._table[self._place]


class Flights:
    """The calls under way, by event loop and key: futures of one loop are no business of another."""

    __slots__ = ("table",)

    def __init__(self) -> None:
        self.table: dict[_Place, Flight | Lead] = {}
        """Who leads a key without a `Flight` puts itself here (`setdefault`), and calls `land` at its end."""

    def join_or_lead(
        self, key: str, loop: asyncio.AbstractEventLoop, tags: Collection[str] = ()
    ) -> tuple[Flight, bool]:
        """The flight of a key, and whether the caller leads it: then it must end it, whatever happens."""
        place = (loop, key)
        known = self.table.get(place)
        if isinstance(known, Flight):
            return known, False
        if known is None:
            flight = self.table[place] = Flight(self.table, place, tags, asyncio.current_task(loop))
            return flight, True
        flight = self.table[place] = known.flight = Flight(self.table, place, known.tags, known.task)
        return flight, False

    def land(self, place: _Place, lead: Lead) -> None:
        """A lead that nobody has joined is over."""
        if self.table.get(place) is lead:
            del self.table[place]

    def forget(self, key: str | None = None, *, tag: str | None = None, prefix: str | None = None) -> None:
        """Let nobody join these any more: what they bring is older than the change. Those who wait keep waiting."""
        for place, flight in list(self.table.items()):
            if place[1] == key or tag in flight.tags or (prefix is not None and place[1].startswith(prefix)):
                self.table.pop(place, None)

    def clear(self) -> None:
        """As `forget`, for all of them."""
        self.table.clear()

    def __len__(self) -> int:
        return len(self.table)


async def shared(
    flights: Flights,
    key: str,
    work: Callable[[], Awaitable[T]],
    *,
    remaining: Callable[[], float] | None = None,
    tags: Collection[str] = (),
) -> T:
    """Run `work`, or wait for the caller who runs it. `work` keeps its own deadline; `remaining` bounds the waiting.

    Raises:
        DeadlineExceededError: this caller's time is over, while another caller's request goes on.
        InvalidRequestError: `work` asks for the key that it is to bring.
    """
    loop = asyncio.get_running_loop()
    flight, leading = flights.join_or_lead(key, loop, tags)
    if not leading:
        value = await _join(flight, loop, key, remaining)
        if value is not LEAD:
            answer: T = value
            return answer
    try:
        brought = await work()
    except BaseException as error:
        failed(flight, error, loop, remaining)
        raise
    flight.done(brought)
    return brought


def failed(
    flight: Flight, error: BaseException, loop: asyncio.AbstractEventLoop, remaining: Callable[[], float] | None
) -> None:
    """The leader has failed: for all, or only for itself, if it was cancelled or had less time than a joiner."""
    if not isinstance(error, Exception):
        _gone(flight, error)
    elif not (_out_of_time(error) and flight.abandon(_latest(loop, remaining) + MORE_TIME)):
        flight.fail(error)


async def _join(
    flight: Flight, loop: asyncio.AbstractEventLoop, key: str, remaining: Callable[[], float] | None
) -> Any:
    if flight.leader is asyncio.current_task(loop):
        raise InvalidRequestError(
            "the work for a key asks for the same key", field="key", value=key, hint="fetch inside under another key"
        )
    left = None if remaining is None else remaining()
    if left is not None and left <= 0.0:
        raise _late()
    return await flight.wait(None if left is None else loop.time() + left, loop)


def _gone(flight: Flight, error: BaseException) -> None:
    task = flight.leader
    if isinstance(error, asyncio.CancelledError) and task is not None and not task.cancelling():
        # Nobody cancelled the leader: the work cancels itself and would do so to each joiner in turn.
        cut = InternalError("the request was cancelled by the code it ran", rule="engine.joined")
        cut.__cause__ = error
        flight.fail(cut)
    else:
        flight.abandon()


def _out_of_time(error: Exception) -> bool:
    return isinstance(error, DeadlineExceededError) or (isinstance(error, BackstayError) and error.why == "deadline")


def _latest(loop: asyncio.AbstractEventLoop, remaining: Callable[[], float] | None) -> float:
    return math.inf if remaining is None else loop.time() + remaining()


def _expire(joiner: asyncio.Future[Any]) -> None:
    if not joiner.done():
        joiner.set_exception(_late())


def _late() -> DeadlineExceededError:
    return DeadlineExceededError("another caller's request took too long", rule="engine.joined", why="deadline")
