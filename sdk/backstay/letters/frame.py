"""Who leaves the letter: of writes inside each other, the outermost one that fails, for all of them.

An adapter's public write reads, sends and reads back, and a tree is made of twenty such writes. To its caller each is
one call, so each is one frame here, and when it fails it hands its own draft on instead of those inside it. What fails
inside a call that succeeds all the same keeps its letter, unless the same call was made again and succeeded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from backstay.errors import BackstayError
from backstay.events.model import bound
from backstay.policies.effect import Effect, worst
from backstay.policies.letters import deserves_letter
from backstay.policies.settings import refuse
from backstay.taxonomy import Certainty

T = TypeVar("T")

WRITES: Final = frozenset({Effect.SET, Effect.DELETE, Effect.CREATE, Effect.PUBLISH})
CHANGES: Final = frozenset({Effect.SET, Effect.DELETE})


@dataclass(slots=True, eq=False)
class Asked:
    """One write as its caller asked for it."""

    vendor: str
    account: str
    operation: str
    method: str
    """The adapter's method that a replay calls; empty for a plain function, which is handed to the replay."""
    effect: Effect
    body: Callable[..., Any]
    """What its arguments are bound to, so that they have names."""
    args: tuple[Any, ...]
    """Without the adapter itself."""
    kwargs: Mapping[str, Any]
    """Without the options of the call."""
    sends: bool = True
    """Whether it is the write itself; False for a method that reads, calls such a write, and reads back."""
    name: Callable[..., str] | None = None
    """Names the logical call from its arguments; None: its idempotency key, or a digest of them."""


@dataclass(slots=True, eq=False)
class Draft:
    """A failure that deserves a letter."""

    asked: Asked
    error: BackstayError
    failed: bool = False
    """Whether a write has failed; else it is a read before or after it."""
    wrote: bool = False
    """Whether a write inside has succeeded."""
    before: Any = None
    """What the object was when the change was decided, where that is known."""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a replay knows of the call that failed."""

    sent_until: float | None = None
    """Wall seconds until which it may have sent something; None: it has not come so far."""
    before: Any = None


class Keeper(Protocol):
    """Who keeps drafts: the runtime's letters."""

    async def keep(self, drafts: Sequence[Draft]) -> None:
        """Make letters of them; never raises."""
        ...

    async def made_good(self, asked: Asked) -> None:
        """A call has succeeded: its own letter from before is over; never raises."""
        ...

    def keep_blocking(self, drafts: Sequence[Draft]) -> None:
        """`keep` for a blocking function."""
        ...

    def made_good_blocking(self, asked: Asked) -> None:
        """`made_good` for a blocking function."""
        ...


class Desk(Protocol):
    """Where letters are kept, opened when the first one is left: a runtime."""

    @property
    def letters(self) -> Keeper:
        """Opens them."""
        ...

    @property
    def opened_letters(self) -> Keeper | None:
        """None as long as nobody needed them."""
        ...


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Letters that are not the runtime's."""

    letters: Keeper

    @property
    def opened_letters(self) -> Keeper:
        """See `Desk`."""
        return self.letters


def desk_of(options: Mapping[str, Any], runtime: Desk) -> Desk:
    """Where a plain function's letters go: its option `letters` is True for the runtime's, or letters."""
    chosen = options.get("letters")
    return runtime if chosen is None or isinstance(chosen, bool) else _Chosen(chosen)


def check_desk(field: str, value: object) -> None:
    """Refuse what `desk_of` cannot take."""
    if not (value is None or isinstance(value, bool) or hasattr(value, "made_good")):
        refuse(field, value, "True for one in the runtime's letters, or a backstay.letters.Letters")


class Frame:
    """One write under way, and what failed inside it."""

    __slots__ = ("asked", "before", "drafts", "failed", "outer", "replay", "wrote")

    def __init__(self, asked: Asked | None, outer: Frame | None, replay: Recalled | None = None) -> None:
        self.asked = asked
        self.outer = outer
        self.replay: Recalled | None = replay or (outer.replay if outer is not None else None)
        self.drafts: list[Draft] = []
        self.before: Any = None
        self.wrote = False
        """Whether a write inside has succeeded."""
        self.failed = False
        """Whether one has failed."""

    def succeeded(self) -> None:
        """It went well: what is left are failures inside that nobody made good."""
        asked = self.asked
        self.wrote |= asked is not None and asked.effect in WRITES
        if asked is not None and self.drafts:
            self.drafts = [draft for draft in self.drafts if not same_call(draft.asked, asked)]

    def broke(self, error: BackstayError) -> None:
        """It failed: if that deserves a letter, it is this call's, in place of those inside it.

        A write inside that was carried out has happened, however surely the read behind it was never sent.
        """
        asked = self.asked
        if asked is None:
            return
        error.vendor = error.vendor or asked.vendor or None
        error.operation = error.operation or asked.operation
        if self.wrote:
            error.certainty = worst(error.certainty, Certainty.UNKNOWN)
        self.failed |= asked.sends and asked.effect in WRITES
        if self._deserves(asked, error):
            self.drafts = [Draft(asked, error, self.failed, self.wrote, self.before, bound())]

    def _deserves(self, asked: Asked, error: BackstayError) -> bool:
        if asked.kwargs.get("dry_run"):
            return False
        if asked.effect in CHANGES and self.wrote and not self.failed:
            return False  # the change is made; only reading it back has failed
        return deserves_letter(error, wrote=self.failed)

    def hand_on(self) -> list[Draft]:
        """Give everything to the frame around this one; what comes back is nobody's yet and must be kept."""
        outer = self.outer
        if outer is None:
            return self.drafts
        outer.wrote |= self.wrote
        outer.failed |= self.failed
        outer.drafts = [draft for draft in outer.drafts if not self._replaces(draft)] + self.drafts
        return []

    def _replaces(self, older: Draft) -> bool:
        return self.asked is not None and same_call(older.asked, self.asked)


_frame: ContextVar[Frame | None] = ContextVar("backstay_letter_frame", default=None)


async def tried(desk: Desk, asked: Asked, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work; if it fails for good, leave a letter and raise its error all the same."""
    frame = Frame(asked, _frame.get())
    token = _frame.set(frame)
    try:
        value = await work()
    except (Exception, asyncio.CancelledError) as error:
        _frame.reset(token)
        if isinstance(error, BackstayError):
            frame.broke(error)
        await _kept(desk, frame)
        raise
    except BaseException:  # the process ends, or nobody waits any more: there is no time left
        _frame.reset(token)
        raise
    _frame.reset(token)
    frame.succeeded()
    await _kept(desk, frame)
    letters = desk.opened_letters
    if letters is not None and frame.replay is None:
        await letters.made_good(asked)
    return value


def tried_blocking(desk: Desk, asked: Asked, work: Callable[[], T]) -> T:
    """The same for a blocking function."""
    frame = Frame(asked, _frame.get())
    token = _frame.set(frame)
    try:
        value = work()
    except Exception as error:
        _frame.reset(token)
        if isinstance(error, BackstayError):
            frame.broke(error)
        if drafts := frame.hand_on():
            desk.letters.keep_blocking(drafts)
        raise
    except BaseException:
        _frame.reset(token)
        raise
    _frame.reset(token)
    frame.succeeded()
    if drafts := frame.hand_on():
        desk.letters.keep_blocking(drafts)
    letters = desk.opened_letters
    if letters is not None and frame.replay is None:
        letters.made_good_blocking(asked)
    return value


async def _kept(desk: Desk, frame: Frame) -> None:
    drafts = frame.hand_on()
    if drafts:
        await desk.letters.keep(drafts)


def replaying() -> Recalled | None:
    """What is known of the call that is being replayed here; None outside of a replay."""
    frame = _frame.get()
    return frame.replay if frame is not None else None


def suspected() -> float | None:
    """In a replay: until when (wall seconds) a call elsewhere may have made what is about to be made here."""
    recalled = replaying()
    return None if recalled is None else recalled.sent_until


def recall(before: T) -> T:
    """Note what an object was when its change was decided; in a replay, what it was at the first time instead."""
    frame = _frame.get()
    if frame is not None and frame.replay is not None and frame.replay.before is not None:
        return frame.replay.before  # type: ignore[no-any-return]  # the same kind of object
    while frame is not None:
        if frame.asked is not None and frame.asked.effect in CHANGES:
            frame.before = before
        frame = frame.outer
    return before


class Replaying:
    """The outermost frame of a replay: what fails inside is not a letter of its own."""

    def __init__(self, recalled: Recalled) -> None:
        self._recalled = recalled

    def __enter__(self) -> None:
        self._token = _frame.set(Frame(None, None, self._recalled))

    def __exit__(self, *_: object) -> None:
        _frame.reset(self._token)


def same_call(one: Asked, other: Asked) -> bool:
    """Whether two calls ask for the same thing."""
    return one is other or (
        (one.vendor, one.account, one.operation) == (other.vendor, other.account, other.operation)
        and one.args == other.args
        and dict(one.kwargs) == dict(other.kwargs)
    )


__all__ = [
    "Asked",
    "Desk",
    "Draft",
    "Keeper",
    "Recalled",
    "Replaying",
    "recall",
    "replaying",
    "suspected",
    "tried",
    "tried_blocking",
]
