"""Perplexity from cassettes: answers, filters, streams, jobs of deep research, and more than ten of its errors.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backstay.content import Depth, Finish, Recency, ResearchRequest, ResearchSoFar, SourceKind
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Reply, Request
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY, PerplexitySandbox
from tests.support import plays
from tests.support.plays import StillClock

ASKED = ResearchRequest(question="Why do sails billow in the wind?")
DEEP = ASKED.but(depth=Depth.DEEP)
Play = Callable[[Perplexity], Awaitable[Any]]


class QuickClock(StillClock):
    """A still date, and waits that take no time: a job is looked at as often as the tape has looks."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(0.0)


class HastySandbox(PerplexitySandbox):
    """A minute passes between two requests, so that a job is begun, at work and done on one tape."""

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        self.minutes = getattr(self, "minutes", 0) + 1
        return super().handle(request, now + 60.0 * self.minutes, fault)


async def research(perplexity: Perplexity) -> None:
    result = await perplexity.research(ASKED)
    assert result.finish is Finish.STOP
    assert f"[{len(result.sources)}]" in result.answer
    assert result.cost is not None
    assert result.cost.basis.value == "reported"
    assert result.request_id


async def research_quick(perplexity: Perplexity) -> None:
    assert (await perplexity.research(ASKED.but(depth=Depth.QUICK))).model == "sonar"


async def research_with_filters(perplexity: Perplexity) -> None:
    request = ASKED.but(
        recency=Recency.MONTH, domains=("example.org",), exclude_domains=("example.com",), language="en", country="DE",
        kinds=(SourceKind.ACADEMIC,), system="Be brief.", max_output_tokens=64,
        extra={"return_related_questions": True},
    )  # fmt: skip
    assert {source.url.split("/")[2] for source in (await perplexity.research(request)).sources} == {"example.org"}


async def research_cut(perplexity: Perplexity) -> None:
    assert (await perplexity.research(ASKED.but(max_output_tokens=16))).finish is Finish.LENGTH


async def research_reasoning(perplexity: Perplexity) -> None:
    result = await perplexity.research(ASKED.but(model="sonar-reasoning-pro"))
    assert "<think>" not in result.answer
    assert result.extra["thinking"]


async def stream(perplexity: Perplexity) -> None:
    kept = ResearchSoFar()
    async with perplexity.stream_research(ASKED) as pieces:
        async for piece in pieces:
            kept.add(piece)
    assert kept.partial().answer == pieces.result.answer != ""
    assert kept.partial().sources == pieces.result.sources


async def deep_research(perplexity: Perplexity) -> None:
    result = await perplexity.research(DEEP, idempotency_key="tape/1")
    assert result.model == "sonar-deep-research"
    assert result.sources


OPERATIONS: tuple[Play, ...] = (
    research, research_quick, research_with_filters, research_cut, research_reasoning, stream, deep_research,
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, **facts)


ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FaultKind.RATE_LIMIT), "API_RATE_LIMIT"),
    "rate_limit_wait": (FaultRule(FaultKind.RATE_LIMIT, retry_after=7.0), "API_RATE_LIMIT"),
    "credits": (said("credits"), "BUDGET_INSUFFICIENT"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_INVALID"),
    "token_page": (FaultRule(FaultKind.HTML, status=401, text="401 Authorization Required"), "TOKEN_INVALID"),
    "permission": (said("permission"), "PERMISSION_DENIED"),
    "too_long": (said("too_many_prompt_tokens"), "TOO_MUCH_DATA"),
    "internal": (said("internal_server_error"), "AI_MODEL_FAILED"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "AI_MODEL_FAILED"),
    "gateway_timeout": (FaultRule(FaultKind.HTTP_5XX, status=504), "PLATFORM_TIMEOUT"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
    "empty": (FaultRule(FaultKind.EMPTY), "BAD_RESPONSE"),
}
STREAMS: dict[str, tuple[FaultRule, str]] = {
    "stream_internal": (said("internal_server_error", after_commit=True), "AI_MODEL_FAILED"),
    "stream_cut": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
    "stream_refused": (FaultRule(FaultKind.RATE_LIMIT), "API_RATE_LIMIT"),
}
WORDS: dict[str, tuple[ResearchRequest, str]] = {
    "model": (ASKED.but(model="sonar-huge"), "NOT_FOUND"),
    "model_retired": (ASKED.but(model="llama-3-sonar-large-32k-online"), "UNSUPPORTED"),
    "job_failed": (DEEP, "AI_MODEL_FAILED"),
}
"""Errors that the request itself makes, and that of a job."""


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[Perplexity]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set PERPLEXITY_API_KEY and use Perplexity.from_env()")
    sandbox = HastySandbox(seed=5, faults=plan, deep=100.0) if record else None
    runtime = Runtime.in_memory(clock=QuickClock(), listeners=())
    async with (
        plays.address("perplexity", sandbox) as where,
        Perplexity(KEY, runtime=runtime, max_attempts=1, **where) as perplexity,
    ):
        yield perplexity


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as perplexity:
        with backstay_cassette(f"perplexity/{play.__name__}"):
            await play(perplexity)


@pytest.mark.parametrize("name", [*ERRORS, *STREAMS])
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = (ERRORS | STREAMS)[name]
    async with stage(backstay_record, FaultPlan([rule])) as perplexity:
        with backstay_cassette(f"perplexity/error_{name}"), pytest.raises(BackstayError) as caught:
            await (perplexity.stream_research(ASKED).whole() if name in STREAMS else perplexity.research(ASKED))
    assert caught.value.type == kind


@pytest.mark.parametrize("name", WORDS)
async def test_error_of_a_request(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """A model that is not there or gone, and a job that ends badly."""
    request, kind = WORDS[name]
    plan = FaultPlan([said("job_failed", operation="async/*")])
    async with stage(backstay_record, plan) as perplexity:
        with backstay_cassette(f"perplexity/error_{name}"), pytest.raises(BackstayError) as caught:
            await perplexity.research(request, idempotency_key="tape/1")
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No key, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "perplexity").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 10
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "uthorization:" not in text.replace("Authorization Required", "")
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
