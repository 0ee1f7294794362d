"""Our gRPC transport on real loopback sockets: what was sent, how it ended, how long it may take."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

grpc = pytest.importorskip("grpc")

from grpc import aio  # noqa: E402 - only where there is one

from backstay.engine.call import enter, leave  # noqa: E402 - as above
from backstay.errors import ConnectionFailedError, InvalidRequestError  # noqa: E402 - as above
from backstay.grpc import GRACE, OPTIONS, Rpc, RpcFailed, Status, is_loopback, open_channel, timeout  # noqa: E402
from backstay.taxonomy import Certainty  # noqa: E402 - as above

LARGEST = 1 << 20


async def one(request: bytes, context: Any) -> bytes:
    """A unary method: `bad` is refused, anything else comes back."""
    context.set_trailing_metadata((("request-id", "R1"), ("detail-bin", b"\x00\x01")))
    if request == b"bad":
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not so")
    if request == b"how long":
        return str(context.time_remaining()).encode()
    return request


async def many(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """A stream of three messages; `bad` breaks behind them."""
    for number in range(3):
        yield b"%d" % number
    if request == b"bad":
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[Rpc, Any]]:
    """A transport, and the server that it talks to."""
    server = aio.server()
    methods = {"One": grpc.unary_unary_rpc_method_handler(one), "Many": grpc.unary_stream_rpc_method_handler(many)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("toy.Toy", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    rpc = prepared(Rpc(f"http://127.0.0.1:{port}", max_message=LARGEST))
    try:
        yield rpc, server
    finally:
        await rpc.aclose()
        await server.stop(0)


def prepared(rpc: Rpc) -> Rpc:
    """With the toy's two methods."""
    rpc.prepare("/toy.Toy/One", bytes, bytes)
    rpc.prepare("/toy.Toy/Many", bytes, bytes, stream=True)
    return rpc


class Running:
    """A call of the engine's, as far as a transport knows it."""

    def __init__(self, attempt: float = 30.0, left: float = 130.0, reserve: float = 0.0) -> None:
        self.sent: bool | None = None
        self.reserve = reserve
        self.plan = SimpleNamespace(attempt_timeout=attempt)
        self._left = left

    def left(self) -> float:
        return self._left

    def mark_sent(self) -> None:
        self.sent = True


@contextlib.contextmanager
def running(call: Running) -> Any:
    """Inside the block the call is under way."""
    token = enter(call)  # type: ignore[arg-type]  # a stand-in
    try:
        yield call
    finally:
        leave(token)


async def test_messages_and_trailers_come_back() -> None:
    """Of one message and of many."""
    async with served() as (rpc, _):
        found = await rpc.unary("/toy.Toy/One", b"hello", ())
        assert found.messages == [b"hello"]
        assert found.trailing == (("request-id", "R1"), ("detail-bin", b"\x00\x01"))
        assert (await rpc.stream("/toy.Toy/Many", b"", ())).messages == [b"0", b"1", b"2"]


async def test_another_status_than_ok_is_plain_facts() -> None:
    """Status, text and trailers, for the vendor's table; no class of grpc's says what it means."""
    async with served() as (rpc, _):
        with pytest.raises(RpcFailed) as caught:
            await rpc.unary("/toy.Toy/One", b"bad", ())
        trailing = (("request-id", "R1"), ("detail-bin", b"\x00\x01"))
        assert caught.value.status == Status("INVALID_ARGUMENT", "not so", trailing)


async def test_half_a_stream_is_no_answer() -> None:
    """What came before it broke is not handed out."""
    async with served() as (rpc, _):
        with pytest.raises(RpcFailed) as caught:
            await rpc.stream("/toy.Toy/Many", b"bad", ())
        assert caught.value.status.code == "UNAVAILABLE"


async def test_a_call_counts_as_sent_as_soon_as_it_is_made() -> None:
    """A refusal is an answer: it was sent."""
    async with served() as (rpc, _):
        with running(Running()) as call, pytest.raises(RpcFailed):
            await rpc.unary("/toy.Toy/One", b"bad", ())
        assert call.sent is True


async def test_without_a_connection_nothing_was_sent() -> None:
    """Known because no call was made, not guessed from an exception; another attempt ends the same."""
    rpc = prepared(Rpc("http://127.0.0.1:1", max_message=LARGEST))
    with running(Running()) as call, pytest.raises(ConnectionFailedError) as caught:
        await rpc.unary("/toy.Toy/One", b"hello", ())
    assert caught.value.certainty is Certainty.NOT_SENT
    assert call.sent is False
    with pytest.raises(ConnectionFailedError):
        await rpc.stream("/toy.Toy/Many", b"hello", ())
    await rpc.aclose()


async def test_a_proxy_is_asked_in_the_vendors_place() -> None:
    """It is told the vendor's name and port; that it hangs up is no connection."""
    heard = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not heard.done():
            heard.set_result(await reader.readline())
        writer.close()

    proxy = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    rpc = prepared(Rpc("https://localhost:1", max_message=LARGEST, proxy=f"http://127.0.0.1:{port}"))
    with running(Running()), pytest.raises(ConnectionFailedError):
        await rpc.unary("/toy.Toy/One", b"hello", ())
    assert (await heard).startswith(b"CONNECT localhost:1 ")
    await rpc.aclose()
    proxy.close()


async def test_an_earlier_request_of_the_attempt_stays_sent() -> None:
    """Of two requests in one attempt the second one's broken connection does not unsend the first."""
    rpc = prepared(Rpc("http://127.0.0.1:1", max_message=LARGEST))
    with running(Running()) as call:
        call.sent = True
        with pytest.raises(ConnectionFailedError):
            await rpc.unary("/toy.Toy/One", b"hello", ())
    assert call.sent is True
    await rpc.aclose()


async def test_every_call_has_a_deadline() -> None:
    """The server is told when nobody waits any longer: the attempt's time and a little more."""
    async with served() as (rpc, _):
        with running(Running(attempt=5.0)):
            found = await rpc.unary("/toy.Toy/One", b"how long", ())
        assert float(found.messages[0]) == pytest.approx(5.0 + GRACE, abs=1.0)  # gRPC rounds, and the machine is busy


@pytest.mark.parametrize(
    ("call", "seconds"),
    [
        (Running(attempt=5.0, left=100.0), 5.0),
        (Running(attempt=30.0, left=12.0, reserve=2.0), 10.0),
        (Running(attempt=30.0, left=1.0, reserve=2.0), 0.0),
    ],
)
def test_a_deadline_is_what_the_attempt_has(call: Running, seconds: float) -> None:
    """The attempt's own timer comes first, so that the error is ours and says what was sent."""
    assert timeout(call) == seconds + GRACE  # type: ignore[arg-type]  # a stand-in


async def test_the_channel_of_a_user_stays_open() -> None:
    """Who opens it closes it."""
    async with served() as (rpc, _):
        borrowed = Rpc("elsewhere", channel=rpc._channel, max_message=LARGEST)
        await borrowed.aclose()
        assert (await rpc.unary("/toy.Toy/One", b"still", ())).messages == [b"still"]


def test_grpc_retries_nothing_by_itself() -> None:
    """Neither transparently nor by what a DNS record says: the engine owns retries."""
    assert dict(OPTIONS)["grpc.enable_retries"] == 0
    assert dict(OPTIONS)["grpc.service_config_disable_resolution"] == 1


@pytest.mark.parametrize("endpoint", ["http://vendor.example:443", "http://192.0.2.1", "http://127.0.0.1.example"])
def test_a_plain_connection_never_leaves_the_machine(endpoint: str) -> None:
    """It would show the access token to the network."""
    with pytest.raises(InvalidRequestError, match="access token"):
        open_channel(endpoint, max_message=LARGEST)


@pytest.mark.parametrize(
    ("target", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.8.8", True),
        ("localhost:50051", True),
        ("[::1]:50051", True),
        ("10.0.0.1:1", False),
        ("vendor.example", False),
        ("localhost.example:1", False),
    ],
)
def test_loopback_is_known_by_its_address(target: str, loopback: bool) -> None:
    """With and without a port, both versions of the protocol."""
    assert is_loopback(target) is loopback
