"""gRPC cassettes with a toy of bytes: live, recorded and replayed are the same, and nothing secret is kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio

from backstay.testing.cassettes import CassetteMissing, cassette
from backstay.testing.rpc_cassettes import rpc_cassette
from backstay.testing.rpc_tape import MissingInteraction

SECRET = "Bearer not-to-be-kept"


async def one(request: bytes, context: Any) -> bytes:
    """`bad` is refused with a binary trailer, anything else comes back twice."""
    context.set_trailing_metadata((("request-id", "R1"), ("detail-bin", b"\x00\xff")))
    if request == b"bad":
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down, client_secret=hush-hush")
    return request * 2


async def many(request: bytes, context: Any) -> AsyncIterator[bytes]:
    """Three messages; `bad` breaks behind the second."""
    for number in range(3):
        if request == b"bad" and number == 2:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        yield b"%d" % number


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The toy's address."""
    server = aio.server()
    methods = {"One": grpc.unary_unary_rpc_method_handler(one), "Many": grpc.unary_stream_rpc_method_handler(many)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("toy.Toy", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def scene(target: str) -> list[Any]:
    """Calls of all kinds, and what comes of them."""
    found: list[Any] = []
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with aio.insecure_channel(target, options=options) as channel:
        unary, stream = channel.unary_unary("/toy.Toy/One"), channel.unary_stream("/toy.Toy/Many")
        for request in (b"hello", b"bad", b"hello"):
            call = unary(request, metadata=(("authorization", SECRET),), timeout=5)
            found.append(await _told(call))
        for request in (b"hello", b"bad"):
            call, messages = stream(request, timeout=5), []
            try:
                async for message in call:
                    messages.append(message)  # noqa: PERF401 - what came before it broke counts
            except aio.AioRpcError as error:
                messages.append((error.code(), error.details()))
            found.append(messages)
    return found


async def _told(call: Any) -> Any:
    try:
        answer = await call
    except aio.AioRpcError as error:
        return error.code(), error.details(), tuple(error.trailing_metadata())
    return answer, tuple(await call.trailing_metadata()), await call.code()


async def test_live_recorded_and_replayed_are_the_same(tmp_path: Path) -> None:
    """Messages, statuses and trailers, also of a stream that breaks in the middle; with the server gone."""
    file = tmp_path / "toy.json"
    async with served() as target:
        live = await scene(target)
        with rpc_cassette(file, record="sandbox"):
            recorded = await scene(target)
    with rpc_cassette(file):
        replayed = await scene("127.0.0.1:2")
    assert recorded == replayed
    assert [each for each in recorded if "client_secret" not in str(each)] == [
        each for each in live if "client_secret" not in str(each)
    ]


async def test_nothing_secret_is_kept(tmp_path: Path) -> None:
    """No metadata of requests; texts are scrubbed; it says where and when it was recorded."""
    file = tmp_path / "toy.json"
    async with served() as target:
        with rpc_cassette(file, record="sandbox"):
            await scene(target)
    text = file.read_text("utf8")
    assert not {"not-to-be-kept", "hush-hush"} & set(text.replace('"', " ").split())
    assert "not-to-be-kept" not in text
    assert "hush-hush" not in text
    assert {"recorded_from", "recorded_at", "interactions"} == set(json.loads(text))


async def test_a_call_that_was_not_recorded_is_told(tmp_path: Path) -> None:
    """With what was asked; and a recorded call that was not made is told at the end."""
    file = tmp_path / "toy.json"
    async with served() as target:
        with rpc_cassette(file, record="sandbox"):
            await scene(target)
    with pytest.raises(AssertionError, match="were not made"), rpc_cassette(file):
        await _ask_what_was_not_recorded()


async def _ask_what_was_not_recorded() -> None:
    async with aio.insecure_channel("127.0.0.1:2") as channel:
        with pytest.raises(MissingInteraction, match=r"toy\.Toy/One"):
            await channel.unary_unary("/toy.Toy/One")(b"never recorded")


async def test_one_fixture_opens_both_kinds(tmp_path: Path) -> None:
    """What spoke gRPC is a file of its own beside the HTTP one; without calls there is none."""
    async with served() as target:
        with cassette(tmp_path / "toy.yaml", record="sandbox"):
            await scene(target)
    assert [each.name for each in tmp_path.iterdir()] == ["toy.json"]
    with cassette(tmp_path / "toy.yaml"):
        await scene("127.0.0.1:2")
    with cassette(tmp_path / "none.yaml", record="sandbox"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["toy.json"]
    with pytest.raises(CassetteMissing), cassette(tmp_path / "none.yaml"):
        pass
