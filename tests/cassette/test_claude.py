"""Claude from cassettes: every operation, and more than ten of its errors, in the official SDK's own traffic.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backstay.content import (
    Finish,
    Message,
    Picture,
    TextRequest,
    TextSoFar,
    Tool,
    ToolResult,
)
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox
from tests.support import plays
from tests.support.plays import StillClock

ASKED = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=300)
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
WIND = Tool(
    name="wind", description="The wind at a place.",
    input_schema={"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
)  # fmt: skip
Play = Callable[[Claude], Awaitable[Any]]


async def generate(claude: Claude) -> None:
    result = await claude.generate(ASKED)
    assert result.text
    assert result.usage.output_tokens > 0
    assert result.request_id is not None
    assert result.request_id.startswith("req_")


async def generate_with_everything(claude: Claude) -> None:
    picture = Picture(data=b"\x89PNG", media_type="image/png")
    request = TextRequest(
        messages=(Message.user("What is on this sail?", picture),), system="Be brief.", stop=("END",), effort="low",
        end_user="user-1", max_output_tokens=300,
    )  # fmt: skip
    assert (await claude.generate(request)).finish is Finish.STOP


async def generate_json(claude: Claude) -> None:
    assert set((await claude.generate(ASKED.but(json_schema=SCHEMA))).data) == {"title"}


async def tools(claude: Claude) -> None:
    asked = ASKED.but(tools=(WIND,), tool_choice="wind")
    called = await claude.generate(asked)
    said = ToolResult(call_id=called.tool_calls[0].id, content="12 knots")
    turns = (*asked.messages, Message.assistant(*called.parts), Message.user(said))
    assert (await claude.generate(asked.but(messages=turns, tool_choice=None))).finish is Finish.STOP


async def stream(claude: Claude) -> None:
    kept = TextSoFar()
    async with claude.stream(ASKED) as pieces:
        async for piece in pieces:
            kept.add(piece)
    assert kept.partial().text == pieces.result.text != ""


async def stream_tools(claude: Claude) -> None:
    result = await claude.stream(ASKED.but(tools=(WIND,), tool_choice="any")).whole()
    assert [call.name for call in result.tool_calls] == ["wind"]


async def count_tokens(claude: Claude) -> None:
    assert (await claude.count_tokens(ASKED)).input_tokens > 5


async def list_models(claude: Claude) -> None:
    assert "claude-sonnet-5-5" in {model.id for model in (await claude.list_models()).models}


OPERATIONS: tuple[Play, ...] = (
    generate, generate_with_everything, generate_json, tools, stream, stream_tools, count_tokens, list_models,
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, **facts)


ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FaultKind.RATE_LIMIT), "API_RATE_LIMIT"),
    "concurrent": (said("concurrent"), "API_RATE_LIMIT"),
    "spend_limit": (said("spend_limit"), "BUDGET_INSUFFICIENT"),
    "usage_limit": (said("usage_limit"), "BUDGET_INSUFFICIENT"),
    "credit": (said("credit"), "BUDGET_INSUFFICIENT"),
    "on_hold": (said("organization_on_hold"), "ACCOUNT_DISABLED"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "permission": (said("permission"), "PERMISSION_DENIED"),
    "content_filter": (said("content_filter"), "CREATIVE_REJECTED"),
    "refusal": (said("refusal"), "CREATIVE_REJECTED"),
    "truncated": (said("max_tokens"), "BAD_RESPONSE"),
    "window": (said("context"), "TOO_MUCH_DATA"),
    "api_error": (said("api_error"), "AI_MODEL_FAILED"),
    "overloaded": (said("overloaded_error"), "SERVICE_UNAVAILABLE"),
    "timeout": (said("timeout_error"), "PLATFORM_TIMEOUT"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "AI_MODEL_FAILED"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}
STREAMS: dict[str, tuple[FaultRule, str]] = {
    "stream_overloaded": (said("overloaded_error", after_commit=True), "SERVICE_UNAVAILABLE"),
    "stream_refusal": (said("refusal"), "CREATIVE_REJECTED"),
    "stream_cut": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[Claude]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set ANTHROPIC_API_KEY and use Claude.from_env()")
    sandbox = ClaudeSandbox(seed=5, faults=plan, tier="start") if record else None
    runtime = Runtime.in_memory(clock=StillClock(), listeners=())
    async with (
        plays.address("claude", sandbox) as where,
        Claude(KEY, runtime=runtime, max_attempts=1, **where) as claude,
    ):
        yield claude


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as claude:
        with backstay_cassette(f"claude/{play.__name__}"):
            await play(claude)


async def test_a_repair(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Two exchanges: the unreadable answer, and the one that was asked for with its fault named."""
    async with stage(backstay_record, FaultPlan([said("bad_json", times=1)])) as claude:
        with backstay_cassette("claude/repair"):
            result = await claude.generate(ASKED.but(json_schema=SCHEMA))
    assert result.repaired


@pytest.mark.parametrize("name", [*ERRORS, *STREAMS])
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = (ERRORS | STREAMS)[name]
    async with stage(backstay_record, FaultPlan([rule])) as claude:
        with backstay_cassette(f"claude/error_{name}"), pytest.raises(BackstayError) as caught:
            await (claude.stream(ASKED).whole() if name in STREAMS else claude.generate(ASKED))
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No key, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "claude").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 11
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "uthorization" not in text
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
