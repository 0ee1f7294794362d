"""Gemini from cassettes: every operation, and more than ten of its errors, in the official SDK's own traffic.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backstay.content import Finish, ImageRequest, Message, Picture, TextRequest, TextSoFar, Tool, ToolResult
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.samples import PIXEL
from backstay_adapters.gemini import Gemini
from backstay_adapters.gemini.sandbox import KEY, GeminiSandbox
from tests.support import plays
from tests.support.plays import StillClock

ASKED = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=300)
DRAWN = ImageRequest(prompt="A sail at sea")
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
WIND = Tool(
    name="wind", description="The wind at a place.",
    input_schema={"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
)  # fmt: skip
Play = Callable[[Gemini], Awaitable[Any]]


async def generate(gemini: Gemini) -> None:
    result = await gemini.generate(ASKED)
    assert result.text
    assert result.usage.output_tokens > 0
    assert result.request_id is not None
    assert result.request_id.startswith("resp-")


async def generate_with_everything(gemini: Gemini) -> None:
    picture = Picture(data=PIXEL, media_type="image/png")
    request = TextRequest(
        messages=(Message.user("What is on this sail?", picture),), system="Be brief.", stop=("END",), effort="low",
        temperature=0.5, max_output_tokens=300, extra={"generationConfig": {"topP": 0.9}},
    )  # fmt: skip
    assert (await gemini.generate(request)).finish is Finish.STOP


async def generate_json(gemini: Gemini) -> None:
    assert set((await gemini.generate(ASKED.but(json_schema=SCHEMA))).data) == {"title"}


async def tools(gemini: Gemini) -> None:
    asked = ASKED.but(tools=(WIND,), tool_choice="wind")
    called = await gemini.generate(asked)
    said = ToolResult(call_id=called.tool_calls[0].id, content="12 knots")
    turns = (*asked.messages, Message.assistant(*called.parts), Message.user(said))
    assert (await gemini.generate(asked.but(messages=turns, tool_choice=None))).finish is Finish.STOP


async def stream(gemini: Gemini) -> None:
    kept = TextSoFar()
    async with gemini.stream(ASKED) as pieces:
        async for piece in pieces:
            kept.add(piece)
    assert kept.partial().text == pieces.result.text != ""


async def stream_tools(gemini: Gemini) -> None:
    result = await gemini.stream(ASKED.but(tools=(WIND,), tool_choice="any")).whole()
    assert [call.name for call in result.tool_calls] == ["wind"]


async def count_tokens(gemini: Gemini) -> None:
    assert (await gemini.count_tokens(ASKED.but(system="Be brief."))).input_tokens > 5


async def generate_image(gemini: Gemini) -> None:
    image = (await gemini.generate_image(DRAWN.but(aspect="4:5"))).image
    assert (image.media_type, image.width, image.height) == ("image/png", 896, 1152)


async def edit_image(gemini: Gemini) -> None:
    source = Picture(data=PIXEL)
    assert (await gemini.generate_image(DRAWN.but(sources=(source,)))).image.data


OPERATIONS: tuple[Play, ...] = (
    generate, generate_with_everything, generate_json, tools, stream, stream_tools, count_tokens, generate_image,
    edit_image,
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, **facts)


ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FaultKind.RATE_LIMIT), "API_RATE_LIMIT"),
    "bare": (said("bare"), "API_RATE_LIMIT"),
    "per_day": (said("per_day"), "QUOTA_EXHAUSTED"),
    "no_share": (said("no_share"), "PERMISSION_DENIED"),
    "spending_cap": (said("spending_cap"), "BUDGET_INSUFFICIENT"),
    "capacity": (said("capacity"), "SERVICE_UNAVAILABLE"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "leaked": (said("leaked"), "TOKEN_INVALID"),
    "suspended": (said("suspended"), "ACCOUNT_DISABLED"),
    "disabled_service": (said("disabled_service"), "PERMISSION_DENIED"),
    "location": (said("location"), "PERMISSION_DENIED"),
    "role": (said("role"), "VALIDATION_FAILED"),
    "too_long": (said("too_long"), "TOO_MUCH_DATA"),
    "safety": (said("safety"), "CREATIVE_REJECTED"),
    "blocked": (said("blocked"), "CREATIVE_REJECTED"),
    "truncated": (said("max_tokens"), "BAD_RESPONSE"),
    "malformed": (said("malformed"), "AI_MODEL_FAILED"),
    "internal": (said("internal"), "AI_MODEL_FAILED"),
    "overloaded": (said("overloaded"), "SERVICE_UNAVAILABLE"),
    "deadline": (said("deadline"), "PLATFORM_TIMEOUT"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "AI_MODEL_FAILED"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}
STREAMS: dict[str, tuple[FaultRule, str]] = {
    "stream_overloaded": (said("overloaded", after_commit=True), "SERVICE_UNAVAILABLE"),
    "stream_refusal": (said("safety"), "CREATIVE_REJECTED"),
    "stream_cut": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}
PICTURES: dict[str, tuple[FaultRule, str]] = {
    "image_refusal": (said("image_safety"), "CREATIVE_REJECTED"),
    "image_none": (said("no_image"), "AI_MODEL_FAILED"),
    "image_words": (said("words_only"), "BAD_RESPONSE"),
}


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[Gemini]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set GEMINI_API_KEY and use Gemini.from_env()")
    sandbox = GeminiSandbox(seed=5, faults=plan) if record else None
    runtime = Runtime.in_memory(clock=StillClock(), listeners=())
    async with (
        plays.address("gemini", sandbox) as where,
        Gemini(KEY, runtime=runtime, max_attempts=1, **where) as gemini,
    ):
        yield gemini


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as gemini:
        with backstay_cassette(f"gemini/{play.__name__}"):
            await play(gemini)


async def test_a_repair(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Two exchanges: the unreadable answer, and the one that was asked for with its fault named."""
    async with stage(backstay_record, FaultPlan([said("bad_json", times=1)])) as gemini:
        with backstay_cassette("gemini/repair"):
            result = await gemini.generate(ASKED.but(json_schema=SCHEMA))
    assert result.repaired


async def _asked(gemini: Gemini, name: str) -> None:
    if name in PICTURES:
        await gemini.generate_image(DRAWN)
    elif name in STREAMS:
        await gemini.stream(ASKED).whole()
    else:
        await gemini.generate(ASKED)


@pytest.mark.parametrize("name", [*ERRORS, *STREAMS, *PICTURES])
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = (ERRORS | STREAMS | PICTURES)[name]
    async with stage(backstay_record, FaultPlan([rule])) as gemini:
        with backstay_cassette(f"gemini/error_{name}"), pytest.raises(BackstayError) as caught:
            await _asked(gemini, name)
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No key, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "gemini").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 11
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "x-goog-api-key" not in text.lower()
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
