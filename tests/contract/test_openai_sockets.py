"""OpenAIImages on a real socket: the official SDK over our pool, with faults that are real there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from backstay.content import ImageRequest, Picture, Size
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay_adapters.openai import OpenAIImages, openai_profile
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox

ASKED = ImageRequest(prompt="A red sail", size=Size.of("96x80"))


@contextlib.asynccontextmanager
async def stage(*rules: FaultRule, prefix: str = "") -> AsyncIterator[tuple[OpenAIImages, OpenAISandbox]]:
    """An adapter and the simulator that it talks to."""
    sandbox = OpenAISandbox(seed=2, faults=FaultPlan(rules))
    profile = openai_profile().with_(attempt_timeout=0.6)
    async with serve({"openai": sandbox}) as served:
        runtime = Runtime.in_memory(listeners=())
        address = served.urls["openai"] + prefix
        async with OpenAIImages(KEY, runtime=runtime, profile=profile, base_url=address) as openai:
            yield openai, sandbox


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_pictures_and_edits_come_through(prefix: str) -> None:
    """Whichever way the address is written; the sandbox has billed all of them."""
    async with stage(prefix=prefix) as (openai, sandbox):
        first = (await openai.generate_image(ASKED.but(n=2))).image
        source = Picture(data=first.data)
        edited = await openai.generate_image(ASKED.but(sources=(source, source), mask=source))
        assert edited.usage.pieces["image_in"] == 1_600
        assert len(sandbox.world.objects()) == 3


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.STALL, FaultKind.HTML])
async def test_a_lost_picture_is_not_asked_for_again(kind: FaultKind) -> None:
    """Its outcome is unknown, its place is free, and it stands in the ledger as spent."""
    async with stage(FaultRule(kind, operation="images/*")) as (openai, sandbox):
        with pytest.raises(BackstayError) as caught:
            await openai.generate_image(ASKED)
        assert (caught.value.certainty, caught.value.retry_allowed) == (Certainty.UNKNOWN, False)
        assert len(sandbox.world.objects()) <= 1
        assert openai.runtime.ledger.total().lost > 0
        assert sum(scope.bulkhead.in_flight for scope in openai.runtime.scopes) == 0


@pytest.mark.parametrize("error", ["slow_down", "overloaded"])
async def test_what_the_vendor_turned_away_is_asked_for_again(error: str) -> None:
    """In its own words: nothing was drawn."""
    async with stage(FaultRule(FaultKind.VENDOR_ERROR, error=error, times=1)) as (openai, sandbox):
        assert (await openai.generate_image(ASKED)).served.attempts == 2
        assert len(sandbox.world.objects()) == 1
