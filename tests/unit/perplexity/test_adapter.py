"""Perplexity's adapter: what it sends, what it hears, streams, and jobs of deep research."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from backstay.content import Basis, Depth, Finish, Recency, ResearchRequest, ResearchResult, SourceKind
from backstay.errors import (
    AIModelError,
    BackstayError,
    BadResponseError,
    InvalidRequestError,
    UnsupportedCapabilityError,
)
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.perplexity import Perplexity, perplexity_profile
from backstay_adapters.perplexity.sandbox import KEY, PerplexitySandbox
from backstay_adapters.perplexity.wire.stream import Assembly

ASKED = ResearchRequest(question="Why do sails billow?")
DEEP = ASKED.but(depth=Depth.DEEP)


class Bench:
    """A simulator, a clock, a runtime, and an adapter on them."""

    def __init__(self, *rules: FaultRule, **sandbox: Any) -> None:
        self.clock = VirtualClock()
        self.sandbox = PerplexitySandbox(seed=1, faults=FaultPlan(rules), **sandbox)
        self.transport = SimTransport(self.sandbox, self.clock)
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())

    @property
    def perplexity(self) -> Perplexity:
        """An adapter of its own for each loop."""
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())
        return Perplexity(KEY, runtime=self.runtime, transport=self.transport)

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)

    def ask(self, request: ResearchRequest = ASKED, **options: Any) -> ResearchResult:
        found: ResearchResult = self.run(self.perplexity.research(request, **options))
        return found

    def fail(self, request: ResearchRequest = ASKED, *, stream: bool = False, **options: Any) -> BackstayError:
        """The error of a call."""
        ask = self.perplexity.stream_research(request, **options).whole if stream else None
        with pytest.raises(BackstayError) as caught:
            self.run(ask() if ask else self.perplexity.research(request, **options))
        return caught.value

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        """From now on everything is answered with this."""

        def handle(request: Request, now: float, fault: Any = None) -> Reply:
            return Reply(status, {"content-type": kind}, body)

        self.sandbox.handle = handle  # type: ignore[method-assign]  # a simulator that has one answer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(each.body) for each in self.transport.requests if each.body]


def broken(kind: FaultKind, **facts: Any) -> Bench:
    return Bench(FaultRule(kind, **facts))


# Answers ------------------------------------------------------------------------------------------------------------


def test_an_answer_has_sources_and_the_cost_that_the_vendor_names() -> None:
    """Marker [n] of the text is source n; the money is the vendor's own figure."""
    bench = Bench()
    found = bench.ask()
    assert "[3]" in found.answer
    assert [source.kind for source in found.sources] == [SourceKind.WEB] * 3
    assert found.sources[0].published is not None
    assert (found.finish, found.model, found.served.source) == (Finish.STOP, "sonar-pro", "live")
    assert found.cost is not None
    assert (found.cost.basis, found.cost.amount) == (Basis.REPORTED, Decimal("0.010585"))
    assert bench.runtime.ledger.total().spent == found.cost.amount


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({"depth": Depth.QUICK, "max_output_tokens": 100}, "0.005108"),
        ({"max_output_tokens": 100}, "0.011524"),
        ({}, "0.130024"),
        ({"model": "sonar-nobody"}, None),
        ({"depth": Depth.DEEP}, None),
    ],
)
def test_the_estimate_is_the_most_an_answer_may_cost(change: dict[str, Any], most: str | None) -> None:
    """Tokens in, all that may come out, and the fee of the search; None where there is no price or no count."""
    found = Bench().perplexity.most(ASKED.but(question="x" * 24, **change))
    assert (None if found is None or found.amount is None else str(found.amount)) == most


def test_every_filter_has_its_field() -> None:
    """The common words and the vendor's."""
    bench = Bench()
    bench.ask(
        ASKED.but(
            recency=Recency.WEEK, domains=("example.org",), exclude_domains=("example.com",), language="en",
            country="DE", kinds=(SourceKind.FILING,), system="Be brief.", max_output_tokens=99, depth=Depth.QUICK,
            extra={"return_images": True},
        )
    )  # fmt: skip
    assert bench.bodies == [
        {
            "model": "sonar",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Why do sails billow?"},
            ],
            "max_tokens": 99,
            "search_domain_filter": ["example.org", "-example.com"],
            "search_recency_filter": "week",
            "search_mode": "sec",
            "language_preference": "en",
            "web_search_options": {"search_context_size": "low", "user_location": {"country": "DE"}},
            "return_images": True,
        }
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_output_tokens": 15}, "max_output_tokens"),
        ({"domains": tuple(f"{n}.example.com" for n in range(21))}, "domains"),
        ({"model": "sonar-deep-research"}, "model"),
        ({"extra": {"stream": True}}, "extra.stream"),
        ({"extra": {"model": "x"}}, "extra.model"),
        ({"kinds": (SourceKind.WEB, SourceKind.ACADEMIC)}, "kinds"),
        ({"kinds": (SourceKind.FORUM,)}, "kinds"),
        ({"max_sources": 3}, "max_sources"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_sent(change: dict[str, Any], field: str) -> None:
    """Field, value and cure are named."""
    bench = Bench()
    error = bench.fail(ASKED.but(**change))
    assert isinstance(error, InvalidRequestError | UnsupportedCapabilityError)
    assert error.field == field
    assert error.hint
    assert bench.transport.requests == []


def test_a_tier_and_an_environment_that_are_not_there() -> None:
    """Refused by name."""
    with pytest.raises(InvalidRequestError, match="tier"):
        perplexity_profile(6)


def test_no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named; with it the adapter is made."""
    monkeypatch.delenv("PERPLEXITY_API_KEY", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        Perplexity.from_env()
    assert caught.value.field == "PERPLEXITY_API_KEY"
    monkeypatch.setenv("PERPLEXITY_API_KEY", KEY)
    monkeypatch.setenv("PERPLEXITY_BASE_URL", "http://127.0.0.1:1")
    assert Perplexity.from_env().host == "http://127.0.0.1:1"


def test_thoughts_of_a_reasoning_model_are_no_part_of_the_answer() -> None:
    """They are kept in `extra`, in one piece and in a stream."""
    bench = Bench()
    asked = ASKED.but(model="sonar-reasoning-pro")
    streamed = bench.run(bench.perplexity.stream_research(asked).whole())
    for found in (bench.ask(asked), streamed):
        assert "think" not in found.answer
        assert found.extra["thinking"] == "What does the question want?"


# Errors -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts", "type_", "sent"),
    [
        (FaultKind.TOKEN_REVOKED, {}, "TOKEN_INVALID", 1),
        (FaultKind.RATE_LIMIT, {}, "API_RATE_LIMIT", 2),
        (FaultKind.VENDOR_ERROR, {"error": "internal_server_error"}, "AI_MODEL_FAILED", 2),
        (FaultKind.VENDOR_ERROR, {"error": "credits"}, "BUDGET_INSUFFICIENT", 1),
        (FaultKind.HTTP_5XX, {"status": 502}, "AI_MODEL_FAILED", 2),
        (FaultKind.HTML, {"status": 200}, "BAD_RESPONSE", 2),
        (FaultKind.CONNECT_REFUSED, {}, "CONNECTION_FAILED", 0),
    ],
)
def test_troubles_have_types(kind: FaultKind, facts: dict[str, Any], type_: str, sent: int) -> None:
    """In one piece and as a stream; asked again only where the trouble may pass."""
    for stream in (False, True):
        bench = broken(kind, **facts)
        assert bench.fail(stream=stream, max_attempts=2).type == type_
        assert len(bench.transport.requests) == sent


def test_half_an_answer_is_no_answer() -> None:
    """Asked again in one piece; a stream has given its beginning by then and is not."""
    for stream, sent in ((False, 2), (True, 1)):
        bench = broken(FaultKind.HALF_JSON)
        assert isinstance(bench.fail(stream=stream, max_attempts=2), BadResponseError)
        assert len(bench.transport.requests) == sent


def test_a_trouble_that_passes_is_not_seen() -> None:
    """One 429 and one lost answer, then the answer."""
    bench = Bench(FaultRule(FaultKind.RATE_LIMIT, times=1), FaultRule(FaultKind.RESET_AFTER, times=1))
    assert bench.ask().served.attempts == 3


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"choices": []}', b'{"choices": [{"message": {"content": 5}}]}'])
def test_an_answer_of_another_shape_is_a_bad_response(body: bytes) -> None:
    """HTTP 200 proves nothing."""
    bench = Bench()
    bench.answer(200, body)
    for stream in (False, True):
        assert isinstance(bench.fail(max_attempts=1, stream=stream), BadResponseError)


# Streams ------------------------------------------------------------------------------------------------------------


def test_a_stream_gives_the_same_answer() -> None:
    """Pieces together, sources once, and the cost of the last event; there is no [DONE] to wait for."""
    bench = Bench(pace=0.1)

    async def main() -> tuple[str, int, ResearchResult]:
        text, told = "", 0
        async with bench.perplexity.stream_research(ASKED) as pieces:
            async for piece in pieces:
                text += piece.text
                told += bool(piece.sources)
        return text, told, pieces.result

    text, told, result = bench.run(main())
    assert bench.bodies[0]["stream"] is True
    whole = bench.ask()
    assert text == result.answer == whole.answer
    assert (told, result.sources, result.cost) == (1, whole.sources, whole.cost)


def test_a_stream_that_breaks_keeps_what_had_come() -> None:
    """An error inside, and a cut: typed, not asked again, with the part."""
    inside = Bench(FaultRule(FaultKind.VENDOR_ERROR, error="internal_server_error", after_commit=True))
    error = inside.fail(stream=True)
    assert (error.type, len(inside.transport.requests)) == ("AI_MODEL_FAILED", 1)
    assert error.partial.answer
    events = b'data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"Aye"}}]}\r\n\r\n'
    bench = Bench()
    bench.answer(200, events, "text/event-stream")
    error = bench.fail(stream=True)
    assert (error.rule, error.partial.answer) == ("perplexity.stream_cut", "Aye")


def test_deep_research_has_no_stream() -> None:
    """It is refused with the cure, and nothing is sent."""
    bench = Bench()
    assert bench.fail(DEEP, stream=True).field == "depth"
    assert bench.transport.requests == []


def test_both_endings_and_odd_beginnings() -> None:
    """[DONE] ends a stream as well; what only looked like thoughts is given in the end."""
    made = Assembly()
    assert made.take('{"choices":[{"delta":{"content":"<th"}}]}') is None
    assert made.take("[DONE]") is None
    assert (made.ended, made.left()) == (True, "<th")
    with pytest.raises(BadResponseError):
        made.take("{")


# Deep research ------------------------------------------------------------------------------------------------------


def test_deep_research_is_a_job_that_is_looked_at() -> None:
    """Begun under the caller's key, looked at every few seconds, and no second job."""
    bench = Bench(deep=600.0)
    found = bench.ask(DEEP, idempotency_key="k1")
    assert found.model == "sonar-deep-research"
    assert bench.bodies == [
        {"request": {"model": "sonar-deep-research", "messages": [{"role": "user", "content": ASKED.question}]},
         "idempotency_key": "k1"}
    ]  # fmt: skip
    assert 60 <= len(bench.transport.requests) <= 65
    assert len(bench.sandbox.world.objects()) == 1


def test_a_lost_beginning_costs_one_job() -> None:
    """The second attempt carries the same key, given or made, and finds the first one's job."""
    for key in (None, "k1"):
        bench = broken(FaultKind.RESET_AFTER, operation="async/chat/completions", times=1)
        bench.ask(DEEP, idempotency_key=key)
        keys = [body["idempotency_key"] for body in bench.bodies]
        assert len(keys) == 2
        assert len(set(keys)) == 1
        assert len(bench.sandbox.world.objects()) == 1


def test_two_calls_are_two_jobs() -> None:
    """A key that was made belongs to one call only."""
    bench = Bench()
    perplexity = bench.perplexity

    async def main() -> None:
        await perplexity.research(DEEP, cache=0)
        await perplexity.research(DEEP, cache=0)

    bench.run(main())
    assert len(bench.sandbox.world.objects()) == 2


def test_looks_that_fail_do_not_lose_the_job() -> None:
    """A few in a row pass; a key that is good no more does not."""
    bench = broken(FaultKind.HTTP_5XX, operation="async/chat/completions/get", times=4)
    assert bench.ask(DEEP).served.attempts == 1
    assert len(bench.bodies) == 1
    bench = broken(FaultKind.TOKEN_REVOKED, operation="async/chat/completions/get")
    assert bench.fail(DEEP).type == "TOKEN_INVALID"


def test_a_job_that_fails_is_not_asked_again() -> None:
    """The same key would give the same failure."""
    bench = broken(FaultKind.VENDOR_ERROR, error="job_failed")
    error = bench.fail(DEEP)
    assert isinstance(error, AIModelError)
    assert (error.rule, len(bench.bodies)) == ("perplexity.job_failed", 1)
    assert error.vendor_message == "The research failed."


def test_an_unknown_state_is_waited_for() -> None:
    """The paid job goes on under a word that is new, and its answer comes."""
    bench = Bench(deep=60.0)
    real, looks = bench.sandbox.handle, 0

    def handle(request: Request, now: float, fault: Any = None) -> Reply:
        nonlocal looks
        reply = real(request, now, fault)
        told = json.loads(reply.body)
        if told.get("status") == "IN_PROGRESS":
            looks += 1
            told["status"] = "QUEUED_AGAIN"
        return Reply(reply.status, reply.headers, json.dumps(told).encode())

    bench.sandbox.handle = handle  # type: ignore[method-assign]  # a simulator with a word more
    assert bench.ask(DEEP).model == "sonar-deep-research"
    assert looks > 1
    assert len(bench.bodies) == 1


def test_a_job_without_a_state_says_where_its_answer_will_be() -> None:
    """After some looks; and no second job is begun."""
    bench = Bench()
    bench.answer(200, b'{"id": "j7", "status": null}')
    error = bench.fail(DEEP, idempotency_key="k")
    assert error.type == "BAD_RESPONSE"
    assert "/async/chat/completions/j7" in (error.hint or "")
    assert "idempotency_key" in (error.hint or "")
    assert len(bench.bodies) == 1
