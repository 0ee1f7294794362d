"""The base of every adapter: its options, its lifetime, and the one way from a declared operation into the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from backstay.answer import Answer, Served, Source, stamp, with_served
from backstay.clock import utc
from backstay.engine import read, write
from backstay.engine.call import Call, Plan
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, InternalError, InvalidRequestError
from backstay.generating import Generates
from backstay.keys import cache_key, payload_hash
from backstay.letters.adapting import LeavesLetters, made_already
from backstay.letters.frame import suspected
from backstay.lifetime import Life, built
from backstay.operation import (
    OPTIONS,
    CallOptions,
    Operation,
    arguments,
    criticality_of,
    merge_options,
    refuse_unknown,
    split_options,
    tags_of,
    with_nearer,
)
from backstay.policies.effect import Effect
from backstay.profile import Limit, Profile, attempts, preset
from backstay.runtime import Runtime, default_runtime
from backstay.writes.guard.adapting import Guarded
from backstay.writes.journal import JournalKey

if TYPE_CHECKING:
    from pydantic import BaseModel

    from backstay.auth import Credentials
    from backstay.engine.scope import Scope

LONGEST_TARGET = 150
"""Characters of an object's ref that go into the key of a SET."""
MOST_PLANS = 256
"""Plans that an adapter keeps; whoever gives every call another deadline fills them."""
_READS = frozenset({Effect.READ})
_CREATES = frozenset({Effect.CREATE, Effect.PUBLISH})


class Adapter(Generates, LeavesLetters, Guarded):
    """One vendor account behind typed operations; immutable, shared by many tasks of one event loop.

    A vendor's adapter sets `vendor`, gives its profile and its host, and declares operations. Options flow
    profile < constructor < `with_options()` < keyword of the call.
    """

    vendor: ClassVar[str]
    models: ClassVar[tuple[type[BaseModel], ...]] = ()
    """What answers are made of. Pydantic builds a model at its first use, which takes milliseconds; `warm_up` does it
    off the loop."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        account: str,
        host: str,
        profile: Profile | str | None,
        runtime: Runtime | None,
        options: CallOptions,
    ) -> None:
        for name in options:
            if name not in OPTIONS:
                refuse_unknown(type(self).__name__, options, OPTIONS)
        self.credentials = credentials
        self.account = account
        self.host = host
        self.profile = preset(profile)
        self.runtime = runtime or default_runtime()
        self._options: Mapping[str, Any] = MappingProxyType(dict(options))
        self._plans: dict[str, Plan] = {}
        self._life = Life()

    # What a vendor's adapter says of itself -------------------------------------------------------------------

    def judge(self, error: Exception) -> BackstayError:
        """Name what an attempt raised; a foreign exception is a fault of ours."""
        if isinstance(error, BackstayError):
            return error
        return InternalError(f"{type(error).__name__} in {self.vendor}", rule="adapter.unforeseen")

    def app(self) -> str:
        """What the vendor's limits per app count by; the credential unless the vendor knows better."""
        return self.credentials.fingerprint

    def narrowed(self, operation: Operation, args: tuple[Any, ...]) -> tuple[str, str] | None:
        """A limit of the profile that a change falls under, and the object that the vendor counts it by.

        For limits per "object" only (Meta: four budget changes an hour and ad set); None is no such limit.
        """
        del operation, args
        return None

    async def connect(self) -> None:
        """Open what the adapter needs; called once, by `warm_up()` or the first call."""

    async def disconnect(self) -> None:
        """Close what `connect` opened."""

    # Options --------------------------------------------------------------------------------------------------

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A cheap copy with other defaults; it shares pool, breakers, limits and journal."""
        twin = with_nearer(self, options)
        twin._plans = {}  # noqa: SLF001 - of a copy of ourselves
        return twin

    # Lifetime -------------------------------------------------------------------------------------------------

    async def warm_up(self) -> Self:
        """Import, connect and build what the first call would otherwise wait for."""
        await self._ready()
        await built(self.models)
        return self

    async def __aenter__(self) -> Self:
        return await self.warm_up()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self, grace: float = 5.0) -> None:
        """Let sent writes finish for `grace` seconds, then close; what is still open stays open in the journal."""
        if self._life.closed:
            return
        self._life.closed = True
        await self._life.drain(grace)
        await self.disconnect()

    async def _ready(self) -> None:
        life = self._life
        if life.loop is None:
            self.runtime.check_process()
            life.loop = asyncio.get_running_loop()
        life.check()
        if not life.connected:
            async with life.opening:
                if not life.connected:
                    await self.connect()
                    life.connected = True

    # The way into the engine ----------------------------------------------------------------------------------

    async def run_operation(
        self,
        operation: Operation,
        body: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run a declared operation; see `backstay.operation.Runs`."""
        life = self._life
        if not life.connected or life.closed or asyncio.get_running_loop() is not life.loop:
            await self._ready()
        if kwargs:
            options, kwargs = split_options(kwargs)
            plan = self.plan(operation, options)
        else:
            plan = self._plans.get(operation.name) or self.plan(operation, {})
        if callable(operation.cost):
            plan = replace(plan, cost=operation.cost(*args[1:], **kwargs))
        if operation.effect in _READS:
            return await self._read(operation, plan, body, args, kwargs)
        if operation.effect is Effect.GENERATE:
            return await self._generate(operation, plan, body, args, kwargs)
        return await self._watched(
            operation, body, args, kwargs, lambda: self._write(operation, plan, body, args, kwargs)
        )  # fmt: skip

    async def _read(
        self,
        operation: Operation,
        plan: Plan,
        body: Callable[..., Awaitable[Any]],
        args: Any,
        kwargs: dict[str, Any],
    ) -> Any:
        if operation.deciding or not plan.ttl:
            call = begin(plan)
            call.led = True
            return self._served(await run(call, body, args, kwargs), call, "live", None)
        key = cache_key(self.vendor, self.account, self.credentials.fingerprint, operation.name, args[1:], kwargs)
        tags = tuple(self.tag(name) for name in tags_of(operation, args[1:], kwargs))
        answer = await read.read(plan, key, self.runtime.cache, body, args, kwargs, tags)
        return self._served(answer.value, answer.call, answer.source, answer)

    async def _write(
        self,
        operation: Operation,
        plan: Plan,
        body: Callable[..., Awaitable[Any]],
        args: Any,
        kwargs: dict[str, Any],
    ) -> Any:
        self._life.writes += 1
        try:
            look = getattr(self, operation.look) if operation.look else None
            if operation.effect in _CREATES:
                async with self._passing(operation, plan, body, args, kwargs) as passage:
                    passage.value = await self._create(operation, plan, body, args, kwargs, look)
                    return passage.value
            narrow = self.narrowed(operation, args[1:])
            if narrow is not None:
                plan = replace(plan, scope=self._scope(operation, *narrow))
            pausing = bool(operation.pausing and operation.pausing(*args[1:], **kwargs))
            async with self._life.serial.of(str(args[1]) if len(args) > 1 else operation.name):
                # A pause is sent whatever a read shows: one that lags may be older than what was switched on since.
                if not pausing and await made_already(operation, look, args, kwargs):
                    return None
                async with self._passing(operation, plan, body, args, kwargs):
                    return await write.change(
                        plan, body, args, kwargs, look=_bound(look), pausing=pausing,
                        entry=self._entry(operation, body, args, kwargs),
                    )  # fmt: skip
        finally:
            self._life.write_done()
            self._invalidate(tags_of(operation, args[1:], kwargs))

    async def _create(
        self, operation: Operation, plan: Plan, body: Callable[..., Awaitable[Any]], args: Any, kwargs: dict[str, Any],
        look: Callable[..., Awaitable[Sequence[Any]]] | None,
    ) -> Any:  # fmt: skip
        if look is None:
            raise InternalError(f"{operation.name} creates and declares no look", hint="declare look= on the operation")
        key = JournalKey(self.vendor, self.account, operation.name, kwargs["idempotency_key"])
        given = arguments(body, args, kwargs)
        names = operation.payload or tuple(name for name in given if name != "idempotency_key")
        payload = payload_hash(operation.name, (), {name: given[name] for name in names})
        return await write.create(
            plan, body, args, kwargs, key=key, payload=payload, look=_bound(look), journal=self.runtime.journal,
            suspected=suspected(),
        )  # fmt: skip

    def _entry(self, operation: Operation, body: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> write.Entry:
        """What the journal keeps of a SET while its outcome is open."""
        asked = arguments(body, args, kwargs)
        target = str(args[1]) if len(args) > 1 else operation.name
        own = f"{target[:LONGEST_TARGET]}#{self.runtime.clock.token()}"
        return write.Entry(self.runtime.journal, JournalKey(self.vendor, self.account, operation.name, own), asked)

    def _invalidate(self, tags: tuple[str, ...]) -> None:
        for tag in tags:
            self.runtime.cache.invalidate(tag=self.tag(tag))

    def tag(self, name: str) -> str:
        """A cache tag of this account."""
        return f"{self.vendor}/{self.account}/{name}"

    def _served(self, value: Any, call: Call, source: Source, cached: Any) -> Any:
        if not isinstance(value, Answer):
            return value
        clock = self.runtime.clock
        served = Served(
            source=source,
            by=self.vendor,
            hedged=call.hedged,
            fetched_at=utc(cached.stored_at if cached is not None else clock.wall()),
            age=cached.age if cached is not None else 0.0,
            attempts=call.calls,
            request_ids=call.request_ids,
            cause=cached.cause if cached is not None else None,
            timeline=call.timeline,
        )
        # Whoever takes it from the cache or from the same flight makes a copy, to say where that one came from.
        return stamp(value, served) if call.led and source == "live" else with_served(value, served)

    def plan(self, operation: Operation, options: Mapping[str, Any]) -> Plan:
        """An operation with its options resolved; kept, since the same options come with many calls."""
        key = f"{operation.name}{options}" if options else operation.name
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(operation, merge_options(self._options, options))
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _plan(self, operation: Operation, options: Mapping[str, Any]) -> Plan:
        profile = self.profile
        scope = self._scope(operation)
        calls = attempts(options.get("max_attempts"), options.get("max_retries"), profile.retry.max_attempts)
        max_stale = profile.max_stale.get(operation.name, operation.max_stale)
        return Plan(
            vendor=self.vendor,
            function=operation.name,
            effect=operation.effect,
            clock=self.runtime.clock,
            scope=scope,
            events=self.runtime.events,
            retry=profile.retry if calls == profile.retry.max_attempts else replace(profile.retry, max_attempts=calls),
            judge=self.judge,
            attempt_timeout=positive(
                "attempt_timeout", options.get("attempt_timeout", profile.timeout(operation.kind))
            ),
            deadline=positive("deadline", options.get("deadline", profile.deadline_of(operation.kind))),
            cost=_cost(operation, profile),
            ttl=options.get("cache", profile.ttl.get(operation.name, operation.ttl)),
            max_age=options.get("max_age"),
            max_stale=options.get("max_stale", max_stale),
            revalidate=profile.revalidate,
            read_lag=profile.read_lag,
            patience=profile.patience,
            generate_again=profile.generate_again and operation.kind not in profile.paid_once,
            renew=self._renew if self.credentials.renewable else None,
            criticality=criticality_of(operation, options.get("criticality")),
            hedge=scope.hedge(operation.name, profile.hedge) if operation.hedge and profile.hedge else None,
        )

    def _scope(self, operation: Operation, narrow: str = "", target: str = "") -> Scope:
        limits = self.profile.limits
        shared = [name for name, limit in limits.items() if _passes(limit, operation)]
        names = dict.fromkeys(("app", *shared, *(name for name in operation.limits if name in limits)))
        keys = {name: self._limit_key(name) for name in names}
        key = (
            self.vendor,
            self.host,
            self.credentials.fingerprint,
            self.account,
            operation.group,
            *operation.limits,
        )
        scope = self.runtime.scope(key, self.profile, keys)
        if narrow not in limits:
            return scope
        keys[narrow] = (*self._limit_key(narrow), target)
        return self.runtime.scope((*key, narrow, target), self.profile, keys, within=scope)

    def _limit_key(self, name: str) -> tuple[str, ...]:
        limit = self.profile.limits.get(name)
        account = self.account if limit is not None and limit.per != "app" else ""
        return (self.vendor, self.host, self.app(), account, name)

    async def _renew(self) -> bool:
        return await self.credentials.renew(await self.credentials.get())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(account={self.account!r}, credential={self.credentials.fingerprint!r})"

    def __reduce__(self) -> str:
        message = f"{type(self).__name__} owns a connection pool and is not pickled; make one in each process"
        raise TypeError(message)


def _cost(operation: Operation, profile: Profile) -> float:
    """What an attempt takes where that does not depend on the call's arguments."""
    own = 1.0 if callable(operation.cost) else float(operation.cost)
    return own if operation.effect in _READS else own * profile.write_cost


def _passes(limit: Limit, operation: Operation) -> bool:
    """Whether an operation passes a limit that it does not name."""
    if limit.per == "object":
        return False
    return operation.group in limit.groups if limit.groups else limit.per == "account"


def _bound(look: Callable[..., Awaitable[Any]] | None) -> Any:
    """A look takes the write's arguments; the write's own `self` is already bound in it."""
    if look is None:
        return None

    async def bound(_: object, *args: Any, **kwargs: Any) -> Any:
        return await look(*args, **kwargs)

    return bound


def positive(name: str, seconds: float) -> float:
    """Refuse an option that is no time."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0.0 < seconds < float("inf"):
        raise InvalidRequestError(
            f"{name} must be a positive number of seconds",
            field=name,
            value=seconds,
            hint=f"for example {name}=30",
        )
    return float(seconds)
