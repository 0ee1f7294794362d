"""Claude's adapter: what it sends, what it hears, and the traps of the official SDK, each shown not to reach a user."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import pytest

from backstay.auth import Credentials
from backstay.content import Basis, Finish, TextRequest
from backstay.errors import (
    BackstayError,
    BadResponseError,
    CallTimeoutError,
    DeadlineExceededError,
    InvalidRequestError,
    RateLimitError,
    ServiceUnavailableError,
    TokenExpiredError,
    UnsupportedCapabilityError,
)
from backstay.events import Event
from backstay.operation import CallOptions
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport2
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.claude import PRICES, Claude, claude_profile
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox, Said

ASKED = TextRequest.ask("Why do sails billow?")


class Bench:
    """A simulator, a clock, a runtime, and adapters on them."""

    def __init__(self, **sandbox: Any) -> None:
        self.clock = VirtualClock()
        self.sandbox = ClaudeSandbox(seed=1, **sandbox)
        self.transport = SimTransport2(self.sandbox, self.clock)
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))

    def claude(self, key: str = KEY, **arguments: Any) -> Claude:
        return Claude(key, **{"runtime": self.runtime, "transport": self.transport, **arguments})

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)

    def body(self, number: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.transport.requests[number].body)
        return found

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """From now on everything is answered with this."""
        kind = headers.pop("content_type", "application/json")

        def handle(request: Request, now: float, fault: Any = None) -> Reply:
            return Reply(status, {"content-type": kind, **headers}, body)

        self.sandbox.handle = handle  # type: ignore[method-assign]  # a simulator that has one answer


@pytest.fixture
def bench() -> Bench:
    return Bench()


# What is sent -------------------------------------------------------------------------------------------------------


def test_a_request_of_the_official_sdk(bench: Bench) -> None:
    """The SDK's own traffic: its headers, our key and version, its retries off, one request."""
    bench.run(bench.claude().generate(ASKED))
    sent = bench.transport.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1/messages")
    assert sent.headers["user-agent"].startswith("AsyncAnthropic/Python ")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["anthropic-version"] == "2026-10-21"
    assert sent.headers["x-stainless-retry-count"] == "0"
    assert bench.body() == {
        "model": "claude-sonnet-5-5", "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Why do sails billow?"}]}],
    }  # fmt: skip


def test_the_callers_own_fields_are_merged_and_doubled_ones_refused(bench: Bench) -> None:
    """`extra` goes into the body; what a common field says already is refused."""
    extra = {"thinking": {"type": "adaptive"}, "service_tier": "auto"}
    bench.run(bench.claude().generate(ASKED.but(extra=extra)))
    assert (bench.body()["thinking"], bench.body()["service_tier"]) == ({"type": "adaptive"}, "auto")
    with pytest.raises(InvalidRequestError, match="max_tokens"):
        bench.run(bench.claude().generate(ASKED.but(extra={"max_tokens": 1})))


def test_who_writes_is_the_requests_choice_then_the_adapters(bench: Bench) -> None:
    """No model is pinned: constructor, request, and the bound likewise."""
    claude = bench.claude(model="claude-opus-5-5", max_output_tokens=50)

    async def main() -> None:
        await claude.generate(ASKED)
        await claude.generate(ASKED.but(model="claude-haiku-5-5", max_output_tokens=60))

    bench.run(main())
    assert [(bench.body(n)["model"], bench.body(n)["max_tokens"]) for n in (0, 1)] == [
        ("claude-opus-5-5", 50), ("claude-haiku-5-5", 60),
    ]  # fmt: skip


def test_a_schema_goes_out_in_the_vendors_dialect_and_is_checked_in_full(bench: Bench) -> None:
    """Bounds that the API does not know move into descriptions; an answer that breaks them is not accepted."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 3}}, "required": ["n"]}
    bench.sandbox.say(Said(text='{"n": 9}'), Said(text='{"n": 2}'))
    result = bench.run(bench.claude().generate(ASKED.but(json_schema=schema)))
    sent = bench.body(0)["output_config"]["format"]["schema"]
    assert sent["additionalProperties"] is False
    assert "maximum" in sent["properties"]["n"]["description"]
    assert (result.data, result.repaired) == ({"n": 2}, True)
    assert "more than 3" in bench.body(1)["messages"][-1]["content"][0]["text"]


def test_a_schema_that_the_vendor_cannot_take_is_refused(bench: Bench) -> None:
    """Before anything is sent, by its field."""
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(bench.claude().generate(ASKED.but(json_schema={"properties": {"a": {}}})))
    assert caught.value.field == "json_schema"
    assert bench.transport.requests == []


def test_temperature_is_off_and_says_why(bench: Bench) -> None:
    """Current models refuse it, so it is refused here, with the way round for old ones."""
    with pytest.raises(UnsupportedCapabilityError, match="temperature") as caught:
        bench.run(bench.claude().generate(ASKED.but(temperature=0.2)))
    assert "extra=" in str(caught.value.hint)
    assert bench.transport.requests == []


def test_long_answers_need_no_stream(bench: Bench) -> None:
    """The SDK refuses many tokens without a timeout of its own; ours is explicit, so it does not."""
    result = bench.run(bench.claude().generate(ASKED.but(max_output_tokens=64_000)))
    assert result.finish is Finish.STOP


# The traps of the SDK -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "what_the_sdk_does"),
    [
        (200, b"<html>Log in</html>", "text/html", "a str"),
        (200, b"{}", "application/json", "a Message of nothing"),
        (200, b'{"error": {"type": "api_error", "message": "x"}}', "application/json", "a Message of nothing"),
        (200, b'{"id": "msg_1", "cont', "application/json", "a JSONDecodeError"),
        (200, b"", "application/json", "a JSONDecodeError"),
        (200, b'{"id": "msg_1", "type": "message", "content": null}', "application/json", "a Message of nothing"),
    ],
)
def test_an_answer_that_is_none_is_typed(
    bench: Bench, status: int, body: bytes, kind: str, what_the_sdk_does: str
) -> None:
    """Where the bare SDK hands out something else or breaks, there is a typed error, of text and stream alike."""
    bench.answer(status, body, content_type=kind)

    async def bare() -> str:
        client = anthropic.AsyncAnthropic(
            api_key="k", max_retries=0, http_client=httpx2.AsyncClient(transport=bench.transport)
        )
        try:
            found = await client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}])
        except json.JSONDecodeError:
            return "a JSONDecodeError"
        return "a str" if isinstance(found, str) else "a Message of nothing" if found.content is None else "a Message"

    assert bench.run(bare()) == what_the_sdk_does
    for ask in (lambda claude: claude.generate(ASKED), lambda claude: claude.stream(ASKED).whole()):
        with pytest.raises(BackstayError) as caught:
            bench.run(ask(bench.claude(max_attempts=1)))
        assert caught.value.type in {"BAD_RESPONSE", "AI_MODEL_FAILED"}


@pytest.mark.parametrize("wait", ["7200", "Sun, 06 Nov 2099 08:49:37 GMT"])
def test_a_wait_without_end_is_not_waited_for(bench: Bench, wait: str) -> None:
    """The SDK sleeps for what the header says; here it fits the deadline or is an error that names it."""
    body = b'{"type":"error","error":{"type":"rate_limit_error","message":"x"}}'
    bench.answer(429, body, retry_after=wait, **{"retry-after": wait})
    began = bench.clock.monotonic()
    with pytest.raises(RateLimitError):
        bench.run(bench.claude().generate(ASKED))
    assert bench.clock.monotonic() - began < 300.0


def test_a_drip_does_not_outlive_the_deadline(bench: Bench) -> None:
    """The SDK's timeout is per read, so a slow drip outlives it; ours is for the whole."""
    bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.SLOW_DRIP, delay=800.0)])
    began = bench.clock.monotonic()
    with pytest.raises(DeadlineExceededError):
        bench.run(bench.claude(deadline=50.0).generate(ASKED))
    assert bench.clock.monotonic() - began == pytest.approx(50.0)


def test_a_retry_after_on_a_good_answer_means_nothing(bench: Bench) -> None:
    """The vendor sends it on one good answer in six."""
    claude = Bench(tier="start")

    async def main() -> float:
        adapter = claude.claude()
        began = claude.clock.monotonic()
        for _ in range(12):
            await adapter.generate(ASKED)
        return claude.clock.monotonic() - began

    assert claude.run(main()) == 0.0


def test_a_stream_error_after_200_has_its_type(bench: Bench) -> None:
    """The SDK's exception says status 200; the vendor's own type decides."""
    bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.VENDOR_ERROR, error="overloaded_error", after_commit=True)])
    with pytest.raises(ServiceUnavailableError) as caught:
        bench.run(bench.claude().stream(ASKED).whole())
    assert (caught.value.status, caught.value.rule) == (200, "claude.overloaded_later")
    assert caught.value.partial.text


def test_a_stream_without_its_end_is_no_answer(bench: Bench) -> None:
    """The SDK says nothing when a stream stops between two events."""
    bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.HALF_JSON)])
    with pytest.raises(BadResponseError) as caught:
        bench.run(bench.claude().stream(ASKED).whole())
    assert caught.value.rule == "claude.stream_cut"
    assert caught.value.request_ids


def test_errors_and_reprs_show_no_key(bench: Bench) -> None:
    """Not the adapter's, not the wire's, not an error's."""
    secret = "sk-" + "ant-api03-" + "x" * 40
    claude = bench.claude(secret)
    with pytest.raises(BackstayError) as caught:
        bench.run(claude.generate(ASKED))
    for text in (repr(claude), repr(claude._wire.__dict__), str(caught.value), repr(bench.events)):
        assert secret not in text


# What is heard ------------------------------------------------------------------------------------------------------


def test_a_limit_is_heard_before_its_wall() -> None:
    """From four fifths of the requests on calls are spaced, by the headers alone, and none is refused."""
    bench = Bench(tier="tiny")

    async def main() -> list[float]:
        claude = bench.claude()
        times = []
        for _ in range(12):
            await claude.generate(ASKED)
            times.append(bench.clock.monotonic())
        return times

    times = bench.run(main())
    assert times[3] - times[0] < 1.0
    assert times[-1] - times[0] > 60.0
    assert not [event for event in bench.events if event.name == "operation_error"]


def test_a_credential_is_renewed_once(bench: Bench) -> None:
    """TOKEN_EXPIRED asks the provider, and the same client sends the new key; without a provider it is an error."""
    keys = iter([KEY, "second-key"])

    async def provider() -> str:
        return next(keys)

    bench.sandbox.keys["second-key"] = "good"
    claude = bench.claude(credentials=Credentials(provider=provider, name="claude"), key="")

    async def main() -> None:
        await claude.generate(ASKED)
        bench.sandbox.expire()
        await claude.generate(ASKED)

    bench.run(main())
    assert [request.headers["authorization"][-10:] for request in bench.transport.requests] == [
        KEY[-10:], KEY[-10:], "second-key",
    ]  # fmt: skip
    with pytest.raises(TokenExpiredError):
        bench.run(bench.claude().generate(ASKED))


def test_the_list_of_models_is_cached_and_served_stale(bench: Bench) -> None:
    """An hour fresh, a day when the vendor is down, and marked."""

    async def main() -> list[str]:
        claude = bench.claude()
        sources = [(await claude.list_models()).served.source, (await claude.list_models()).served.source]
        bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX)])
        await bench.clock.sleep(7_200.0)
        stale = await claude.list_models(deadline=20)
        assert stale.models[0].served.source == "stale"
        return [*sources, stale.served.source]

    assert bench.run(main()) == ["live", "cache", "stale"]


def test_a_copy_shares_the_connection(bench: Bench) -> None:
    """`with_options` before the first call sees the same client; closing one closes both."""

    async def main() -> None:
        claude = bench.claude()
        options: CallOptions = {"deadline": 10.0}
        copy = claude.with_options(**options)
        await copy.generate(ASKED)
        await claude.generate(ASKED)
        await claude.aclose()
        with pytest.raises(InvalidRequestError, match="closed"):
            await copy.generate(ASKED)

    bench.run(main())


@pytest.mark.parametrize(
    ("prices", "model", "basis"),
    [(PRICES, "claude-sonnet-4-6", Basis.ESTIMATED), (None, "claude-sonnet-4-6", Basis.UNKNOWN)],
)
def test_prices_are_the_users_to_give(bench: Bench, prices: Any, model: str, basis: Basis) -> None:
    """Without a table the cost is unknown, never nought."""
    result = bench.run(bench.claude(prices=prices, model=model).generate(ASKED))
    assert result.cost.basis is basis


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is required by name; model and address are taken as set."""
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(InvalidRequestError, match="ANTHROPIC_API_KEY"):
        Claude.from_env()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    monkeypatch.setenv("CLAUDE_MODEL", "claude-opus-5-5")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    claude = Claude.from_env(account="marketing")
    assert (claude.model, claude.host, claude.account) == ("claude-opus-5-5", "http://127.0.0.1:1", "marketing")


@pytest.mark.parametrize("bad", [{"max_output_tokens": 0}, {"key": ""}, {"timeout": 3}])
def test_a_wrong_argument_is_refused(bench: Bench, bad: dict[str, Any]) -> None:
    """When the adapter is made."""
    with pytest.raises(InvalidRequestError):
        bench.claude(**bad)


def test_the_example_of_the_requirements_takes_14_seconds(bench: Bench) -> None:
    """S3: with `external_api` the third retry succeeds after waits of 2, 4 and 8 seconds; four requests."""
    bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, status=503, times=3)])
    began = bench.clock.monotonic()
    result = bench.run(bench.claude(profile="external_api").generate(ASKED))
    assert bench.clock.monotonic() - began == pytest.approx(14.0)
    assert (result.served.attempts, len(bench.transport.requests)) == (4, 4)


def test_a_timeout_of_the_profile_holds(bench: Bench) -> None:
    """Texts have 120 s an attempt and 300 s in all; counting has the usual 30."""
    profile = claude_profile()
    assert (profile.timeout("ai_generation"), profile.deadline_of("ai_generation"), profile.timeout("api_call")) == (
        120.0, 300.0, 30.0,
    )  # fmt: skip
    bench.sandbox.faults = FaultPlan([FaultRule(FaultKind.TIMEOUT)])
    with pytest.raises(CallTimeoutError) as caught:
        bench.run(bench.claude(max_attempts=1).generate(ASKED))
    assert caught.value.duration == 120.0


def test_two_hundred_at_once(bench: Bench) -> None:
    """Many texts over one client; each has its own."""

    async def main() -> list[str]:
        claude = bench.claude()
        work = [claude.generate(TextRequest.ask(f"Tell me of harbour number{n} please")) for n in range(200)]
        return [result.text for result in await asyncio.gather(*work)]

    texts = bench.run(main())
    assert len(texts) == len(bench.transport.requests) == 200
    assert bench.runtime.ledger.total().calls == 200
    assert bench.runtime.ledger.total().spent > Decimal(0)
