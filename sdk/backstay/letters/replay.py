"""Replaying one letter: held by one replay at a time, made as the same call with the same key, settled or kept."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from backstay.clock import Clock, utc
from backstay.errors import BackstayError, ConflictError, InFlightError, InvalidRequestError, NotFoundError
from backstay.events import LetterReplayed, Stream
from backstay.letters.frame import WRITES, Recalled, Replaying
from backstay.letters.kept import unpack, unpack_answer
from backstay.letters.model import Letter, LetterState, Outcome
from backstay.letters.shelf import Shelf
from backstay.letters.writing import Pen, facts_of
from backstay.stores.protocol import OnProblem
from backstay.taxonomy import Certainty

BEATS: Final = 3.0
"""A hold is renewed so many times while it lasts."""


@runtime_checkable
class Redoes(Protocol):
    """Who can make a letter's call: an adapter."""

    @property
    def vendor(self) -> str:
        """The platform or provider."""
        ...

    @property
    def account(self) -> str:
        """The account at it."""
        ...

    async def redo(self, method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Make a write of its own again; refuses what is no write of its own."""
        ...


@runtime_checkable
class HasMembers(Protocol):
    """Who is made of adapters: a split."""

    def of_account(self, vendor: str, account: str) -> Any:
        """The adapter of an account; None: there is none."""
        ...


Target: TypeAlias = Redoes | HasMembers | Callable[..., Any]
"""An adapter of the letter's account, or a split with one; of a plain function's letter or an event's, the function."""


class Replayer:
    """Makes calls of letters."""

    def __init__(
        self, shelf: Shelf, pen: Pen, clock: Clock, events: Stream, on_problem: OnProblem
    ) -> None:  # fmt: skip
        self._shelf = shelf
        self._pen = pen
        self._clock = clock
        self._events = events
        self._on_problem = on_problem

    async def replay(self, dlq_id: str, target: Target) -> Any:
        """See `Letters.replay`."""
        letter = await self._waiting(dlq_id)
        call = _call_of(letter, target)
        owner = self._clock.token()
        async with self._holding(letter, owner):
            try:
                with Replaying(_recalled(letter)):
                    value = call()
                    value = await value if inspect.isawaitable(value) else value
            except Exception as error:
                await self._failed(letter, owner, error)
                raise
            await self._settle(letter)
            return value

    async def _waiting(self, dlq_id: str) -> Letter:
        letter = await self._shelf.stored(dlq_id)
        if letter is None:
            raise NotFoundError(
                f"no dead letter {dlq_id}", field="dlq_id", value=dlq_id, hint="`backstay letters list` names them all"
            )
        if letter.state is not LetterState.WAITING:
            raise ConflictError(
                f"the letter {dlq_id} is {letter.state} already", field="dlq_id", value=dlq_id,
                hint="make the call anew if you want it again", rule="letters.settled",
            )  # fmt: skip
        return letter

    # Holding ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _holding(self, letter: Letter, owner: str) -> AsyncIterator[None]:
        """Hold the letter, and go on holding it; a cancelled replay lets go of it as it was."""
        if not await self._hold(letter.dlq_id, owner):
            raise InFlightError(
                f"another replay of {letter.dlq_id} is under way", field="dlq_id", value=letter.dlq_id,
                hint="look at the letter again in a minute", rule="letters.held",
            )  # fmt: skip
        beating = asyncio.get_running_loop().create_task(self._hold_on(letter.dlq_id, owner))
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            await self._let_go(letter.dlq_id, owner)

    async def _hold(self, dlq_id: str, owner: str) -> bool:
        now = self._now()
        until = now + timedelta(seconds=self._shelf.options.hold)
        return await self._shelf.store.hold(dlq_id, owner, now, until) is not None

    async def _hold_on(self, dlq_id: str, owner: str) -> None:
        while True:
            await self._clock.sleep(self._shelf.options.hold / BEATS)
            try:
                held = await self._hold(dlq_id, owner)
            except BackstayError as error:
                self._on_problem("letters.hold", error)
                continue
            if not held:
                return  # it is settled by now: the same call was made elsewhere

    async def _let_go(self, dlq_id: str, owner: str) -> None:
        try:
            await self._shelf.store.change(dlq_id, owner, lambda letter: letter)
        except BackstayError as error:  # the hold ends by itself
            self._on_problem("letters.hold", error)

    # Ending -----------------------------------------------------------------------------------------------------

    async def _settle(self, letter: Letter) -> None:
        at = self._now()
        try:
            await self._shelf.store.change(letter.dlq_id, None, lambda known: known.settled(LetterState.REPLAYED, at))
        except BackstayError as error:  # the write is done; the next replay finds it so
            self._on_problem("letters.settle", error)
        self._tell(letter, letter.failures, None)

    async def _failed(self, letter: Letter, owner: str, error: Exception) -> None:
        at, facts = self._now(), _facts_after(letter, error)
        told = self._pen.error(error)
        try:
            await self._shelf.store.change(
                letter.dlq_id, owner, lambda known: known.failed_again(told, at, facts)
            )  # fmt: skip
        except BackstayError as trouble:
            self._on_problem("letters.replay", trouble)
        self._tell(letter, letter.failures + 1, told.type, told.message)

    def _tell(self, letter: Letter, failures: int, error_type: str | None, error_message: str | None = None) -> None:
        if self._events.listeners:
            self._events.emit(
                LetterReplayed(
                    at=self._clock.wall(), vendor=letter.vendor or None, function=letter.operation,
                    dlq_id=letter.dlq_id, outcome="replayed" if error_type is None else "failed", failures=failures,
                    error_type=error_type, error_message=error_message,
                )
            )  # fmt: skip

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def _recalled(letter: Letter) -> Recalled:
    until = letter.timestamp.timestamp() if letter.sent else None
    return Recalled(until, unpack_answer(letter.before))


def _facts_after(letter: Letter, error: Exception) -> dict[str, Any]:
    """What a replay that failed changes; an open outcome stays open until a replay succeeds."""
    unknown = isinstance(error, BackstayError) and error.certainty is Certainty.UNKNOWN and letter.effect in WRITES
    tries = error.attempts if isinstance(error, BackstayError) else ()
    outcome = Outcome.OPEN if unknown else letter.outcome
    return {**facts_of(error), "outcome": outcome, "sent": True, "retry_count": max(0, len(tries) - 1)}


def _call_of(letter: Letter, target: Target) -> Callable[[], Any]:
    """What to call; raises InvalidRequestError where letter and target do not fit."""
    if letter.call is None:
        raise InvalidRequestError(
            f"the letter {letter.dlq_id} cannot be replayed: {letter.not_replayable}", field="dlq_id",
            value=letter.dlq_id, hint="make the call yourself, then discard the letter", rule="letters.not_replayable",
        )  # fmt: skip
    method, args, kwargs = unpack(letter.call)
    if isinstance(target, HasMembers):
        target = target.of_account(letter.vendor, letter.account) or target
    if not method:
        if not callable(target):
            raise _misfit(letter, target, f"the function {letter.operation!r} itself")
        return lambda: target(*args, **kwargs)
    if not isinstance(target, Redoes):
        raise _misfit(letter, target, f"the adapter of {letter.vendor}/{letter.account}")
    if (target.vendor, target.account) != (letter.vendor, letter.account):
        raise _misfit(letter, target, f"the adapter of {letter.vendor}/{letter.account}")
    return lambda: target.redo(method, args, kwargs)


def _misfit(letter: Letter, target: object, wanted: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"the letter {letter.dlq_id} is of {letter.vendor or letter.operation}/{letter.account}, not of {target!r}",
        field="target", value=repr(target), hint=f"pass {wanted}", rule="letters.target",
    )  # fmt: skip


__all__ = ["Redoes", "Replayer", "Target"]
