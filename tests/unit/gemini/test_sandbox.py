"""Gemini's simulator on the vendor's wire, asked by the vendor's own SDK and by hand."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from google import genai

from backstay.content.pictures import sniff
from backstay.errors import InvalidRequestError
from backstay.sandbox import Reply, Request, SimTransport2
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.gemini.errors import TABLE
from backstay_adapters.gemini.sandbox import KEY, GeminiSandbox, Said

NOW = 1_767_225_600.0
BODY: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Why do sails billow?"}]}]}
TOOL = {"functionDeclarations": [{"name": "wind", "parametersJsonSchema": {"type": "object"}}]}


def post(
    sandbox: GeminiSandbox, body: Any = None, method: str = "generateContent", model: str = "gemini-3.8-flash",
    now: float = NOW, key: str = KEY,
) -> Reply:  # fmt: skip
    """One request by hand."""
    raw = body if isinstance(body, bytes) else json.dumps(body or BODY).encode()
    headers = {"x-goog-api-key": key} if key else {}
    return sandbox.handle(Request("POST", f"/v1beta/models/{model}:{method}", {}, headers, raw), now)


def told(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_the_same_seed_and_request_give_the_same_text() -> None:
    """And another seed gives another."""
    one, again, other = (told(post(GeminiSandbox(seed=seed))) for seed in (1, 1, 2))
    assert one == again
    assert one["candidates"] != other["candidates"]


def test_the_sdk_reads_everything() -> None:
    """Texts, streams, counts, tools and pictures pass the official client's own models."""
    clock = VirtualClock()
    sandbox = GeminiSandbox(seed=1)
    http = httpx2.AsyncClient(transport=SimTransport2(sandbox, clock))
    models = genai.Client(
        vertexai=False, api_key=KEY, http_options=genai.types.HttpOptions(httpx_async_client=http)
    ).aio.models

    async def main() -> None:
        whole = await models.generate_content(model="gemini-3.8-flash", contents="Why?")
        pieces = [
            piece.text async for piece in await models.generate_content_stream(
                model="gemini-3.8-flash", contents="Why?"
            )
        ]  # fmt: skip
        assert "".join(piece or "" for piece in pieces) == whole.text
        assert len(pieces) > 2
        count = await models.count_tokens(model="gemini-3.8-flash", contents="Why?")
        assert whole.usage_metadata is not None
        assert count.total_tokens == whole.usage_metadata.prompt_token_count
        drawn = await models.generate_content(model="gemini-3.1-flash-image", contents="A sail")
        assert drawn.parts is not None
        assert drawn.parts[0].inline_data is not None
        assert sniff(drawn.parts[0].inline_data.data or b"") == ("image/png", 1024, 1024)
        with pytest.raises(genai.errors.ClientError) as caught:
            await models.generate_content(model="gemini-nobody", contents="Why?")
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")

    virtually(main(), clock)
    assert len(sandbox.world.objects()) == 3


@pytest.mark.parametrize(
    ("body", "model", "type_"),
    [
        (b"{", "gemini-3.8-flash", "VALIDATION_FAILED"),
        ({"contents": []}, "gemini-3.8-flash", "VALIDATION_FAILED"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "gemini-3.8-flash", "VALIDATION_FAILED"),
        ({"contents": [{"role": "user", "parts": []}]}, "gemini-3.8-flash", "VALIDATION_FAILED"),
        ({**BODY, "generationConfig": {"temperature": 3}}, "gemini-3.8-flash", "VALIDATION_FAILED"),
        ({"contents": [{"parts": [{"text": "x" * 140_000}]}]}, "gemini-3.1-flash-image", "TOO_MUCH_DATA"),
        (BODY, "gemini-nobody", "NOT_FOUND"),
        (BODY, "gemini-1.5-pro", "UNSUPPORTED"),
    ],
)
def test_what_the_api_refuses(body: Any, model: str, type_: str) -> None:
    """In the vendor's words, which the table knows, and nothing is made."""
    sandbox = GeminiSandbox()
    reply = post(sandbox, body, model=model)
    found = TABLE.classify(reply.status, reply.headers, reply.body)
    assert found is not None
    assert (found.type, sandbox.world.objects()) == (type_, [])


@pytest.mark.parametrize(
    ("key", "state", "type_"),
    [
        ("", "good", "TOKEN_INVALID"),
        ("nobody", "good", "TOKEN_INVALID"),
        (KEY, "expired", "TOKEN_EXPIRED"),
        (KEY, "revoked", "TOKEN_INVALID"),
    ],
)
def test_a_key_is_needed(key: str, state: str, type_: str) -> None:
    """None, a wrong one, one that has expired, one that was revoked."""
    sandbox = GeminiSandbox()
    sandbox.keys[KEY] = state
    reply = post(sandbox, key=key)
    found = TABLE.classify(reply.status, reply.headers, reply.body)
    assert found is not None
    assert found.type == type_


def test_a_path_that_is_not_there() -> None:
    """404 in the vendor's envelope."""
    reply = post(GeminiSandbox(), method="predict")
    assert (reply.status, told(reply)["error"]["status"]) == (404, "NOT_FOUND")


def test_quotas_of_the_minute_and_of_the_day() -> None:
    """The first refusal names the minute; when the day is full it names the day, and still speaks of seconds."""
    sandbox = GeminiSandbox(tier="tiny")
    for second in range(3):
        assert post(sandbox, now=NOW + second).status == 200
    minute = told(post(sandbox, now=NOW + 10))["error"]
    assert minute["details"][0]["violations"][0]["quotaId"].startswith("GenerateRequestsPerMinute")
    assert minute["details"][1]["retryDelay"] == "50s"
    for number in range(5):
        assert post(sandbox, now=NOW + 100 + 30 * number).status == 200
    day = told(post(sandbox, now=NOW + 4_000))["error"]
    assert day["details"][0]["violations"][0]["quotaId"].startswith("GenerateRequestsPerDay")
    assert day["details"][1]["retryDelay"] == "60s"
    assert post(sandbox, now=NOW + 90_000).status == 200
    with pytest.raises(InvalidRequestError):
        GeminiSandbox(tier="nobody")


def test_tools_schemas_stops_and_bounds() -> None:
    """The model calls a tool unless it may not or was answered, fits a schema, and stops where it should."""
    sandbox = GeminiSandbox(seed=3)

    def first(**more: Any) -> dict[str, Any]:
        found: dict[str, Any] = told(post(sandbox, {**BODY, **more}))["candidates"][0]
        return found

    assert "functionCall" in first(tools=[TOOL])["content"]["parts"][0]
    off = {"functionCallingConfig": {"mode": "NONE"}}
    assert "text" in first(tools=[TOOL], toolConfig=off)["content"]["parts"][0]
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    held = first(generationConfig={"responseJsonSchema": schema})["content"]["parts"][0]["text"]
    assert set(json.loads(held)) == {"a"}
    cut = first(generation_config={"max_output_tokens": 3})
    assert (cut["finishReason"], len(cut["content"]["parts"][0]["text"])) == ("MAX_TOKENS", 12)
    word = first()["content"]["parts"][0]["text"].split()[1]
    assert word not in first(generationConfig={"stopSequences": [word]})["content"]["parts"][0]["text"]


def test_what_is_put_into_its_mouth_comes_out_once() -> None:
    """Then it thinks for itself again."""
    sandbox = GeminiSandbox(seed=1)
    sandbox.say(Said(text="Aye."), Said(blocked="OTHER"))
    assert told(post(sandbox))["candidates"][0]["content"]["parts"] == [{"text": "Aye."}]
    assert "candidates" not in told(post(sandbox))
    assert told(post(sandbox))["candidates"][0]["content"]["parts"] != [{"text": "Aye."}]


def test_a_model_draws_no_picture_twice() -> None:
    """As the real one; in an empty world it begins anew."""
    sandbox = GeminiSandbox(seed=1)
    first, second = (post(sandbox, model="gemini-3.1-flash-image").body for _ in range(2))
    assert first != second
    sandbox.reset()
    assert post(sandbox, model="gemini-3.1-flash-image").body == first
