"""Gemini on a real socket: the official SDK over our pool, streams included, with faults that are real there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from backstay.content import ImageRequest, TextRequest, TextSoFar
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay_adapters.gemini import Gemini, gemini_profile
from backstay_adapters.gemini.sandbox import KEY, GeminiSandbox

ASKED = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=300)


@contextlib.asynccontextmanager
async def stage(*rules: FaultRule) -> AsyncIterator[tuple[Gemini, GeminiSandbox]]:
    """An adapter and the simulator that it talks to."""
    sandbox = GeminiSandbox(seed=2, faults=FaultPlan(rules))
    profile = gemini_profile().with_(attempt_timeout=0.6)
    async with serve({"gemini": sandbox}) as served:
        runtime = Runtime.in_memory(listeners=())
        async with Gemini(KEY, runtime=runtime, profile=profile, base_url=served.urls["gemini"]) as gemini:
            yield gemini, sandbox


async def test_texts_streams_and_pictures_come_through() -> None:
    """The same text either way, a picture, and the sandbox has billed all three."""
    async with stage() as (gemini, sandbox):
        whole = await gemini.generate(ASKED)
        kept = TextSoFar()
        async with gemini.stream(ASKED) as stream:
            async for piece in stream:
                kept.add(piece)
        assert kept.partial().text == stream.result.text == whole.text
        assert (await gemini.generate_image(ImageRequest(prompt="A sail", aspect="4:5"))).image.width == 896
        assert len(sandbox.world.objects()) == 3


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.HTML])
async def test_a_lost_text_is_asked_for_again(kind: FaultKind) -> None:
    """Once, and then there is a text; what may have been billed is in the ledger."""
    async with stage(FaultRule(kind, times=1)) as (gemini, _):
        result = await gemini.generate(ASKED)
        assert (result.served.attempts, gemini.runtime.ledger.total().calls) == (2, 2)
        assert gemini.runtime.ledger.total().lost > 0


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.HALF_JSON, wrong_length=True),
        FaultRule(FaultKind.HALF_JSON),
        FaultRule(FaultKind.STALL),
        FaultRule(FaultKind.VENDOR_ERROR, error="internal", after_commit=True),
    ],
    ids=["cut", "ends early", "stalls", "says so"],
)
async def test_a_broken_stream_keeps_what_had_arrived(rule: FaultRule) -> None:
    """Typed and final, on a real line too, and the place is free."""
    async with stage(rule) as (gemini, sandbox):
        with pytest.raises(BackstayError) as caught:
            await gemini.stream(ASKED).whole()
        assert caught.value.partial.text
        assert (caught.value.why, caught.value.certainty) == ("started", Certainty.UNKNOWN)
        assert len(sandbox.world.objects()) == 1
        assert sum(scope.bulkhead.in_flight for scope in gemini.runtime.scopes) == 0


async def test_leaving_a_stream_leaves_the_connection_usable() -> None:
    """A reader that stops early does not break the next call."""
    async with stage() as (gemini, _):
        async with gemini.stream(ASKED) as stream:
            async for _piece in stream:
                break
        assert (await gemini.generate(ASKED)).text
