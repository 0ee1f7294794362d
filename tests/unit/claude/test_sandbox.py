"""Claude's simulator on the vendor's wire, asked by the vendor's own SDK and by hand."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport2
from backstay.sandbox.writer import tokens_of, write_json, write_text
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.claude.errors import TABLE
from backstay_adapters.claude.sandbox import KEY, MODELS, ClaudeSandbox, Said
from backstay_adapters.claude.sandbox.faults import ANSWERS, ERRORS

NOW = 1_767_225_600.0
HEADERS = {"authorization": f"Bearer {KEY}", "anthropic-version": "2026-10-21"}
BODY: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 300,
    "messages": [{"role": "user", "content": "Why?"}],
}


def post(sandbox: ClaudeSandbox, body: Any = None, path: str = "/v1/messages", **headers: str) -> Reply:
    """One request by hand."""
    told = {**HEADERS, **headers}
    raw = body if isinstance(body, bytes) else json.dumps(body or BODY).encode()
    return sandbox.handle(Request("POST", path, {}, {name: value for name, value in told.items() if value}, raw), NOW)


def told(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_the_same_seed_and_request_give_the_same_text() -> None:
    """And another seed gives another."""
    one, again, other = (told(post(ClaudeSandbox(seed=seed))) for seed in (1, 1, 2))
    assert one == again
    assert one["content"] != other["content"]


def test_the_sdk_reads_everything() -> None:
    """Messages, streams, counts and models pass the official client's own models."""
    clock = VirtualClock()
    transport = SimTransport2(ClaudeSandbox(seed=1, tier="start"), clock)

    async def main() -> None:
        client = anthropic.AsyncAnthropic(
            api_key=KEY, max_retries=0, http_client=httpx2.AsyncClient(transport=transport)
        )
        message = await client.messages.create(**BODY)
        assert (message.type, message.stop_reason, message.content[0].type) == ("message", "end_turn", "text")
        async with client.messages.stream(**BODY) as stream:
            final = await stream.get_final_message()
        assert final.content[0].text == message.content[0].text  # type: ignore[union-attr]  # it is a text
        count = await client.messages.count_tokens(model=BODY["model"], messages=BODY["messages"])
        assert count.input_tokens == message.usage.input_tokens
        models = await client.models.list()
        assert {model.id for model in models.data} == set(MODELS)
        assert (await client.models.retrieve("claude-sonnet-4-5")).lifecycle == "deprecated"
        with pytest.raises(anthropic.NotFoundError) as caught:
            await client.messages.create(**{**BODY, "model": "claude-opus-4-1"})
        assert caught.value.type == "not_found_error"

    virtually(main(), clock)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({**BODY, "max_tokens": None}, "max_tokens: Field required"),
        ({**BODY, "max_tokens": 500_000}, "max_tokens: 500000 > 128000, which is the maximum"),
        ({**BODY, "model": None}, "model: Field required"),
        ({**BODY, "temperature": 0.5}, "temperature is deprecated for this model."),
        ({**BODY, "messages": []}, "messages: at least one message is required"),
        ({**BODY, "messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have"),
        (
            {**BODY, "messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]},
            "messages.0.content.0.text: text content blocks must be non-empty",
        ),
        (
            {**BODY, "messages": [*BODY["messages"], {"role": "assistant", "content": "So"}]},
            "This model does not support assistant message prefill.",
        ),
        (
            {
                **BODY, "messages": [
                    *BODY["messages"],
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "t", "input": {}}]},
                    {"role": "user", "content": "And?"},
                ],
            },
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.",
        ),
        (b"{", "The request body is not valid JSON"),
        ({**BODY, "model": "claude-haiku-4-5", "max_tokens": 64_000, "system": "x" * 600_000}, "input length and"),
        ({**BODY, "model": "claude-haiku-4-5", "system": "x" * 900_000}, "prompt is too long: 22"),
    ],
)  # fmt: skip
def test_what_the_api_refuses(body: Any, message: str) -> None:
    """In the vendor's words, with 400, and nothing is billed."""
    sandbox = ClaudeSandbox()
    reply = post(sandbox, body)
    assert reply.status == 400
    assert told(reply)["error"]["message"].startswith(message)
    assert sandbox.world.objects() == []


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"authorization": ""}, 401, "x-api-key header is required"),
        ({"authorization": "Bearer nobody"}, 401, "Invalid bearer token"),
        ({"authorization": "", "x-api-key": "nobody"}, 401, "invalid x-api-key"),
        ({"authorization": "", "x-api-key": KEY}, 200, ""),
        ({"anthropic-version": ""}, 400, "anthropic-version: header is required"),
    ],
)
def test_who_may_ask(headers: dict[str, str], status: int, message: str) -> None:
    """Either header carries the key; the version is mandatory."""
    reply = post(ClaudeSandbox(), **headers)
    assert reply.status == status
    assert status == 200 or told(reply)["error"]["message"] == message


@pytest.mark.parametrize(("act", "status"), [("expire", 401), ("revoke", 401)])
def test_a_key_can_go(act: str, status: int) -> None:
    """Expired and revoked keys are told apart by the text only."""
    sandbox = ClaudeSandbox()
    getattr(sandbox, act)()
    reply = post(sandbox)
    assert reply.status == status
    assert ("expired" in told(reply)["error"]["message"]) == (act == "expire")


def test_a_request_that_is_too_large_is_refused_at_the_edge() -> None:
    """413 has no outer type and no request id."""
    reply = post(ClaudeSandbox(), b"x" * (32 * 1024 * 1024 + 1))
    assert (reply.status, set(told(reply))) == (413, {"error"})
    assert "request-id" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/messages"), ("POST", "/v1/nothing"), ("GET", "/v1/models/x")]
)
def test_paths_that_are_not_there(method: str, path: str) -> None:
    """404 with the vendor's envelope."""
    reply = ClaudeSandbox().handle(Request(method, path, {}, HEADERS), NOW)
    assert (reply.status, told(reply)["error"]["type"]) == (404, "not_found_error")


def test_limits_are_told_and_kept() -> None:
    """Headers count down, the wall is 429 with retry-after, and a minute later there is room again."""
    sandbox = ClaudeSandbox(tier="tiny")
    replies = [post(sandbox) for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[0].headers["anthropic-ratelimit-requests-limit"] == "5"
    assert [reply.headers["anthropic-ratelimit-requests-remaining"] for reply in replies[:3]] == ["4", "3", "2"]
    assert replies[4].headers["anthropic-ratelimit-requests-reset"] == "2026-01-01T00:01:00Z"
    assert replies[5].headers["retry-after"] == "12"
    assert "5 requests per minute" in told(replies[5])["error"]["message"]
    assert (
        sandbox.handle(Request("POST", "/v1/messages", {}, HEADERS, json.dumps(BODY).encode()), NOW + 12).status == 200
    )
    with pytest.raises(InvalidRequestError):
        ClaudeSandbox(tier="nobody")


def test_tokens_count_against_their_own_limits() -> None:
    """A prompt above the limit of input tokens is refused by its name; output beyond its limit blocks the next."""
    big = {**BODY, "messages": [{"role": "user", "content": "x" * 24_000}]}
    assert "5,000 input tokens per minute" in told(post(ClaudeSandbox(tier="tiny"), big))["error"]["message"]
    sandbox = ClaudeSandbox(tier="tiny")
    sandbox.say(Said(text="word " * 2_000))
    post(sandbox, {**BODY, "max_tokens": 9_000})
    assert "2,000 output tokens per minute" in told(post(sandbox))["error"]["message"]


@pytest.mark.parametrize(
    ("body", "said", "stop", "words"),
    [
        ({**BODY, "max_tokens": 3}, Said(text="a" * 100), "max_tokens", "a" * 12),
        ({**BODY, "stop_sequences": ["END", "STOP"]}, Said(text="one STOP two END"), "stop_sequence", "one "),
        (BODY, Said(text="", stop_reason="refusal"), "refusal", ""),
        (BODY, Said(content=({"type": "text", "text": "a"}, {"type": "text", "text": "b"})), "end_turn", "ab"),
    ],
)
def test_what_is_put_into_its_mouth(body: dict[str, Any], said: Said, stop: str, words: str) -> None:
    """Cut where the API cuts."""
    sandbox = ClaudeSandbox()
    sandbox.say(said)
    found = told(post(sandbox, body))
    assert found["stop_reason"] == stop
    assert "".join(block.get("text", "") for block in found["content"]) == words


def test_tools_are_called_and_then_answered() -> None:
    """By choice, once; "none" calls nothing."""
    tool = {
        "name": "wind",
        "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    }
    sandbox = ClaudeSandbox()
    called = told(
        post(sandbox, {**BODY, "tools": [{"name": "tide"}, tool], "tool_choice": {"type": "tool", "name": "wind"}})
    )
    assert (called["stop_reason"], called["content"][0]["name"], set(called["content"][0]["input"])) == (
        "tool_use", "wind", {"place"},
    )  # fmt: skip
    assert told(post(sandbox, {**BODY, "tools": [tool], "tool_choice": {"type": "none"}}))["stop_reason"] == "end_turn"


@pytest.mark.parametrize("name", ERRORS)
def test_each_error_has_its_words(name: str) -> None:
    """Every named fault is an answer of the vendor's that our table knows by more than its status."""
    sandbox = ClaudeSandbox(faults=FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error=name)]))
    reply = virtual(sandbox)
    found = TABLE.classify(reply.status, reply.headers, reply.body, None)
    assert found is not None
    assert not found.rule.startswith("claude.http")
    assert sandbox.world.objects() == []


def test_an_error_after_the_act_is_billed() -> None:
    """`after_commit`: the text was written, and its answer is an error."""
    sandbox = ClaudeSandbox(faults=FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error="api_error", after_commit=True)]))
    assert virtual(sandbox).status == 500
    assert len(sandbox.world.objects()) == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_each_bad_answer_is_one_with_200(name: str) -> None:
    """Refused, cut, or no JSON: HTTP knows nothing of it."""
    sandbox = ClaudeSandbox(faults=FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error=name)]))
    assert virtual(sandbox).status == 200


def virtual(sandbox: ClaudeSandbox) -> Reply:
    """One request with the plan's fault."""
    request = Request("POST", "/v1/messages", {}, HEADERS, json.dumps(BODY).encode())
    assert sandbox.faults is not None
    fault = sandbox.faults.decide(request, NOW, sandbox.operation(request))
    return sandbox.handle(request, NOW, fault)


def test_a_reset_empties_the_world_and_keeps_the_keys() -> None:
    """Texts, counters and what was put into its mouth are gone."""
    sandbox = ClaudeSandbox(seed=4, tier="tiny")
    first = told(post(sandbox))
    sandbox.say(Said(text="x"))
    sandbox.reset()
    assert sandbox.world.objects() == []
    assert told(post(sandbox)) == first


# The writer -----------------------------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["hook", "body"]}, "fixed": {"const": 5}, "n": {"type": "integer", "minimum": 3, "maximum": 4},
        "x": {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 3}, "on": {"type": "boolean"},
        "none": {"type": "null"}, "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "text": {"type": "string", "minLength": 30, "maxLength": 60},
        "list": {"type": "array", "minItems": 2, "items": {}}, "again": {"$ref": "#/$defs/Node"},
        "more": {"type": ["string", "null"], "description": "Short.\n\n{maxLength: 9}"},
    },
    "required": ["kind", "text"],
    "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
}  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_json_fits_its_schema(seed: int) -> None:
    """Whatever the seed; bounds in a description are kept, too, and a schema without end ends."""
    from backstay.content.jsonschema import faults

    value = write_json(SCHEMA, "Carousel about winches and ropes", seed)
    assert faults(value, SCHEMA) == ()
    assert set(value) == set(SCHEMA["properties"])
    assert len(value["more"]) <= 9


def test_texts_are_about_the_prompt() -> None:
    """Its telling words come back; a prompt without any is about sailing."""
    assert "winches" in write_text("Please write about winches", 1).lower()
    assert write_text("", 1)
    assert (tokens_of(""), tokens_of("abcd"), tokens_of("abcde")) == (0, 1, 2)
    assert len(write_json({"type": "array", "items": {"type": "string"}}, "7 slides", 1)) == 7
