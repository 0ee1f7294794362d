"""`Http.stream` over real sockets: pieces as they come, the sent mark, errors in our words, connections closed."""

from __future__ import annotations

import asyncio

import pytest

from backstay import http
from backstay.engine.call import Call, enter, leave
from backstay.errors import BackstayError, BadResponseError, ConnectionFailedError
from backstay.http import Http
from backstay.taxonomy import Certainty
from tests.unit.test_http import serving

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def two_events(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + chunk(b"data: 1\r\n\r\nda") + chunk(b"ta: 2\r\n\r\n") + chunk(b""))
    await writer.drain()


async def cut(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + chunk(b"data: 1\n\n"))
    await writer.drain()
    writer.close()


async def test_events_come_over_the_pool() -> None:
    """An answer's head first, then its events; packing is not asked for."""
    async with serving(two_events) as (url, heads):
        client = Http(url)
        async with client.stream("POST", "/x", json={"a": 1}) as flow:
            assert flow.status == 200
            assert [event.data async for event in flow.events()] == ["1", "2"]
        await client.aclose()
    assert b"identity" in heads[0]


async def read(client: Http, found: list[str]) -> None:
    """Read a stream to its end, keeping what comes."""
    async with client.stream("GET", "/x") as flow:
        async for event in flow.events():
            found.append(event.data)  # noqa: PERF401 - what came before the break is to be seen


async def test_a_stream_that_breaks_is_a_connection_that_failed() -> None:
    """What had come is given, then the error: it was sent, so what happened is unknown."""
    found: list[str] = []
    async with serving(cut) as (url, _):
        client = Http(url)
        with pytest.raises(ConnectionFailedError) as caught:
            await read(client, found)
        await client.aclose()
    assert (found, caught.value.certainty) == (["1"], Certainty.UNKNOWN)


async def test_a_refused_connection_was_never_sent() -> None:
    """The mark says it, as with `send`."""
    async with serving(two_events) as (url, _):
        gone = url
    client, call = Http(gone), Call.__new__(Call)
    token = enter(call)
    try:
        with pytest.raises(BackstayError) as caught:
            await read(client, [])
    finally:
        leave(token)
        await client.aclose()
    assert caught.value.certainty is Certainty.NOT_SENT


async def test_a_stream_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than an answer may have are a bad response."""
    monkeypatch.setattr(http, "MAX_BODY", 5)
    async with serving(two_events) as (url, _):
        client = Http(url)
        with pytest.raises(BadResponseError):
            await read(client, [])
        await client.aclose()
