"""Who owns what is shared in a process: clock, cache, listeners, scopes, and what must outlive it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypedDict, Unpack
from weakref import WeakValueDictionary

from backstay.cache import Cache
from backstay.clock import Clock, SystemClock
from backstay.engine.scope import Scope
from backstay.errors import InvalidRequestError
from backstay.events import Listener, Problem, Stream
from backstay.policies.breaker import Breaker, State
from backstay.policies.budget import RetryBudget
from backstay.policies.bulkhead import Bulkhead
from backstay.policies.pace import Pace
from backstay.policies.rate import Limiter, Meter, TokenBucket, Window
from backstay.policies.settings import refuse, text, whole
from backstay.redact import scrub
from backstay.stores.protocol import log_problem
from backstay.writes.folder import DATABASE, LETTERS, MEMORY, SPILL, Where, check_where, state_folder
from backstay.writes.journal import Journal
from backstay.writes.lately import Lately

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from backstay.ledger import Ledger
    from backstay.letters import LetterOptions, Letters
    from backstay.profile import Limit, Profile
    from backstay.writes.database import Database
    from backstay.writes.guard import Audit, Gate, SpendGuard
    from backstay.writes.guard import Ledger as SpendLedger

MAX_SCOPES: Final = 10_000

ScopeKey = tuple[str, ...]
Forced = Literal["open", "closed"]
FORCED: Final = {"open": State.FORCED_OPEN, "closed": State.FORCED_CLOSED}


class RuntimeOptions(TypedDict, total=False):
    """The keywords of `Runtime`, without `state`."""

    clock: Clock | None
    cache: Cache | None
    journal: Journal | None
    letters: LetterOptions | None
    guard: SpendGuard | None
    spend_ledger: SpendLedger | None
    audit: Audit | None
    actor: str
    listeners: tuple[Listener, ...] | None
    ssl_context: ssl.SSLContext | None
    proxy: str | None
    max_scopes: int


class Runtime:
    """Shared by the adapters that are given it; without one each adapter uses the process's default.

    Breakers, budgets and limiters are keyed by vendor, host, credential and the scope that the profile names, so that
    a hundred tenants of one app share its limit and no more. At most `max_scopes` are kept; idle ones go first.

    What must outlive the process is kept in the folder `state` (default: $BACKSTAY_STATE, $XDG_STATE_HOME/backstay or
    ~/.local/state/backstay), made by the first write that needs it. `Runtime.in_memory()` touches no disk.

    Every write passes the spend `guard`; without one, what can spend is refused. `actor` says in the audit record who
    this process is. `spend_ledger` and `audit` are for stores of your own.
    """

    def __init__(
        self,
        *,
        state: Where = None,
        clock: Clock | None = None,
        cache: Cache | None = None,
        journal: Journal | None = None,
        letters: LetterOptions | None = None,
        guard: SpendGuard | None = None,
        spend_ledger: SpendLedger | None = None,
        audit: Audit | None = None,
        actor: str = "",
        listeners: tuple[Listener, ...] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        max_scopes: int = MAX_SCOPES,
    ) -> None:
        check_where(state)
        whole("max_scopes", max_scopes, 1)
        self.clock: Clock = clock or SystemClock()
        self.cache = cache or Cache(clock=self.clock, on_problem=self._problem)
        self._state = state
        self._journal = journal
        self._letters = letters
        self._guarding = (guard, spend_ledger, audit, actor)
        self.opened_letters: Letters | None = None
        """The dead letters, if anybody needed them yet."""
        self.events = Stream(*(default_listeners() if listeners is None else _listening(listeners)))
        self.ssl_context = ssl_context
        self.proxy = proxy
        self.max_scopes = max_scopes
        self.lately = Lately()
        """What was made a moment ago, so that reads may not show it yet."""
        self._lock = threading.Lock()
        self._ledger: Ledger | None = None
        # One lock for the policies of all scopes, because a limiter may belong to several of them.
        self._policies = threading.Lock()
        self._scopes: OrderedDict[ScopeKey, Scope] = OrderedDict()
        # A limiter lives as long as a scope that uses it.
        self._limiters: WeakValueDictionary[ScopeKey, Limiter] = WeakValueDictionary()
        self._forced: dict[tuple[str, str | None], State] = {}
        self._pid = os.getpid()

    @classmethod
    def in_memory(cls, **options: Unpack[RuntimeOptions]) -> Self:
        """A runtime that keeps everything in memory: for tests and examples; what it wrote, the next one forgets."""
        return cls(state=MEMORY, **options)

    @cached_property
    def state(self) -> Path | None:
        """The folder of what must outlive the process; None keeps it in memory."""
        return state_folder(self._state)

    @cached_property
    def database(self) -> Database | None:
        """The state file in that folder, opened by its first read or write; None in memory."""
        if self.state is None:
            return None
        from backstay.writes.database import Database  # sqlite3 is for those who write

        return Database(self.state / DATABASE)

    @cached_property
    def journal(self) -> Journal:
        """Where every write is written down before it is sent."""
        if self._journal is not None:
            return self._journal
        if self.database is None:
            from backstay.writes.memory import MemoryJournal

            return MemoryJournal()
        from backstay.writes.sqlite import SqliteJournal  # the codec needs pydantic, which a reader may do without

        return SqliteJournal(self.database)

    @property
    def letters(self) -> Letters:
        """The dead letters: writes that were given up. Opened by the first one."""
        with self._lock:
            if self.opened_letters is None:
                self.opened_letters = self._open_letters()
            return self.opened_letters

    def _open_letters(self) -> Letters:
        from backstay.letters import LetterOptions, Letters, MemoryLetters, SqliteLetters

        options, state = self._letters or LetterOptions(), self.state
        store = options.store
        if store is None and state is not None:
            from backstay.writes.database import Database

            store = SqliteLetters(Database(state / LETTERS))
        spill = options.spill or (state / SPILL if state is not None else None)
        return Letters(
            store or MemoryLetters(), options=options, spill=spill, clock=self.clock, events=self.events,
            on_problem=self._problem,
        )  # fmt: skip

    @property
    def ledger(self) -> Ledger:
        """What calls have cost, and budgets that stop before a call; see `backstay.ledger`."""
        with self._lock:
            if self._ledger is None:
                from backstay.ledger import Ledger  # its models need pydantic, which an ad platform may do without

                self._ledger = Ledger(self.clock, self.events)
            return self._ledger

    @cached_property
    def gate(self) -> Gate:
        """What every write passes: the spend guard, its ledger, and the audit record."""
        from backstay.writes.guard import AUDIT, FileAudit, Gate, MemoryAudit, MemoryLedger, SqliteLedger

        guard, ledger, audit, actor = self._guarding
        if ledger is None:
            ledger = MemoryLedger() if self.database is None else SqliteLedger(self.database)
        if audit is None:
            audit = MemoryAudit() if self.state is None else FileAudit(self.state / AUDIT)
        return Gate(guard=guard, ledger=ledger, audit=audit, clock=self.clock, events=self.events, actor=actor)

    def _problem(self, where: str, error: BaseException) -> None:
        """Tell the listeners what went wrong in the background; without any, the log of the standard library."""
        if not self.events.listeners:
            log_problem(where, error)
            return
        self.events.emit(Problem(at=self.clock.wall(), where=where, error=scrub(f"{type(error).__name__}: {error}")))

    async def aclose(self) -> None:
        """End background work, close the cache's store and the state files; adapters are closed by their owners."""
        await self.cache.aclose()
        if self.opened_letters is not None:
            await self.opened_letters.aclose()
        if (gate := self.__dict__.get("gate")) is not None:
            gate.audit.close()
        database = self.__dict__.get("database")
        if database is not None:
            database.close()

    def check_process(self) -> None:
        """Refuse to work in a forked child: its copies of locks, pools and limits would lie."""
        if os.getpid() != self._pid:
            raise InvalidRequestError(
                "this runtime was made in another process",
                field="runtime",
                hint="make adapters after the fork",
            )

    def scope(
        self, key: ScopeKey, profile: Profile, limits: Mapping[str, ScopeKey], *, within: Scope | None = None
    ) -> Scope:
        """The scope of a key, made at first use; `limits` maps a limit's name to the key that shares it.

        One within another has limits of its own and shares the other's breaker and retry budget.
        """
        with self._lock:
            scope = self._scopes.get(key)
            if scope is None:
                limiters = {name: self._limiter(name, shared, profile) for name, shared in limits.items()}
                scope = self._scopes[key] = self._make(key, profile, limiters, within)
                for (vendor, account), state in self._forced.items():
                    if within is None and _belongs(key, vendor, account):
                        scope.breaker.force(state, self.clock.monotonic())
                self._shrink()
            self._scopes.move_to_end(key)
            return scope

    def force_breakers(self, state: Forced | None, *, vendor: str, account: str | None = None) -> int:
        """Hold a vendor's breakers "open" or "closed" by hand, of one account or of all; None lets them decide again.

        Holds for scopes that come later, too. Returns how many there are now.
        """
        if state not in (None, *FORCED):
            refuse("state", state, f"one of {', '.join(FORCED)}, or None")
        text("vendor", vendor)
        if account is not None:
            text("account", account)
        self._forced.pop((vendor, account), None)
        if state is not None:
            self._forced[vendor, account] = FORCED[state]
        with self._lock:
            found = [scope for key, scope in self._scopes.items() if _belongs(key, vendor, account)]
        for scope in found:
            with scope.lock:
                scope.breaker.force(FORCED[state] if state else None, self.clock.monotonic())
        return len(found)

    def _make(self, key: ScopeKey, profile: Profile, limiters: Mapping[str, Limiter], within: Scope | None) -> Scope:
        return Scope(
            "/".join(part for part in key if part),
            breaker=Breaker(profile.breaker) if within is None else within.breaker,
            budget=RetryBudget(profile.budget_ratio, profile.budget_reserve) if within is None else within.budget,
            bulkhead=Bulkhead(profile.bulkhead),
            limiters=limiters,
            strain=profile.strain,
            lock=self._policies,
        )

    def _limiter(self, name: str, key: ScopeKey, profile: Profile) -> Limiter:
        known = self._limiters.get(key)
        if known is None:
            known = self._limiters[key] = Limiter(meters(profile.limits.get(name)))
        return known

    def _shrink(self) -> None:
        if len(self._scopes) <= self.max_scopes:
            return
        for key, scope in list(self._scopes.items()):
            if scope.idle:
                del self._scopes[key]
                return

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All scopes known now, for health pages and `explain`."""
        with self._lock:
            return tuple(self._scopes.values())


def _belongs(key: ScopeKey, vendor: str, account: str | None) -> bool:
    """Whether a scope is of a vendor and account: keys are (vendor, host, credential, account, group, ...)."""
    return key[0] == vendor and (account is None or (len(key) > 3 and key[3] == account))


def meters(limit: Limit | None) -> tuple[Meter, ...]:
    """The meters of a limit; without one only the gate holds calls back."""
    if limit is None:
        return ()
    bucket = () if limit.rate is None else (TokenBucket(limit.rate, limit.burst or max(1.0, limit.rate)),)
    pace = () if limit.pace is None else (Pace(limit.pace),)
    return (*bucket, *(Window(calls, seconds) for calls, seconds in limit.windows), *pace)


def default_listeners() -> tuple[Listener, ...]:
    """The log listener: it imports structlog at the first event, not before."""
    from backstay.events.log import LogListener

    return (LogListener(),)


def _listening(given: object) -> tuple[Listener, ...]:
    """The listeners as given, if each of them can be told something."""
    cure = "functions that take an event, in a tuple: listeners=(function,)"
    if not isinstance(given, Iterable):
        refuse("listeners", given, cure)
    found = tuple(given)
    for each in found:
        if not callable(each):
            refuse("listeners", each, cure)
    return found


_default: Runtime | None = None


def default_runtime() -> Runtime:
    """The process's own runtime, made at first use; a forked child gets a new one."""
    global _default  # noqa: PLW0603 - one shared runtime a process is the point
    if _default is None or _default._pid != os.getpid():  # noqa: SLF001 - its own module
        _default = Runtime()
    return _default
