"""A SET or DELETE in the journal: there while its outcome is open, forgotten when it is known."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay.engine import report
from backstay.engine.claim import Hold, claim, noted
from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay.writes.journal import Journal, JournalKey, Kind, Record, State

if TYPE_CHECKING:
    from backstay.engine.call import Call

PAUSE_WAITS: Final = 1.0
"""Seconds that a pause waits for the journal: stopping spend goes before writing it down."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What to write down of a SET; its key is one of its own, since a later SET of the object is another intent."""

    journal: Journal
    key: JournalKey
    asked: Mapping[str, Any]

    @contextlib.asynccontextmanager
    async def open_while(self, call: Call) -> AsyncIterator[None]:
        """Written down before the block, and settled by how it ends.

        Raises:
            ResourceError: the journal cannot be written, so nothing is sent; a pause is sent all the same.
        """
        hold = await self._hold(call)
        try:
            yield
        except BaseException as error:
            if isinstance(error, BackstayError):
                error.journal_id = self.key.id
            await self._settle(call, hold, error)
            raise
        await self._settle(call, hold, None)

    async def _hold(self, call: Call) -> Hold | None:
        fresh = Record(
            self.key, "", kind=Kind.SET, state=State.SENT, attempts=1, uncertain_since=call.plan.clock.wall(),
            in_air=call.left(), asked=self.asked,
        )  # fmt: skip
        try:
            async with asyncio.timeout(PAUSE_WAITS if call.pausing else None):
                return await claim(call, self.journal, fresh)
        except (BackstayError, TimeoutError) as error:
            if call.pausing:
                report.problem(call.plan, "journal.pause", error)
                return None
            if isinstance(error, BackstayError):
                report.failed(call, error)
            raise

    async def _settle(self, call: Call, hold: Hold | None, error: BaseException | None) -> None:
        if hold is None:
            return
        try:
            if _is_open(call, error):
                now = call.plan.clock.wall()
                note = noted(error) if error is not None else ""
                await hold.end(state=State.UNKNOWN, uncertain_since=now, in_air=0.0, note=note)
            else:
                await hold.forget()
        except BackstayError as trouble:  # the record stays as it is: open
            report.problem(call.plan, "journal.save", trouble)


def _is_open(call: Call, error: BaseException | None) -> bool:
    """Whether it may have happened or not, for all that we know; CONFLICT is what looking has found."""
    if error is None:
        return False
    if isinstance(error, BackstayError):
        return error.certainty is Certainty.UNKNOWN and error.type != "CONFLICT"
    return call.calls > 0 and call.sent is not False
