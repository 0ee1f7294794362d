"""OpenAI's simulator on the vendor's wire, asked by the vendor's own SDK and by hand."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx2
import openai
import pytest

from backstay.content.pictures import sniff
from backstay.errors import InvalidRequestError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport2
from backstay.sandbox.painter import draw
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.openai.errors import TABLE
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox
from backstay_adapters.openai.sandbox.faults import ANSWERS, ERRORS
from backstay_adapters.openai.sandbox.limits import go_duration

NOW = 1_767_225_600.0
BODY: dict[str, Any] = {"model": "gpt-image-2", "prompt": "A red sail", "size": "64x48"}


def post(sandbox: OpenAISandbox, body: Any = None, path: str = "/v1/images/generations", now: float = NOW) -> Reply:
    """One request by hand."""
    raw = body if isinstance(body, bytes) else json.dumps(body or BODY).encode()
    return sandbox.handle(Request("POST", path, {}, {"authorization": f"Bearer {KEY}"}, raw), now)


def told(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_the_same_seed_and_request_give_the_same_picture() -> None:
    """And another seed gives another."""
    one, again, other = (told(post(OpenAISandbox(seed=seed))) for seed in (1, 1, 2))
    assert one == again
    assert one["data"] != other["data"]


def test_pictures_are_pictures() -> None:
    """PNGs of the size that was asked for; each of several is its own; every one is in the world, and billed."""
    sandbox = OpenAISandbox()
    found = told(post(sandbox, {**BODY, "n": 3}))
    pictures = [base64.b64decode(each["b64_json"]) for each in found["data"]]
    assert {sniff(each) for each in pictures} == {("image/png", 64, 48)}
    assert len(set(pictures)) == len(sandbox.world.objects()) == 3
    assert found["usage"]["output_tokens_details"]["image_tokens"] == found["usage"]["output_tokens"] > 0


def test_the_sdk_reads_everything() -> None:
    """Pictures, edits and models pass the official client's own models."""
    clock = VirtualClock()
    transport = SimTransport2(OpenAISandbox(seed=1, tier="start"), clock)

    async def main() -> None:
        client = openai.AsyncOpenAI(api_key=KEY, max_retries=0, http_client=httpx2.AsyncClient(transport=transport))
        made = await client.images.generate(model="gpt-image-2", prompt="A red sail", quality="low")
        assert made.usage is not None
        assert made.usage.input_tokens_details.text_tokens == 3
        source = ("sail.png", draw("x", 64, 48), "image/png")
        edited = await client.images.edit(model="gpt-image-2", prompt="Blue", image=[source, source])
        assert edited.data is not None
        assert edited.data[0].b64_json
        assert edited.usage is not None
        assert edited.usage.input_tokens_details.image_tokens == 1_600
        assert {model.id for model in (await client.models.list()).data} >= {"gpt-image-2"}
        with pytest.raises(openai.NotFoundError) as caught:
            await client.images.generate(model="dall-e-3", prompt="x")
        assert caught.value.code == "model_not_found"

    virtually(main(), clock)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"model": None}, "missing_required_parameter"),
        ({"model": "dall-e-2"}, "model_not_found"),
        ({"prompt": ""}, "missing_required_parameter"),
        ({"prompt": "x" * 32_001}, "string_above_max_length"),
        ({"n": 11}, "integer_above_max_value"),
        ({"response_format": "url"}, "unknown_parameter"),
        ({"style": "vivid"}, "unknown_parameter"),
        ({"quality": "hd"}, "invalid_value"),
        ({"model": "gpt-image-1.5", "size": "64x48"}, "invalid_value"),
        ({"background": "transparent", "output_format": "jpeg"}, "invalid_value"),
    ],
)
def test_what_the_api_refuses(changes: dict[str, Any], code: str) -> None:
    """By the vendor's own code, and nothing is drawn."""
    sandbox = OpenAISandbox()
    reply = post(sandbox, {**BODY, **changes})
    assert (reply.status // 100, told(reply)["error"]["code"]) == (4, code)
    assert not sandbox.world.objects()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, None),
        ({"authorization": "Bearer nobody"}, "invalid_api_key"),
        ({"authorization": f"Bearer {KEY}"}, "expired_api_key"),
    ],
)
def test_a_key_is_needed(headers: dict[str, str], code: str | None) -> None:
    """None, a wrong one, one that has expired; a wrong one is masked."""
    sandbox = OpenAISandbox()
    sandbox.expire()
    reply = sandbox.handle(Request("POST", "/v1/images/generations", {}, headers, json.dumps(BODY).encode()), NOW)
    assert (reply.status, told(reply)["error"]["code"]) == (401, code)
    sandbox.revoke()
    assert told(post(sandbox))["error"]["code"] == "invalid_api_key"
    assert KEY not in str(post(sandbox))


@pytest.mark.parametrize("path", ["/v1/images/variations", "/v1/pictures"])
def test_what_is_not_there(path: str) -> None:
    """The retired endpoint says so, a wrong address is a wrong address."""
    found = TABLE.classify(404, {}, post(OpenAISandbox(), path=path).body)
    assert found is not None
    assert found.type == ("UNSUPPORTED" if "variations" in path else "NOT_FOUND")


def test_limits_are_told_and_kept() -> None:
    """Five pictures a minute: the sixth is refused with the vendor's words, and a minute later it is not."""
    sandbox = OpenAISandbox(tier="start")
    first = post(sandbox, {**BODY, "n": 3})
    assert (first.headers["x-ratelimit-limit-images"], first.headers["x-ratelimit-remaining-images"]) == ("5", "2")
    assert first.headers["x-ratelimit-reset-images"] == "1m0s"
    refused = post(sandbox, {**BODY, "n": 3}, now=NOW + 20)
    assert refused.status == 429
    assert "on images per min: Limit 5, Used 5, Requested 1. Please try again in 40s" in refused.body.decode()
    assert post(sandbox, {**BODY, "n": 3}, now=NOW + 60).status == 200
    assert "x-ratelimit-limit-images" not in post(OpenAISandbox()).headers
    with pytest.raises(InvalidRequestError):
        OpenAISandbox(tier="nobody")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0s"), (0.015, "15ms"), (12.0, "12s"), (432.0, "7m12s"), (1.5, "1.5s")]
)
def test_durations_are_printed_as_go_does(seconds: float, text: str) -> None:
    """So that the adapter reads the real form."""
    assert go_duration(seconds) == text


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_every_named_error_is_known_to_the_table(name: str) -> None:
    """The simulator's words have a row of their own; none falls through to the status."""
    sandbox = OpenAISandbox(faults=FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error=name)]))
    assert sandbox.faults is not None
    request = Request(
        "POST", "/v1/images/generations", {}, {"authorization": f"Bearer {KEY}"}, json.dumps(BODY).encode()
    )
    fault = sandbox.faults.decide(request, NOW, sandbox.operation(request))
    reply = sandbox.handle(request, NOW, fault)
    found = TABLE.classify(reply.status, reply.headers, reply.body)
    assert found is not None
    assert not found.rule.startswith(("openai.http", "openai.anything", "openai.unknown"))
    assert not sandbox.world.objects()


def test_pictures_by_address_end() -> None:
    """For an hour they can be fetched without a key; then they cannot."""
    sandbox = OpenAISandbox(urls=True)
    address = told(post(sandbox))["data"][0]["url"]
    path = address.removeprefix("https://api.openai.com").partition("?")[0]
    for now, status in ((NOW, 200), (NOW + 3_599, 200), (NOW + 3_600, 403)):
        assert sandbox.handle(Request("GET", path), now).status == status
    assert sandbox.handle(Request("GET", "/files/nobody.png"), NOW).status == 403
    assert "usage" not in told(post(sandbox))
    assert "usage" in told(post(OpenAISandbox(urls=True, counting=True)))


def test_every_named_answer_is_a_200() -> None:
    """Without pictures, with none that is one, by address, by a dead or an unsafe one."""
    for name in ANSWERS:
        sandbox = OpenAISandbox(faults=FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error=name)]))
        assert sandbox.faults is not None
        request = Request("POST", "/images/edits", {}, {}, b"")
        fault = sandbox.faults.decide(request, NOW)
        body = json.dumps({**BODY, "images": [{"image_url": "https://example.com/a.png"}]}).encode()
        asked = Request("POST", "/images/edits", {}, {"authorization": f"Bearer {KEY}"}, body)
        assert sandbox.handle(asked, NOW, fault).status == 200


def test_a_reset_world_is_empty() -> None:
    """Pictures, limits and addresses begin anew."""
    sandbox = OpenAISandbox(tier="tiny")
    first = post(sandbox)
    sandbox.reset()
    assert not sandbox.world.objects()
    assert post(sandbox).body == first.body
