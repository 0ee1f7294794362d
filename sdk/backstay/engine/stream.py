"""Answers that come piece by piece: asked again only before the first piece, and never after it.

Times. `attempt_timeout` is the time to the first piece, and again the longest silence between two pieces. The deadline
runs over all of it, from the call to the last piece, the time that the reader takes with each piece included. The place
in the bulkhead is kept until the stream ends, however it ends: read to its end, broken, closed, cancelled or forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from backstay.engine import report
from backstay.engine.attempt import settle_failure
from backstay.engine.call import enter, leave
from backstay.engine.decide import finish
from backstay.engine.loop import run
from backstay.engine.timer import sweep_of
from backstay.errors import BackstayError, InvalidRequestError
from backstay.policies.retry import Why

if TYPE_CHECKING:
    from types import TracebackType

    from backstay.engine.call import Call

D = TypeVar("D")
R = TypeVar("R")
Source = Callable[..., AsyncGenerator[Any, None]]

_END = object()


Piece_contra = TypeVar("Piece_contra", contravariant=True)
Kept_co = TypeVar("Kept_co", covariant=True)


class Keeper(Protocol[Piece_contra, Kept_co]):
    """What collects the pieces, so that a broken stream keeps what had arrived."""

    def add(self, piece: Piece_contra, /) -> None:
        """One more piece."""
        ...

    def partial(self) -> Kept_co:
        """What there is."""
        ...


class Whole(Generic[R]):
    """What an adapter yields last: the whole answer."""

    __slots__ = ("value",)

    def __init__(self, value: R) -> None:
        self.value = value


class _Open:
    """A stream whose first piece is there."""

    __slots__ = ("began", "permit", "piece", "source", "took")

    def __init__(self, source: AsyncGenerator[Any, None], piece: Any, permit: int, began: float, took: float) -> None:
        self.source = source
        self.piece = piece
        self.permit = permit
        """0 once it is given back."""
        self.began = began
        self.took = took
        """Seconds to the first piece: what counts as this vendor's usual time."""


async def pieces(
    call: Call, source: Source, args: tuple[Any, ...], kwargs: dict[str, Any], keeper: Keeper[Any, Any]
) -> AsyncGenerator[Any, None]:
    """What the source yields, under the engine's rules.

    Raises:
        BackstayError: before the first piece as any call; after it with `why` "started" and what had arrived in
            `.partial`.
    """
    stream: _Open = await run(call, source, args, kwargs, _first)
    piece = stream.piece
    try:
        while piece is not _END:
            if not isinstance(piece, Whole):
                keeper.add(piece)
            yield piece
            piece = await _next(call, stream, keeper)
    except _Broken as broken:
        if broken.error is None:
            raise broken.cause from None
        if broken.error is broken.cause:
            raise broken.error from broken.error.__cause__
        raise broken.error from broken.cause
    finally:
        try:
            await stream.source.aclose()
        finally:
            if stream.permit:  # it worked as far as it was read
                now = call.plan.clock.monotonic()
                call.plan.scope.done(stream.permit, now, stream.took, False, call.plan.attempt_timeout)


class _Broken(Exception):  # noqa: N818 - never leaves this module
    """The stream failed and its permit is back."""

    def __init__(self, cause: BaseException, error: BackstayError | None) -> None:
        self.cause = cause
        self.error = error


async def _first(call: Call, permit: int, source: Source, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Open:
    """One attempt: everything up to the first piece. The permit stays taken when it succeeds."""
    clock = call.plan.clock
    began = clock.monotonic()
    call.calls += 1
    call.sent = None
    stream = source(*args, **kwargs)
    limit = _guard(call)
    try:
        piece = await anext(stream, _END)
    except BaseException as error:
        failure = _dropped(call, permit, error, began, limit)
        if failure is None or failure is error:
            raise
        raise failure from error
    _drop(call)
    return _Open(stream, piece, permit, began, clock.monotonic() - began)


async def _next(call: Call, stream: _Open, keeper: Keeper[Any, Any]) -> Any:
    """The next piece, or _END."""
    token = enter(call)  # here and not around the whole: the reader's own calls between pieces are not ours
    limit = _guard(call)
    try:
        piece = await anext(stream.source, _END)
    except BaseException as error:
        permit, stream.permit = stream.permit, 0
        failure = _dropped(call, permit, error, stream.began, limit)
        if isinstance(error, GeneratorExit):  # thrown away: nobody is there to be told
            raise
        if failure is not None:
            failure.partial = keeper.partial() if failure.partial is None else failure.partial
            finish(call, failure, Why.STARTED).retry_allowed = False
            report.failed(call, failure)
        raise _Broken(error, failure) from error
    else:
        _drop(call)
    finally:
        call.task = None  # the next piece may be read in another one
        with contextlib.suppress(ValueError):  # thrown away from outside, where the call is not entered
            leave(token)
    return piece


def _guard(call: Call) -> float:
    """A timer for the next piece, in the task that waits for it now; the seconds that it may take."""
    plan = call.plan
    now, loop = plan.clock.monotonic(), asyncio.get_running_loop()
    limit = min(plan.attempt_timeout, call.deadline - now)
    call.loop = loop  # kept, because who is thrown away later may have no running one
    sweep_of(loop).guard(call, loop, now + limit)
    return limit


def _drop(call: Call) -> None:
    sweep_of(call.loop or asyncio.get_running_loop()).drop(call)
    if call.fired:  # the piece won the race against the timer
        call.take_back()


def _dropped(call: Call, permit: int, error: BaseException, began: float, limit: float) -> BackstayError | None:
    sweep_of(call.loop or asyncio.get_running_loop()).drop(call)
    return settle_failure(call, permit, error, began, limit)


class Streaming(Generic[D, R]):
    """Pieces as they come, and the whole answer at the end.

        async with claude.stream(request) as stream:
            async for delta in stream:
                print(delta.text, end="")
        stream.result.usage

    Nothing is sent until it is read. Leave the block, or call `aclose()`, when you stop reading before the end.
    """

    def __init__(self, source: AsyncGenerator[Any, None], keeper: Keeper[D, R]) -> None:
        self._source = source
        self._keeper = keeper
        self._result: Any = _END

    def __aiter__(self) -> AsyncIterator[D]:
        return self

    async def __anext__(self) -> D:
        async for piece in self._source:
            if not isinstance(piece, Whole):
                return piece  # type: ignore[no-any-return]  # an adapter yields what its decorator says
            self._result = piece.value
        raise StopAsyncIteration

    @property
    def result(self) -> R:
        """The whole answer, once all pieces have been read.

        Raises:
            InvalidRequestError: it is not read to its end, or it broke.
        """
        if self._result is _END:
            raise InvalidRequestError(
                "the stream has not been read to its end", field="result", value=None,
                hint="read all pieces first, or `await stream.whole()`; what has arrived is in .partial",
            )  # fmt: skip
        return self._result  # type: ignore[no-any-return]

    @property
    def partial(self) -> R:
        """What has arrived so far."""
        return self._keeper.partial()

    async def whole(self) -> R:
        """Read what is left and give the whole answer."""
        async with self:
            async for _ in self:
                pass
        return self.result

    async def aclose(self) -> None:
        """Stop: the connection is closed and every permit given back."""
        await self._source.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


__all__ = ["Keeper", "Streaming", "Whole", "pieces"]
