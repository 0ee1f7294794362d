"""OpenAIImages from cassettes: every operation, and more than ten of its errors, in the official SDK's own traffic.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backstay.content import Background, ImageRequest, Picture, Quality, Size
from backstay.content.models import ModelState
from backstay.download import DownloadRules, Downloads
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.samples import PIXEL
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox
from tests.support import plays
from tests.support.plays import StillClock

SIZE = Size.of("96x80")
ASKED = ImageRequest(prompt="A red sail", size=SIZE)
SOURCE = Picture(data=PIXEL)
ANYWHERE = DownloadRules(schemes=frozenset({"http", "https"}), private=True)
"""The sandbox lies on this machine; on the tape its address is called `vendor`."""
Play = Callable[[OpenAIImages], Awaitable[Any]]


async def generate(openai: OpenAIImages) -> None:
    result = await openai.generate_image(ASKED)
    assert (result.image.media_type, result.image.width, result.image.height) == ("image/png", 96, 80)
    assert result.usage.output_tokens > 0
    assert result.request_id is not None
    assert result.request_id.startswith("req_")


async def generate_several(openai: OpenAIImages) -> None:
    assert len({image.sha256 for image in (await openai.generate_image(ASKED.but(n=3))).images}) == 3


async def generate_with_everything(openai: OpenAIImages) -> None:
    request = ASKED.but(
        quality=Quality.HIGH, background=Background.TRANSPARENT, end_user="user-1", model="gpt-image-2.5-flare",
        extra={"moderation": "low"},
    )  # fmt: skip
    result = await openai.generate_image(request)
    assert (result.extra["quality"], result.extra["background"]) == ("high", "transparent")


async def edit(openai: OpenAIImages) -> None:
    result = await openai.generate_image(ASKED.but(sources=(SOURCE, SOURCE)))
    assert result.usage.pieces["image_in"] == 1_600


async def edit_with_mask(openai: OpenAIImages) -> None:
    assert (await openai.generate_image(ASKED.but(sources=(SOURCE,), mask=SOURCE))).image.data


async def edit_by_address(openai: OpenAIImages) -> None:
    source = Picture(url="https://example.com/sail.png")
    assert (await openai.generate_image(ASKED.but(sources=(source,)))).image.data


async def list_models(openai: OpenAIImages) -> None:
    found = {model.id: model for model in (await openai.list_models()).models}
    assert found["gpt-image-2"].state is ModelState.ACTIVE
    assert found["gpt-image-1.5"].successor == "gpt-image-2.5-sunburst"


OPERATIONS: tuple[Play, ...] = (
    generate, generate_several, generate_with_everything, edit, edit_with_mask, edit_by_address,
    list_models,
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, operation="images/*", **facts)


ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FaultKind.RATE_LIMIT), "API_RATE_LIMIT"),
    "inside_200": (said("inside_200"), "API_RATE_LIMIT"),
    "per_day": (said("per_day"), "QUOTA_EXHAUSTED"),
    "no_share": (said("no_share"), "PERMISSION_DENIED"),
    "quota": (said("quota"), "BUDGET_INSUFFICIENT"),
    "hard_limit": (said("hard_limit"), "BUDGET_INSUFFICIENT"),
    "inactive": (said("inactive"), "ACCOUNT_DISABLED"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "unverified": (said("unverified"), "PERMISSION_DENIED"),
    "country": (said("country"), "PERMISSION_DENIED"),
    "blocked_prompt": (said("moderation_blocked"), "CREATIVE_REJECTED"),
    "blocked_picture": (said("moderation_output"), "CREATIVE_REJECTED"),
    "content_policy": (said("content_policy"), "CREATIVE_REJECTED"),
    "invalid_image": (said("invalid_image"), "VALIDATION_FAILED"),
    "server_error": (said("server_error"), "AI_MODEL_FAILED"),
    "overloaded": (said("overloaded"), "SERVICE_UNAVAILABLE"),
    "empty": (said("empty"), "BAD_RESPONSE"),
    "no_picture": (said("no_picture"), "BAD_RESPONSE"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "AI_MODEL_FAILED"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None, **sandbox: Any) -> AsyncIterator[OpenAIImages]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set OPENAI_API_KEY and use OpenAIImages.from_env()")
    simulator = OpenAISandbox(seed=5, faults=plan, **sandbox) if record else None
    runtime = Runtime.in_memory(clock=StillClock(), listeners=())
    fetching = Downloads(ANYWHERE)
    async with plays.address("openai", simulator) as where:
        base = {name: f"{url}/v1" for name, url in where.items()}
        async with OpenAIImages(KEY, runtime=runtime, max_attempts=1, downloads=fetching, **base) as openai:
            yield openai
    await fetching.aclose()


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as openai:
        with backstay_cassette(f"openai/{play.__name__}"):
            await play(openai)


async def test_a_picture_by_address(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Two exchanges: the answer with an address, and the picture behind it."""
    async with stage(backstay_record, urls=True) as openai:
        with backstay_cassette("openai/generate_by_address"):
            result = await openai.generate_image(ASKED)
    assert (result.image.width, result.image.height) == (96, 80)


async def test_with_the_headers_of_limits(backstay_cassette: Any, backstay_record: str | None) -> None:
    """What newer answers may say of limits is read, or passed over."""
    async with stage(backstay_record, tier="start") as openai:
        with backstay_cassette("openai/generate_with_limits"):
            assert (await openai.generate_image(ASKED)).image.data


async def test_a_misspelt_model(backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's own 404."""
    async with stage(backstay_record) as openai:
        with backstay_cassette("openai/error_model"), pytest.raises(BackstayError) as caught:
            await openai.generate_image(ASKED.but(model="gpt-image-nobody"))
    assert caught.value.type == "NOT_FOUND"


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = ERRORS[name]
    async with stage(backstay_record, FaultPlan([rule])) as openai:
        with backstay_cassette(f"openai/error_{name}"), pytest.raises(BackstayError) as caught:
            await openai.generate_image(ASKED)
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No key, no signature, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "openai").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 11
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "uthorization:" not in text
        assert "127.0.0.1" not in text
        assert "sig=" not in text.replace("sig=REDACTED", "")
        assert text.startswith("recorded_from: ")
