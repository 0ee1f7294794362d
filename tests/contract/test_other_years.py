"""Answers of another year: with fields that are not known yet, and without those that came later."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from backstay import Runtime
from backstay.adapters import Claude, Gemini, Instagram, OpenAIImages, Perplexity
from backstay.content import ImageRequest, PostKind, PostMedia, PublishRequest, ResearchRequest, TextRequest
from backstay.sandbox import SimTransport, SimTransport2
from backstay.testing import VirtualClock, run
from backstay_adapters.claude import sandbox as claude
from backstay_adapters.gemini import sandbox as gemini
from backstay_adapters.instagram import sandbox as instagram
from backstay_adapters.openai import sandbox as openai
from backstay_adapters.perplexity import sandbox as perplexity

Change = Callable[[Any], Any]
POST = PublishRequest(kind=PostKind.IMAGE, media=(PostMedia(url="https://media.example/1.jpg"),), caption="Wind")


def newer(value: Any) -> Any:
    """Every object has a field that nobody knows."""
    if isinstance(value, list):
        return [newer(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {**{name: newer(each) for name, each in value.items()}, "of_next_year": {"deep": [1, None, "x"]}}


def without(*names: str) -> Change:
    """No object has these fields."""

    def older(value: Any) -> Any:
        if isinstance(value, list):
            return [older(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {name: older(each) for name, each in value.items() if name not in names}

    return older


async def text(vendor: Any) -> Any:
    found = await vendor.generate(TextRequest.ask("What is the wind at Kiel?"))
    return found.text, found.finish


async def picture(vendor: Any) -> Any:
    found = await vendor.generate_image(ImageRequest(prompt="A red sail"))
    return found.image.data, found.image.width


async def research(vendor: Any) -> Any:
    found = await vendor.research(ResearchRequest(question="What is the wind at Kiel?"))
    return found.answer, [source.url for source in found.sources]


async def post(vendor: Any) -> Any:
    found = await vendor.publish_post(POST, idempotency_key="k")
    return found.id, found.how


Use = Callable[[Any], Awaitable[Any]]
VENDORS: dict[str, tuple[Any, Callable[..., Any], Any, Use, Change]] = {
    "claude": (
        claude.ClaudeSandbox, lambda **on: Claude(claude.KEY, **on), SimTransport2, text,
        without("service_tier", "stop_details", "cache_creation_input_tokens", "cache_read_input_tokens"),
    ),
    "gemini": (
        gemini.GeminiSandbox, lambda **on: Gemini(gemini.KEY, **on), SimTransport2, text,
        without("usageMetadata", "modelVersion", "responseId", "safetyRatings", "index"),
    ),
    "openai": (
        openai.OpenAISandbox, lambda **on: OpenAIImages(openai.KEY, **on), SimTransport2, picture,
        without("usage", "background", "output_format", "quality", "size"),
    ),
    "perplexity": (
        perplexity.PerplexitySandbox, lambda **on: Perplexity(perplexity.KEY, **on), SimTransport, research,
        without("search_results", "cost", "search_context_size", "object"),  # sources were addresses alone
    ),
    "instagram": (
        instagram.InstagramSandbox, lambda **on: Instagram(instagram.ACCOUNT, instagram.KEY, **on), SimTransport, post,
        without("shortcode", "permalink", "status", "config"),
    ),
}  # fmt: skip


def answered(name: str, change: Change) -> Any:
    """What the vendor's answer means when it has been changed on its way."""
    kind, make, shell, use, _ = VENDORS[name]
    clock, sandbox = VirtualClock(), kind(seed=3)
    real = sandbox.handle

    def handle(*asked: Any, **more: Any) -> Any:
        reply = real(*asked, **more)
        return replace(reply, body=json.dumps(change(json.loads(reply.body))).encode()) if reply.body else reply

    sandbox.handle = handle

    async def main() -> Any:
        runtime = Runtime.in_memory(clock=clock, listeners=())
        async with make(runtime=runtime, transport=shell(sandbox, clock)) as vendor:
            return await use(vendor)

    return run(main(), clock)


@pytest.mark.parametrize("name", VENDORS)
def test_fields_that_are_not_known_change_nothing(name: str) -> None:
    """A newer API may say more in every object of its answers."""
    assert answered(name, newer) == answered(name, lambda body: body)


@pytest.mark.parametrize("name", VENDORS)
def test_fields_that_came_later_may_be_absent(name: str) -> None:
    """An older API, or a server that is compatible with it, says less."""
    assert answered(name, VENDORS[name][4]) == answered(name, lambda body: body)


@pytest.mark.parametrize("name", VENDORS)
def test_the_answers_are_changed_indeed(name: str) -> None:
    """The tests above would see a change that matters."""
    with pytest.raises(Exception, match=r"\w"):
        answered(name, lambda _: {"of_next_year": 1})
