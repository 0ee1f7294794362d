"""MCP from cassettes: listing and the three kinds of tools in both eras of the protocol, and more than ten errors.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backstay.content import ToolCall
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay_adapters.mcp import MCPTools
from backstay_adapters.mcp.sandbox import KEY, MODERN, SESSIONS, MCPSandbox
from tests.support.harbour import BERTH, FLAG, WIND, broken, said
from tests.support.plays import StillClock

Play = Callable[[MCPTools], Awaitable[Any]]


async def list_tools(tools: MCPTools) -> None:
    assert [each.name for each in (await tools.list_tools()).tools] == [
        "wind", "hoist_flag", "book_berth", "find_berths"
    ]  # fmt: skip


async def read_tool(tools: MCPTools) -> None:
    assert set((await tools.call_tool(*WIND)).data) == {"knots"}


async def set_tool(tools: MCPTools) -> None:
    assert (await tools.call_tool(*FLAG)).text == "P is up"


async def call_tool(tools: MCPTools) -> None:
    answers = [await tools.call_tool(*BERTH, idempotency_key="tape/1") for _ in range(2)]
    assert [each.how for each in answers] == ["called", "replayed"]


async def answer(tools: MCPTools) -> None:
    result = await tools.answer(ToolCall(id="tape/2", name="wind", input={"place": "Kiel"}))
    assert result.content.endswith("knots at Kiel")


OPERATIONS: tuple[Play, ...] = (list_tools, read_tool, set_tool, call_tool, answer)

ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (broken(FaultKind.RATE_LIMIT, retry_after=7.0), "API_RATE_LIMIT"),
    "token_expired": (broken(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (broken(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "permission": (said("permission"), "PERMISSION_DENIED"),
    "payment": (said("payment"), "BUDGET_INSUFFICIENT"),
    "moved": (said("moved"), "MCP_CONNECTION_ERROR"),
    "accepted": (said("accepted"), "BAD_RESPONSE"),
    "bad_gateway": (broken(FaultKind.HTTP_5XX, status=502), "MCP_CONNECTION_ERROR"),
    "unavailable": (broken(FaultKind.HTTP_5XX, status=503), "SERVICE_UNAVAILABLE"),
    "html": (broken(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (broken(FaultKind.HALF_JSON), "BAD_RESPONSE"),
    "internal": (said("internal"), "PLATFORM_SERVICE_ERROR"),
    "method": (said("method"), "NOT_FOUND"),
    "params": (said("params"), "VALIDATION_FAILED"),
    "capability": (said("capability"), "UNSUPPORTED"),
    "own": (said("own"), "PLATFORM_SERVICE_ERROR"),
    "tool": (said("tool"), "MCP_TOOL_ERROR"),
    "tool_arguments": (said("tool_arguments"), "VALIDATION_FAILED"),
    "tool_unknown": (said("tool_unknown"), "NOT_FOUND"),
    "input": (said("input"), "UNSUPPORTED"),
}


@contextlib.asynccontextmanager
async def stage(record: str | None, *rules: FaultRule, era: str = MODERN) -> AsyncIterator[MCPTools]:
    """An adapter on the sandbox's socket while recording, else on an address that the tape answers."""
    if record == "live":
        pytest.skip("there is no live server: these are a harbour's tools")
    runtime = Runtime.in_memory(clock=StillClock(), listeners=())
    async with contextlib.AsyncExitStack() as stack:
        url = "https://vendor/mcp"
        if record:
            sandbox = MCPSandbox(seed=5, era=era, stateless=True, faults=FaultPlan(rules))
            served = await stack.enter_async_context(serve({"mcp": sandbox}, clock=StillClock()))
            url = served.urls["mcp"]
        # The handshake's first question is whether the server knows today's protocol: the tape has the answer.
        yield await stack.enter_async_context(MCPTools(url, KEY, runtime=runtime, max_attempts=1))


@pytest.mark.parametrize("era", [MODERN, SESSIONS])
@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, era: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, handshake and farewell included, as recorded."""
    name = play.__name__ if era == MODERN else f"before_2026_{play.__name__}"
    with backstay_cassette(f"mcp/{name}"):
        async with stage(backstay_record, era=era) as tools:
            await play(tools)


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The server's answer has its type."""
    rule, kind = ERRORS[name]
    with backstay_cassette(f"mcp/error_{name}"):
        async with stage(backstay_record, rule) as tools:
            with pytest.raises(BackstayError) as caught:
                await tools.call_tool(*WIND)
    assert caught.value.type == kind


async def test_a_lost_session(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Forgotten by the server, opened anew, and the call made again. Sessions have ids, which no tape keeps."""
    with backstay_cassette("mcp/lost_session"):
        async with stage(backstay_record, said("session", times=1), era=SESSIONS) as tools:
            assert (await tools.call_tool(*WIND, max_attempts=2)).served.attempts == 2


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No token, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "mcp").glob("*.yaml"))
    assert len(files) >= 2 * len(OPERATIONS) + 11
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "uthorization:" not in text
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
