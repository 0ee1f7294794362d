"""A plain function under the engine: its settings, checked when it is decorated, its plan, and its wrapper."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import inspect
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import CoroutineType
from typing import Any, Final, NoReturn, TypedDict
from weakref import WeakSet

from backstay.engine import blocking, read, write
from backstay.engine.call import Plan, current, time_left
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, InvalidRequestError
from backstay.letters.frame import Asked, Keeper, check_desk, desk_of, suspected, tried, tried_blocking
from backstay.policies.effect import Effect
from backstay.policies.settings import called, not_negative, refuse, text
from backstay.profile import Profile, attempts, preset
from backstay.runtime import Runtime, default_runtime
from backstay.transient import Judge, On, clear_spent, judge_by, mark_spent, original_of
from backstay.writes.journal import JournalKey

CREATES: Final = frozenset({Effect.CREATE, Effect.PUBLISH})
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_OF_PROFILE: Final = frozenset({"deadline", "attempt_timeout"})
_CHECKS: Final[dict[str, Callable[[str, Any], None]]] = {
    "ttl": not_negative, "max_age": not_negative, "max_stale": not_negative, "name": text, "scope": text,
    "look": called, "key": called, "letters": check_desk,
}  # fmt: skip
_OWNER: Final = "function"
"""What stands for the vendor in the keys of scopes, cache and journal."""


class SharedOptions(TypedDict, total=False):
    """Options of every plain function; wrong ones are refused when it is decorated, not when it is called."""

    on: On
    """What is worth another call, instead of the default rule: exception types, or a predicate."""
    scope: str
    """Whose breaker, budget and limits it shares; default its own, `module.qualname`."""
    runtime: Runtime
    effect: Effect
    """What a call does; CREATE and PUBLISH need `look`."""
    look: Callable[..., Any]
    """Looks, with the call's own arguments, for what a lost call may have made; answers None if nothing is there."""
    key: Callable[..., str]
    """Names one intent or one answer, from the call's arguments; default a digest of them."""
    deadline: float
    """Seconds for the whole call: all attempts and waits."""


class FunctionOptions(SharedOptions, total=False):
    """Options of a decorated function."""

    name: str
    """The name in logs and errors; default the function's own."""
    max_attempts: int
    """Calls made at most, the first included (1 to 10)."""
    max_retries: int
    """The same, not counting the first."""
    attempt_timeout: float
    """Seconds for one attempt; async functions only."""
    ttl: float
    """Seconds that an answer counts as fresh in the runtime's cache; async READ only."""
    max_age: float
    """Seconds that a stored answer may be old to be served at once."""
    max_stale: float
    """Age in seconds up to which a stored answer stands in when tries run out; 0 is never."""
    letters: bool | Keeper
    """Whether a call that is given up leaves a dead letter: True for one in the runtime's letters, or these letters."""


class Guard:
    """One decorated function: everything that can be known before its first call."""

    __slots__ = (
        "__weakref__",
        "cache",
        "effect",
        "function",
        "judge",
        "key",
        "look",
        "options",
        "plan",
        "profile",
        "scope",
    )

    def __init__(self, function: Callable[..., Any], profile: Profile | str | None, options: FunctionOptions) -> None:
        self.function = function
        self.options = options
        self.profile = _profile(preset(profile), options)
        self.judge: Judge = judge_by(options.get("on"))
        self.effect = options.get("effect", Effect.READ)
        self.scope = options.get("scope") or f"{function_module(function)}.{function_name(function, full=True)}"
        self.look, self.key = options.get("look"), options.get("key")
        self.plan: Plan | None = None
        _check(self)
        _guards.add(self)

    @property
    def runtime(self) -> Runtime:
        """The runtime given, or the process's own."""
        return self.options.get("runtime") or default_runtime()

    def make(self) -> Plan:
        """The plan, made at the first call: the process's runtime may not be there any earlier."""
        runtime, profile, options = self.runtime, self.profile, self.options
        runtime.check_process()
        self.cache = runtime.cache
        shared = (_OWNER, self.scope)
        limits = {name: (*shared, name) for name in ("app", *profile.limits)}
        self.plan = Plan(
            vendor=None,
            function=options.get("name") or function_name(self.function),
            effect=self.effect,
            clock=runtime.clock,
            scope=runtime.scope(shared, profile, limits),
            events=runtime.events,
            retry=profile.retry,
            judge=self.judge,
            attempt_timeout=profile.timeout("default"),
            deadline=profile.deadline,
            ttl=options.get("ttl", 0.0),
            max_age=options.get("max_age"),
            max_stale=options.get("max_stale", 0.0),
            revalidate=profile.revalidate,
            read_lag=profile.read_lag,
            patience=profile.patience,
            generate_again=profile.generate_again,
        )
        return self.plan

    def asked(self, plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Asked:
        """One call, for its letter."""
        return Asked(
            _OWNER, self.scope, plan.function, "", self.effect, self.function, args, kwargs,
            name=lambda *args, **kwargs: self.name_of(args, kwargs),
        )  # fmt: skip

    def name_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The key of one call: what `key` says, or a digest of the arguments."""
        return self.key(*args, **kwargs) if self.key is not None else self.digest(args, kwargs)

    def digest(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """A digest of the arguments' repr; refuses those whose repr is another one in the next process."""
        text = repr((args, sorted(kwargs.items())))
        if _ADDRESS.search(text):
            raise InvalidRequestError(
                f"{self.scope}: its arguments name no intent, they have addresses in their repr", field="key",
                hint="give key=, a function of the arguments that answers a text",
            )  # fmt: skip
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def wrap(guard: Guard) -> Callable[..., Any]:
    """The wrapper that runs the function under the engine; a coroutine function for a coroutine function."""
    if not is_async(guard.function):
        wrapper = _blocking(guard)
    elif guard.effect in CREATES:
        wrapper = _creating(guard)
    elif guard.options.get("letters"):
        wrapper = _lettered(guard)
    elif guard.options.get("ttl") or guard.options.get("max_stale"):
        wrapper = _reading(guard)
    else:
        wrapper = _asking(guard)
    return functools.wraps(guard.function)(wrapper)


def _asking(guard: Guard) -> Callable[..., Awaitable[Any]]:
    function, effect = guard.function, guard.effect
    drive = write.change if effect in {Effect.SET, Effect.DELETE} else None

    async def call(*args: Any, **kwargs: Any) -> Any:
        plan = guard.plan or guard.make()
        try:
            if drive is None:
                return await run(begin(plan), function, args, kwargs)
            return await drive(plan, function, args, kwargs, look=None)
        except BackstayError as error:
            raise_original(error)

    return call


def _lettered(guard: Guard) -> Callable[..., Awaitable[Any]]:
    function = guard.function
    changes = guard.effect in {Effect.SET, Effect.DELETE}

    async def call(*args: Any, **kwargs: Any) -> Any:
        plan = guard.plan or guard.make()

        async def work() -> Any:
            if changes:
                return await write.change(plan, function, args, kwargs, look=None)
            return await run(begin(plan), function, args, kwargs)

        try:
            return await tried(desk_of(guard.options, guard.runtime), guard.asked(plan, args, kwargs), work)
        except BackstayError as error:
            raise_original(error)

    return call


def _reading(guard: Guard) -> Callable[..., Awaitable[Any]]:
    from backstay.keys import cache_key  # only who caches needs the codec

    function, key, scope = guard.function, guard.key, guard.scope
    # Whether the stored answer serves only while it is fresh: then there is nothing more to decide about it.
    simple = guard.profile.revalidate <= 0.0 and guard.options.get("max_stale", 0.0) <= 0.0

    async def call(*args: Any, **kwargs: Any) -> Any:
        plan, cache = guard.plan or guard.make(), guard.cache
        if key is not None:
            name = f"{_OWNER}/{scope}/{key(*args, **kwargs)}"
        else:
            name = cache_key(_OWNER, "", "", scope, args, kwargs)
        stored = cache.fresh(name, plan.fresh_for)
        if stored is not None:
            return stored.value
        try:
            if simple:
                return await read.ask(begin(plan), name, cache, function, args, kwargs, ())
            return (await read.read(plan, name, cache, function, args, kwargs)).value
        except BackstayError as error:
            raise_original(error)

    return call


def _creating(guard: Guard) -> Callable[..., Awaitable[Any]]:
    function, look, judge = guard.function, guard.look, guard.judge

    async def find(*args: Any, **kwargs: Any) -> list[Any]:
        try:
            async with asyncio.timeout(time_left()):
                found = look(*args, **kwargs) if look is not None else None
                found = await found if inspect.isawaitable(found) else found
        except BackstayError:
            raise
        except Exception as error:
            raise judge(error) from error
        return [] if found is None else [found]

    async def call(*args: Any, **kwargs: Any) -> Any:
        plan = guard.plan or guard.make()
        name = guard.name_of(args, kwargs)
        key = JournalKey(_OWNER, "", guard.scope, name)
        payload = name if guard.key is not None else guard.digest(args, kwargs)
        journal = guard.runtime.journal

        async def work() -> Any:
            written = await write.create(
                plan, function, args, kwargs, key=key, payload=payload, look=find, journal=journal,
                suspected=suspected(),
            )  # fmt: skip
            return written.value

        try:
            if guard.options.get("letters"):
                return await tried(desk_of(guard.options, guard.runtime), guard.asked(plan, args, kwargs), work)
            return await work()
        except BackstayError as error:
            raise_original(error)

    return call


def _blocking(guard: Guard) -> Callable[..., Any]:
    function = guard.function

    def call(*args: Any, **kwargs: Any) -> Any:
        plan = guard.plan or guard.make()
        try:
            if guard.options.get("letters"):
                value = tried_blocking(
                    desk_of(guard.options, guard.runtime), guard.asked(plan, args, kwargs),
                    lambda: blocking.run(begin(plan), function, args, kwargs),
                )  # fmt: skip
            else:
                value = blocking.run(begin(plan), function, args, kwargs)
        except BackstayError as error:
            raise_original(error)
        if type(value) is CoroutineType:
            value.close()
            refuse("function", guard.scope, "an `async def`: this one only returns a coroutine, which runs unguarded")
        return value

    return call


def raise_original(error: BackstayError) -> NoReturn:
    """Raise the function's own exception, the very object; ours only where the failure is ours (timeout, refusal)."""
    original = original_of(error)
    if original is None:
        original = error
    elif current() is None:
        clear_spent(original)
    elif error.retryable:  # inside another call, which must not multiply the tries
        mark_spent(original)
    context = original.__context__
    try:
        raise original
    finally:
        original.__context__ = context  # `raise` has put in its place what the caller is handling just now
        del original, error


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling it gives a coroutine."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - its own `async def __call__`


def function_module(function: Callable[..., Any]) -> str:
    """The module's name; of a partial, that of the function inside."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__module__", None) or type(function).__module__


def function_name(function: Callable[..., Any], *, full: bool = False) -> str:
    """The bare name for logs, or the qualified one; a lambda's bare name says nothing, so it is always qualified."""
    while isinstance(function, functools.partial):
        function = function.func
    bare: str = getattr(function, "__name__", None) or type(function).__name__
    whole: str = getattr(function, "__qualname__", None) or bare
    return whole if full or bare == "<lambda>" else bare


def _profile(profile: Profile, options: FunctionOptions) -> Profile:
    """The profile with the options in it; every number is checked on the way."""
    calls = attempts(options.get("max_attempts"), options.get("max_retries"), profile.retry.max_attempts)
    changes: dict[str, Any] = {name: value for name, value in options.items() if name in _OF_PROFILE}
    if calls != profile.retry.max_attempts:
        changes["retry"] = replace(profile.retry, max_attempts=calls)
    return profile.with_(**changes) if changes else profile


def _check(guard: Guard) -> None:
    function, options = guard.function, guard.options
    if not callable(function) or isinstance(function, type | staticmethod | classmethod):
        refuse("function", function, "a function; with @staticmethod or @classmethod, write those above this decorator")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        refuse("function", guard.scope, "a function that returns: a generator cannot be begun again in its middle")
    if not isinstance(guard.effect, Effect):
        refuse("effect", guard.effect, f"one of {', '.join(Effect)}")
    if "runtime" in options and not isinstance(options["runtime"], Runtime):
        refuse("runtime", options["runtime"], "a backstay.Runtime")
    for name, value in dict[str, Any](options).items():
        if name in _CHECKS:
            _CHECKS[name](name, value)
    _check_effect(guard)


def _check_effect(guard: Guard) -> None:
    options, creates = guard.options, guard.effect in CREATES
    caches = bool(options.get("ttl") or options.get("max_stale"))
    if creates and guard.look is None:
        refuse("look", None, f"a function that finds what a lost {guard.effect} may have made, or another effect")
    if guard.look is not None and not creates:
        refuse("look", guard.look, "effect=Effect.CREATE or Effect.PUBLISH with it")
    if caches and options.get("letters"):
        refuse("letters", options.get("letters"), "no ttl and no max_stale with it: what is only read leaves no letter")
    if caches and guard.effect is not Effect.READ:
        refuse("ttl", options.get("ttl"), "no ttl and no max_stale: only a READ may be answered from a cache")
    if is_async(guard.function):
        return
    if creates:
        refuse("effect", guard.effect, "an async function: looking before sending again needs one")
    if caches:
        refuse("ttl", options.get("ttl"), "an async function: the cache shares one flight among tasks")
    if "attempt_timeout" in options:
        refuse(
            "attempt_timeout",
            options["attempt_timeout"],
            "the client inside a timeout of its own: a blocking function cannot be cut off",
        )


_guards: WeakSet[Guard] = WeakSet()


def _forget() -> None:
    """In a forked child: its plans point at the parent's runtime."""
    for guard in list(_guards):
        guard.plan = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
