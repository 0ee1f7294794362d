"""Gemini's adapter: what it sends, what it hears, and the traps of the official SDK, each shown not to reach a user."""

from __future__ import annotations

import asyncio
import gc
import json
from decimal import Decimal
from typing import Any

import pytest

from backstay.auth import Credentials
from backstay.content import Basis, Finish, ImageRequest, Message, Picture, Quality, Size, TextRequest, Tool, ToolResult
from backstay.content.parts import Opaque, ToolCall
from backstay.errors import (
    BackstayError,
    BadResponseError,
    CallTimeoutError,
    CreativeRejectedError,
    InvalidRequestError,
    RateLimitError,
    TokenExpiredError,
    UnsupportedCapabilityError,
)
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport2
from backstay.sandbox.painter import draw
from backstay.taxonomy import Certainty
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.gemini import PRICES, Gemini, gemini_profile
from backstay_adapters.gemini.sandbox import KEY, GeminiSandbox, Said

ASKED = TextRequest.ask("Why do sails billow?")
DRAWN = ImageRequest(prompt="A red sail")
WIND = Tool(
    name="wind", description="The wind at a place.",
    input_schema={"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
)  # fmt: skip


class Bench:
    """A simulator, a clock, a runtime, and adapters on them."""

    def __init__(self, **sandbox: Any) -> None:
        self.clock = VirtualClock()
        self.sandbox = GeminiSandbox(seed=1, **sandbox)
        self.transport = SimTransport2(self.sandbox, self.clock)
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))

    def gemini(self, key: str = KEY, **arguments: Any) -> Gemini:
        return Gemini(key, **{"runtime": self.runtime, "transport": self.transport, **arguments})

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)

    def body(self, number: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.transport.requests[number].body)
        return found

    def breaks(self, kind: FaultKind, **facts: Any) -> None:
        """From now on this goes wrong."""
        self.sandbox.faults = FaultPlan([FaultRule(kind, **facts)])

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        """From now on everything is answered with this."""

        def handle(request: Request, now: float, fault: Any = None) -> Reply:
            return Reply(status, {"content-type": kind}, body)

        self.sandbox.handle = handle  # type: ignore[method-assign]  # a simulator that has one answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


# What is sent -------------------------------------------------------------------------------------------------------


def test_a_request_of_the_official_sdk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own traffic with our key in a header; nothing of the environment's, which could lead to Vertex."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "true")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v9")
    bench.run(bench.gemini().generate(ASKED))
    (sent,) = bench.transport.requests
    assert (sent.method, sent.path) == ("POST", "/v1beta/models/gemini-3.8-flash:generateContent")
    assert sent.headers["host"] == "generativelanguage.googleapis.com"
    assert sent.headers["user-agent"].startswith("google-genai-sdk/3.")
    assert (sent.headers["x-goog-api-key"], dict(sent.query)) == (KEY, {})
    assert "from-the-environment" not in str(sent)
    assert bench.body() == {
        "contents": [{"parts": [{"text": "Why do sails billow?"}], "role": "user"}],
        "generationConfig": {"maxOutputTokens": 8192},
    }


def test_everything_that_a_text_may_ask_for(bench: Bench) -> None:
    """Each field at its place on the wire."""
    picture = Picture(data=draw("x", 16, 16))
    request = TextRequest(
        messages=(Message.user("What is on this sail?", picture, Picture(url="https://example.com/a.png")),),
        system="Be brief.", stop=("END",), effort="high", temperature=0.5, max_output_tokens=300, tools=(WIND,),
        tool_choice="wind", extra={"safetySettings": [], "generationConfig": {"topP": 0.9}},
    )  # fmt: skip
    bench.run(bench.gemini().generate(request))
    body = bench.body()
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert [next(iter(part)) for part in body["contents"][0]["parts"]] == ["text", "inlineData", "fileData"]
    config = body["generationConfig"]
    assert (config["temperature"], config["stopSequences"], config["topP"]) == (0.5, ["END"], 0.9)
    assert config["thinkingConfig"] == {"thinking_level": "HIGH"}
    assert body["toolConfig"]["functionCallingConfig"] == {"allowedFunctionNames": ["wind"], "mode": "ANY"}
    assert body["safetySettings"] == []


@pytest.mark.parametrize("extra", [{"contents": []}, {"generationConfig": {"maxOutputTokens": 1}}])
def test_what_a_common_field_says_already_is_refused(bench: Bench, extra: dict[str, Any]) -> None:
    """At the top, and inside of generationConfig."""
    with pytest.raises(InvalidRequestError, match="common field"):
        bench.run(bench.gemini().generate(ASKED.but(extra=extra)))
    assert bench.transport.requests == []


def test_who_writes_and_who_draws(bench: Bench) -> None:
    """No model is pinned: constructor, then request."""
    adapter = bench.gemini(model="gemini-2.5-flash", image_model="gemini-2.5-flash-image", max_output_tokens=50)

    async def main() -> None:
        await adapter.generate(ASKED)
        await adapter.generate(ASKED.but(model="gemini-3.6-flash", max_output_tokens=60))
        await adapter.generate_image(DRAWN)
        await adapter.generate_image(DRAWN.but(model="gemini-3-pro-image"))

    bench.run(main())
    assert [sent.path.rpartition("/")[2].partition(":")[0] for sent in bench.transport.requests] == [
        "gemini-2.5-flash", "gemini-3.6-flash", "gemini-2.5-flash-image", "gemini-3-pro-image",
    ]  # fmt: skip
    assert [bench.body(n)["generationConfig"]["maxOutputTokens"] for n in (0, 1)] == [50, 60]


def test_a_signature_goes_back_with_its_call(bench: Bench) -> None:
    """Signed parts and thoughts return as they came, byte for byte, or the vendor refuses the conversation."""
    thought = {"text": "Hm.", "thought": True, "thoughtSignature": "AQID"}
    call = {"functionCall": {"name": "wind", "args": {"place": "Kiel"}}, "thoughtSignature": "BAUG"}
    bench.sandbox.say(Said(parts=(thought, {"text": "Let me look."}, call)))
    adapter, asked = bench.gemini(), ASKED.but(tools=(WIND,))

    async def main() -> Any:
        called = await adapter.generate(asked)
        said = ToolResult(call_id=called.tool_calls[0].id, content="12 knots")
        turns = (*asked.messages, Message.assistant(*called.parts), Message.user(said))
        await adapter.generate(asked.but(messages=turns))
        return called

    called = bench.run(main())
    assert (called.text, called.finish) == ("Let me look.", Finish.TOOL_USE)
    assert [type(part) for part in called.parts if isinstance(part, Opaque | ToolCall)] == [Opaque, Opaque, ToolCall]
    answered, result = bench.body(1)["contents"][1:]
    assert answered == {"parts": [thought, {"text": "Let me look."}, call], "role": "model"}
    assert result["parts"] == [{"functionResponse": {"name": "wind", "response": {"result": "12 knots"}}}]


def test_a_calls_own_id_goes_back_with_its_result(bench: Bench) -> None:
    """Newer models name their calls; two of one function are told apart by it."""
    calls = tuple({"functionCall": {"id": f"fc-{n}", "name": "wind", "args": {"place": str(n)}}} for n in (1, 2))
    bench.sandbox.say(Said(parts=calls))
    adapter, asked = bench.gemini(), ASKED.but(tools=(WIND,))

    async def main() -> None:
        called = await adapter.generate(asked)
        said = [ToolResult(call_id=call.id, content=call.id) for call in called.tool_calls]
        turns = (*asked.messages, Message.assistant(*called.parts), Message.user(*said))
        await adapter.generate(asked.but(messages=turns))

    bench.run(main())
    answered, results = bench.body(1)["contents"][1:]
    assert answered["parts"] == list(calls)
    assert [part["functionResponse"]["id"] for part in results["parts"]] == ["fc-1", "fc-2"]


def test_a_result_without_its_call_is_refused(bench: Bench) -> None:
    """The API wants the function's name, which only the call has."""
    turns = (*ASKED.messages, Message.user(ToolResult(call_id="call_9", content="x")))
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(bench.gemini().generate(ASKED.but(messages=turns)))
    assert caught.value.value == "call_9"


def test_the_sdk_does_nothing_by_itself(bench: Bench) -> None:
    """It sends no further request for a cut answer, and none after an error."""
    bench.sandbox.say(Said(text="To be", finish="CONTINUATION"))
    assert bench.run(bench.gemini().generate(ASKED)).finish is Finish.PAUSED
    bench.breaks(FaultKind.VENDOR_ERROR, error="unavailable")
    with pytest.raises(BackstayError):
        bench.run(bench.gemini(max_attempts=1).generate(ASKED))
    assert len(bench.transport.requests) == 2


# Pictures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, None),
        ({"aspect": "4:5"}, {"aspectRatio": "4:5"}),
        ({"size": Size.of("896x1152")}, {"aspectRatio": "4:5"}),
        ({"quality": Quality.HIGH, "aspect": "1:1"}, {"aspectRatio": "1:1", "imageSize": "2K"}),
    ],
)
def test_what_is_asked_of_a_model_that_draws(bench: Bench, fields: dict[str, Any], told: Any) -> None:
    """A ratio, and a larger size for high quality."""
    result = bench.run(bench.gemini().generate_image(DRAWN.but(**fields)))
    config = bench.body()["generationConfig"]
    assert config["responseModalities"] == ["TEXT", "IMAGE"]
    found = config.get("imageConfig")
    assert found is None if told is None else {_camel(name): value for name, value in found.items()} == told
    assert result.cost.amount > Decimal("0.045")


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"aspect": "7:5"}, "aspect"),
        ({"size": Size.of("1000x1000")}, "size"),
        ({"size": Size.of("1024x1024"), "aspect": "1:1"}, "aspect"),
        ({"format": "webp"}, "format"),
        ({"quality": "high", "model": "gemini-2.5-flash-image"}, "quality"),
        ({"sources": (Picture(),)}, "messages.data"),
        (
            {"extra": {"generationConfig": {"responseModalities": ["IMAGE"]}}},
            "extra.generationConfig.responseModalities",
        ),
    ],
)
def test_what_a_model_cannot_draw_is_refused_here(bench: Bench, fields: dict[str, Any], field: str) -> None:
    """By its field, with a cure, before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(bench.gemini().generate_image(DRAWN.but(**fields)))
    assert (caught.value.field, bench.transport.requests) == (field, [])
    assert caught.value.hint


def test_several_pictures_are_several_calls(bench: Bench) -> None:
    """Its models make one a call; the refusal says so."""
    with pytest.raises(UnsupportedCapabilityError) as caught:
        bench.run(bench.gemini().generate_image(DRAWN.but(n=2)))
    assert (caught.value.field, "one picture a call" in str(caught.value.hint)) == ("n", True)


def test_words_beside_a_picture_are_kept(bench: Bench) -> None:
    """In `extra`, since a picture has no text."""
    inline = {"inlineData": {"mimeType": "image/png", "data": _base64(draw("x", 16, 16))}}
    bench.sandbox.say(Said(parts=({"text": "Here it is."}, inline)))
    result = bench.run(bench.gemini().generate_image(DRAWN))
    assert (dict(result.extra), result.image.width) == ({"text": "Here it is."}, 16)


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def test_a_picture_that_was_not_made(bench: Bench) -> None:
    """Words alone are no picture, and asking again would only cost; NO_IMAGE is tried again, and both are billed."""
    bench.breaks(FaultKind.VENDOR_ERROR, error="words_only")
    with pytest.raises(BadResponseError) as caught:
        bench.run(bench.gemini().generate_image(DRAWN))
    assert (caught.value.rule, len(bench.transport.requests)) == ("gemini.no_picture", 1)
    bench.breaks(FaultKind.VENDOR_ERROR, error="no_image", times=1)
    result = bench.run(bench.gemini().generate_image(DRAWN))
    assert result.served.attempts == 2
    assert bench.runtime.ledger.total().calls == 3
    assert bench.runtime.ledger.total().lost == 0


def test_a_lost_picture_is_not_paid_for_twice_and_a_lost_text_is(bench: Bench) -> None:
    """One profile for both: a text costs a fraction of a cent."""
    bench.breaks(FaultKind.RESET_AFTER)
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.gemini().generate_image(DRAWN))
    assert (caught.value.certainty, len(bench.transport.requests)) == (Certainty.UNKNOWN, 1)
    bench.breaks(FaultKind.RESET_AFTER, times=1)
    assert bench.run(bench.gemini().generate(ASKED)).served.attempts == 2


# Refusals inside of 200 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "word"), [("safety", "SAFETY"), ("blocked", "PROHIBITED_CONTENT")])
def test_a_refusal_inside_of_200_is_typed(bench: Bench, error: str, word: str) -> None:
    """The SDK raises nothing; here it is CREATIVE_REJECTED with the vendor's word, of texts, streams and pictures."""
    bench.breaks(FaultKind.VENDOR_ERROR, error=error)
    for ask in (
        lambda gemini: gemini.generate(ASKED),
        lambda gemini: gemini.stream(ASKED).whole(),
        lambda gemini: gemini.generate_image(DRAWN),
    ):
        with pytest.raises(CreativeRejectedError) as caught:
            bench.run(ask(bench.gemini()))
        assert (caught.value.vendor_code, caught.value.retry_allowed) == (word, False)
    assert len(bench.transport.requests) == 3


def test_an_answer_that_the_model_tripped_over_is_asked_for_again(bench: Bench) -> None:
    """MALFORMED_FUNCTION_CALL and its like: typed, retried, and both are in the ledger."""
    bench.breaks(FaultKind.VENDOR_ERROR, error="malformed", times=1)
    result = bench.run(bench.gemini().generate(ASKED))
    assert result.served.attempts == 2
    total = bench.runtime.ledger.total()
    assert (total.calls, total.lost) == (2, 0)
    assert total.spent > result.cost.amount


def test_thinking_that_ate_the_room_is_a_cut(bench: Bench) -> None:
    """MAX_TOKENS without a word: TruncatedOutput, and what was thought is counted."""
    bench.breaks(FaultKind.VENDOR_ERROR, error="thought_out")
    with pytest.raises(BadResponseError) as caught:
        bench.run(bench.gemini().generate(ASKED))
    assert caught.value.partial.finish is Finish.LENGTH
    assert (caught.value.partial.usage.thinking_tokens, caught.value.partial.usage.output_tokens) == (400, 400)


# The traps of the SDK -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (b"<html>Log in</html>", "BAD_RESPONSE"),
        (b"", "BAD_RESPONSE"),
        (b"{}", "BAD_RESPONSE"),
        (b"[]", "BAD_RESPONSE"),
        (b'"words"', "BAD_RESPONSE"),
        (b'{"candidates": [{"content": {"parts"', "BAD_RESPONSE"),
        (b'{"candidates": []}', "BAD_RESPONSE"),
        (b'{"candidates": [{"content": {"parts": [{"text": "cut"}]}}]}', "BAD_RESPONSE"),
        (b'{"candidates": [5]}', "BAD_RESPONSE"),
        (b'{"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}', "SERVICE_UNAVAILABLE"),
        (b'[{"error": {"code": 500, "message": "x", "status": "INTERNAL"}}]', "AI_MODEL_FAILED"),
    ],
)
def test_an_answer_that_is_none_is_typed(bench: Bench, body: bytes, type_: str) -> None:
    """With HTTP 200, of text, picture and stream alike."""
    bench.answer(200, body)
    for ask in (
        lambda gemini: gemini.generate(ASKED),
        lambda gemini: gemini.generate_image(DRAWN),
        lambda gemini: gemini.stream(ASKED).whole(),
        lambda gemini: gemini.count_tokens(ASKED),
    ):
        with pytest.raises(BackstayError) as caught:
            bench.run(ask(bench.gemini(max_attempts=1)))
        assert caught.value.type in {type_, "BAD_RESPONSE"}


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_an_error_of_a_stream_is_plain_json_whatever_its_type_says(bench: Bench, kind: str) -> None:
    """The vendor labels it as a stream."""
    body = b'{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}'
    bench.answer(400, body, kind)
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.gemini().stream(ASKED).whole())
    assert caught.value.type == "TOKEN_INVALID"


def test_a_stream_without_its_end_is_no_answer(bench: Bench) -> None:
    """The SDK says nothing when a stream stops between two pieces."""
    bench.answer(200, b'data: {"candidates":[{"content":{"parts":[{"text":"To be"}]}}]}\n\n', "text/event-stream")
    with pytest.raises(BadResponseError) as caught:
        bench.run(bench.gemini().stream(ASKED).whole())
    assert (caught.value.rule, caught.value.partial.text) == ("gemini.stream_cut", "To be")


def test_an_answer_says_which_request_it_was(bench: Bench) -> None:
    """The vendor's id is in `served`, of a whole text, a stream and a picture, and in the error of a cut stream."""

    async def each() -> list[Any]:
        gemini = bench.gemini()
        drawn = await gemini.generate_image(ImageRequest(prompt="x"))
        return [await gemini.generate(ASKED), await gemini.stream(ASKED).whole(), drawn]

    for found in bench.run(each()):
        assert found.request_id
        assert found.served.request_ids == (found.request_id,)

    piece = b'data: {"responseId":"r-1","candidates":[{"content":{"parts":[{"text":"To be"}]}}]}\n\n'
    bench.answer(200, piece, "text/event-stream")
    with pytest.raises(BadResponseError) as caught:
        bench.run(bench.gemini().stream(ASKED).whole())
    assert caught.value.request_ids == ("r-1",)


class Watched(SimTransport2):
    """Remembers the answers that it gave."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.answers: list[Any] = []

    async def handle_async_request(self, request: Any) -> Any:
        self.answers.append(await super().handle_async_request(request))
        return self.answers[-1]


@pytest.mark.parametrize("whole", [True, False])
def test_whoever_leaves_a_stream_closes_its_answer(bench: Bench, whole: bool) -> None:
    """The SDK leaves that to the garbage collector, and the connection with it; here nobody waits for that."""
    watched = Watched(bench.sandbox, bench.clock)

    async def main() -> bool:
        async with bench.gemini(transport=watched).stream(ASKED) as stream:
            async for _ in stream:
                if not whole:
                    break
        return all(answer.is_closed for answer in watched.answers)

    gc.disable()
    try:
        assert bench.run(main())
    finally:
        gc.enable()
    assert len(watched.answers) == 1


def test_the_wait_of_the_body_is_waited_for(bench: Bench) -> None:
    """There is no header: RetryInfo and the message say it."""
    bench.breaks(FaultKind.RATE_LIMIT, times=1, retry_after=34.5)
    began = bench.clock.monotonic()
    assert bench.run(bench.gemini().generate(ASKED)).served.attempts == 2
    assert bench.clock.monotonic() - began >= 34.5


def test_a_quota_of_the_day_is_not_waited_for() -> None:
    """The vendor says "retry in 60 s" all the same."""
    bench = Bench(tier="tiny")

    async def main() -> None:
        adapter = bench.gemini()
        for _ in range(8):
            await adapter.generate(ASKED)
            await bench.clock.sleep(21.0)
        with pytest.raises(BackstayError) as caught:
            await adapter.generate(ASKED)
        assert (caught.value.type, caught.value.rule) == ("QUOTA_EXHAUSTED", "gemini.quota.day")

    bench.run(main())
    assert len(bench.transport.requests) == 9


def test_calls_are_spaced_where_the_profile_says_how_many() -> None:
    """Three a minute: none is refused, since the vendor tells of its limits only when they are reached."""
    bench = Bench(tier="tiny")

    async def main() -> float:
        adapter = bench.gemini(profile=gemini_profile(requests_per_minute=3))
        began = bench.clock.monotonic()
        for _ in range(7):
            await adapter.generate(ASKED)
        return bench.clock.monotonic() - began

    assert bench.run(main()) > 60.0
    assert len(bench.transport.requests) == 7
    bare = Bench(tier="tiny")
    with pytest.raises(RateLimitError):
        bare.run(_several(bare.gemini(max_attempts=1), 4))


async def _several(adapter: Gemini, count: int) -> None:
    for _ in range(count):
        await adapter.generate(ASKED)


def test_errors_and_reprs_show_no_key(bench: Bench) -> None:
    """Not the adapter's, not an error's, not even where the vendor prints it."""
    secret = "AI" + "za" + "x" * 35
    adapter = bench.gemini(secret)
    with pytest.raises(BackstayError) as caught:
        bench.run(adapter.generate(ASKED))
    for text in (repr(adapter), repr(adapter._wire.__dict__), str(caught.value), repr(bench.events)):
        assert secret not in text
    told = {"code": 403, "status": "PERMISSION_DENIED", "message": f"Consumer 'api_key:{secret}' has been suspended."}
    bench.answer(403, json.dumps({"error": told}).encode())
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.gemini(secret).generate(ASKED))
    assert caught.value.type == "ACCOUNT_DISABLED"
    assert secret not in f"{caught.value} {caught.value.vendor_message}"


# What else ----------------------------------------------------------------------------------------------------------


def test_a_system_prompt_and_tools_are_counted_too(bench: Bench) -> None:
    """The API's count takes words alone, so they go in as words."""

    async def main() -> list[int]:
        adapter = bench.gemini()
        asked = [ASKED, ASKED.but(system="Be brief."), ASKED.but(system="Be brief.", tools=(WIND,))]
        return [(await adapter.count_tokens(each)).input_tokens for each in asked]

    bare, with_system, with_tools = bench.run(main())
    assert bare < with_system < with_tools
    assert bench.runtime.ledger.total().calls == 0


def test_a_credential_is_renewed_once(bench: Bench) -> None:
    """TOKEN_EXPIRED asks the provider, and the same client sends the new key; without a provider it is an error."""
    keys = iter([KEY, "second-key"])

    async def provider() -> str:
        return next(keys)

    bench.sandbox.keys["second-key"] = "good"
    adapter = bench.gemini(credentials=Credentials(provider=provider, name="gemini"), key="")

    async def main() -> None:
        await adapter.generate(ASKED)
        bench.sandbox.expire()
        await adapter.generate(ASKED)

    bench.run(main())
    assert [request.headers["x-goog-api-key"] for request in bench.transport.requests] == [KEY, KEY, "second-key"]
    with pytest.raises(TokenExpiredError):
        bench.run(bench.gemini().generate(ASKED))


def test_what_a_text_costs(bench: Bench) -> None:
    """Words in at 0.75, words and thoughts out at 3.75 dollars a million; without a table unknown, never nought."""
    bench.sandbox.say(Said(text="Aye, aye, captain.", usage={"thoughtsTokenCount": 100}))
    result = bench.run(bench.gemini().generate(ASKED))
    usage = result.usage
    assert (usage.thinking_tokens, usage.output_tokens) == (100, 105)
    assert result.cost.amount == (usage.input_tokens * Decimal("0.75") + 105 * Decimal("3.75")) / 1_000_000
    assert bench.run(bench.gemini(prices=None).generate(ASKED)).cost.basis is Basis.UNKNOWN
    assert PRICES.cost("gemini-3.8-flash", input=1).amount is not None


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is required by name; models and address are taken as set."""
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with pytest.raises(InvalidRequestError, match="GEMINI_API_KEY"):
        Gemini.from_env()
    for name, value in {
        "GEMINI_API_KEY": "a-key", "GEMINI_MODEL": "gemini-2.5-flash", "GEMINI_IMAGE_MODEL": "gemini-3-pro-image",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    adapter = Gemini.from_env(account="marketing")
    assert (adapter.model, adapter.image_model, adapter.host, adapter.account) == (
        "gemini-2.5-flash", "gemini-3-pro-image", "http://127.0.0.1:1", "marketing",
    )  # fmt: skip


@pytest.mark.parametrize("bad", [{"max_output_tokens": 0}, {"key": ""}, {"timeout": 3}])
def test_a_wrong_argument_is_refused(bench: Bench, bad: dict[str, Any]) -> None:
    """When the adapter is made."""
    with pytest.raises(InvalidRequestError):
        bench.gemini(**bad)


def test_a_timeout_is_the_engines(bench: Bench) -> None:
    """Two minutes for a text; the vendor is told a little more, so that its own timeout comes second."""
    bench.breaks(FaultKind.TIMEOUT)
    with pytest.raises(CallTimeoutError) as caught:
        bench.run(bench.gemini(max_attempts=1).generate(ASKED))
    assert caught.value.duration == 120.0
    assert bench.transport.requests[0].headers["x-server-timeout"] == "125"


def test_fifty_at_once(bench: Bench) -> None:
    """Many texts over one client; each has its own."""

    async def main() -> list[str]:
        adapter = bench.gemini()
        work = [adapter.generate(TextRequest.ask(f"Tell me of harbour number{n} please")) for n in range(50)]
        return [result.text for result in await asyncio.gather(*work)]

    assert len(bench.run(main())) == len(bench.transport.requests) == 50
    assert bench.runtime.ledger.total().calls == 50
