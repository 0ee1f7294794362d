"""Answers that come piece by piece, the same in both shells, and what goes wrong in the middle of them."""

from __future__ import annotations

from typing import Any

import httpx
import httpx2
import pytest

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport, SimTransport2, World, serve
from backstay.sandbox.wire import event, stream_reply
from backstay.testing import VirtualClock
from backstay.testing import run as virtually

PIECES = [event({"n": number}, "count") for number in range(4)]
LIBRARIES = [(httpx, SimTransport), (httpx2, SimTransport2)]


class Counting:
    """Counts to four, a second between the pieces."""

    vendor = "counting"

    def __init__(self, faults: FaultPlan | None = None, pause: float = 1.0) -> None:
        self.world = World()
        self.faults = faults
        self.pause = pause

    def operation(self, request: Request) -> str:
        return request.path

    def handle(self, request: Request, now: float, fault: Any = None) -> Reply:
        return stream_reply([(self.pause, piece) for piece in PIECES], x_request_id="r1")

    def reset(self) -> None:
        """Nothing is remembered."""


def plan(kind: FaultKind, **facts: Any) -> FaultPlan:
    return FaultPlan([FaultRule(kind, **facts)])


def test_an_event_is_as_the_standard_has_it() -> None:
    """Name, data line by line, an empty line; text goes as it is."""
    assert event({"a": "é"}, "x") == 'event: x\ndata: {"a":"é"}\n\n'.encode()
    assert event("one\ntwo") == b"data: one\ndata: two\n\n"


def test_a_streamed_reply_is_also_a_whole_one() -> None:
    """Body and content type are there for whoever does not stream."""
    reply = stream_reply([(0.0, b"a"), (1.0, b"b")], content_type="application/x-ndjson")
    assert (reply.body, reply.headers["content-type"]) == (b"ab", "application/x-ndjson")


@pytest.mark.parametrize(("library", "shell"), LIBRARIES, ids=["httpx", "httpx2"])
@pytest.mark.parametrize(
    ("faults", "pieces", "ends", "error"),
    [
        (None, 4, 4.0, None),
        (plan(FaultKind.LATENCY, delay=2.0), 4, 6.0, None),
        (plan(FaultKind.SLOW_DRIP, delay=8.0), 4, 8.0, None),
        (plan(FaultKind.HALF_JSON), 2, 2.0, None),
        (plan(FaultKind.HALF_JSON, wrong_length=True), 2, 2.0, "RemoteProtocolError"),
        (plan(FaultKind.STALL), 2, 12.0, "ReadTimeout"),
    ],
    ids=["honest", "late", "dripping", "ends early", "cut", "stalls"],
)
def test_pieces_come_in_time(
    library: Any, shell: Any, faults: FaultPlan | None, pieces: int, ends: float, error: str | None
) -> None:
    """Each piece at its moment; what breaks off in the middle breaks as the library says it."""
    clock = VirtualClock()
    began = clock.monotonic()
    got: list[bytes] = []

    async def main() -> None:
        async with (
            library.AsyncClient(transport=shell(Counting(faults), clock), timeout=10.0) as client,
            client.stream("GET", "https://vendor.test/x") as response,
        ):
            assert "content-length" not in response.headers
            async for piece in response.aiter_raw():
                got.append(piece)  # noqa: PERF401 - what came before it broke is looked at

    if error is None:
        virtually(main(), clock)
    else:
        with pytest.raises(getattr(library, error)):
            virtually(main(), clock)
    assert got == PIECES[:pieces]
    assert clock.monotonic() - began == pytest.approx(ends)


@pytest.mark.parametrize(
    ("faults", "whole", "broken"),
    [
        (None, 4, False),
        (plan(FaultKind.SLOW_DRIP, delay=0.02), 4, False),
        (plan(FaultKind.HALF_JSON), 2, False),
        (plan(FaultKind.HALF_JSON, wrong_length=True), 2, True),
        (plan(FaultKind.STALL), 2, True),
    ],
)
async def test_the_same_on_a_socket(faults: FaultPlan | None, whole: int, broken: bool) -> None:
    """Chunks on the wire; a stream that is cut or stalls fails for the client there, too."""
    got = b""
    async with serve({"counting": Counting(faults, pause=0.0)}) as served, httpx.AsyncClient(timeout=0.3) as client:

        async def read() -> None:
            nonlocal got
            async with client.stream("GET", served.urls["counting"] + "/x") as response:
                assert response.headers["x-request-id"] == "r1"
                async for piece in response.aiter_raw():
                    got += piece

        if broken:
            with pytest.raises(httpx.TransportError):
                await read()
        else:
            await read()
    assert got == b"".join(PIECES[:whole])


async def test_a_reader_that_leaves_frees_the_server() -> None:
    """The server stops writing when nobody reads, and closes at once."""
    async with (
        serve({"counting": Counting(pause=0.05)}) as served,
        httpx.AsyncClient() as client,
        client.stream("GET", served.urls["counting"] + "/x") as response,
    ):
        assert await anext(response.aiter_raw()) == PIECES[0]
