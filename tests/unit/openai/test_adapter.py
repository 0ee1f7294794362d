"""OpenAIImages: what it sends, what it hears, and the traps of the official SDK, each shown not to reach a user."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import httpx2
import openai
import pytest

from backstay.auth import Credentials
from backstay.content import Basis, ImageRequest, Picture, Size
from backstay.errors import (
    BackstayError,
    CallTimeoutError,
    InvalidRequestError,
    RateLimitError,
    TokenExpiredError,
    UnsupportedError,
)
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport2
from backstay.sandbox.painter import draw
from backstay.taxonomy import Certainty
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.openai import PRICES, OpenAIImages, openai_profile
from backstay_adapters.openai.models import RETIRED, SUNSETS
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox

ASKED = ImageRequest(prompt="A red sail")


class November(VirtualClock):
    """The 17th of November 2026."""

    def wall(self) -> float:
        return super().wall() + 320 * 86_400.0


class Bench:
    """A simulator, a clock, a runtime, and adapters on them."""

    def __init__(self, clock: VirtualClock | None = None, **sandbox: Any) -> None:
        self.clock = clock or VirtualClock()
        self.sandbox = OpenAISandbox(seed=1, **sandbox)
        self.transport = SimTransport2(self.sandbox, self.clock)
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))

    def openai(self, key: str = KEY, **arguments: Any) -> OpenAIImages:
        return OpenAIImages(key, **{"runtime": self.runtime, "transport": self.transport, **arguments})

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)

    def body(self, number: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.transport.requests[number].body)
        return found

    def breaks(self, kind: FaultKind, **facts: Any) -> None:
        """From now on this goes wrong."""
        self.sandbox.faults = FaultPlan([FaultRule(kind, **facts)])

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


def test_a_request_of_the_official_sdk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own traffic: its headers, our key, its retries off, nothing out of the environment, one request."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "from-the-environment")
    bench.run(bench.openai().generate_image(ASKED))
    sent = bench.transport.requests[0]
    assert (sent.method, sent.path, sent.headers["host"]) == ("POST", "/v1/images/generations", "api.openai.com")
    assert sent.headers["user-agent"].startswith("AsyncOpenAI/Python ")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["x-stainless-retry-count"] == "0"
    assert "from-the-environment" not in str(sent)
    assert bench.body() == {"model": "gpt-image-2", "prompt": "A red sail", "n": 1, "output_format": "png"}


def test_organisation_and_project_go_out_when_given(bench: Bench) -> None:
    """As the vendor's own headers."""
    bench.run(bench.openai(organization="org-1", project="proj-1").generate_image(ASKED))
    headers = bench.transport.requests[0].headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")


def test_the_callers_own_fields_are_merged_and_doubled_ones_refused(bench: Bench) -> None:
    """`extra` goes into the body of a picture and of an edit; what a common field says already is refused."""
    extra = {"moderation": "low"}
    source = Picture(data=draw("x", 64, 64))
    for request in (ASKED.but(extra=extra), ASKED.but(extra=extra, sources=(source,))):
        bench.run(bench.openai().generate_image(request))
        assert b"moderation" in bench.transport.requests[-1].body
    with pytest.raises(InvalidRequestError, match="output_format"):
        bench.run(bench.openai().generate_image(ASKED.but(extra={"output_format": "webp"})))


def test_who_draws_is_the_requests_choice_then_the_adapters(bench: Bench) -> None:
    """No model is pinned."""
    adapter = bench.openai(model="gpt-image-2.5-flare")

    async def main() -> None:
        await adapter.generate_image(ASKED)
        await adapter.generate_image(ASKED.but(model="gpt-image-2.5-sunburst"))

    bench.run(main())
    assert [bench.body(n)["model"] for n in (0, 1)] == ["gpt-image-2.5-flare", "gpt-image-2.5-sunburst"]


def test_an_edit_by_bytes_is_a_form_that_is_always_the_same(bench: Bench) -> None:
    """Every picture is a part of its own, with the mask; the boundary comes from what is sent."""
    picture, mask = Picture(data=draw("a", 64, 64)), Picture(data=draw("b", 64, 64, transparent=True))
    request = ASKED.but(sources=(picture, picture), mask=mask)
    for _ in range(2):
        bench.run(bench.openai().generate_image(request))
    first, second = bench.transport.requests
    assert first.path == "/v1/images/edits"
    assert first.body == second.body
    assert (first.body.count(b'name="image[]"'), first.body.count(b'name="mask"')) == (2, 1)


def test_an_edit_by_address_is_json(bench: Bench) -> None:
    """The vendor fetches the picture itself."""
    sources = (Picture(url="https://example.com/sail.png"),)
    bench.run(bench.openai().generate_image(ASKED.but(sources=sources, extra={"moderation": "low"})))
    assert bench.transport.requests[0].path == "/v1/images/edits"
    assert bench.body()["images"] == [{"image_url": "https://example.com/sail.png"}]
    assert bench.body()["moderation"] == "low"


# Models that go -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "successor"),
    [
        ("dall-e-3", "gpt-image-2"),
        ("dall-e-2", "gpt-image-2"),
        ("DALL-E-3", "gpt-image-2"),
        ("dall-e-3-hd", "gpt-image-2"),
        ("gpt-image-1", "gpt-image-2.5-sunburst"),
        ("gpt-image-1-2025-04-23", "gpt-image-2.5-sunburst"),
    ],
)
def test_a_retired_model_is_refused_with_its_successor(bench: Bench, model: str, successor: str) -> None:
    """UNSUPPORTED before anything is sent, by the field, and the hint says what to take."""
    with pytest.raises(UnsupportedError) as caught:
        bench.run(bench.openai().generate_image(ASKED.but(model=model)))
    error = caught.value
    assert (error.field, error.value, error.certainty) == ("model", model, Certainty.NOT_SENT)
    assert str(error.hint).endswith(successor)
    assert bench.transport.requests == []


def test_a_model_that_is_going_is_warned_of_once() -> None:
    """Before its last day, with the day and the successor; the picture is drawn."""
    bench = Bench(November())
    adapter = bench.openai()

    async def main() -> None:
        for _ in range(2):
            await adapter.generate_image(ASKED.but(model="gpt-image-1.5"))

    with pytest.warns(FutureWarning, match=r"gpt-image-1.5 ends on 2026-12-01, in 14 days.*sunburst") as told:
        bench.run(main())
    assert len(told) == 1
    assert len(bench.transport.requests) == 2


def test_a_model_is_not_warned_of_a_year_before(bench: Bench) -> None:
    """Nor one that has no end."""
    bench.run(bench.openai(model="gpt-image-1.5").generate_image(ASKED))
    bench.run(bench.openai().generate_image(ASKED))
    assert len(bench.transport.requests) == 2


def test_the_tables_of_models_agree() -> None:
    """Every successor is a model that can be used, and none is retired."""
    assert {end.successor for end in SUNSETS.values()}.isdisjoint(SUNSETS)
    assert {"dall-e-2", "dall-e-3", "gpt-image-1"} == RETIRED


# A picture is not paid for twice -------------------------------------------------------------------------------------


def test_a_timed_out_picture_is_asked_for_again_only_where_the_profile_says_so(bench: Bench) -> None:
    """There is no idempotency key: the first one may be drawn and billed."""
    bench.breaks(FaultKind.TIMEOUT, times=1, after_commit=True)
    with pytest.raises(CallTimeoutError) as caught:
        bench.run(bench.openai().generate_image(ASKED))
    assert (caught.value.duration, len(bench.transport.requests)) == (180.0, 1)
    again = Bench()
    again.breaks(FaultKind.TIMEOUT, times=1, after_commit=True)
    result = again.run(again.openai(profile=openai_profile().with_(generate_again=True)).generate_image(ASKED))
    assert (result.served.attempts, len(again.transport.requests)) == (2, 2)
    assert again.runtime.ledger.total().lost > 0


@pytest.mark.parametrize("error", ["overloaded", "slow_down", "inside_200"])
def test_what_the_vendor_turns_away_is_asked_for_again(bench: Bench, error: str) -> None:
    """In its own words: it was not drawn and is not billed."""
    bench.breaks(FaultKind.VENDOR_ERROR, error=error, times=1)
    result = bench.run(bench.openai().generate_image(ASKED))
    assert result.served.attempts == 2
    assert bench.runtime.ledger.total().lost == 0


def test_a_failure_inside_of_the_vendor_is_not(bench: Bench) -> None:
    """The picture may be drawn: it stands in the ledger as spent."""
    bench.breaks(FaultKind.VENDOR_ERROR, error="server_error", times=1, after_commit=True)
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.openai().generate_image(ASKED))
    assert (caught.value.retryable, caught.value.retry_allowed, len(bench.transport.requests)) == (True, False, 1)
    assert bench.runtime.ledger.total().lost > 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateways_error_is_not(bench: Bench, status: int) -> None:
    """Behind it the picture may be drawn."""
    bench.breaks(FaultKind.HTTP_5XX, status=status, times=1)
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.openai().generate_image(ASKED))
    assert (caught.value.certainty, len(bench.transport.requests)) == (Certainty.UNKNOWN, 1)


# The traps of the SDK -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "what_the_sdk_does"),
    [
        (b"<html>Log in</html>", "text/html", "a str"),
        (b"{}", "application/json", "an answer of nothing"),
        (b'{"error": {"type": "server_error", "message": "x"}}', "application/json", "an answer of nothing"),
        (b'{"created": 1, "da', "application/json", "a JSONDecodeError"),
        (b"", "application/json", "a JSONDecodeError"),
        (b'{"created": 1, "data": null}', "application/json", "an answer of nothing"),
    ],
)
def test_an_answer_that_is_none_is_typed(bench: Bench, body: bytes, kind: str, what_the_sdk_does: str) -> None:
    """Where the bare SDK hands out something else or breaks, there is a typed error."""
    bench.answer(200, body, content_type=kind)

    async def bare() -> str:
        client = openai.AsyncOpenAI(
            api_key="k", max_retries=0, http_client=httpx2.AsyncClient(transport=bench.transport)
        )
        try:
            found = await client.images.generate(model="m", prompt="x")
        except json.JSONDecodeError:
            return "a JSONDecodeError"
        return "a str" if isinstance(found, str) else "an answer of nothing" if found.data is None else "an answer"

    assert bench.run(bare()) == what_the_sdk_does
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.openai(max_attempts=1).generate_image(ASKED))
    assert caught.value.type in {"BAD_RESPONSE", "AI_MODEL_FAILED"}


@pytest.mark.parametrize("error", ["empty", "no_picture"])
def test_an_answer_without_a_picture_is_none(bench: Bench, error: str) -> None:
    """An empty list, and bytes that are no picture, are BAD_RESPONSE; nothing is made up."""
    bench.breaks(FaultKind.VENDOR_ERROR, error=error)
    with pytest.raises(BackstayError) as caught:
        bench.run(bench.openai().generate_image(ASKED))
    assert (caught.value.type, len(bench.transport.requests)) == ("BAD_RESPONSE", 1)


def test_a_wait_of_hours_is_not_waited_for(bench: Bench) -> None:
    """The edge's own limit: the error names the wait and comes at once."""
    bench.answer(429, b"error code: 1015", content_type="text/plain", **{"retry-after": "54749"})
    began = bench.clock.monotonic()
    with pytest.raises(RateLimitError) as caught:
        bench.run(bench.openai().generate_image(ASKED))
    assert (caught.value.retry_after, bench.clock.monotonic() - began) == (54_749.0, 0.0)


def test_errors_and_reprs_show_no_key_and_no_picture(bench: Bench) -> None:
    """Not the adapter's, not the wire's, not an error's, not an event's."""
    secret = "sk-" + "proj-" + "x" * 40
    adapter = bench.openai(secret)
    with pytest.raises(BackstayError) as caught:
        bench.run(adapter.generate_image(ASKED))
    for text in (repr(adapter), repr(adapter._wire.__dict__), str(caught.value), repr(bench.events)):
        assert secret not in text
    assert len(repr(bench.run(bench.openai().generate_image(ASKED)))) < 4_000


# What is heard ------------------------------------------------------------------------------------------------------


def test_a_limit_is_heard_before_its_wall() -> None:
    """By the headers alone, where the vendor sends them, calls are spaced and none is refused."""
    bench = Bench(tier="start")

    async def main() -> list[float]:
        adapter = bench.openai()
        times = []
        for _ in range(12):
            await adapter.generate_image(ASKED)
            times.append(bench.clock.monotonic())
        return times

    times = bench.run(main())
    assert times[3] - times[0] < 1.0
    assert times[-1] - times[0] > 60.0
    assert {sent.path for sent in bench.transport.requests} == {"/v1/images/generations"}
    assert not [event for event in bench.events if event.name == "operation_error"]


def test_pictures_are_counted_here_where_the_profile_says_how_many() -> None:
    """Five a minute are five pictures, whether in one call or in five: no header is needed."""
    bench = Bench()

    async def main() -> list[float]:
        adapter = bench.openai(profile=openai_profile(images_per_minute=5))
        times = []
        for count in (3, 2, 1):
            await adapter.generate_image(ASKED.but(n=count))
            times.append(bench.clock.monotonic())
        with pytest.raises(InvalidRequestError, match="5"):
            await adapter.generate_image(ASKED.but(n=6))
        return times

    first, second, third = bench.run(main())
    assert second - first < 1.0
    assert third - second > 50.0


def test_a_credential_is_renewed_once(bench: Bench) -> None:
    """TOKEN_EXPIRED asks the provider, and the same client sends the new key; without a provider it is an error."""
    keys = iter([KEY, "second-key"])

    async def provider() -> str:
        return next(keys)

    bench.sandbox.keys["second-key"] = "good"
    adapter = bench.openai(credentials=Credentials(provider=provider, name="openai"), key="")

    async def main() -> None:
        await adapter.generate_image(ASKED)
        bench.sandbox.expire()
        await adapter.generate_image(ASKED)

    bench.run(main())
    assert [request.headers["authorization"][-10:] for request in bench.transport.requests] == [
        KEY[-10:], KEY[-10:], "second-key",
    ]  # fmt: skip
    with pytest.raises(TokenExpiredError):
        bench.run(bench.openai().generate_image(ASKED))


def test_the_list_of_models_says_what_ends_and_is_served_stale(bench: Bench) -> None:
    """An hour fresh, a day when the vendor is down, and marked; the successor comes from our table."""

    async def main() -> tuple[Any, Any, Any]:
        adapter = bench.openai()
        live, cached = await adapter.list_models(), await adapter.list_models()
        bench.breaks(FaultKind.HTTP_5XX)
        await bench.clock.sleep(7_200.0)
        return live, cached, await adapter.list_models(deadline=20)

    live, cached, stale = bench.run(main())
    assert [each.served.source for each in (live, cached, stale)] == ["live", "cache", "stale"]
    found = {model.id: model for model in live.models}
    assert (found["gpt-image-1.5"].state, found["gpt-image-1.5"].successor) == ("deprecated", "gpt-image-2.5-sunburst")
    assert found["gpt-image-2"].state == "active"


@pytest.mark.parametrize(("prices", "basis"), [(PRICES, Basis.ESTIMATED), (None, Basis.UNKNOWN)])
def test_prices_are_the_users_to_give(bench: Bench, prices: Any, basis: Basis) -> None:
    """Without a table the cost is unknown, never nought."""
    result = bench.run(bench.openai(prices=prices).generate_image(ASKED.but(size=Size.of("1024x1024"))))
    assert result.cost.basis is basis


def test_a_square_of_medium_quality_costs_what_the_price_page_says(bench: Bench) -> None:
    """1,056 tokens out at 30 dollars a million, and three words in at 5."""
    result = bench.run(bench.openai().generate_image(ASKED.but(quality="medium", size=Size.of("1024x1024"))))
    assert result.usage.output_tokens == 1_056
    assert result.cost.amount == (Decimal(1_056) * 30 + Decimal(3) * 5) / 1_000_000


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is required by name; model, address, organisation and project are taken as set."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidRequestError, match="OPENAI_API_KEY"):
        OpenAIImages.from_env()
    for name, value in {
        "OPENAI_API_KEY": "a-key", "OPENAI_IMAGE_MODEL": "gpt-image-2.5-flare",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    adapter = OpenAIImages.from_env(account="marketing")
    assert (adapter.image_model, adapter.host, adapter.account) == (
        "gpt-image-2.5-flare", "http://127.0.0.1:1/v1", "marketing",
    )  # fmt: skip


@pytest.mark.parametrize("bad", [{"key": ""}, {"timeout": 3}])
def test_a_wrong_argument_is_refused(bench: Bench, bad: dict[str, Any]) -> None:
    """When the adapter is made."""
    with pytest.raises(InvalidRequestError):
        bench.openai(**bad)


def test_fifty_at_once(bench: Bench) -> None:
    """Many pictures over one client; each has its own, and its cost."""

    async def main() -> list[str]:
        adapter = bench.openai()
        size = Size.of("64x64")
        work = [adapter.generate_image(ImageRequest(prompt=f"Harbour number {n}", size=size)) for n in range(50)]
        return [result.image.sha256 for result in await asyncio.gather(*work)]

    assert len(set(bench.run(main()))) == len(bench.transport.requests) == 50
    assert bench.runtime.ledger.total().calls == 50
