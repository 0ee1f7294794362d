"""Perplexity on a real socket: our own pool, streams and jobs included, with faults that are real there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from backstay.content import Depth, ResearchRequest, ResearchSoFar
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay_adapters.perplexity import Perplexity, perplexity_profile
from backstay_adapters.perplexity.sandbox import KEY, PerplexitySandbox

ASKED = ResearchRequest(question="Why do sails billow in the wind?")


@contextlib.asynccontextmanager
async def stage(*rules: FaultRule) -> AsyncIterator[tuple[Perplexity, PerplexitySandbox]]:
    """An adapter and the simulator that it talks to; its jobs are done when they are begun."""
    sandbox = PerplexitySandbox(seed=2, faults=FaultPlan(rules), deep=0.0)
    profile = perplexity_profile(tier=5).with_(attempt_timeout=0.4)
    async with serve({"perplexity": sandbox}) as served:
        runtime, url = Runtime.in_memory(listeners=()), served.urls["perplexity"]
        async with Perplexity(KEY, runtime=runtime, profile=profile, base_url=url) as perplexity:
            yield perplexity, sandbox


async def test_answers_streams_and_jobs_come_through() -> None:
    """The same answer in one piece and as a stream; the sandbox has billed all three."""
    async with stage() as (perplexity, sandbox):
        whole = await perplexity.research(ASKED)
        kept = ResearchSoFar()
        async with perplexity.stream_research(ASKED) as stream:
            async for piece in stream:
                kept.add(piece)
        assert kept.partial().answer == stream.result.answer == whole.answer
        dug = await perplexity.research(ASKED.but(depth=Depth.DEEP))
        assert dug.model == "sonar-deep-research"
        assert len(sandbox.world.objects()) == 3


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.HTML])
async def test_a_lost_answer_is_asked_for_again(kind: FaultKind) -> None:
    """Once, and then there is an answer; what may have been billed is in the ledger."""
    async with stage(FaultRule(kind, times=1, status=502 if kind is FaultKind.HTML else None)) as (perplexity, _):
        result = await perplexity.research(ASKED)
        assert (result.served.attempts, perplexity.runtime.ledger.total().calls) == (2, 2)
        assert perplexity.runtime.ledger.total().lost > 0


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.HALF_JSON, wrong_length=True),
        FaultRule(FaultKind.HALF_JSON),
        FaultRule(FaultKind.STALL),
        FaultRule(FaultKind.VENDOR_ERROR, error="internal_server_error", after_commit=True),
    ],
    ids=["cut", "ends early", "stalls", "says so"],
)
async def test_a_broken_stream_keeps_what_had_arrived(rule: FaultRule) -> None:
    """Typed and final, on a real line too, and the place is free."""
    async with stage(rule) as (perplexity, sandbox):
        with pytest.raises(BackstayError) as caught:
            await perplexity.stream_research(ASKED).whole()
        assert caught.value.partial.answer
        assert (caught.value.why, caught.value.certainty) == ("started", Certainty.UNKNOWN)
        assert len(sandbox.world.objects()) == 1
        assert sum(scope.bulkhead.in_flight for scope in perplexity.runtime.scopes) == 0


async def test_leaving_a_stream_leaves_the_connection_usable() -> None:
    """A reader that stops early does not break the next call."""
    async with stage() as (perplexity, _):
        async with perplexity.stream_research(ASKED) as stream:
            async for _piece in stream:
                break
        assert (await perplexity.research(ASKED)).answer
