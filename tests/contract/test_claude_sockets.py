"""Claude on a real socket: the official SDK over our pool, streams included, with faults that are real there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from backstay.content import TextRequest, TextSoFar
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay_adapters.claude import Claude, claude_profile
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox

ASKED = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=300)


@contextlib.asynccontextmanager
async def stage(*rules: FaultRule) -> AsyncIterator[tuple[Claude, ClaudeSandbox]]:
    """An adapter and the simulator that it talks to."""
    sandbox = ClaudeSandbox(seed=2, faults=FaultPlan(rules), tier="start")
    profile = claude_profile().with_(attempt_timeout=0.4)
    async with serve({"claude": sandbox}) as served:
        runtime = Runtime.in_memory(listeners=())
        async with Claude(KEY, runtime=runtime, profile=profile, base_url=served.urls["claude"]) as claude:
            yield claude, sandbox


async def test_texts_and_streams_come_through() -> None:
    """The same text either way, and the sandbox has billed both."""
    async with stage() as (claude, sandbox):
        whole = await claude.generate(ASKED)
        kept = TextSoFar()
        async with claude.stream(ASKED) as stream:
            async for piece in stream:
                kept.add(piece)
        assert kept.partial().text == stream.result.text == whole.text
        assert len(sandbox.world.objects()) == 2


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.HTML])
async def test_a_lost_answer_is_asked_for_again(kind: FaultKind) -> None:
    """Once, and then there is a text; what may have been billed is in the ledger."""
    async with stage(FaultRule(kind, times=1)) as (claude, _):
        result = await claude.generate(ASKED)
        assert (result.served.attempts, claude.runtime.ledger.total().calls) == (2, 2)
        assert claude.runtime.ledger.total().lost > 0


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.HALF_JSON, wrong_length=True),
        FaultRule(FaultKind.HALF_JSON),
        FaultRule(FaultKind.STALL),
        FaultRule(FaultKind.VENDOR_ERROR, error="api_error", after_commit=True),
    ],
    ids=["cut", "ends early", "stalls", "says so"],
)
async def test_a_broken_stream_keeps_what_had_arrived(rule: FaultRule) -> None:
    """Typed and final, on a real line too, and the place is free."""
    async with stage(rule) as (claude, sandbox):
        with pytest.raises(BackstayError) as caught:
            await claude.stream(ASKED).whole()
        assert caught.value.partial.text
        assert (caught.value.why, caught.value.certainty) == ("started", Certainty.UNKNOWN)
        assert len(sandbox.world.objects()) == 1
        assert sum(scope.bulkhead.in_flight for scope in claude.runtime.scopes) == 0


async def test_leaving_a_stream_leaves_the_connection_usable() -> None:
    """A reader that stops early does not break the next call."""
    async with stage() as (claude, _):
        async with claude.stream(ASKED) as stream:
            async for _piece in stream:
                break
        assert (await claude.generate(ASKED)).text
