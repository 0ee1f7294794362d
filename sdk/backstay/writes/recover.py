"""After a crash: open records are settled by looking, never by sending; and objects that no record owns are found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from backstay.ads.refs import Ref
from backstay.ads.words import ConfiguredStatus, Level
from backstay.engine.claim import moment, noted
from backstay.errors import BackstayError, NotFoundError
from backstay.events import Problem
from backstay.operation import CallOptions
from backstay.values import UNSET
from backstay.writes.journal import DONE, OPEN, Journal, Kind, Record, State
from backstay.writes.reconcile import Seen

if TYPE_CHECKING:
    from backstay.ads.platform import AdPlatform
    from backstay.runtime import Runtime

LEVELS: Final = {f"create_{level}": level for level in (Level.CAMPAIGN, Level.AD_GROUP, Level.AD)}
AT_ONCE: Final = 8
"""Looks under way at one time."""
LIVE: Final[CallOptions] = {"max_age": 0.0, "max_stale": 0.0}


@runtime_checkable
class LooksUp(Protocol):
    """Who can find by a record what it has made: a publisher, whose posts carry no marker."""

    @property
    def looks_up(self) -> frozenset[str]:
        """The operations whose records it can settle."""
        ...

    async def look_up(self, record: Record) -> Sequence[Any]:
        """What was made; empty when certainly nothing was. Raises where that is not certain."""
        ...


class Verdict(StrEnum):
    """What became of an open record."""

    ADOPTED = "adopted"
    """It was made; the key replays it from now on."""
    ABSENT = "absent"
    """It was not made; the key is free again."""
    APPLIED = "applied"
    """Of a SET: the object is as it was to be."""
    NOT_APPLIED = "not_applied"
    OVERTAKEN = "overtaken"
    """Of a SET: the object is neither as it was nor as it was to be."""
    OPEN = "open"
    """It could not be looked up; `why` says what to do."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """One open record and its verdict."""

    record: Record
    verdict: Verdict
    why: str = ""


Progress = Callable[[Recovered], object]


async def recover(
    runtime: Runtime, adapters: Iterable[Any], *, ids: Iterable[str] = (), progress: Progress | None = None
) -> tuple[Recovered, ...]:
    """Settle the open records of the runtime's journal, or those of some ids, and give each its verdict.

    `adapters` are ad platforms, and publishers that can look for their posts (`LooksUp`).

    Nothing is sent but reads, and no record is judged before its attempt's time and the vendor's read lag are over:
    so this may take about a minute. A record that another process holds is waited for; what cannot be looked up
    stays open.
    """
    known = {(vendor_of(each), account_of(each)): each for each in adapters}
    wanted = frozenset(ids)
    room = asyncio.Semaphore(AT_ONCE)

    async def one(record: Record) -> Recovered:
        found = await _recovered(runtime, known.get((record.key.vendor, record.key.account)), record, room)
        if progress is not None:
            progress(found)
        return found

    records = [record for record in await runtime.journal.records(*OPEN) if not wanted or record.id in wanted]
    settled = tuple(await asyncio.gather(*map(one, records)))  # their waits run side by side
    if records:
        await _recounted(runtime, known.values())
    return settled


async def _recounted(runtime: Runtime, adapters: Iterable[Any]) -> None:
    """What was looked up for the journal is looked up for the spend guard's ledger, too."""
    for adapter in adapters:
        recount = getattr(adapter, "recount_spend", None)
        try:
            if recount is not None:
                await recount()
        except BackstayError as error:  # what was held stays held, and a later call looks again
            runtime.events.emit(Problem(at=runtime.clock.wall(), where="guard.recount", error=noted(error)))


def vendor_of(adapter: Any) -> str:
    """The vendor that an adapter speaks to, as the journal names it."""
    return str(adapter.platform if hasattr(adapter, "platform") else adapter.vendor)


def account_of(adapter: Any) -> str:
    """The account that an adapter works on; empty for one made of several."""
    return str(getattr(adapter, "account", ""))


async def _recovered(runtime: Runtime, adapter: Any, record: Record, room: asyncio.Semaphore) -> Recovered:
    if adapter is None:
        return Recovered(record, Verdict.OPEN, f"no adapter for {record.key.vendor}/{record.key.account} was given")
    if record.kind is Kind.CREATE and not _can_look(adapter, record):
        return Recovered(record, Verdict.OPEN, "call it again with its key: only that call knows how to look")
    held = await _taken(runtime, record)
    if held is None:
        return Recovered(record, Verdict.OPEN, "another process is at it, or has settled it meanwhile")
    try:
        await _wait(runtime, held, getattr(adapter, "profile", None))
        async with room:
            return await (_created if held.kind is Kind.CREATE else _changed)(runtime, adapter, held)
    except BackstayError as error:
        return Recovered(held, Verdict.OPEN, f"looking failed: {noted(error)}")
    finally:
        await runtime.journal.release(held.id, held.owner)


async def _taken(runtime: Runtime, record: Record) -> Record | None:
    """The record in our hands; a claim that shows no sign of life is watched for a whole lease."""
    clock, journal = runtime.clock, runtime.journal
    owner, end = clock.token(), clock.monotonic() + 2 * journal.lease
    while True:
        held = await journal.take(record.id, owner, moment(clock))
        if held is not None and held.state in OPEN:
            return held
        if held is not None:
            await journal.release(held.id, owner)
        now = await journal.get(record.id)
        if now is None or now.state not in OPEN or clock.monotonic() >= end:
            return None
        await clock.sleep(journal.lease / 10)


async def _wait(runtime: Runtime, held: Record, profile: Any) -> None:
    """Until the attempt is over and the vendor's reads show what it made; keeps the claim alive meanwhile."""
    clock, journal = runtime.clock, runtime.journal
    due = held.open_since + getattr(profile, "read_lag", 0.0)
    while (left := due - clock.monotonic()) > 0.0:
        await clock.sleep(min(left, journal.lease / 3))
        await journal.renew(held.id, held.owner, moment(clock))


def _can_look(adapter: Any, record: Record) -> bool:
    return record.key.operation in (adapter.looks_up if isinstance(adapter, LooksUp) else LEVELS)


async def _created(runtime: Runtime, adapter: Any, held: Record) -> Recovered:
    if isinstance(adapter, LooksUp):
        found = await adapter.look_up(held)
    else:
        found = await adapter.find_by_key(LEVELS[held.key.operation], held.key.key)
    if found:
        held.state, held.value, held.known, held.parked = State.CREATED, found[0], True, tuple(found[1:])
        held.note = ""
    else:
        held.state, held.note = State.FAILED, "looked up by recover: nothing was made"
    if not await runtime.journal.save(held, moment(runtime.clock), release=True):
        return Recovered(held, Verdict.OPEN, "another process has taken it over")
    more = f"{len(found) - 1} more objects carry the key: {', '.join(map(str, found[1:]))}" if found[1:] else ""
    return Recovered(held, Verdict.ADOPTED if found else Verdict.ABSENT, more)


async def _changed(runtime: Runtime, adapter: Any, held: Record) -> Recovered:
    ref = held.asked.get("ref")
    if not isinstance(ref, Ref):
        return Recovered(
            held, Verdict.OPEN, "what it changed was not written down: look at the vendor, then abandon it"
        )
    try:
        now = await live(adapter, ref)
    except NotFoundError:
        now = None
    seen = judge_set(held.asked, now)
    await runtime.journal.drop(held)
    verdicts = {Seen.WANTED: Verdict.APPLIED, Seen.BEFORE: Verdict.NOT_APPLIED, Seen.OTHER: Verdict.OVERTAKEN}
    return Recovered(held, verdicts[seen], f"{ref} was looked up")


def judge_set(asked: Any, now: Any | None) -> Seen:
    """What an object that was looked up says of a SET: `asked` are its arguments. Pure."""
    status, before = asked.get("status"), asked.get("before")
    if now is None:
        return Seen.WANTED if status == ConfiguredStatus.DELETED else Seen.OTHER
    if status is not None:
        if now.status.configured == status:
            return Seen.WANTED
        return Seen.BEFORE if before is None or now.status.configured is before.status.configured else Seen.OTHER
    changes = getattr(asked.get("patch"), "changes", {})
    wanted = {name: value for name, value in changes.items() if getattr(now, name, UNSET) is not UNSET}
    if wanted and all(getattr(now, name) == value for name, value in wanted.items()):
        return Seen.WANTED
    if before is not None and all(getattr(now, name) == getattr(before, name) for name in wanted):
        return Seen.BEFORE
    return Seen.OTHER


async def live(adapter: AdPlatform, ref: Ref) -> Any:
    """An object as the vendor itself shows it now."""
    reads: dict[Level, Callable[..., Awaitable[Any]]] = {
        Level.CAMPAIGN: adapter.get_campaign, Level.AD_GROUP: adapter.get_ad_group, Level.AD: adapter.get_ad,
    }  # fmt: skip
    return await reads[ref.level](ref, **LIVE)


# Orphans ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object with a marker of ours that no record owns."""

    ref: Ref
    name: str
    status: ConfiguredStatus
    journal_id: str
    """The record that would own it."""
    why: str


async def orphans(journal: Journal, adapters: Iterable[Any]) -> AsyncIterator[Orphan]:
    """Objects of these accounts that carry a marker, and that no record of this journal owns. Changes nothing.

    Of the adapters those of ad platforms are asked: nothing else carries markers.

    An object whose record is open has an owner: `recover` settles it. Other journals may own what this one does not.
    """
    for adapter in adapters:
        if not hasattr(adapter, "list_campaigns"):
            continue
        for pages in (adapter.list_campaigns, adapter.list_ad_groups, adapter.list_ads):
            async for item in pages(**LIVE):
                if item.key_token is None:
                    continue
                why = _unowned(await journal.get(item.key_token), item.ref)
                if why is not None:
                    yield Orphan(item.ref, item.name, item.status.configured, item.key_token, why)


def _unowned(record: Record | None, ref: Ref) -> str | None:
    if record is None:
        return "no record"
    if record.state in OPEN:
        return None
    if record.state not in DONE:
        return f"its record says {record.state}"
    return None if not record.known or ref in _owned(record) else f"its record owns {record.value}"


def _owned(record: Record) -> Sequence[Any]:
    return (record.value, *record.parked)
