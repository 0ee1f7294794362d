"""What `backstay journal` and `backstay orphans` do; only the commands print."""

from __future__ import annotations

import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import Any, Final

from backstay.cli.classify import GROUP
from backstay.cli.refusing import check_folder
from backstay.cli.sandboxes import find_sandboxes
from backstay.clock import utc
from backstay.engine.claim import moment
from backstay.errors import BackstayError, ConflictError, InFlightError, InvalidRequestError, NotFoundError
from backstay.redact import scrub
from backstay.runtime import Runtime
from backstay.writes.folder import DATABASE
from backstay.writes.journal import OPEN, Record, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.recover import Orphan, Progress, Recovered, account_of, orphans, recover

SHORTEST: Final = 4
"""Characters of an id that are enough, where no other record's begins so."""
ALL: Final = "all"


class Archive:
    """The journal of one state folder."""

    def __init__(self, folder: str | None) -> None:
        check_folder(folder)
        self.runtime = Runtime(state=folder, listeners=())

    @property
    def used(self) -> bool:
        """Whether there is anything at all: looking must not make a folder."""
        state = self.runtime.state
        return state is not None and (state / DATABASE).exists()

    async def list(self, state: str, limit: int | None = None) -> tuple[Record, ...]:
        """Records, oldest first; `state` is one of State, "open" or "all"."""
        wanted = _states(state)
        return await self.runtime.journal.records(*wanted, limit=limit) if self.used else ()

    async def find(self, beginning: str) -> Record:
        """The record whose id begins so.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: there are several, or the beginning is too short.
        """
        if len(beginning) < SHORTEST:
            raise InvalidRequestError(
                "the id is too short", field="id", value=beginning, hint=f"give at least {SHORTEST} characters of it"
            )
        found = [record for record in await self.list(ALL) if record.id.startswith(beginning)]
        if not found:
            raise NotFoundError(
                f"no record {beginning}", field="id", value=beginning, hint="`backstay journal list --state all`"
            )
        if len(found) > 1:
            raise InvalidRequestError(
                f"{len(found)} records begin so", field="id", value=beginning, hint="give more characters of the id"
            )
        return found[0]

    async def recover(
        self, adapters: Iterable[Any], ids: Iterable[str], progress: Progress | None
    ) -> tuple[Recovered, ...]:
        """Settle open records by looking."""
        chosen = [(await self.find(beginning)).id for beginning in ids]
        return await recover(self.runtime, adapters, ids=chosen, progress=progress) if self.used else ()

    async def abandon(self, beginning: str, note: str, waiting: Callable[[float], object]) -> Record:
        """Give an open record up: its key stays closed; `waiting` is told for how long a claim is watched.

        Raises:
            ConflictError: it is not open, so there is nothing to give up.
            InFlightError: a process is at it.
        """
        record = await self.find(beginning)
        if record.state not in OPEN:
            raise ConflictError(
                f"the record is {record.state}, not open", field="id", value=record.id,
                hint="only an open record (sent, unknown) can be abandoned",
            )  # fmt: skip
        clock, journal = self.runtime.clock, self.runtime.journal
        held = await journal.take(record.id, clock.token(), moment(clock))
        if held is None:
            waiting(journal.lease)
            await clock.sleep(journal.lease)  # a claim without a sign of life for a lease is nobody's
            held = await journal.take(record.id, clock.token(), moment(clock))
        if held is None:
            raise InFlightError(
                "a process is at this write", field="id", value=record.id, hint="let it end, then try again"
            )
        held.state, held.note = State.ABANDONED, note
        await journal.save(held, moment(clock), release=True)
        return held

    async def orphans(self, adapters: Iterable[Any]) -> AsyncIterator[Orphan]:
        """Marked objects that no record owns; a journal that is not there owns nothing."""
        async for orphan in orphans(self.runtime.journal if self.used else MemoryJournal(), adapters):
            yield orphan


@asynccontextmanager
async def opened(folder: str | None) -> AsyncIterator[Archive]:
    """A journal that is closed in the end."""
    archive = Archive(folder)
    try:
        yield archive
    finally:
        await archive.runtime.aclose()


@asynccontextmanager
async def connected(runtime: Runtime, sandbox: str | None, *, keys: bool = False) -> AsyncIterator[list[Any]]:
    """Adapters made from the environment, or for every account of a running sandbox.

    `keys`: of a sandbox also those that have a key and no account to look into, such as who writes texts.

    Raises:
        InvalidRequestError: there is none: neither credentials in the environment nor a sandbox.
    """
    adapters = await _of_sandbox(runtime, sandbox, keys=keys) if sandbox else _of_environment(runtime)
    try:
        yield adapters
    finally:
        for adapter in adapters:
            await adapter.aclose()


def _of_environment(runtime: Runtime) -> list[Any]:
    found, missing = [], []
    for point in entry_points(group=GROUP):
        try:
            found.append(point.load().from_env(runtime=runtime))
        except InvalidRequestError as error:
            missing.append(f"{point.name} ({error.field})")
    if not found:
        raise InvalidRequestError(
            f"no credentials in the environment: {', '.join(missing) or 'no adapter is installed'}",
            field="environment", value="", hint="set a vendor's variables (`backstay doctor`), or use --sandbox URL",
        )  # fmt: skip
    return found


async def _of_sandbox(runtime: Runtime, url: str, *, keys: bool) -> list[Any]:
    from backstay.http import Http

    admin = Http(url.removesuffix("/_sandbox/").rstrip("/"))
    try:
        told = json.loads((await admin.send("GET", "/_sandbox/")).body)
        served, rpcs = told["vendors"], told.get("rpcs", {})
    except (ValueError, KeyError, BackstayError) as error:
        raise InvalidRequestError(
            "no sandbox answers there", field="--sandbox", value=url, hint="the address that `backstay sandbox` prints"
        ) from error
    finally:
        await admin.aclose()
    points = {point.name: point for point in entry_points(group=GROUP)}
    made = []
    for name, module in find_sandboxes(served).items():
        if name not in points:
            continue
        make = points[name].load()
        where = {"endpoint": f"http://{rpcs[name]}"} if name in rpcs else {"base_url": f"{admin.base_url}/{name}"}
        given: dict[str, Any] = {**where, "runtime": runtime}
        accounts = [(account, module.TOKEN) for account in module.ACCOUNTS]
        # Who writes texts has no account to look into.
        able = [each for each in accounts if _takes(make, each, given)]
        made += [make(*each, **given) for each in able]
        if keys and not able and _takes(make, (module.TOKEN,), given):
            made.append(make(module.TOKEN, **given))
    return made


def _takes(make: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether it can be made of these, each of the keywords by its own name and not as some call option."""
    signature = inspect.signature(make)
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return kwargs.keys() <= signature.parameters.keys()


def facts(record: Record) -> dict[str, Any]:
    """A record as data, for people and for programs; what looks like a credential is taken out."""
    value = record.value if record.known else None
    return {
        "id": record.id, "kind": record.kind.value, "state": record.state.value, "adapter": record.key.vendor,
        "account": record.key.account, "operation": record.key.operation, "key": scrub(record.key.key),
        "made": None if value is None else scrub(str(value)), "parked": [scrub(str(extra)) for extra in record.parked],
        "attempts": record.attempts, "created": _when(record.created), "updated": _when(record.updated),
        "open_since": _when(record.uncertain_since) if record.state in OPEN else None, "note": scrub(record.note),
        "held_by": record.owner or None, "lease_until": _when(record.expires) if record.owner else None,
        "payload": record.payload,
        "asked": {name: scrub(str(value)) for name, value in record.asked.items()},
    }  # fmt: skip


def row(record: Record) -> tuple[str, ...]:
    """A record in a table."""
    told = str(record.value) if record.known and record.value is not None else record.note
    return (
        record.id, f"{utc(record.created):%m-%d %H:%M}", f"{record.key.vendor} {record.key.operation}",
        scrub(record.key.key), f"{record.state}{' (held)' if record.owner else ''}", scrub(told),
    )  # fmt: skip


COLUMNS: Final = ("id", "begun (UTC)", "what", "key", "state", "made, or why it is open")


def orphan_facts(orphan: Orphan) -> dict[str, Any]:
    """An orphan as data."""
    return {
        "ref": str(orphan.ref), "name": orphan.name, "status": orphan.status.value, "journal_id": orphan.journal_id,
        "why": orphan.why,
    }  # fmt: skip


def recovered_facts(found: Recovered) -> dict[str, Any]:
    """A verdict as data."""
    return {"verdict": found.verdict.value, "why": found.why, **facts(found.record)}


def _states(state: str) -> tuple[State, ...]:
    if state == ALL:
        return ()
    if state == "open":
        return tuple(sorted(OPEN))
    if state not in set(State):
        raise InvalidRequestError(
            "no such state", field="--state", value=state, hint=f"one of open, {', '.join(State)}, {ALL}"
        )
    return (State(state),)


def _when(wall: float) -> str:
    return utc(wall).isoformat(timespec="milliseconds")


__all__ = ["COLUMNS", "Archive", "account_of", "connected", "facts", "opened", "orphan_facts", "recovered_facts", "row"]
