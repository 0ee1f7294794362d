"""Reads: a fresh answer from the cache, one flight for many callers, and a marked stale answer when tries run out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from backstay.engine import report
from backstay.engine.call import Call, Plan
from backstay.engine.flight import failed, shared
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError
from backstay.policies.freshness import STALE_TYPES, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstay.cache import Cache
    from backstay.stores.protocol import Entry

    Body = Callable[..., Awaitable[Any]]


@dataclass(slots=True, eq=False)
class Reading:
    """An answer and where it came from."""

    value: Any
    source: Literal["live", "cache", "stale"]
    stored_at: float
    """Wall seconds at which it was fetched."""
    age: float
    call: Call
    cause: str | None = None
    """The error type for which a stale answer stands in."""


async def read(
    plan: Plan,
    key: str,
    cache: Cache,
    body: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tags: tuple[str, ...] = (),
) -> Reading:
    """Answer from the cache, or ask the vendor once for all who want the same.

    Raises:
        BackstayError: the vendor could not be asked and no stored answer may stand in.
    """
    now = plan.clock.wall()
    entry = cache.lookup(key, now)
    verdict = assess(plan, entry, now)
    if entry is not None and verdict in {Verdict.FRESH, Verdict.REVALIDATE}:
        if verdict is Verdict.REVALIDATE and not plan.scope.shut(plan.clock.monotonic()):
            _refresh(plan, key, cache, body, args, kwargs, tags)
        return Reading(entry.value, "cache", entry.stored_at, max(0.0, now - entry.stored_at), begin(plan))
    call = begin(plan)
    if entry is not None and verdict is Verdict.STALE_OK and plan.scope.held(plan.clock.monotonic()) > 0.0:
        return _stale(call, stored(entry, now), "API_RATE_LIMIT")  # to wait for the vendor's word would gain little
    try:
        value = await ask(call, key, cache, body, args, kwargs, tags)
    except BackstayError as error:
        stale = stand_in(plan, key, cache, error)
        if stale is None:
            raise
        return _stale(call, stale, error.type)
    return Reading(value, "live", plan.clock.wall(), 0.0, call)


def _stale(call: Call, stale: StandIn, cause: str) -> Reading:
    report.stale(call, stale.age, cause)
    return Reading(stale.value, "stale", stale.stored_at, stale.age, call, cause)


async def ask(
    call: Call, key: str, cache: Cache, body: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tags: tuple[str, ...]
) -> Any:
    """Ask the vendor, once for all who want the same, and store the answer."""
    loop, flights = asyncio.get_running_loop(), cache.flights
    place = (loop, key)
    if flights.table.setdefault(place, call) is not call:  # the long way; who takes over there asks as `fetch` does
        return await shared(flights, key, _fetching(call, key, cache, body, args, kwargs, tags), remaining=call.left)
    call.led, call.loop, call.task, call.tags = True, loop, asyncio.current_task(loop), tags
    begun = cache.generations.now
    try:
        value = await run(call, body, args, kwargs)
    except BaseException as error:
        if call.flight is None:
            flights.land(place, call)
        else:
            failed(call.flight, error, loop, call.left)
        raise
    cache.store(key, value, ttl=call.plan.ttl, tags=tags, begun=begun)
    if call.flight is None:
        flights.land(place, call)
    else:
        call.flight.done(value)
    return value


def _fetching(
    call: Call, key: str, cache: Cache, body: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tags: tuple[str, ...]
) -> Callable[[], Awaitable[Any]]:
    """Ask and store, for a flight that somebody else keeps."""

    async def fetch() -> Any:
        begun = cache.generations.now
        value = await run(call, body, args, kwargs)
        cache.store(key, value, ttl=call.plan.ttl, tags=tags, begun=begun)
        return value

    return fetch


def assess(plan: Plan, entry: Entry | None, now: float) -> Verdict:
    """What a stored answer may be used for now."""
    if entry is None:
        return Verdict.GONE
    age = max(0.0, now - entry.stored_at)
    return judge(age, plan.ttl, plan.max_age, plan.max_stale, plan.revalidate)


@dataclass(slots=True)
class StandIn:
    """A stored answer that may be served instead of an error."""

    value: Any
    stored_at: float
    age: float


def stand_in(plan: Plan, key: str, cache: Cache, error: BackstayError) -> StandIn | None:
    """The newest stored answer within `max_stale`, but only after errors that say nothing of the object itself."""
    if error.type not in STALE_TYPES or plan.max_stale <= 0.0:
        return None
    now = plan.clock.wall()
    entry = cache.lookup(key, now)
    stale = None if entry is None else stored(entry, now)
    return stale if stale is not None and stale.age < plan.max_stale else None


def stored(entry: Entry, now: float) -> StandIn:
    """A stored answer with its age."""
    return StandIn(entry.value, entry.stored_at, max(0.0, now - entry.stored_at))


def _refresh(
    plan: Plan, key: str, cache: Cache, body: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tags: tuple[str, ...]
) -> None:
    """Fetch a new answer in the background: once for all callers, with no deadline and no ids of theirs."""
    plan = replace(plan, criticality="background")

    async def fetch() -> Any:  # begun inside the background task, whose context is empty
        return await _fetching(begin(plan), key, cache, body, args, kwargs, tags)()

    cache.refresh(key, fetch, tags=tags, failed=lambda error: report.problem(plan, "cache.refresh", error))
