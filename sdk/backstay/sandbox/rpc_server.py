"""The loopback shell for gRPC: a simulator behind a real `grpc.aio` server, for users, conformance and benchmarks.

    async with serve_rpc(GoogleAdsSandbox()) as served:
        channel = grpc.aio.insecure_channel(served.target)

Broken connections are real, and so is silence. As on the other loopback shell, a connection cannot be refused on a
port that listens: CONNECT_REFUSED breaks it before anything is done. With `tls=True` a second port speaks TLS with a
certificate for `localhost` made on the spot, so that a client that knows no plain channels can connect as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from grpc import aio

from backstay.clock import Clock, SystemClock
from backstay.policies.settings import refuse
from backstay.sandbox.faults import FaultKind
from backstay.sandbox.rpc import OK, RpcReply, RpcRequest, RpcSimulator, course_of, perform
from backstay.sandbox.server import check_host
from backstay.sandbox.simulator import Ending, Exchange
from backstay.sandbox.tcp import hang_up

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one message at most, both ways."""

_OPTIONS: Final = (
    ("grpc.max_send_message_length", LARGEST),
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.so_reuseport", 0),
)
_FLUSH: Final = 0.02
"""Seconds in which what has been written leaves, before the connection is broken."""

_BROKEN: Final = frozenset({Ending.RESET, Ending.REFUSED})


@dataclass(frozen=True, slots=True)
class ServedRpc:
    """Where a simulator listens."""

    target: str
    """For `grpc.aio.insecure_channel`, such as "127.0.0.1:50051"."""
    tls_target: str | None = None
    """For clients that speak TLS only, such as "localhost:50052"."""
    roots: Path | None = None
    """The certificate's file: set GRPC_DEFAULT_SSL_ROOTS_FILE_PATH to it before the first channel is made."""


@contextlib.asynccontextmanager
async def serve_rpc(
    simulator: RpcSimulator,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: bool = False,
    now: Callable[[], float] | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[ServedRpc]:
    """Serve a simulator until the block is left; port 0 takes a free one. `now` is its wall time, the clock's if None.

    Raises:
        InvalidRequestError: for an address that other machines can reach, or a port that cannot be had.
    """
    check_host(host)
    real: Clock = SystemClock()  # pyright: ignore[reportAssignmentType]  # its bound built-ins are no methods to pyright
    shell = _Shell(simulator, clock or real, now)
    await asyncio.to_thread(simulator.prepare)
    server = aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((shell,))
    with tempfile.TemporaryDirectory(prefix="backstay-sandbox-") as folder:
        try:
            bound = server.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            refuse("port", port, "a port that nobody listens on, or 0 for a free one")
        target = f"{host}:{bound}"
        served = _secure(server, target, Path(folder)) if tls else ServedRpc(target)
        await server.start()
        try:
            yield served
        finally:
            await server.stop(0)


class _Shell(grpc.GenericRpcHandler):
    """Plays calls over grpc.aio's server."""

    def __init__(self, simulator: RpcSimulator, clock: Clock, now: Callable[[], float] | None) -> None:
        self._simulator = simulator
        self._clock = clock
        self._now = now or clock.wall

    def service(self, handler_call_details: Any) -> Any:
        """See `grpc.GenericRpcHandler`: bytes in, bytes out, whatever the method."""
        method = handler_call_details.method
        if self._simulator.streams(method):
            return grpc.unary_stream_rpc_method_handler(self._stream(method))
        return grpc.unary_unary_rpc_method_handler(self._unary(method))

    def _unary(self, method: str) -> Callable[..., Any]:
        async def answer(message: bytes, context: Any) -> bytes:
            course, reply = await self._exchange(method, message, context)
            await self._clock.sleep(course.after)
            await self._ended(course, reply, context)
            return reply.messages[0]

        return answer

    def _stream(self, method: str) -> Callable[..., Any]:
        async def answer(message: bytes, context: Any) -> AsyncIterator[bytes]:
            course, reply = await self._exchange(method, message, context)
            drip = course.after / max(1, len(reply.messages)) if course.ending is Ending.DRIP else 0.0
            await self._clock.sleep(0.0 if drip else course.after)
            for each in reply.messages:
                await self._clock.sleep(drip)
                yield each
            if reply.code != OK:
                await self._clock.sleep(_FLUSH)
            await self._ended(course, reply, context)

        return answer

    async def _exchange(self, method: str, message: bytes, context: Any) -> tuple[Exchange, RpcReply]:
        metadata = {key.lower(): value for key, value in context.invocation_metadata()}
        rpc = RpcRequest(method, message, metadata)
        course = course_of(self._simulator, rpc, self._now())
        if course.ending is Ending.REFUSED:
            await self._break(context)
        due = self._now() + course.before
        try:
            await self._clock.sleep(course.before)
        except asyncio.CancelledError:
            # The caller has left; the vendor acts all the same, as in the in-process shell.
            perform(course, self._simulator, rpc, due)
            raise
        reply = perform(course, self._simulator, rpc, self._now())
        if course.ending is Ending.SILENCE:
            await asyncio.get_running_loop().create_future()
        return course, reply

    async def _ended(self, course: Exchange, reply: RpcReply, context: Any) -> None:
        """How a call ends after its messages: broken off, refused, or well."""
        cut = course.fault is not None and course.fault.kind is FaultKind.HALF_JSON
        if course.ending in _BROKEN or cut:
            await self._break(context)
        context.set_trailing_metadata(reply.trailing)
        if reply.code != OK:
            await context.abort(grpc.StatusCode[reply.code], reply.details, reply.trailing)

    async def _break(self, context: Any) -> None:
        """The end of the connection, and of all calls on it."""
        if hang_up(int(context.peer().rsplit(":", 1)[-1])):
            await asyncio.get_running_loop().create_future()  # grpc cancels this call, because its caller is gone
        await context.abort(grpc.StatusCode.UNAVAILABLE, "Stream removed (Socket closed)")


def _secure(server: Any, target: str, folder: Path) -> ServedRpc:
    from backstay.sandbox.tls import certificate

    key, chain = certificate("localhost")
    roots = folder / "localhost.pem"
    roots.write_bytes(chain)
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, chain)]))
    return ServedRpc(target, f"localhost:{port}", roots)
