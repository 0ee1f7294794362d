"""Claude's words and ours: requests out, messages, streams, usage and limits in."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.content import (
    Effort,
    Finish,
    Message,
    ModelState,
    Opaque,
    Picture,
    Text,
    TextDelta,
    TextRequest,
    TextResult,
    Tool,
    ToolCall,
    ToolResult,
)
from backstay.cost import Basis
from backstay.errors import BadResponseError, InvalidRequestError
from backstay_adapters.claude.prices import PRICES, RETIRED, SUNSETS, successor
from backstay_adapters.claude.sandbox.events import chunks
from backstay_adapters.claude.wire import read
from backstay_adapters.claude.wire.limits import Usage, moment, opens_again, usages
from backstay_adapters.claude.wire.stream import Assembly
from backstay_adapters.claude.wire.usage import cost_of, usage_of
from backstay_adapters.claude.wire.write import body_of, counted

USER = [{"role": "user", "content": [{"type": "text", "text": "x"}]}]
LEAST = {"model": "m", "max_tokens": 9, "messages": USER}


def body(request: TextRequest, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return body_of(request, "m", 9, schema)


TOOL = Tool(name="t", description="d", input_schema={"type": "object"}, extra={"strict": True})


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, {}),
        ({"system": "s"}, {"system": "s"}),
        ({"stop": ("a", "b")}, {"stop_sequences": ["a", "b"]}),
        ({"end_user": "u1"}, {"metadata": {"user_id": "u1"}}),
        ({"effort": Effort.MAX}, {"output_config": {"effort": "max"}}),
        (
            {"tools": (TOOL,)},
            {"tools": [{"name": "t", "description": "d", "input_schema": {"type": "object"}, "strict": True}]},
        ),
        (
            {"tools": (Tool(name="t"),), "tool_choice": "any"},
            {"tools": [{"name": "t", "input_schema": {}}], "tool_choice": {"type": "any"}},
        ),
        (
            {"tools": (Tool(name="t"),), "tool_choice": "t"},
            {"tools": [{"name": "t", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "t"}},
        ),
    ],
)
def test_a_request_becomes_a_body(fields: dict[str, Any], more: dict[str, Any]) -> None:
    """Only what was given is sent."""
    assert body(TextRequest.ask("x", **fields)) == {**LEAST, **more}


def test_a_schema_goes_beside_the_effort() -> None:
    """Both live in `output_config`."""
    made = body(TextRequest.ask("x", effort="low"), {"type": "object"})
    assert made["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}


def test_a_conversation_goes_out_in_the_vendors_order() -> None:
    """Results of tools come first in their turn; the vendor's own blocks go back unchanged."""
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s"}
    request = TextRequest(
        messages=(
            Message.user(
                "look", Picture(data=b"\x01", media_type="image/png"), Picture(url="https://example.com/a.png")
            ),
            Message.assistant(Opaque(kind="thinking", raw=thinking), ToolCall(id="1", name="t", input={"a": 1})),
            Message.user("and?", ToolResult(call_id="1", content="no", is_error=True)),
        )
    )
    assert [turn["content"] for turn in body(request)["messages"]] == [
        [
            {"type": "text", "text": "look"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AQ=="}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ],
        [thinking, {"type": "tool_use", "id": "1", "name": "t", "input": {"a": 1}}],
        [
            {"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": True},
            {"type": "text", "text": "and?"},
        ],
    ]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (TextRequest.ask("x", extra={"model": "other"}), "extra.model"),
        (TextRequest.ask("x", tools=(Tool(name="t", extra={"name": "u"}),)), "extra.name"),
        (TextRequest(messages=(Message.user(Picture(data=b"x", media_type="image/tiff")),)), "messages.media_type"),
        (TextRequest(messages=(Message.user(Picture()),)), "messages.media_type"),
    ],
)
def test_what_the_api_would_refuse_is_refused_here(request_: TextRequest, field: str) -> None:
    """Doubled fields and pictures that nobody can read, by their field."""
    with pytest.raises(InvalidRequestError) as caught:
        body(request_)
    assert caught.value.field == field


def test_counting_takes_what_the_count_takes() -> None:
    """Not the bound, the stop sequences or the user."""
    assert counted(body(TextRequest.ask("x", stop=("a",), end_user="u", system="s"))) == {
        "model": "m", "messages": USER, "system": "s",
    }  # fmt: skip


# Reading ------------------------------------------------------------------------------------------------------------


def message(*blocks: dict[str, Any], stop: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    used = {"input_tokens": 10, "output_tokens": 5, **more.pop("usage", {})}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": list(blocks),
        "stop_reason": stop, "stop_sequence": None, "stop_details": None, "usage": used, **more,
    }  # fmt: skip


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def reading(data: Any) -> TextResult:
    return read.message(data, request_id="r1", prices=PRICES)


@pytest.mark.parametrize(
    ("stop", "finish"),
    [*read.FINISHES.items(), ("brand_new", Finish.UNKNOWN), (None, Finish.UNKNOWN), (5, Finish.UNKNOWN)],
)
def test_every_stop_reason(stop: Any, finish: Finish) -> None:
    """The documented words, and one that nobody knows yet."""
    assert reading(message(text("a"), stop=stop)).finish is finish


def test_every_stop_reason_of_the_sdk_is_known() -> None:
    """A new SDK version that has a new word is found here."""
    from typing import get_args

    from anthropic.types import StopReason

    assert set(get_args(StopReason)) == set(read.FINISHES)


def test_a_message_is_read_whole() -> None:
    """Words, parts in order, tokens, cost, and what has no common name."""
    call = {"type": "tool_use", "id": "1", "name": "t", "input": {"a": 1}}
    odd = {"type": "server_tool_use", "id": "2", "name": "web_search", "input": {}}
    cited = {**text("b"), "citations": [{"type": "x"}]}
    result = reading(message(text("a"), odd, cited, call, stop="tool_use", container={"id": "c"}, diagnostics=None))
    assert result.text == "ab"
    assert [type(part) for part in result.parts] == [Text, Opaque, Text, ToolCall]
    assert result.parts[1] == Opaque(kind="server_tool_use", raw=odd)
    assert (result.tool_calls[0].input, result.request_id, result.raw_finish) == ({"a": 1}, "r1", "tool_use")
    assert dict(result.extra) == {"id": "msg_1", "container": {"id": "c"}}
    assert result.cost is not None
    assert result.cost.amount == Decimal("0.00007")


def test_a_call_that_was_cut_is_not_handed_out() -> None:
    """Its arguments may be broken; the words that there are stay."""
    cut = {"type": "tool_use", "id": "1", "name": "t", "input": {"a": 1}}
    result = reading(message(text("a"), cut, stop="max_tokens"))
    assert (result.text, result.tool_calls) == ("a", ())


def test_a_refusal_says_why() -> None:
    """Category and explanation stand in `raw`."""
    details = {"type": "refusal", "category": "bio", "explanation": None}
    assert dict(reading(message(stop="refusal", stop_details=details)).raw) == {"type": "refusal", "category": "bio"}


@pytest.mark.parametrize(
    "data", [{}, {"id": "msg_1"}, {"id": "msg_1", "content": None}, [], None, "text", {"content": []}]
)
def test_what_is_no_message_is_a_bad_response(data: Any) -> None:
    """Including the shape that the SDK would hand out as a message of nothing."""
    with pytest.raises(BadResponseError):
        reading(data)


@pytest.mark.parametrize("data", [{}, {"input_tokens": "9"}, None])
def test_what_is_no_count_is_a_bad_response(data: Any) -> None:
    """And what is no list of models."""
    with pytest.raises(BadResponseError):
        read.token_count(data, "m")
    with pytest.raises(BadResponseError):
        read.models(data)


def test_models_say_when_they_end() -> None:
    """State, last day, and who follows a retired one; odd entries are passed over."""
    listed = read.models(
        {
            "data": [
                {"id": "claude-sonnet-4-5", "display_name": "S", "lifecycle": "deprecated", "max_tokens": 2,
                 "retires_at": "2026-11-30T00:00:00Z", "max_input_tokens": 5, "created_at": "x"},
                {"id": "claude-opus-4-1", "lifecycle": "retired", "retires_at": "never"},
                {"id": "claude-next", "lifecycle": "resting"},
                {"nobody": 1}, 5,
            ]
        }
    ).models  # fmt: skip
    assert [model.state for model in listed] == [ModelState.DEPRECATED, ModelState.RETIRED, ModelState.UNKNOWN]
    assert listed[0].retires_at == datetime(2026, 11, 30, tzinfo=UTC)
    assert (listed[1].retires_at, listed[1].successor) == (None, "claude-opus-5-5")
    assert (listed[0].context_tokens, listed[0].max_output_tokens, dict(listed[0].extra)) == (5, 2, {"created_at": "x"})


# Streams ------------------------------------------------------------------------------------------------------------


def events(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a message, as the simulator sends them."""
    found = []
    for _, chunk in chunks(data, 0.0):
        line = next(line for line in chunk.decode().splitlines() if line.startswith("data: "))
        found.append(json.loads(line[6:]))
    return found


THINKING = {"type": "thinking", "thinking": "let me see " * 5, "signature": "sig"}
CALL = {"type": "tool_use", "id": "1", "name": "t", "input": {"a": [1, "two"], "b": {"c": None}}}


@pytest.mark.parametrize(
    "data",
    [
        message(text("a" * 100)),
        message(text("words"), CALL, stop="tool_use"),
        message(THINKING, text("words"), CALL, CALL, stop="tool_use"),
        message(stop="refusal", stop_details={"type": "refusal", "category": "bio"}),
        message(text("a"), usage={"cache_read_input_tokens": 7}),
        message({"type": "server_tool_use", "id": "2", "name": "web_search", "input": {"q": "x"}}, text("b")),
    ],
)
def test_a_stream_puts_the_same_message_together(data: dict[str, Any]) -> None:
    """Whatever the blocks, the assembled message reads as the one that comes in one piece."""
    made = Assembly()
    pieces = [piece for event in events(data) if (piece := made.take(event)) is not None]
    assert made.ended
    assert reading(made.whole()) == reading(data)
    assert "".join(piece.text for piece in pieces) == reading(data).text
    whole = [part for part in reading(data).parts if not isinstance(part, Text)]
    assert [piece.part for piece in pieces if piece.part is not None] == whole


def test_the_first_piece_is_a_word_and_tells_what_was_sent() -> None:
    """What comes before the first word is no piece: a failure there can still be asked again in silence."""
    made = Assembly()
    stream = events(message(text("word")))
    assert [made.take(event) for event in stream[:3]] == [None, None, None]
    first = made.take(stream[3])
    assert first is not None
    assert first.usage is not None
    assert (first.text, first.usage.input_tokens) == ("word", 10)


def test_events_that_nobody_knows_are_passed_over() -> None:
    """New events and deltas do not break a stream."""
    made = Assembly()
    stream = events(message(text("word")))
    stream.insert(3, {"type": "brand_new"})
    stream.insert(3, {"type": "content_block_delta", "index": 0, "delta": {"type": "brand_new_delta"}})
    assert "".join(piece.text for event in stream if (piece := made.take(event))) == "word"


def test_arguments_that_were_cut_are_no_call() -> None:
    """Half of a tool's JSON is a block of the vendor's, not something to carry out."""
    made = Assembly()
    half = {"type": "input_json_delta", "partial_json": '{"a": ['}
    stream = [event for event in events(message(CALL, stop="max_tokens")) if event["type"] != "content_block_delta"]
    for event in (*stream[:3], {"type": "content_block_delta", "index": 0, "delta": half}):
        made.take(event)
    piece = made.take({"type": "content_block_stop", "index": 0})
    assert isinstance(piece, TextDelta)
    assert isinstance(piece.part, Opaque)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=6,
)


@given(where=st.sampled_from(["content", "usage", "stop_reason", "stop_details", "model", "id"]), value=JSON)
def test_a_damaged_message_is_a_result_or_a_bad_response(where: str, value: Any) -> None:
    """Whatever stands in one of its fields, nothing else comes out; and the same in a stream."""
    data = {**message(text("a")), where: value}
    with contextlib.suppress(BadResponseError):
        assert isinstance(reading(data), TextResult)
    made = Assembly()
    with contextlib.suppress(BadResponseError), read.reading("an event", value):
        made.take({"type": "message_start", "message": data})
        made.take({"type": "content_block_start", "index": value, "content_block": value})
        made.take({"type": "content_block_delta", "index": 0, "delta": value})
        made.take({"type": "message_delta", "delta": value, "usage": value})
        reading(made.whole())


# Usage, costs, limits --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ({"input_tokens": 1_000, "output_tokens": 100}, "0.003"),
        ({"input_tokens": 1_000, "cache_read_input_tokens": 1_000}, "0.0021"),
        ({"cache_creation_input_tokens": 1_000}, "0.0025"),
        ({"cache_creation_input_tokens": 1_000, "cache_creation": {"ephemeral_1h_input_tokens": 1_000}}, "0.004"),
        ({"cache_creation_input_tokens": 1_000, "cache_creation": {"ephemeral_1h_input_tokens": 400}}, "0.0031"),
        ({"server_tool_use": {"web_search_requests": 2}}, "0.02"),
        ({"input_tokens": 1_000, "inference_geo": "us"}, "0.0022"),
        ({"input_tokens": 1_000, "speed": "fast"}, None),
        ({"input_tokens": 1_000, "service_tier": "priority"}, None),
        ({}, "0"),
    ],
)
def test_what_a_message_costs(told: dict[str, Any], amount: str | None) -> None:
    """By what was used, the cache's life, the place and the mode; without a price nobody knows."""
    cost = cost_of(usage_of(told), told, "claude-sonnet-5-5", PRICES)
    assert cost.amount == (None if amount is None else Decimal(amount))
    assert cost.basis is (Basis.UNKNOWN if amount is None else Basis.ESTIMATED)


def test_long_prompts_have_another_price() -> None:
    """Haiku costs five times as much above 100,000 tokens."""
    costs = [
        cost_of(usage_of(told), told, "claude-haiku-5-5", PRICES).amount
        for told in ({"input_tokens": 100_000}, {"input_tokens": 100_001})
    ]
    assert costs == [Decimal("0.01"), Decimal("0.0500005")]


@pytest.mark.parametrize("told", [None, {}, {"input_tokens": None}, {"input_tokens": "9"}, {"server_tool_use": None}])
def test_a_count_that_is_missing_is_nought(told: Any) -> None:
    """Older answers lack fields."""
    assert usage_of(told).total_tokens == 0


def test_the_tables_are_dated_and_fit_together() -> None:
    """Every successor has a price, no model is both priced and retired, and the price table says from when it is."""
    assert PRICES.as_of >= date(2026, 11, 1)
    assert set(RETIRED.values()) <= set(PRICES.models)
    assert [model for model in PRICES.models if successor(model)] == []
    assert set(SUNSETS) <= set(PRICES.models)
    assert successor("claude-3-haiku-20240307") == "claude-sonnet-5-5"
    assert successor("claude-opus-4-5") is None


HEADERS = {
    "anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "1000",
    "anthropic-ratelimit-requests-reset": "2026-01-05T16:04:30Z", "anthropic-ratelimit-input-tokens-limit": "100",
    "anthropic-ratelimit-input-tokens-remaining": "0", "anthropic-ratelimit-input-tokens-reset": "2026-01-05T16:05:00Z",
    "anthropic-ratelimit-output-tokens-limit": "odd", "anthropic-ratelimit-output-tokens-remaining": "5",
    "anthropic-ratelimit-tokens-limit": "0", "anthropic-ratelimit-tokens-remaining": "0",
}  # fmt: skip


def test_the_headers_tell_how_much_is_used() -> None:
    """Used share and reset of each limit that can be read."""
    now = moment("2026-01-05T16:04:30Z")
    assert list(usages(HEADERS)) == [Usage("requests", 0.75, now), Usage("input_tokens", 1.0, (now or 0) + 30)]
    assert opens_again(HEADERS, now) == 30.0
    assert (opens_again(HEADERS, None), opens_again({}, now), opens_again(HEADERS, (now or 0) + 99)) == (
        None,
        None,
        None,
    )
