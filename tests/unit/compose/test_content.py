"""Fallback over content vendors: the order, the marks, the times, the streams, and one error when all fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from backstay.compose import Fallback
from backstay.content import ContentCapability as Can
from backstay.content import (
    ImageGenerator,
    ImageRequest,
    Researcher,
    ResearchRequest,
    TextGenerator,
    TextRequest,
    TokenCount,
)
from backstay.errors import (
    BackstayError,
    BadResponseError,
    CallTimeoutError,
    Certainty,
    ConnectionFailedError,
    CreativeRejectedError,
    DeadlineExceededError,
    InvalidRequestError,
    RateLimitError,
    ServiceUnavailableError,
    SpendGuardError,
    TokenInvalidError,
    TruncatedOutputError,
    UnknownOutcomeError,
    UnsupportedCapabilityError,
)
from backstay.events import Event
from backstay.money import Money
from backstay.operation import CallOptions
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, SimTransport2
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox
from backstay_adapters.gemini import Gemini
from backstay_adapters.gemini.sandbox import KEY as GEMINI_KEY
from backstay_adapters.gemini.sandbox import GeminiSandbox
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.sandbox import KEY as OPENAI_KEY
from backstay_adapters.openai.sandbox import OpenAISandbox
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY as PERPLEXITY_KEY
from backstay_adapters.perplexity.sandbox import PerplexitySandbox
from tests.support.content import PNG, Scripted

T = TypeVar("T")
TEXT = TextRequest.ask("Why do sails billow?")
IMAGE = ImageRequest(prompt="a sail")
RESEARCH = ResearchRequest(question="Why do sails billow?")


class Row:
    """Scripted vendors in a row, on one clock."""

    def __init__(self, *scripts: Any, **options: Any) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        self.vendors = [
            Scripted(name, self.runtime, *(script if isinstance(script, tuple) else (script,)))
            for name, script in zip("abc", scripts, strict=False)
        ]
        self.fallback = Fallback(*self.vendors, **options)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return virtually(work, self.clock)

    def write(self, **options: Any) -> Any:
        return self.run(self.fallback.generate(TEXT, **options))

    def fail(self, ask: Callable[[], Coroutine[Any, Any, Any]] | None = None) -> BackstayError:
        with pytest.raises(BackstayError) as caught:
            self.run(ask() if ask else self.fallback.generate(TEXT))
        return caught.value

    def told(self, *names: str) -> list[Event]:
        return [event for event in self.events if event.name in names]

    @property
    def asked(self) -> list[int]:
        return [len(vendor.asked) for vendor in self.vendors]


DOWN = ServiceUnavailableError("overloaded", retry_after=7.0, hint="wait")


def test_it_speaks_the_protocols_of_its_steps() -> None:
    """A service that is typed against a protocol takes it."""
    row = Row("x", "y")
    assert isinstance(row.fallback, TextGenerator)
    assert isinstance(row.fallback, ImageGenerator)
    assert isinstance(row.fallback, Researcher)


@pytest.mark.parametrize(
    ("scripts", "by", "cause", "asked"),
    [
        (("x", "y"), "a", None, [1, 0]),
        ((DOWN, "y"), "b", "SERVICE_UNAVAILABLE", [1, 1]),
        ((TokenInvalidError(), "y"), "b", "TOKEN_INVALID", [1, 1]),
        ((BadResponseError(), ConnectionFailedError(), "z"), "c", "BAD_RESPONSE", [1, 1, 1]),
    ],
)
def test_the_first_that_answers_is_named(scripts: Any, by: str, cause: str | None, asked: list[int]) -> None:
    """The answer says which step served it and why it was not the first one; the rest is not asked at all."""
    row = Row(*scripts)
    answer = row.write()
    assert (answer.served.by, answer.served.cause) == (by, cause)
    assert answer.served.source == "live"
    assert row.asked == asked


def test_every_protocol_falls_over() -> None:
    """Texts, counts, pictures and research, each marked."""
    count = TokenCount(input_tokens=5)
    row = Row((DOWN, DOWN, DOWN, DOWN), ("t", count, PNG, "found"))

    async def main() -> list[Any]:
        return [
            await row.fallback.generate(TEXT), await row.fallback.count_tokens(TEXT),
            await row.fallback.generate_image(IMAGE), await row.fallback.research(RESEARCH, idempotency_key="k"),
        ]  # fmt: skip

    answers = row.run(main())
    assert [answer.served.by for answer in answers] == ["b"] * 4
    assert answers[1] == count
    assert row.vendors[1].asked[-1] == (RESEARCH, "k")


def test_the_attempts_of_all_steps_stand_in_the_answer() -> None:
    """Nothing is hidden: the timeline tells what failed before, at whichever step."""
    served = Row(DOWN, "y").write().served
    assert [attempt.type for attempt in served.timeline] == ["SERVICE_UNAVAILABLE"]
    assert served.attempts == 2


def test_each_step_is_an_event() -> None:
    """Each failure with its place, then who answered instead and why."""
    row = Row(DOWN, TokenInvalidError("no such key"), "z")
    row.write()
    told = row.told("problem", "fallback_used")
    assert [(e.vendor, e.facts().get("where"), e.facts().get("error")) for e in told[:2]] == [
        ("a", "primary", "SERVICE_UNAVAILABLE: overloaded"), ("b", "fallback 1", "TOKEN_INVALID: no such key"),
    ]  # fmt: skip
    assert told[2].facts() == {
        "vendor": "c", "function": "generate", "by": "c", "cause": "SERVICE_UNAVAILABLE",
    }  # fmt: skip


def test_when_all_is_well_nothing_is_told() -> None:
    """An answer of the first step is no event."""
    row = Row("x", "y")
    row.write()
    assert row.told("problem", "fallback_used") == []


# The end when all fail ----------------------------------------------------------------------------------------------


def test_when_all_fail_one_error_tells_of_each_step() -> None:
    """S4-20: typed as what may pass, with each step's error and cure; the errors themselves are in the cause."""
    row = Row(TokenInvalidError("bad key", hint="renew the key"), DOWN)
    error = row.fail()
    assert isinstance(error, ServiceUnavailableError)
    assert error.rule == "fallback.all_failed"
    assert "a: 6001 TOKEN_INVALID: bad key; b: 4003 SERVICE_UNAVAILABLE: overloaded" in error.message
    assert error.hint == "a: renew the key; b: wait"
    assert (error.retryable, error.retry_after, error.vendor) == (True, 7.0, "a, b")
    assert isinstance(error.__cause__, ExceptionGroup)
    assert [type(each) for each in error.__cause__.exceptions] == [TokenInvalidError, ServiceUnavailableError]
    assert len(error.attempts) == 2
    assert error.to_response()["error"]["type"] == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize(
    ("errors", "type_", "retryable", "retry_after"),
    [
        ((TokenInvalidError(), BadResponseError(retryable=False)), "TOKEN_INVALID", False, None),
        ((ServiceUnavailableError(), RateLimitError(retry_after=9.0)), "SERVICE_UNAVAILABLE", True, None),
        (
            (ServiceUnavailableError(retry_after=20.0), RateLimitError(retry_after=9.0)),
            "SERVICE_UNAVAILABLE",
            True,
            9.0,
        ),
    ],
)
def test_whether_to_ask_again_follows_the_steps(
    errors: tuple[BackstayError, ...], type_: str, retryable: bool, retry_after: float | None
) -> None:
    """It may pass when one of them may; a wait is told only where all that may pass name one."""
    error = Row(*errors).fail()
    assert (error.type, error.retryable, error.retry_after) == (type_, retryable, retry_after)


def test_the_certainty_is_the_worst_of_all() -> None:
    """One lost answer makes the whole uncertain: it may have been billed."""
    lost = CallTimeoutError(certainty=Certainty.UNKNOWN)
    assert Row(lost, ConnectionFailedError(certainty=Certainty.NOT_SENT)).fail().certainty is Certainty.UNKNOWN


def test_what_was_paid_for_is_kept() -> None:
    """An answer that cannot be used stands in `.partial` of the last error too."""
    bad = BadResponseError()
    bad.partial = "paid"
    assert Row(bad, DOWN).fail().partial == "paid"


def test_one_step_fails_as_itself() -> None:
    """A row of one hides nothing behind another error."""
    error = Row(DOWN).fail()
    assert (error.type, error.rule) == ("SERVICE_UNAVAILABLE", None)


# What is never covered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestError("wrong"),
        CreativeRejectedError("refused"),
        SpendGuardError("too dear"),
        UnknownOutcomeError("perhaps"),
        TruncatedOutputError("cut"),
        UnsupportedCapabilityError("cannot"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_some_errors_end_it_at_once(error: BackstayError) -> None:
    """Another vendor is not asked to do what was wrong, refused, cut, too dear, or perhaps done."""
    row = Row(error, "y")
    assert row.fail().type == error.type
    assert row.asked == [1, 0]
    assert len(row.told("problem")) == 1


def test_an_end_at_a_later_step_tells_of_the_earlier_ones() -> None:
    """The refusal is raised, and the failure that led there is its note."""
    error = Row(DOWN, CreativeRejectedError("refused")).fail()
    assert isinstance(error, CreativeRejectedError)
    assert "a had failed before: 4003 SERVICE_UNAVAILABLE" in error.__notes__[0]


def test_on_narrows_what_may_be_covered() -> None:
    """Other errors are raised, from whichever step."""
    row = Row(DOWN, TokenInvalidError(), "z", on=ServiceUnavailableError)
    assert isinstance(row.fail(), TokenInvalidError)
    assert row.asked == [1, 1, 0]


def test_a_budget_of_the_work_is_no_reason_to_ask_another_vendor() -> None:
    """S3-92: the money of this work is used up, whoever asks; nothing is sent."""
    row = Row("x", "y")

    async def main() -> None:
        with row.runtime.ledger.budget(money=Money.of("0 USD")):
            await row.fallback.generate(TEXT)

    error = row.fail(main)
    assert (error.type, error.code, row.asked) == ("SPEND_GUARD", "6005", [0, 0])


# Stale answers ------------------------------------------------------------------------------------------------------


def _stale(row: Row, *second: Any) -> Any:
    first, other = row.vendors

    async def main() -> Any:
        first.script = ["old", DOWN]
        await row.fallback.research(RESEARCH)
        await asyncio.sleep(4000.0)
        other.script = list(second)
        return await row.fallback.research(RESEARCH)

    return row.run(main())


def test_a_live_answer_of_a_later_step_is_better_than_a_stale_one() -> None:
    """The first vendor is away and has an old answer; the second one is asked before that is served."""
    row = Row((), ())
    answer = _stale(row, "new")
    assert (answer.answer, answer.served.source, answer.served.by) == ("new", "live", "b")
    assert answer.served.cause == "SERVICE_UNAVAILABLE"


def test_a_stale_answer_stands_in_when_all_others_fail() -> None:
    """And it is marked as stale, with the reason."""
    row = Row((), ())
    answer = _stale(row, TokenInvalidError())
    assert (answer.answer, answer.served.source, answer.served.cause) == ("old", "stale", "SERVICE_UNAVAILABLE")


# Times --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeout", "deadline", "second", "took"),
    [
        (5.0, None, "y", 5.0),
        ((9.0, None), None, "y", 9.0),
        (None, 20.0, "y", 10.0),
        ((4.0, None), 20.0, "y", 4.0),
        (50.0, 20.0, "y", 20.0),
    ],
)
def test_each_step_has_its_own_time(timeout: Any, deadline: float | None, second: str, took: float) -> None:
    """Its timeout, else its share of the caller's deadline, and never more than the deadline leaves."""
    row = Row((99.0, "x"), (second,), timeout=timeout)
    options: CallOptions = {} if deadline is None else {"deadline": deadline}
    began = row.clock.monotonic()
    if took == deadline:
        assert row.fail(lambda: row.fallback.generate(TEXT, **options)).type == "DEADLINE_EXCEEDED"
        assert row.asked == [1, 0]
    else:
        assert row.run(row.fallback.generate(TEXT, **options)).served.by == "b"
    assert row.clock.monotonic() - began == pytest.approx(took)


def test_a_deadline_of_the_copy_counts_for_all_steps_together() -> None:
    """`with_options` gives a copy; the original has its old times."""
    row = Row((99.0, "x"), (99.0, "y"))
    began = row.clock.monotonic()
    error = row.fail(lambda: row.fallback.with_options(deadline=8.0).generate(TEXT))
    assert isinstance(error, DeadlineExceededError)
    assert row.clock.monotonic() - began == pytest.approx(8.0)


def test_cancellation_passes() -> None:
    """The caller who goes away is not given a fallback."""
    row = Row((99.0, "x"), "y")

    async def main() -> None:
        task = asyncio.ensure_future(row.fallback.generate(TEXT))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    row.run(main())
    assert row.asked == [1, 0]


# Streams ------------------------------------------------------------------------------------------------------------


def test_a_stream_falls_over_before_its_first_piece() -> None:
    """The pieces of one step only; the whole answer says whose."""
    row = Row(([DOWN],), (["y", "z"],))

    async def main() -> tuple[list[str], Any]:
        async with row.fallback.stream(TEXT) as stream:
            pieces = [delta.text async for delta in stream]
        return pieces, stream.result

    pieces, whole = row.run(main())
    assert pieces == ["y", "z"]
    assert (whole.text, whole.served.by, whole.served.cause) == ("yz", "b", "SERVICE_UNAVAILABLE")


def test_a_stream_never_falls_over_after_its_first_piece() -> None:
    """Half a text of one writer and half of another is no text: the error keeps what had arrived."""
    row = Row((["x", DOWN],), (["y"],))
    error = row.fail(row.fallback.stream(TEXT).whole)
    assert (error.type, error.why, error.partial.text) == ("SERVICE_UNAVAILABLE", "started", "x")
    assert row.asked == [1, 0]


def test_the_time_of_a_stream_runs_to_its_first_piece() -> None:
    """A silent vendor is left; one that writes slowly is read to its end."""
    row = Row((99.0, ["x"]), (["y", 9.0, "z"],), timeout=5.0)
    whole = row.run(row.fallback.stream(TEXT).whole())
    assert (whole.text, whole.served.by, whole.served.cause) == ("yz", "b", "DEADLINE_EXCEEDED")


def test_a_stream_of_which_all_steps_fail() -> None:
    """The same error as of a whole text."""
    row = Row(([DOWN],), ([TokenInvalidError()],))
    assert row.fail(row.fallback.stream(TEXT).whole).rule == "fallback.all_failed"


def test_a_stream_that_is_left_is_closed() -> None:
    """Places and connections come back when the reader goes."""
    row = Row((["x", 9.0, "y"],), (["z"],))

    async def main() -> None:
        async with row.fallback.stream(TEXT) as stream:
            await anext(stream)
            assert stream.partial.text == "x"

    row.run(main())
    assert sum(scope.bulkhead.in_flight for scope in row.runtime.scopes) == 0


def test_research_streams_too() -> None:
    """With its own keeper and result."""
    row = Row((DOWN,), ("found",))
    whole = row.run(row.fallback.stream_research(RESEARCH).whole())
    assert (whole.answer, whole.served.by) == ("found", "b")


# What is refused ----------------------------------------------------------------------------------------------------


def test_only_what_all_steps_can_do_is_promised() -> None:
    """A request that the second step cannot take would be no fallback: it is refused before the first is asked."""
    runtime = Runtime.in_memory(clock=VirtualClock(), listeners=())
    able = Scripted("able", runtime, "x", can=(Can.TEXT, Can.SYSTEM))
    plain = Scripted("plain", runtime, "y", can=(Can.TEXT,))
    fallback = Fallback(able, plain)
    with pytest.raises(UnsupportedCapabilityError) as caught:
        virtually(fallback.generate(TEXT.but(system="s")), VirtualClock())
    assert (caught.value.field, caught.value.hint) == ("system", "plain lacks it")
    assert able.asked == []
    with pytest.raises(UnsupportedCapabilityError):
        fallback.stream(TEXT)


@pytest.mark.parametrize("field", ["model", "extra"])
def test_a_vendors_own_words_are_refused_where_the_vendors_differ(field: str) -> None:
    """A model id of one means nothing to the other; the cure says where it belongs."""
    row = Row("x", "y")
    request = TEXT.but(**{field: "m" if field == "model" else {"top_k": 3}})
    error = row.fail(lambda: row.fallback.generate(request))
    assert (error.type, error.field, row.asked) == ("VALIDATION_FAILED", field, [0, 0])


def _writer(name: str = "a", **facts: Any) -> Scripted:
    return Scripted(name, Runtime.in_memory(clock=VirtualClock(), listeners=()), **facts)


_ONE = _writer()


@pytest.mark.parametrize(
    ("steps", "options", "field"),
    [
        ((), {}, "steps"),
        ((_ONE, _ONE), {}, "steps"),
        ((_ONE,), {"timeout": 0.0}, "timeout"),
        ((_ONE,), {"timeout": (1.0, 2.0)}, "timeout"),
        ((_writer("w", can=(Can.TEXT,)), _writer("r", can=(Can.RESEARCH,))), {}, "steps"),
        ((_writer("p", can=(Can.PUBLISH_IMAGE, Can.HOST)),), {}, "steps"),
    ],
)
def test_rows_that_are_none_are_refused(steps: Any, options: Any, field: str) -> None:
    """Nothing, one step twice, times that do not fit, steps that share nothing, and whatever publishes."""
    with pytest.raises(InvalidRequestError) as caught:
        Fallback(*steps, **options)
    assert caught.value.field == field
    assert caught.value.hint


def test_an_unknown_option_is_refused_with_the_copy() -> None:
    """As every adapter does it."""
    with pytest.raises(InvalidRequestError, match="deadlin"):
        Row("x").fallback.with_options(deadlin=1)  # type: ignore[call-arg]  # planted


# Real vendors on their simulators -----------------------------------------------------------------------------------


def _claudes(*plans: FaultPlan | None) -> tuple[VirtualClock, Runtime, list[ClaudeSandbox], Fallback]:
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    sandboxes = [ClaudeSandbox(seed=number, faults=plan) for number, plan in enumerate(plans)]
    steps = [
        Claude(KEY, account=f"team {number}", runtime=runtime, transport=SimTransport2(sandbox, clock))
        for number, sandbox in enumerate(sandboxes)
    ]
    return clock, runtime, sandboxes, Fallback(*steps, timeout=40.0)


def test_two_claudes() -> None:
    """One is down for good: its retries are made, then the other one writes, once; both are numbered."""
    clock, runtime, sandboxes, fallback = _claudes(FaultPlan([FaultRule(FaultKind.HTTP_5XX)]), None)
    answer = virtually(fallback.generate(TEXT), clock)
    assert (answer.served.by, list(fallback.steps)) == ("claude 2", ["claude", "claude 2"])
    assert [len(sandbox.world.objects()) for sandbox in sandboxes] == [0, 1]
    assert answer.text
    assert runtime.ledger.total().calls == answer.served.attempts


def test_two_claudes_stream() -> None:
    """Over the real wire: the error of the first comes before its first piece."""
    clock, _, _, fallback = _claudes(FaultPlan([FaultRule(FaultKind.HTTP_5XX)]), None)
    whole = virtually(fallback.stream(TEXT).whole(), clock)
    assert whole.served.by == "claude 2"


def test_a_model_of_the_same_vendor_may_be_named() -> None:
    """Both steps know its words."""
    clock, _, _, fallback = _claudes(None, None)
    assert virtually(fallback.generate(TEXT.but(model="claude-haiku-4-5")), clock).model == "claude-haiku-4-5"


def test_a_writer_and_a_researcher_make_no_row() -> None:
    """Claude writes, Perplexity finds out: neither can stand in for the other, and the refusal says so."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    claude = Claude(KEY, runtime=runtime, transport=SimTransport2(ClaudeSandbox(), clock))
    perplexity = Perplexity(PERPLEXITY_KEY, runtime=runtime, transport=SimTransport(PerplexitySandbox(), clock))
    with pytest.raises(InvalidRequestError) as caught:
        Fallback(claude, perplexity)
    assert caught.value.value == "claude: text; perplexity: research"


def test_a_row_is_opened_and_closed_with_its_steps() -> None:
    """As a context manager, like every adapter."""
    clock, _, _, fallback = _claudes(None, None)

    async def main() -> None:
        async with fallback as row:
            await row.generate(TEXT)
        with pytest.raises(InvalidRequestError):
            await row.generate(TEXT)

    virtually(main(), clock)
    assert repr(fallback) == "Fallback(claude, claude 2)"


def test_claude_and_gemini() -> None:
    """Two vendors: texts, JSON and streams go to the other one, and its own words are refused."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    down = ClaudeSandbox(faults=FaultPlan([FaultRule(FaultKind.HTTP_5XX)]))
    fallback = Fallback(
        Claude(KEY, runtime=runtime, transport=SimTransport2(down, clock)),
        Gemini(GEMINI_KEY, runtime=runtime, transport=SimTransport2(GeminiSandbox(), clock)),
        timeout=(30.0, None),
    )
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}

    async def main() -> list[Any]:
        return [
            await fallback.generate(TEXT), await fallback.generate(TEXT.but(json_schema=schema)),
            await fallback.stream(TEXT).whole(),
        ]  # fmt: skip

    answers = virtually(main(), clock)
    assert [answer.served.by for answer in answers] == ["gemini"] * 3
    assert set(answers[1].data) == {"title"}
    with pytest.raises(InvalidRequestError, match="the steps are of claude, gemini"):
        virtually(fallback.generate(TEXT.but(model="claude-haiku-4-5")), clock)


def test_openai_and_gemini() -> None:
    """Pictures of the other one, and what the first one may have cost is in the ledger beside it."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    openai = OpenAISandbox(faults=FaultPlan([FaultRule(FaultKind.HTTP_5XX)]))
    gemini = GeminiSandbox()
    fallback = Fallback(
        OpenAIImages(OPENAI_KEY, runtime=runtime, transport=SimTransport2(openai, clock)),
        Gemini(GEMINI_KEY, runtime=runtime, transport=SimTransport2(gemini, clock)),
    )
    answer = virtually(fallback.generate_image(IMAGE), clock)
    assert (answer.served.by, answer.image.media_type) == ("gemini", "image/png")
    assert {entry.vendor: entry.outcome for entry in runtime.ledger.entries} == {"openai": "unknown", "gemini": "ok"}
