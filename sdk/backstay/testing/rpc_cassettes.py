"""gRPC cassettes: interceptors behind all others of a channel record its calls and play them again.

Every channel that is made inside the block has them, ours as well as a vendor's own client's; the client's own
interceptors run on both occasions. While recording, callers already get the played object, so that recording and
replaying are the same by construction.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import grpc
from grpc import aio

from backstay.testing.rpc_tape import Deserialize, Ending, Tape, trailers, untold

Call = Callable[[Any, Any], Any]

EOF: Final[Any] = vars(aio)["EOF"]  # of the compiled part, which type checkers do not see
NOWHERE: Final = "127.0.0.1:1"
"""Where a channel of a replay points: what went past the tape would find nobody."""


@contextlib.contextmanager
def rpc_cassette(path: Path, *, record: str | None = None) -> Iterator[Tape]:
    """Replay a cassette, or record it anew when `record` says from where; without calls nothing is written.

    Raises:
        AssertionError: a recorded call was not made.
    """
    tape = Tape() if record is not None else Tape.read(path)
    with _taped(tape, recording=record is not None):
        yield tape
    if record is not None and tape.exchanges:
        tape.write(path, record)
    if record is None and tape.unplayed:
        message = f"{path.name}: {len(tape.unplayed)} recorded calls were not made"
        raise AssertionError(message)


@contextlib.contextmanager
def _taped(tape: Tape, *, recording: bool) -> Iterator[None]:
    """Give every new channel our interceptors, the last of all."""

    def taping(make: Callable[..., aio.Channel]) -> Callable[..., aio.Channel]:
        def made(target: str, *args: Any, interceptors: Sequence[Any] | None = None, **kwargs: Any) -> aio.Channel:
            own = _Interceptor(tape, recording=recording)
            taped = [*(interceptors or ()), _Unary(own), _Stream(own)]
            channel: Any = make(target if recording else NOWHERE, *args, interceptors=taped, **kwargs)
            own.know(channel)
            if not recording:
                channel.played = True  # nobody connects: the tape answers
            return channel

        return made

    with (
        patch.object(aio, "insecure_channel", taping(aio.insecure_channel)),
        patch.object(aio, "secure_channel", taping(aio.secure_channel)),
    ):
        yield


class _Interceptor:
    """What both kinds of calls share: the tape, and how the channel's methods are read."""

    def __init__(self, tape: Tape, *, recording: bool) -> None:
        self.tape = tape
        self.recording = recording
        self.readers: dict[str, Deserialize | None] = {}

    def know(self, channel: Any) -> None:
        """Note the deserialiser of each method that the channel is asked for."""
        for name in ("unary_unary", "unary_stream"):
            setattr(channel, name, self._noting(getattr(channel, name)))

    def _noting(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def noted(method: str, request: Any = None, response: Any = None, *args: Any, **kwargs: Any) -> Any:
            request = kwargs.pop("request_serializer", request)
            response = kwargs.pop("response_deserializer", response)
            self.readers[method] = response
            return make(method, request, response, *args, **kwargs)

        return noted

    async def exchange(self, call: Call, details: Any, request: Any, *, stream: bool) -> tuple[list[Any], Ending]:
        """A call as it is on the tape, written down first while recording."""
        method = details.method.decode() if isinstance(details.method, bytes) else details.method
        if self.recording:
            messages, end = await (_streamed if stream else _single)(await call(details, request))
            found = self.tape.add(method, request, messages, end)
        else:
            found = self.tape.take(method, request)
        messages = [untold(each, self.readers.get(method)) for each in found["response"]]
        return messages, Ending(found["status"], found["details"], trailers(found["trailing"]))


async def _single(call: Any) -> tuple[list[Any], Ending]:
    try:
        return [await call], Ending(trailing=_pairs(await call.trailing_metadata()))
    except aio.AioRpcError as error:
        return [], _ended(error)


async def _streamed(call: Any) -> tuple[list[Any], Ending]:
    messages: list[Any] = []
    try:
        async for message in call:
            messages.append(message)  # noqa: PERF401 - what came before it broke is kept
        return messages, Ending(trailing=_pairs(await call.trailing_metadata()))
    except aio.AioRpcError as error:
        return messages, _ended(error)


def _ended(error: aio.AioRpcError) -> Ending:
    return Ending(error.code().name, error.details() or "", _pairs(error.trailing_metadata()))


def _pairs(metadata: Any) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((str(name), value) for name, value in metadata or ())


class _Unary(aio.UnaryUnaryClientInterceptor):
    def __init__(self, own: _Interceptor) -> None:
        self._own = own

    async def intercept_unary_unary(self, continuation: Call, client_call_details: Any, request: Any) -> Any:
        """See `grpc.aio`."""
        return _PlayedUnary(*await self._own.exchange(continuation, client_call_details, request, stream=False))


class _Stream(aio.UnaryStreamClientInterceptor):
    def __init__(self, own: _Interceptor) -> None:
        self._own = own

    async def intercept_unary_stream(self, continuation: Call, client_call_details: Any, request: Any) -> Any:
        """See `grpc.aio`."""
        return _PlayedStream(*await self._own.exchange(continuation, client_call_details, request, stream=True))


class _Played:
    """A call that has ended before anybody asked."""

    def __init__(self, messages: list[Any], end: Ending) -> None:
        self._messages = messages
        self._end = end

    def _check(self) -> None:
        if self._end.code != "OK":
            code, trailing = grpc.StatusCode[self._end.code], aio.Metadata(*self._end.trailing)
            raise aio.AioRpcError(code, aio.Metadata(), trailing, self._end.details, self._end.details)

    def cancel(self) -> bool:
        """See `grpc.aio.Call`."""
        return False

    def cancelled(self) -> bool:
        """See `grpc.aio.Call`."""
        return False

    def done(self) -> bool:
        """See `grpc.aio.Call`."""
        return True

    def time_remaining(self) -> float | None:
        """See `grpc.aio.Call`."""
        return None

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """See `grpc.aio.Call`."""
        callback(self)

    async def initial_metadata(self) -> aio.Metadata:
        """See `grpc.aio.Call`."""
        return aio.Metadata()

    async def trailing_metadata(self) -> aio.Metadata:
        """See `grpc.aio.Call`."""
        return aio.Metadata(*self._end.trailing)

    async def code(self) -> grpc.StatusCode:
        """See `grpc.aio.Call`."""
        return grpc.StatusCode[self._end.code]

    async def details(self) -> str:
        """See `grpc.aio.Call`."""
        return self._end.details

    async def debug_error_string(self) -> str:
        """See `grpc.aio.Call`."""
        return self._end.details

    async def wait_for_connection(self) -> None:
        """See `grpc.aio.Call`."""


class _PlayedUnary(_Played, aio.UnaryUnaryCall):
    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        self._check()
        return self._messages[0]


class _PlayedStream(_Played, aio.UnaryStreamCall):
    _next: int = 0

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[Any]:
        while (message := await self.read()) is not EOF:
            yield message

    async def read(self) -> Any:
        """See `grpc.aio.UnaryStreamCall`."""
        if self._next < len(self._messages):
            self._next += 1
            return self._messages[self._next - 1]
        self._check()
        return EOF
