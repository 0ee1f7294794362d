"""The cache: one origin call for many callers, stale answers in place of errors, and nothing stored after a change.

cache = Cache()                                         # or Cache(SqliteStore("answers.db"))
rates = await cache.get_or_fetch("rates", fetch_rates, ttl=60, max_stale=3600, tags=("fx",))
cache.invalidate(tag="fx")
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from backstay.clock import Clock, SystemClock
from backstay.engine.flight import Flights, shared
from backstay.errors import DeadlineExceededError, InvalidRequestError
from backstay.policies.freshness import STALE_TYPES, Verdict, judge
from backstay.stores.generations import Generations
from backstay.stores.memory import MemoryStore
from backstay.stores.protocol import Entry, OnProblem, Store, log_problem

T = TypeVar("T")
Fetch = Callable[[], Awaitable[T]]

SKEW: Final = 60.0
"""Seconds by which an entry may lie in the future, after a clock was put right; beyond that its age is unknown."""
UNTAGGED: Final[frozenset[str]] = frozenset()
_AT_ONCE: Final = frozenset({Verdict.FRESH, Verdict.REVALIDATE})


@dataclass(frozen=True, slots=True)
class Cached(Generic[T]):
    """A value and where it came from."""

    value: T
    source: Literal["live", "cache", "stale"]
    age: float = 0.0
    """Seconds since it was fetched."""
    cause: str | None = None
    """The type of the error for which a stale value stands in."""


class Cache:
    """Answers by key in a store (memory by default), shared by all adapters, tasks and threads of a runtime.

    Errors are never cached, nor is None: what is not there may be there in a moment. `on_problem(where, error)` hears
    of failed background work; by default it is logged. `transient(error)` says after which errors a stale value may
    stand in.
    """

    def __init__(
        self,
        store: Store | None = None,
        clock: Clock | None = None,
        *,
        max_entries: int = 10_000,
        on_problem: OnProblem = log_problem,
        transient: Callable[[Exception], bool] | None = None,
    ) -> None:
        self.flights = Flights()
        self.on_problem = on_problem
        self._store = MemoryStore(max_entries) if store is None else store
        self._clock = clock or SystemClock()
        self._transient = transient or may_pass
        self.generations = Generations()
        """What was invalidated when: who asks the vendor takes `generations.now` before, and hands it to `store`."""
        self._lock = threading.Lock()
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        # Bound here so that a hit pays for no attribute of an attribute.
        self._get = self._store.get
        self._put = self._store.put
        self._wall = self._clock.wall

    # For the engine -------------------------------------------------------------------------------------------

    def lookup(self, key: str, now: float) -> Entry | None:
        """The stored entry, however old; `now` is the clock's wall time."""
        entry = self._get(key)
        if entry is not None and entry.stored_at > now + SKEW:
            return None
        return entry

    def fresh(self, key: str, limit: float) -> Entry | None:
        """The stored entry if it is younger than `limit` seconds: the quick way, before anything else is made."""
        entry = self._get(key)
        if entry is None or not -SKEW <= self._wall() - entry.stored_at < limit:
            return None
        return entry

    def store(
        self, key: str, value: object, *, ttl: float, tags: Collection[str] = (), begun: int | None = None
    ) -> bool:
        """Keep a value, unless it is None or was invalidated since `begun`; says whether it was kept."""
        if value is None:
            return False
        entry = Entry(value, self._wall(), ttl, frozenset(tags) if tags else UNTAGGED)
        generations = self.generations
        if begun is None or begun == generations.now:
            self._put(key, entry)
            # An invalidation in another thread marks first and drops then: one that came in between is seen here, one
            # that comes later drops the entry itself. So the usual case takes no lock.
            if begun is None or begun == generations.now:
                return True
        with self._lock:
            if generations.outdated(begun, key, entry.tags):
                self._store.drop(key)
                return False
            self._put(key, entry)
        return True

    def refresh(
        self,
        key: str,
        work: Fetch[Any],
        *,
        tags: Collection[str] = (),
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run `work` in the background, once at a time for each key, in an empty context; errors go to `failed`."""
        running = self._refreshing.get(key)
        if running is not None and not running.done() and not running.get_loop().is_closed():
            return
        task = asyncio.get_running_loop().create_task(
            self._refreshed(key, work, tags, failed), name=f"refresh {key}", context=contextvars.Context()
        )
        self._refreshing[key] = task
        task.add_done_callback(lambda done: self._refresh_done(key, done))

    # For everybody --------------------------------------------------------------------------------------------

    async def get_or_fetch(
        self,
        key: str,
        fetch: Fetch[T],
        *,
        ttl: float,
        max_age: float | None = None,
        max_stale: float = 0.0,
        revalidate: float = 0.0,
        tags: Collection[str] = (),
        deadline: float | None = None,
    ) -> T:
        """The value of `key`: stored and at most `ttl` seconds old, or brought by `fetch` once for all who ask.

        Args:
            key: what is asked; the same key must mean the same question.
            fetch: asks the origin.
            ttl: seconds for which a value is fresh.
            max_age: seconds that this caller accepts, if less; 0 asks the origin.
            max_stale: seconds that a value may be old when it stands in for a transient error; 0 is never.
            revalidate: seconds beyond `ttl` in which the old value is served while a new one is fetched.
            tags: names by which `invalidate` finds it.
            deadline: seconds that this caller waits.

        Raises:
            DeadlineExceededError: the time is over.
            Exception: what `fetch` raised, when no stored value may stand in.
        """
        entry = self._get(key)
        if entry is not None and max_age is None and 0.0 <= self._wall() - entry.stored_at < ttl:
            value: T = entry.value  # the first rule of `judge`, without the cost of asking it
            return value
        cached = await self.read(
            key, fetch, ttl=ttl, max_age=max_age, max_stale=max_stale, revalidate=revalidate, tags=tags,
            deadline=deadline,
        )  # fmt: skip
        return cached.value

    async def read(
        self,
        key: str,
        fetch: Fetch[T],
        *,
        ttl: float,
        max_age: float | None = None,
        max_stale: float = 0.0,
        revalidate: float = 0.0,
        tags: Collection[str] = (),
        deadline: float | None = None,
    ) -> Cached[T]:
        """As `get_or_fetch`, with where the value came from."""
        _check(ttl=ttl, max_age=max_age, max_stale=max_stale, revalidate=revalidate, deadline=deadline)
        _check_tags(tags)
        now = self._wall()
        entry = self.lookup(key, now)

        async def bring() -> T:
            begun = self.generations.now
            value = await fetch()
            self.store(key, value, ttl=ttl, tags=tags, begun=begun)
            return value

        if entry is not None:
            age = max(0.0, now - entry.stored_at)
            verdict = judge(age, ttl, max_age, max_stale, revalidate)
            if verdict is Verdict.REVALIDATE:
                self.refresh(key, bring, tags=tags)
            if verdict in _AT_ONCE:
                return Cached(entry.value, "cache", age)
        try:
            return Cached(await self._bounded(key, bring, tags, deadline), "live")
        except Exception as error:
            stale: Cached[T] | None = self._stand_in(key, max_stale, error)
            if stale is None:
                raise
            return stale

    def invalidate(self, key: str | None = None, *, tag: str | None = None, prefix: str | None = None) -> None:
        """Forget a key, all that carry a tag, or all whose keys begin so; fetches under way are not stored either.

        Call it after every write, also after one that failed or whose outcome is unknown.
        """
        if key is None and tag is None and prefix is None:
            raise InvalidRequestError(
                "nothing to invalidate", field="key", value=None, hint="give key, tag or prefix; clear() forgets all"
            )
        with self._lock:
            store, mark = self._store, self.generations.mark
            if key is not None:
                mark("key", key)
                store.drop(key)
            if tag is not None:
                mark("tag", tag)
                store.drop_tag(tag)
            if prefix is not None:
                mark("prefix", prefix)
                store.drop_prefix(prefix)
        self.flights.forget(key, tag=tag, prefix=prefix)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.generations.mark_all()
            self._store.clear()
        self.flights.clear()

    async def aclose(self) -> None:
        """End the background work and close the store."""
        loop = asyncio.get_running_loop()
        own: list[asyncio.Task[None]] = []
        for task in list(self._refreshing.values()):
            home = task.get_loop()
            if home is loop:
                task.cancel()
                own.append(task)
            elif not home.is_closed():
                home.call_soon_threadsafe(task.cancel)
        await asyncio.gather(*own, return_exceptions=True)
        self._store.close()

    # Inside ---------------------------------------------------------------------------------------------------

    async def _bounded(self, key: str, bring: Fetch[T], tags: Collection[str], deadline: float | None) -> T:
        if deadline is None:
            return await shared(self.flights, key, bring, tags=tags)
        monotonic = self._clock.monotonic
        end = monotonic() + deadline

        async def in_time() -> T:
            limit = asyncio.timeout(end - monotonic())
            try:
                async with limit:
                    return await bring()
            except TimeoutError as error:
                if not limit.expired():
                    raise  # the fetch's own
                raise DeadlineExceededError(
                    f"{key!r} was not fetched within {deadline} s", rule="cache.deadline", why="deadline"
                ) from error

        return await shared(self.flights, key, in_time, remaining=lambda: end - monotonic(), tags=tags)

    def _stand_in(self, key: str, max_stale: float, error: Exception) -> Cached[Any] | None:
        if max_stale <= 0.0 or not self._transient(error):
            return None
        now = self._wall()
        entry = self.lookup(key, now)
        if entry is None:
            return None
        age = max(0.0, now - entry.stored_at)
        return Cached(entry.value, "stale", age, _kind(error)) if age < max_stale else None

    async def _refreshed(
        self, key: str, work: Fetch[Any], tags: Collection[str], failed: Callable[[Exception], None] | None
    ) -> None:
        try:
            await shared(self.flights, key, work, tags=tags)
        except Exception as error:  # noqa: BLE001 - nobody awaits this task: whoever listens is told
            if failed is None:
                self.on_problem("cache.refresh", error)
            else:
                failed(error)

    def _refresh_done(self, key: str, task: asyncio.Task[None]) -> None:
        if self._refreshing.get(key) is task:
            del self._refreshing[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log_problem("cache.on_problem", error)


def may_pass(error: Exception) -> bool:
    """Whether a stale value may stand in for this error: ours by its type, foreign ones by the rule for functions."""
    return _kind(error) in STALE_TYPES


def _kind(error: Exception) -> str:
    from backstay.transient import classify  # loaded at the first error

    return classify(error).type


def _check(**seconds: float | None) -> None:
    for name, value in seconds.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0.0:
            raise InvalidRequestError(
                f"{name} must be a number of seconds from 0", field=name, value=value, hint=f"for example {name}=60"
            )


def _check_tags(tags: Collection[str]) -> None:
    if isinstance(tags, str):
        raise InvalidRequestError(
            "tags are several names", field="tags", value=tags, hint=f"write tags=({tags!r},)"
        )  # fmt: skip
