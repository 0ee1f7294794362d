"""The cache: freshness, stale answers, invalidation that beats a fetch under way, background refresh."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from backstay.cache import Cache, Cached, may_pass
from backstay.errors import (
    CLASSES,
    DeadlineExceededError,
    InvalidRequestError,
    NotFoundError,
    PlatformServiceError,
)
from backstay.policies.freshness import STALE_TYPES
from backstay.stores.memory import MemoryStore
from backstay.stores.sqlite import SqliteStore
from backstay.testing.clock import VirtualClock, run
from tests.support import Script


def make(**options: Any) -> tuple[VirtualClock, Cache, list[tuple[str, BaseException]]]:
    clock, problems = VirtualClock(), list[tuple[str, BaseException]]()
    return clock, Cache(clock=clock, on_problem=lambda *what: problems.append(what), **options), problems


def test_a_fresh_value_is_not_fetched_again() -> None:
    """Up to its ttl the origin is left alone; at the ttl it is asked."""
    clock, cache, _ = make()
    origin = Script(clock, "v1", "v2")

    async def main() -> list[object]:
        answers = [await cache.get_or_fetch("k", origin, ttl=2.0)]
        await clock.sleep(1.999)
        answers.append(await cache.get_or_fetch("k", origin, ttl=2.0))
        await clock.sleep(0.001)
        return [*answers, await cache.get_or_fetch("k", origin, ttl=2.0)]

    assert run(main(), clock) == ["v1", "v1", "v2"]


def test_a_hundred_cold_misses_are_one_call() -> None:
    """The stampede probe."""
    clock, cache, _ = make()
    origin = Script(clock, 1.0, "v")

    async def main() -> list[object]:
        return await asyncio.gather(*(cache.get_or_fetch("k", origin, ttl=2.0) for _ in range(100)))

    assert run(main(), clock) == ["v"] * 100
    assert origin.calls == 1


def test_a_cancelled_leader_fails_no_bystander() -> None:
    """At most two calls to the origin, 0 of 99 failed, and the value is stored."""
    clock, cache, _ = make()
    origin = Script(clock, 1.0, 1.0, "v")

    async def main() -> list[object]:
        tasks = [asyncio.create_task(cache.get_or_fetch("k", origin, ttl=20.0)) for _ in range(100)]
        await clock.sleep(0.5)
        tasks[0].cancel()
        answers = await asyncio.gather(*tasks[1:])
        return [*answers, await cache.get_or_fetch("k", origin, ttl=20.0)]

    assert run(main(), clock) == ["v"] * 100
    assert origin.calls == 2


def test_a_failing_origin_is_asked_once_by_a_hundred() -> None:
    """All get the error; errors are not cached."""
    clock, cache, _ = make()
    origin = Script(clock, 1.0, PlatformServiceError(), 1.0, PlatformServiceError())

    async def main() -> list[Any]:
        return await asyncio.gather(
            *(cache.get_or_fetch("k", origin, ttl=2.0) for _ in range(100)), return_exceptions=True
        )

    assert {type(error) for error in run(main(), clock)} == {PlatformServiceError}
    assert origin.calls == 1
    run(main(), clock)
    assert origin.calls == 2


def test_stale_on_error_until_the_window_closes() -> None:
    """Fresh, then stale with its age and cause, then the error itself."""
    clock, cache, _ = make()
    origin = Script(clock, "v3", PlatformServiceError())

    async def ask() -> Cached[object]:
        return await cache.read("k", origin, ttl=2.0, max_stale=10.0)

    async def main() -> list[Cached[object]]:
        answers = [await ask(), await ask()]
        await clock.sleep(5.0)
        answers += [await ask(), await ask()]
        await clock.sleep(5.0)
        with pytest.raises(PlatformServiceError):
            await ask()
        return answers

    live, hit, stale, again = run(main(), clock)
    assert (live.source, hit.source) == ("live", "cache")
    assert stale == again == Cached("v3", "stale", 5.0, "PLATFORM_SERVICE_ERROR")


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_stale_stands_in_for_transient_types_only(kind: str) -> None:
    """Never after a permission, token or not-found answer: then the old value is wrong."""
    clock, cache, _ = make()
    origin = Script(clock, "old", CLASSES[kind]("now"))

    async def main() -> object:
        await cache.get_or_fetch("k", origin, ttl=1.0)
        await clock.sleep(2.0)
        return await cache.get_or_fetch("k", origin, ttl=1.0, max_stale=60.0)

    if kind in STALE_TYPES:
        assert run(main(), clock) == "old"
    else:
        with pytest.raises(CLASSES[kind]):
            run(main(), clock)


def test_without_max_stale_there_is_no_stale() -> None:
    """0 is never."""
    clock, cache, _ = make()
    origin = Script(clock, "old", PlatformServiceError())

    async def main() -> None:
        await cache.get_or_fetch("k", origin, ttl=1.0)
        await clock.sleep(2.0)
        with pytest.raises(PlatformServiceError):
            await cache.get_or_fetch("k", origin, ttl=1.0)

    run(main(), clock)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ConnectionResetError("reset"), True),
        (TimeoutError("late"), True),
        (ValueError("no number"), False),
        (KeyError("x"), False),
        (PermissionError("file"), False),
        (NotFoundError(), False),
        (PlatformServiceError(), True),
    ],
)
def test_foreign_errors_count_by_kind(error: Exception, passes: bool) -> None:
    """Connections and timeouts pass; a bug or a refusal does not."""
    assert may_pass(error) is passes


def test_the_predicate_can_be_replaced() -> None:
    """Whoever knows better says after which errors a stale value stands in."""
    clock, cache, _ = make(transient=lambda error: isinstance(error, ValueError))
    origin = Script(clock, "old", ValueError("vendor hiccup"))

    async def main() -> object:
        await cache.get_or_fetch("k", origin, ttl=1.0)
        await clock.sleep(2.0)
        return await cache.get_or_fetch("k", origin, ttl=1.0, max_stale=60.0)

    assert run(main(), clock) == "old"


@pytest.mark.parametrize("name", ["key", "tag", "prefix", "all"])
def test_a_fetch_begun_before_an_invalidation_is_not_stored(name: str) -> None:
    """Its caller gets the value, but the next one asks anew, and does not join the old call either."""
    clock, cache, _ = make()
    steps = iter(["before", "after"])

    async def origin() -> str:
        value = next(steps)
        await clock.sleep(1.0)
        return value

    async def main() -> list[object]:
        old = asyncio.create_task(cache.get_or_fetch("a/1", origin, ttl=60.0, tags=("t",)))
        await clock.sleep(0.5)
        if name == "all":
            cache.clear()
        else:
            cache.invalidate(**{name: {"key": "a/1", "tag": "t", "prefix": "a/"}[name]})
        new = asyncio.create_task(cache.get_or_fetch("a/1", origin, ttl=60.0, tags=("t",)))
        return [await old, await new, await cache.get_or_fetch("a/1", origin, ttl=60.0)]

    assert run(main(), clock) == ["before", "after", "after"]


@pytest.mark.parametrize("what", [{"key": "a/2"}, {"tag": "u"}, {"prefix": "b/"}])
def test_other_invalidations_do_not_matter(what: dict[str, str]) -> None:
    """What is invalidated elsewhere keeps nobody's value from being stored."""
    clock, cache, _ = make()
    origin = Script(clock, 1.0, "v", "w")

    async def main() -> object:
        fetching = asyncio.create_task(cache.get_or_fetch("a/1", origin, ttl=60.0, tags=("t",)))
        await clock.sleep(0.5)
        cache.invalidate(**what)
        await fetching
        return await cache.get_or_fetch("a/1", origin, ttl=60.0)

    assert run(main(), clock) == "v"


def test_the_engine_stores_by_generation() -> None:
    """`store` refuses what was begun before an invalidation, and says so; a later one it takes."""
    clock, cache, _ = make()
    begun = cache.generations.now
    cache.invalidate(tag="objects")

    assert not cache.store("k", 1, ttl=5.0, tags=("objects",), begun=begun)
    assert cache.lookup("k", clock.wall()) is None
    assert cache.store("k", 2, ttl=5.0, tags=("objects",), begun=cache.generations.now)
    entry = cache.lookup("k", clock.wall())
    assert entry is not None
    assert (entry.value, entry.stored_at, entry.ttl, entry.tags) == (2, clock.wall(), 5.0, {"objects"})


def test_none_is_not_cached() -> None:
    """What is not there may be there in a moment."""
    clock, cache, _ = make()
    origin = Script(clock, None, "there")

    async def main() -> list[object]:
        return [await cache.get_or_fetch("k", origin, ttl=60.0) for _ in range(3)]

    assert run(main(), clock) == [None, "there", "there"]


def test_max_age_is_the_callers_own() -> None:
    """0 asks the origin; another caller still gets what is fresh for it."""
    clock, cache, _ = make()
    origin = Script(clock, "v1", "v2", "v3")

    async def main() -> list[object]:
        answers = [await cache.get_or_fetch("k", origin, ttl=60.0)]
        await clock.sleep(10.0)
        answers.append(await cache.get_or_fetch("k", origin, ttl=60.0, max_age=20.0))
        answers.append(await cache.get_or_fetch("k", origin, ttl=60.0, max_age=0))
        return [*answers, await cache.get_or_fetch("k", origin, ttl=60.0)]

    assert run(main(), clock) == ["v1", "v1", "v2", "v2"]


def test_revalidation_serves_the_old_value_and_fetches_once() -> None:
    """In the window nobody waits, and a hundred callers start one refresh."""
    clock, cache, problems = make()
    origin = Script(clock, "v1", 1.0, "v2")

    async def main() -> list[set[object]]:
        ask = {"ttl": 2.0, "revalidate": 10.0}
        await cache.get_or_fetch("k", origin, **ask)
        await clock.sleep(3.0)
        began = clock.monotonic()
        old = await asyncio.gather(*(cache.get_or_fetch("k", origin, **ask) for _ in range(100)))
        assert clock.monotonic() == began
        assert [task.get_name() for task in asyncio.all_tasks()].count("refresh k") == 1
        await clock.sleep(1.0)
        return [set(old), {await cache.get_or_fetch("k", origin, **ask)}]

    assert run(main(), clock) == [{"v1"}, {"v2"}]
    assert origin.calls == 2
    assert problems == []


def test_a_failed_refresh_is_reported_and_the_old_value_stays() -> None:
    """Nothing is swallowed: the callback hears of it."""
    clock, cache, problems = make()
    origin = Script(clock, "v1", NotFoundError("gone"))

    async def main() -> object:
        await cache.get_or_fetch("k", origin, ttl=2.0)
        await clock.sleep(3.0)
        value = await cache.get_or_fetch("k", origin, ttl=2.0, revalidate=10.0)
        await clock.sleep(0.0)
        await clock.sleep(0.0)
        return value

    assert run(main(), clock) == "v1"
    assert [(where, type(error)) for where, error in problems] == [("cache.refresh", NotFoundError)]


def test_a_refresh_starts_in_an_empty_context() -> None:
    """It outlives the request that started it, and must not carry its ids."""
    clock, cache, _ = make()
    request = contextvars.ContextVar("request", default="none")
    seen: list[str] = []

    async def origin() -> int:
        seen.append(request.get())
        return 1

    async def main() -> None:
        request.set("r1")
        await cache.get_or_fetch("k", origin, ttl=2.0)
        await clock.sleep(3.0)
        await cache.get_or_fetch("k", origin, ttl=2.0, revalidate=10.0)
        await clock.sleep(1.0)

    run(main(), clock)
    assert seen == ["r1", "none"]


def test_closing_ends_the_refreshes() -> None:
    """No task is left running, and none is reported as a problem."""
    clock, cache, problems = make()
    origin = Script(clock, "v1", 1e6, "never")

    async def main() -> int:
        await cache.get_or_fetch("k", origin, ttl=2.0)
        await clock.sleep(3.0)
        await cache.get_or_fetch("k", origin, ttl=2.0, revalidate=10.0)
        await clock.sleep(1.0)
        await cache.aclose()
        return len(asyncio.all_tasks())

    assert run(main(), clock) == 1
    assert problems == []


def test_a_deadline_ends_the_wait_and_a_stale_value_may_stand_in() -> None:
    """Three seconds are three seconds; the same error lets an old value through."""
    clock, cache, _ = make()
    origin = Script(clock, 1e6, 1e6, "never")
    began = clock.monotonic()

    async def main() -> Cached[object]:
        with pytest.raises(DeadlineExceededError, match="not fetched within 3"):
            await cache.get_or_fetch("k", origin, ttl=1.0, deadline=3.0)
        assert clock.monotonic() - began == pytest.approx(3.0)
        cache.store("k", "old", ttl=1.0)
        await clock.sleep(2.0)
        return await cache.read("k", origin, ttl=1.0, deadline=3.0, max_stale=60.0)

    assert run(main(), clock) == Cached("old", "stale", 5.0, "DEADLINE_EXCEEDED")


def test_a_leaders_deadline_is_not_the_joiners() -> None:
    """The patient one takes over and gets the value."""
    clock, cache, _ = make()

    async def origin() -> str:
        await clock.sleep(5.0)
        return "v"

    async def main() -> list[Any]:
        return await asyncio.gather(
            cache.get_or_fetch("k", origin, ttl=9.0, deadline=2.0),
            cache.get_or_fetch("k", origin, ttl=9.0, deadline=60.0),
            cache.get_or_fetch("k", origin, ttl=9.0),
            return_exceptions=True,
        )

    first, *rest = run(main(), clock)
    assert isinstance(first, DeadlineExceededError)
    assert rest == ["v", "v"]


def test_the_fetchs_own_timeout_stays_its_own() -> None:
    """A TimeoutError inside is not taken for our deadline."""
    clock, cache, _ = make()

    async def main() -> None:
        with pytest.raises(TimeoutError, match="socket"):
            await cache.get_or_fetch("k", Script(clock, TimeoutError("socket")), ttl=9.0, deadline=2.0)

    run(main(), clock)


def test_a_clock_set_back_makes_nothing_fresh_for_long() -> None:
    """A little in the future counts as new; far in the future, the age is unknown and the origin is asked."""
    clock, cache, _ = make()
    now = clock.wall()
    cache.store("k", "v", ttl=1.0)

    assert cache.lookup("k", now - 59.0) is not None
    assert cache.lookup("k", now - 61.0) is None


def test_memory_is_bounded() -> None:
    """The one not asked for the longest time makes room."""
    clock, cache, _ = make(max_entries=3)
    for name in "abc":
        cache.store(name, name, ttl=1.0)
    cache.lookup("a", clock.wall())
    cache.store("d", "d", ttl=1.0)

    assert [name for name in "abcd" if cache.lookup(name, clock.wall())] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"ttl": -1.0}, "ttl"),
        ({"ttl": "60"}, "ttl"),
        ({"ttl": True}, "ttl"),
        ({"ttl": float("nan")}, "ttl"),
        ({"ttl": 1.0, "max_age": -0.1}, "max_age"),
        ({"ttl": 1.0, "max_stale": -1}, "max_stale"),
        ({"ttl": 1.0, "revalidate": -1}, "revalidate"),
        ({"ttl": 1.0, "deadline": -1}, "deadline"),
        ({"ttl": 1.0, "tags": "objects"}, "tags"),
    ],
)
def test_options_that_are_no_times_are_refused(options: dict[str, Any], field: str) -> None:
    """The refusal names the field and the cure, and the origin is not asked."""
    clock, cache, _ = make()
    origin = Script(clock, "v")

    with pytest.raises(InvalidRequestError) as caught:
        run(cache.get_or_fetch("k", origin, **options), clock)
    assert caught.value.field == field
    assert caught.value.hint
    assert origin.calls == 0


def test_invalidating_nothing_is_refused() -> None:
    """A forgotten argument must not pass for an invalidation."""
    with pytest.raises(InvalidRequestError, match="nothing to invalidate"):
        Cache().invalidate()


def test_a_cache_on_sqlite_survives_the_process(tmp_path: Any) -> None:
    """A second cache on the same file serves what the first one fetched, and invalidation reaches the file."""
    clock = VirtualClock()
    path = tmp_path / "answers.db"
    origin = Script(clock, {"a": (1, 2)}, "new")

    async def ask() -> object:
        cache = Cache(SqliteStore(path), clock)
        try:
            return await cache.get_or_fetch("k", origin, ttl=60.0, tags=("t",))
        finally:
            await cache.aclose()

    async def forget() -> None:
        cache = Cache(SqliteStore(path), clock)
        cache.invalidate(tag="t")
        await cache.aclose()

    assert run(ask(), clock) == run(ask(), clock) == {"a": (1, 2)}
    assert origin.calls == 1
    run(forget(), clock)
    assert run(ask(), clock) == "new"


def test_a_store_can_be_given() -> None:
    """Two caches may share a store."""
    store = MemoryStore()
    clock = VirtualClock()
    Cache(store, clock).store("k", 1, ttl=1.0)

    assert Cache(store, clock).lookup("k", clock.wall()) is not None
