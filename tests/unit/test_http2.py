"""The transport for vendors' SDKs on httpx2: what is known to be unsent, what is too large, and what failed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import httpx2
import pytest

from backstay import http2
from backstay.clock import SystemClock
from backstay.engine.call import current
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, BadResponseError, CallTimeoutError, ConnectionFailedError
from backstay.policies.retry import Retry
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport2
from backstay.taxonomy import Certainty
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.claude.sandbox import ClaudeSandbox
from tests.support import make_plan

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A raw server on loopback."""
    writers: list[asyncio.StreamWriter] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for writer in writers:
            writer.close()
        server.close()


async def ask(url: str, **client: Any) -> bytes:
    """One attempt through the engine, as an SDK would make it."""
    made = http2.client(**client)
    plan = make_plan(SystemClock(), attempt_timeout=5.0, deadline=10.0, retry=Retry(max_attempts=1))  # type: ignore[arg-type]

    async def body() -> bytes:
        try:
            return (await made.get(url)).content
        except Exception as error:
            found = http2.translated(RuntimeError("an SDK's own"), url)
            assert found is None
            found = http2.translated(_wrapped(error), url)
            assert found is not None
            raise found from error

    try:
        answer: bytes = await run(begin(plan), body, (), {})
        return answer
    finally:
        await made.aclose()


def _wrapped(error: Exception) -> Exception:
    """As SDKs wrap it: in an exception of their own, with the cause behind it."""
    outer = RuntimeError("Connection error.")
    outer.__cause__ = error
    return outer


async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)
    await writer.drain()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK[:-1])
    await writer.drain()
    writer.close()


async def test_an_answer_comes_through() -> None:
    """The client works and its request is marked as sent."""
    async with serving(answer) as url:
        assert await ask(url) == b"{}"


@pytest.mark.parametrize("handler", [reset, half])
async def test_a_connection_that_breaks_after_sending_is_unknown(handler: Handler) -> None:
    """The head had left: nobody knows what the vendor did."""
    async with serving(handler) as url:
        with pytest.raises(ConnectionFailedError) as caught:
            await ask(url)
    assert caught.value.certainty is Certainty.UNKNOWN


async def test_a_connection_that_was_never_made_is_not_sent() -> None:
    """A refused port is certain: nothing has left."""
    async with serving(answer) as url:
        pass
    with pytest.raises(ConnectionFailedError) as caught:
        await ask(url)
    assert caught.value.certainty is Certainty.NOT_SENT


async def test_a_transport_without_the_mark_proves_nothing() -> None:
    """A user's own transport cannot say that nothing left, so a failure is UNKNOWN."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no", request=request)

    with pytest.raises(ConnectionFailedError) as caught:
        await ask("http://vendor.test", transport=httpx2.MockTransport(refuse))
    assert caught.value.certainty is Certainty.UNKNOWN


async def test_an_answer_without_end_is_stopped() -> None:
    """More bytes than the bound are a bad response, not a full memory."""
    with pytest.raises(BadResponseError, match="larger than 10 bytes"):
        await ask(
            "http://vendor.test",
            transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=_many())),
            max_body=10,
        )


async def _many() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b"xxxx"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ReadTimeout("late"), CallTimeoutError),
        (httpx2.ConnectTimeout("late"), CallTimeoutError),
        (httpx2.ReadError("broke"), ConnectionFailedError),
        (httpx2.RemoteProtocolError("odd"), ConnectionFailedError),
        (httpx2.DecodingError("odd"), BadResponseError),
        (TimeoutError(), CallTimeoutError),
        (ConnectionResetError(), ConnectionFailedError),
        (ExceptionGroup("several", [ExceptionGroup("inner", [httpx2.ConnectError("no")])]), ConnectionFailedError),
        (_wrapped(_wrapped(httpx2.ReadError("broke"))), ConnectionFailedError),
        (ValueError("a bug"), None),
        (FileNotFoundError("a bug"), None),
    ],
)
def test_failures_are_found_in_what_sdks_raise(error: BaseException, kind: type[BackstayError] | None) -> None:
    """The cause behind an SDK's exception, in groups too; what is no failure of the network is none."""
    found = http2.translated(error, "here")
    assert (None if found is None else type(found)) is kind


def test_clients_of_the_two_libraries_are_told_apart() -> None:
    """Their objects do not mix."""
    assert http2.is_client(httpx2.AsyncClient())
    assert not http2.is_client(httpx.AsyncClient())


def test_the_networks_timeout_comes_after_the_engines() -> None:
    """Inside a call the read timeout is the attempt's and a little more; outside there is none."""
    clock = VirtualClock()

    async def body() -> httpx2.Timeout:
        assert current() is not None
        return http2.timeout(3.0)

    found = virtually(run(begin(make_plan(clock, attempt_timeout=20.0)), body, (), {}), clock)
    assert (found.read, found.connect) == (20.0 + http2.LATER, 3.0)
    assert http2.timeout(3.0).read is None


def test_the_simulators_mark_reaches_the_call() -> None:
    """In process, too: a refused connection is NOT_SENT, a reset is not."""
    clock = VirtualClock()
    certainties = []
    for kind in (FaultKind.CONNECT_REFUSED, FaultKind.RESET_BEFORE):
        simulator = ClaudeSandbox(faults=FaultPlan([FaultRule(kind)]))
        client = http2.client(transport=SimTransport2(simulator, clock))

        async def body(client: httpx2.AsyncClient = client) -> None:
            try:
                await client.post("https://vendor.test/v1/messages", json={})
            except Exception as error:
                found = http2.translated(error, "x")
                assert found is not None
                raise found from error

        plan = make_plan(clock, retry=Retry(max_attempts=1))
        with pytest.raises(ConnectionFailedError) as caught:
            virtually(run(begin(plan), body, (), {}), clock)
        certainties.append(caught.value.certainty)
    assert certainties == [Certainty.NOT_SENT, Certainty.UNKNOWN]


def test_somebody_may_stand_between_an_sdk_and_the_network() -> None:
    """It sees what HTTP says, adds headers, and may answer instead."""
    clock = VirtualClock()
    transport = SimTransport2(ClaudeSandbox(), clock)
    heard: list[int] = []

    async def around(request: httpx2.Request, send: Any) -> httpx2.Response:
        request.headers["x-pilot"] = "aboard"
        response = await send(request)
        heard.append(response.status_code)
        told = {**response.headers, "content-encoding": "gzip"}
        return http2.reply(request, 418, told, b"tea")

    async def main() -> httpx2.Response:
        async with http2.client(transport=transport, around=around) as client:
            return await client.get("https://vendor.test/v1/models")

    response = virtually(main(), clock)
    assert (heard, response.status_code, response.content) == ([401], 418, b"tea")
    assert transport.requests[0].headers["x-pilot"] == "aboard"
