"""Where letters lie: the store, the spill file when it does not take them, and the order that is kept among them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final, TypeVar

from backstay.clock import Clock, utc
from backstay.errors import BackstayError, ResourceError, UnsupportedError
from backstay.events import DeadLetter, LettersAlarm, Stream
from backstay.letters.memory import fits, order
from backstay.letters.model import Letter
from backstay.letters.options import LetterOptions
from backstay.letters.protocol import Incident, LetterSink, LetterStore, Purged, Wanted
from backstay.letters.spill import SpillFile
from backstay.letters.writing import EVENT_ID
from backstay.policies.letters import SizeAlarm
from backstay.stores.protocol import OnProblem

T = TypeVar("T")

SHARE: Final = 16
"""Retention looks at the store once for each sixteenth of `max_count` new letters."""


class Shelf:
    """Puts letters away and gets them back; tells the listeners."""

    def __init__(
        self,
        options: LetterOptions,
        store: LetterSink,
        spill: str | os.PathLike[str] | None,
        clock: Clock,
        events: Stream,
        on_problem: OnProblem,
    ) -> None:
        self.options = options
        self.sink = store
        self._spill = None if spill is None else SpillFile(spill)
        self._clock = clock
        self._events = events
        self._on_problem = on_problem
        self._files: _Files | None = None
        self._alarm = SizeAlarm(options.alarm)
        self._unchecked = options.max_count  # letters since retention looked: so the first one makes it look

    @property
    def store(self) -> LetterStore:
        """The store; raises UnsupportedError where letters can only be put, as into a broker's topic."""
        if not isinstance(self.sink, LetterStore):
            raise UnsupportedError(
                f"{type(self.sink).__name__} only takes letters", field="letters", value=type(self.sink).__name__,
                hint="read them where they go, or keep them in a LetterStore",
            )  # fmt: skip
        return self.sink

    # Putting ----------------------------------------------------------------------------------------------------

    async def put(self, *letters: Letter) -> tuple[str, tuple[Letter, ...]]:
        """Keep letters: in the store, else in the spill file, else in the log. Where they are now, and as they are."""
        incidents = tuple(Incident(self._clock.token(), letter) for letter in letters)
        stored, kept = await self._stored(incidents)
        for letter in kept:
            self._tell(letter, stored)
        if stored == "store":
            await self._look_after(len(letters))
        return stored, kept

    async def _stored(self, incidents: tuple[Incident, ...]) -> tuple[str, tuple[Letter, ...]]:
        try:
            return "store", await self.sink.put(*incidents)
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the letter must not be lost
            self._on_problem("letters.store", error)
        letters = tuple(incident.letter for incident in incidents)
        if self._spill is None:
            return "nowhere", letters
        try:
            await self._in_thread(self._spill.append, incidents)
        except BackstayError as error:
            self._on_problem("letters.spill", error)
            return "nowhere", letters
        return "spill", letters

    def _tell(self, letter: Letter, stored: str) -> None:
        given = letter.original_event
        event_id = given.get(EVENT_ID) or given.get("arguments", {}).get("idempotency_key")
        whole = json.dumps(letter.as_json(), ensure_ascii=False) if stored == "nowhere" else None
        event = DeadLetter(
            at=self._clock.wall(), vendor=letter.vendor or None, function=letter.operation, dlq_id=letter.dlq_id,
            event_id=str(event_id) if event_id else None, error_type=letter.error.type,
            error_message=letter.error.message,
            outcome=letter.outcome.value, failures=letter.failures, replayable=letter.replayable, stored=stored,
            type=letter.type, letter=whole,
        )  # fmt: skip
        if self._events.listeners:
            self._events.emit(event)
        elif whole is not None:  # nobody listens, and this is all that is left of it
            self._on_problem("letters.nowhere", BackstayError(whole))

    async def _in_thread(self, work: Callable[..., T], *args: object) -> T:
        """Files block: not on the loop's thread. Raises ResourceError for what the disk does."""
        if self._files is None:
            self._files = _Files(max_workers=1, thread_name_prefix="backstay-spill")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._files, work, *args)
        except OSError as error:
            raise ResourceError(
                f"the spill file cannot be read: {error}", field="spill", rule="letters.spill",
                hint="make its folder readable and writable for this process",
            ) from error  # fmt: skip

    async def aclose(self) -> None:
        """Let go of the store and of the thread."""
        await self.sink.aclose()
        if self._files is not None:
            self._files.shutdown(wait=False)
            self._files = None

    # Keeping order ----------------------------------------------------------------------------------------------

    async def _look_after(self, new: int) -> None:
        """What follows a letter: drain the spill file, retention, alarm. A fault here is told, not raised."""
        try:
            await self.drain()
            if isinstance(self.sink, LetterStore):
                self._unchecked += new
                if self._unchecked * SHARE >= self.options.max_count:
                    await self.purge()
                await self._check_size(0)
        except Exception as error:  # noqa: BLE001 - the letter is kept; whoever listens is told
            self._on_problem("letters.order", error)

    async def purge(self) -> Purged:
        """Delete what is too old or too much."""
        self._unchecked = 0
        before = utc(self._clock.wall()) - timedelta(seconds=self.options.max_age)
        gone = await self.store.purge(before, self.options.max_count)
        if gone.waiting:
            await self._check_size(gone.waiting)
        return gone

    async def _check_size(self, dropped: int) -> None:
        waiting = await self.store.waiting()
        rings = self._alarm.rings(waiting)
        if (rings or dropped) and self._events.listeners:
            limit = self.options.alarm
            self._events.emit(LettersAlarm(at=self._clock.wall(), waiting=waiting, limit=limit, dropped=dropped))

    async def drain(self) -> int:
        """Put what was spilled into the store; how many letters that were. Raises what the store raises."""
        spill, drained = self._spill, 0
        if spill is None:
            return 0
        for batch in await self._in_thread(spill.take, self._clock.token()):
            if batch.incidents:
                await self.sink.put(*batch.incidents)
            if batch.unreadable:
                lines = BackstayError(f"{len(batch.unreadable)} lines of {batch.file} are no letters; set aside")
                self._on_problem("letters.spill", lines)
            await self._in_thread(spill.done, batch)
            drained += len(batch.incidents)
        return drained

    # Getting ----------------------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted) -> tuple[Letter, ...]:
        """Letters, oldest failure first; those that lie in the spill file too."""
        try:
            await self.drain()
        except Exception as error:  # noqa: BLE001 - what is spilled is shown from its file
            self._on_problem("letters.drain", error)
        try:
            found = {letter.dlq_id: letter for letter in await self.store.find(wanted)}
        except BackstayError:
            found, spilled = {}, await self._spilled()
            if not spilled:
                raise
        else:
            spilled = await self._spilled()
        for letter in spilled:
            known = found.get(letter.dlq_id)
            merged = letter if known is None else known.merged(letter)
            if fits(merged, wanted):
                found[letter.dlq_id] = merged
        return tuple(sorted(found.values(), key=order)[: wanted.limit])

    async def _spilled(self) -> tuple[Letter, ...]:
        if self._spill is None:
            return ()
        batches = await self._in_thread(self._spill.read)
        return tuple(incident.letter for batch in batches for incident in batch.incidents)

    async def get(self, dlq_id: str) -> Letter | None:
        """One letter, wherever it lies."""
        try:
            return await self.stored(dlq_id)
        except BackstayError:
            spilled = [letter for letter in await self._spilled() if letter.dlq_id == dlq_id]
            if not spilled:
                raise
            return spilled[-1]

    async def stored(self, dlq_id: str) -> Letter | None:
        """One letter of the store, from where it can be lent; raises what keeps a spilled one from getting there."""
        trouble: BackstayError | None = None
        try:
            await self.drain()
        except BackstayError as error:
            trouble = error
        letter = await self.store.get(dlq_id)
        if letter is None and trouble is not None:
            raise trouble
        return letter


class _Files(ThreadPoolExecutor):
    """One thread for the spill file; nothing in it needs a loop, so that virtual time may stand still for it."""

    independent = True


__all__ = ["Shelf"]
