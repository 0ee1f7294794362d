"""MCP on real wires: our simulator on a socket, and servers of the official SDK over HTTP and as a process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from backstay.errors import BackstayError, McpConnectionError, McpToolError, NotFoundError, UnknownOutcomeError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay_adapters.mcp import MCPTools, mcp_profile
from backstay_adapters.mcp.sandbox import KEY, MODERN, SESSIONS, MCPSandbox
from tests.support.harbour import BERTH, FLAG, WIND, broken

SERVER = Path(__file__).parents[1] / "support" / "harbour_server.py"
ERAS = pytest.mark.parametrize("era", [MODERN, SESSIONS])


@contextlib.asynccontextmanager
async def stage(*rules: FaultRule, era: str = MODERN) -> AsyncIterator[tuple[MCPTools, MCPSandbox]]:
    """An adapter and the simulator that it talks to, on a socket."""
    sandbox = MCPSandbox(seed=2, era=era, faults=FaultPlan(rules))
    profile = mcp_profile().with_(attempt_timeout=0.6)
    async with serve({"mcp": sandbox}) as served:
        runtime = Runtime.in_memory(listeners=())
        async with MCPTools(served.urls["mcp"], KEY, runtime=runtime, profile=profile) as tools:
            yield tools, sandbox


@ERAS
async def test_the_simulator_on_a_socket(era: str) -> None:
    """Listed, read, set and made, many at once over one session."""
    async with stage(era=era) as (tools, sandbox):
        assert len((await tools.list_tools()).tools) == 4
        found = await asyncio.gather(*(tools.call_tool("wind", {"place": f"p{n}"}) for n in range(20)))
        assert {each.served.attempts for each in found} == {1}
        await tools.call_tool(*FLAG)
        assert (await tools.call_tool(*BERTH)).data
        assert sandbox.calls == 22


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.STALL])
@ERAS
async def test_a_lost_answer_on_a_socket(era: str, kind: FaultKind) -> None:
    """Read again; what may have acted is not sent again, and the session lives on."""
    async with stage(broken(kind, "tools/call/wind", times=1), era=era) as (tools, _):
        assert (await tools.call_tool(*WIND)).served.attempts == 2
    async with stage(broken(kind, "tools/call/book_berth", times=1), era=era) as (tools, sandbox):
        with pytest.raises(UnknownOutcomeError):
            await tools.call_tool(*BERTH)
        assert (await tools.call_tool(*WIND)).data
        assert sum(scope.bulkhead.in_flight for scope in tools.runtime.scopes) == 0
        assert sandbox.calls <= 2


async def test_nobody_is_there() -> None:
    """3001, and it is certain that nothing left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with MCPTools(f"http://127.0.0.1:{port}/mcp", KEY, runtime=Runtime.in_memory(listeners=())) as tools:
        with pytest.raises(McpConnectionError) as caught:
            await tools.list_tools(max_attempts=1)
    assert (caught.value.code, caught.value.certainty) == ("3001", Certainty.NOT_SENT)


# Servers of the official SDK ----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def official(book: Path, **settings: Any) -> AsyncIterator[MCPTools]:
    """A server of the official SDK as a process on its standard streams."""
    command, runtime = (sys.executable, str(SERVER), "stdio"), Runtime.in_memory(listeners=())
    environment = {"HARBOUR_BOOK": str(book)}
    async with MCPTools(command=command, environment=environment, runtime=runtime, **settings) as tools:
        yield tools


async def check(tools: MCPTools, book: Path) -> None:
    """What any server of the official SDK must come to, over any transport."""
    effects = {each.name: each.effect.value for each in (await tools.list_tools()).tools}
    assert effects == {
        "wind": "read", "hoist_flag": "set", "book_berth": "create", "sink": "create", "vanish": "create"
    }  # fmt: skip
    assert (await tools.call_tool("wind", {"place": "Kiel"})).data == {"result": 4}
    assert (await tools.call_tool("hoist_flag", {"mast": "main", "flag": "P"})).text == "P is up on main"
    answers = [await tools.call_tool("book_berth", {"boat": "Nina"}, idempotency_key="k") for _ in range(2)]
    assert [each.how for each in answers] == ["called", "replayed"]
    assert book.read_text("utf8") == "Nina\n"
    with pytest.raises(McpToolError) as caught:
        await tools.call_tool("sink", {})
    assert "secret" not in str(caught.value)
    with pytest.raises(BackstayError) as refused:
        await tools.call_tool("wind", {"place": 5})
    assert refused.value.type == "VALIDATION_FAILED"
    with pytest.raises(NotFoundError):
        await tools.call_tool("sail", {})


async def test_a_server_that_is_a_process(tmp_path: Path) -> None:
    """Over its standard streams; it ends with the adapter."""
    async with official(tmp_path / "book") as tools:
        await check(tools, tmp_path / "book")


async def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    """The call in which it ended may have acted; the next one finds a new process."""
    async with official(tmp_path / "book") as tools:
        with pytest.raises(UnknownOutcomeError):
            await tools.call_tool("vanish", {})
        assert (await tools.call_tool("wind", {"place": "Kiel"})).data == {"result": 4}


async def test_a_command_that_is_not_there() -> None:
    """3001: nothing was started, so nothing was asked."""
    async with MCPTools(command=("/no/such/server",), runtime=Runtime.in_memory(listeners=())) as tools:
        with pytest.raises(McpConnectionError) as caught:
            await tools.list_tools(max_attempts=1)
    assert (caught.value.code, caught.value.certainty) == ("3001", Certainty.NOT_SENT)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_server_of_the_official_sdk_over_http(mode: str, tmp_path: Path) -> None:
    """In both eras of the protocol."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVER), str(port), env={"HARBOUR_BOOK": str(tmp_path / "book"), "PATH": "/usr/bin"},
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url, runtime = f"http://127.0.0.1:{port}/mcp", Runtime.in_memory(listeners=())
        async with MCPTools(url, runtime=runtime, mode=mode) as tools:
            await until(port)
            await check(tools, tmp_path / "book")
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself, and the test has failed for that
            process.kill()
        await process.wait()


async def until(port: int) -> None:
    """Wait until somebody listens: the server needs seconds to import what it needs."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)
