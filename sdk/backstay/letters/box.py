"""The runtime's dead letters: kept when a write is given up, listed, replayed, discarded, and deleted in the end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from backstay.clock import Clock, utc
from backstay.engine.report import original_of
from backstay.errors import ConflictError, NotFoundError, ResourceError
from backstay.events import Stream
from backstay.events.model import bound
from backstay.letters.frame import Asked, Draft
from backstay.letters.model import Letter, LetterState
from backstay.letters.options import LetterOptions
from backstay.letters.protocol import LetterSink, Purged, Wanted
from backstay.letters.replay import Replayer, Target
from backstay.letters.shelf import Shelf
from backstay.letters.writing import Pen, key_of_event, letter_id_of
from backstay.stores.protocol import OnProblem

T = TypeVar("T")

REMEMBERED: Final = 10_000
"""Letters of this process that are settled when their call is made again and succeeds."""


class Letters:
    """Dead letters of one runtime: `runtime.letters`."""

    def __init__(
        self,
        store: LetterSink,
        *,
        options: LetterOptions,
        spill: str | os.PathLike[str] | None,
        clock: Clock,
        events: Stream,
        on_problem: OnProblem,
    ) -> None:
        self.options = options
        self._pen = Pen(options.allow, options.tracebacks)
        self._shelf = Shelf(options, store, spill, clock, events, on_problem)
        self._replayer = Replayer(self._shelf, self._pen, clock, events, on_problem)
        self._clock = clock
        self._on_problem = on_problem
        self._ours: dict[str, None] = {}  # ids, oldest first

    # Keeping ----------------------------------------------------------------------------------------------------

    async def keep(self, drafts: Sequence[Draft]) -> None:
        """Make letters of failures; never raises, because the failure itself is on its way to the caller."""
        try:
            now = self._now()
            letters = [self._pen.of_draft(draft, now, self._clock.token()) for draft in drafts]
            stored, _ = await self._shelf.put(*letters)
        except Exception as fault:  # noqa: BLE001 - a letter that fails must not hide the error that it is about
            self._on_problem("letters.keep", fault)
            return
        for draft, letter in zip(drafts, letters, strict=True):
            where = "" if stored == "store" else f" ({stored})"
            (original_of(draft.error) or draft.error).add_note(f"dead letter {letter.dlq_id}{where}")
            self._remember(letter.dlq_id)

    def keep_blocking(self, drafts: Sequence[Draft]) -> None:
        """The same for a blocking function's thread."""
        _run_apart(self.keep(drafts))

    async def made_good(self, asked: Asked) -> None:
        """A call has succeeded: the letter that it left in this process before is over."""
        if not self._ours:
            return
        dlq_id = letter_id_of(asked)
        if dlq_id not in self._ours:
            return
        del self._ours[dlq_id]
        at = self._now()
        try:
            await self._shelf.store.change(dlq_id, None, lambda letter: _over(letter, LetterState.REPLAYED, at))
        except Exception as error:  # noqa: BLE001 - the call succeeded; its letter is found done when it is replayed
            self._on_problem("letters.settle", error)

    def made_good_blocking(self, asked: Asked) -> None:
        """The same for a blocking function's thread."""
        if self._ours:
            _run_apart(self.made_good(asked))

    def _remember(self, dlq_id: str) -> None:
        self._ours[dlq_id] = None
        if len(self._ours) > REMEMBERED:
            del self._ours[next(iter(self._ours))]

    async def publish_failed_event(
        self,
        original_event: Mapping[str, Any],
        error: BaseException,
        retry_count: int = 0,
        context: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
    ) -> Letter:
        """Leave the letter of an event that a worker cannot handle (S2-12); it is durable when this returns.

        `key` names the event; by default its `event_id`, else its content. The same event again counts up in the same
        letter. What is not in the allow-list is hidden in it.

        Raises:
            ResourceError: neither the store nor the spill file took it; do not commit the event's offset.
        """
        name = key_of_event(original_event, key) or self._clock.token()
        context = {**bound(), **(context or {})}
        letter = self._pen.of_event(original_event, error, retry_count, context, self._now(), name)
        stored, kept = await self._shelf.put(letter)
        if stored == "nowhere":
            raise ResourceError(
                f"the dead letter {letter.dlq_id} could not be kept anywhere", field="letters", value=letter.dlq_id,
                rule="letters.nowhere", hint="free the disk or repair the store; the letter is in the log only",
            )  # fmt: skip
        return kept[0]

    # Reading and deciding ---------------------------------------------------------------------------------------

    async def list(
        self,
        state: LetterState | None = LetterState.WAITING,
        *,
        vendor: str | None = None,
        account: str | None = None,
        operation: str | None = None,
        limit: int = 1_000,
    ) -> tuple[Letter, ...]:
        """Letters, the oldest failure first; those that wait, or of another state, or all (None)."""
        return await self._shelf.find(Wanted(state, vendor, account, operation, limit))

    async def show(self, dlq_id: str) -> Letter:
        """One letter; raises NotFoundError."""
        letter = await self._shelf.get(dlq_id)
        if letter is None:
            raise _missing(dlq_id)
        return letter

    async def discard(self, dlq_id: str) -> Letter:
        """Decide that a letter's call is not wanted any more; it stays readable until retention deletes it.

        A write of unknown outcome stays open in the journal all the same.

        Raises:
            NotFoundError: no such letter.
            ConflictError: it is replayed or discarded already.
        """
        letter = await self.show(dlq_id)
        if letter.state is not LetterState.WAITING:
            raise ConflictError(
                f"the letter {dlq_id} is {letter.state} already", field="dlq_id", value=dlq_id,
                hint="there is nothing to discard", rule="letters.settled",
            )  # fmt: skip
        at = self._now()
        done = await self._shelf.store.change(dlq_id, None, lambda known: _over(known, LetterState.DISCARDED, at))
        if done is None:
            raise _missing(dlq_id)
        return done

    async def replay(self, dlq_id: str, target: Target) -> Any:
        """Make a letter's call again, with its key, and return its answer; the letter is over when it succeeds.

        `target` is an adapter of the letter's vendor and account, or the function itself for the letter of a plain
        function or of an event. It looks first: a create is replayed from the journal or looked up before anything is
        sent, a change is compared with what the object was and what it shall be.

        Raises:
            NotFoundError, ConflictError: no such letter, or it is over.
            InFlightError: another replay holds it.
            InvalidRequestError: it cannot be replayed (the letter says why), or the target does not fit.
            Exception: whatever the call raises; it is counted in the letter, which goes on waiting.
        """
        return await self._replayer.replay(dlq_id, target)

    async def purge(self) -> Purged:
        """Delete what is older than `max_age` or beyond `max_count`; for a job that runs now and then.

        Happens by itself as letters arrive. What still waited and was deleted is told as `letters_alarm`.
        """
        return await self._shelf.purge()

    async def start(self) -> None:
        """Make sure that letters can be kept, and put away what was spilled; a worker does not start without it.

        Raises:
            BackstayError: the store does not take letters.
        """
        await self._shelf.sink.start()
        await self._shelf.drain()

    async def aclose(self) -> None:
        """Let go of the store."""
        await self._shelf.aclose()

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def _over(letter: Letter, state: LetterState, at: datetime) -> Letter:
    return letter.settled(state, at) if letter.state is LetterState.WAITING else letter


def _missing(dlq_id: str) -> NotFoundError:
    return NotFoundError(
        f"no dead letter {dlq_id}", field="dlq_id", value=dlq_id, hint="`backstay letters list` names them all"
    )


def _run_apart(work: Coroutine[Any, Any, None]) -> None:
    """Run it on a loop of its own in a thread of its own: a blocking function may have a loop around it or none."""
    thread = threading.Thread(target=asyncio.run, args=(work,), name="backstay-letters")
    thread.start()
    thread.join()


__all__ = ["Letters"]
