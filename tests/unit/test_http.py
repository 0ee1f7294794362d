"""Our HTTP transport on real loopback sockets: what is known to be unsent, and what is not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from backstay.clock import SystemClock
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, BadResponseError, CallTimeoutError, ConnectionFailedError
from backstay.http import Http, Reply
from backstay.taxonomy import Certainty
from tests.support import make_plan

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Thing: 1\r\n\r\n{}"


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A raw server that hands each request's bytes to a handler; yields its address and the requests seen."""
    seen: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                seen.append(head)
                await handler(head, writer)

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", seen
    finally:
        for writer in writers:
            writer.close()
        server.close()


async def ask(
    base: str, *, client: httpx.AsyncClient | None = None, timeout: float = 5.0, method: str = "GET"
) -> Reply:
    """One attempt through the engine."""
    http = Http(base, client=client)
    plan = make_plan(SystemClock(), attempt_timeout=timeout, deadline=timeout * 2)  # type: ignore[arg-type]  # any clock does
    plan.retry = plan.retry.__class__(max_attempts=1)

    async def body() -> Reply:
        return await http.send(method, "/thing?secret=x")

    try:
        reply: Reply = await run(begin(plan), body, (), {})
        return reply
    finally:
        await http.aclose()


async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def reset(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def silence(_: bytes, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def test_an_answer_comes_whole() -> None:
    """Status, lower-case headers, body; the address without its query."""
    async with serving(answer) as (base, _):
        reply = await ask(base)
    assert (reply.status, reply.body, reply.headers["x-thing"]) == (200, b"{}", "1")
    assert "secret" not in reply.url


async def test_connection_refused_was_never_sent() -> None:
    """No head left, so asking again is safe: NOT_SENT."""
    async with serving(answer) as (base, _):
        pass
    with pytest.raises(ConnectionFailedError) as caught:
        await ask(base)
    assert caught.value.certainty is Certainty.NOT_SENT


async def test_a_reset_after_sending_is_unknown() -> None:
    """The vendor got the request and cut the line: it may have acted (httpx-aiohttp says ConnectTimeout)."""
    async with serving(reset) as (base, seen):
        with pytest.raises(ConnectionFailedError) as caught:
            await ask(base, method="POST")
    assert len(seen) == 1
    assert caught.value.certainty is Certainty.UNKNOWN
    assert "secret" not in str(caught.value)


async def test_silence_after_sending_is_unknown() -> None:
    """A timeout with the head gone proves nothing."""
    async with serving(silence) as (base, _):
        with pytest.raises(CallTimeoutError) as caught:
            await ask(base, timeout=0.05)
    assert caught.value.certainty is Certainty.UNKNOWN


async def test_a_users_own_client_knows_nothing() -> None:
    """Without our mark even a refused connection is UNKNOWN."""
    async with serving(answer) as (base, _):
        pass
    async with httpx.AsyncClient() as client:
        with pytest.raises(ConnectionFailedError) as caught:
            await ask(base, client=client)
    assert caught.value.certainty is Certainty.UNKNOWN


async def test_the_transport_repeats_nothing_by_itself() -> None:
    """aiohttp would send a GET again on a broken kept connection; the engine owns retries."""
    turns = iter([answer, reset, answer])

    async def handler(head: bytes, writer: asyncio.StreamWriter) -> None:
        await next(turns)(head, writer)

    async with serving(handler) as (base, seen):
        http = Http(base)
        assert (await http.send("GET", "/")).status == 200
        with pytest.raises(ConnectionFailedError):
            await http.send("GET", "/")
        await http.aclose()
    assert len(seen) == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 999999 ??\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
        b"",
    ],
)
async def test_broken_answers_are_typed(raw: bytes) -> None:
    """Whatever comes over the line is one of our errors, with the outcome unknown."""

    async def broken(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with serving(broken) as (base, _):
        with pytest.raises(BackstayError) as caught:
            await ask(base)
    assert isinstance(caught.value, ConnectionFailedError | BadResponseError | CallTimeoutError)
    assert caught.value.certainty is Certainty.UNKNOWN


# What travels --------------------------------------------------------------------------------------------------------

RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
TEXT = b'{"data": "' + b"x" * 500 + b'"}'
BARE = RAW.compress(TEXT) + RAW.flush()


def packed(body: bytes, encoding: str) -> Handler:
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n"

    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return handler


@pytest.mark.parametrize(
    ("body", "encoding", "wanted"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip", TEXT),
        (gzip.compress(TEXT, mtime=0), "x-gzip", TEXT),
        (zlib.compress(TEXT), "deflate", TEXT),
        (BARE, "deflate", TEXT),
        (b"", "gzip", b""),
        (b"as it is", "identity", b"as it is"),
        (gzip.compress(TEXT, mtime=0)[:-20], "gzip", None),
        (b"no such thing", "deflate", None),
    ],
)
async def test_packed_answers_are_unpacked(body: bytes, encoding: str, wanted: bytes | None) -> None:
    """In the encodings that we ask for; one that is broken or breaks off is no answer."""
    async with serving(packed(body, encoding)) as (base, _):
        if wanted is not None:
            assert (await ask(base)).body == wanted
            return
        with pytest.raises(BadResponseError) as caught:
            await ask(base)
    assert caught.value.certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """It must not fill the memory: neither a long one, nor a short one that unpacks to a long one."""
    monkeypatch.setattr("backstay.http.MAX_BODY", 1_000)
    body = b"x" * 100_000
    async with serving(packed(gzip.compress(body, mtime=0) if encoding == "gzip" else body, encoding)) as (base, _):
        with pytest.raises(BadResponseError):
            await ask(base)


async def test_a_header_that_comes_twice_keeps_both() -> None:
    """Joined by a comma, as HTTP has it; what is no UTF-8 does not break the rest."""

    async def twice(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\nx-b: caf\xe9\r\ncontent-length: 0\r\n\r\n")

    async with serving(twice) as (base, _):
        headers = (await ask(base)).headers
    assert (headers["x-a"], headers["x-b"]) == ("1, 2", "caf\ufffd")


@pytest.mark.parametrize(
    ("parts", "kind", "wanted"),
    [
        ({"json": {"a": "\xe9", "b": [1]}}, b"application/json", '{"a":"\xe9","b":[1]}'.encode()),
        ({"data": {"a": "1 2", "b": "\xe9"}}, b"application/x-www-form-urlencoded", b"a=1+2&b=%C3%A9"),
        ({"content": b"abc", "headers": {"Content-Type": "text/plain"}}, b"text/plain", b"abc"),
        (
            {"files": {"a": (None, b"1", None)}, "headers": {"Content-Type": "multipart/form-data; boundary=bo"}},
            b"multipart/form-data; boundary=bo",
            b'--bo\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--bo--\r\n',
        ),
        ({}, None, b""),
    ],
)
async def test_bodies_have_their_type(parts: dict[str, Any], kind: bytes | None, wanted: bytes) -> None:
    """Each kind of body, byte for byte, with one header that names it."""
    bodies: list[bytes] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        bodies.append(head.lower())
        bodies.append(await reader.readexactly(len(wanted)))
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    http = Http(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await http.send("POST", "/", **parts)
    await http.aclose()
    server.close()
    head, body = bodies
    assert body == wanted
    assert f"content-length: {len(wanted)}\r\n".encode() in head
    assert head.count(b"content-type:") <= 1
    assert kind is None or b"content-type: " + kind + b"\r\n" in head


async def test_a_proxy_is_asked_in_the_vendors_place() -> None:
    """With the login that its address has."""
    async with serving(answer) as (proxy, seen):
        http = Http("http://vendor.example", proxy=proxy.replace("http://", "http://me:secret@"))
        assert (await http.send("GET", "/thing")).body == b"{}"
        await http.aclose()
    assert seen[0].startswith(b"GET http://vendor.example/thing HTTP/1.1")
    assert b"basic " + base64.b64encode(b"me:secret").lower() in seen[0].lower()
