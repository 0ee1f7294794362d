"""The bases of content adapters, on toys: checks, ledger, cache, estimates; the wire is nobody's."""

from __future__ import annotations

import struct
from collections.abc import AsyncGenerator
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from backstay.auth import Credentials
from backstay.content import (
    Background,
    ContentCapabilities,
    Cost,
    Depth,
    Finish,
    ImageGenerator,
    ImageRequest,
    ImageResult,
    Message,
    Picture,
    Price,
    PriceTable,
    Recency,
    ResearchDelta,
    Researcher,
    ResearchRequest,
    ResearchResult,
    Size,
    TextDelta,
    TextGenerator,
    TextRequest,
    TextResult,
    Tool,
)
from backstay.content import ContentCapability as Can
from backstay.content_adapter import ImageAdapter, ResearchAdapter, TextAdapter, picture
from backstay.errors import (
    BackstayError,
    InvalidRequestError,
    ServiceUnavailableError,
    TokenInvalidError,
    UnsupportedCapabilityError,
)
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.testing import VirtualClock
from backstay.testing import run as virtually

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 4, 5) + b"\x08\x02\0\0\0"
PRICES = PriceTable(
    as_of=date(2026, 1, 1), source="a test", models={"m": Price(input=Decimal(3), output=Decimal(15))}
)  # fmt: skip


class Toy(TextAdapter, ImageAdapter, ResearchAdapter):
    """Speaks all three protocols, from a script: answers, or exceptions to raise."""

    vendor = "toy"
    CAPABILITIES: ClassVar[ContentCapabilities] = ContentCapabilities.of(
        "toy", Can.TEXT, Can.STREAM, Can.IMAGE, Can.RESEARCH, Can.RESEARCH_STREAM
    )

    def __init__(self, runtime: Runtime, *script: Any, profile: Profile | None = None) -> None:
        super().__init__(
            credentials=Credentials("a-key"), account="a", host="h", profile=profile, runtime=runtime, options={}
        )
        self.model = self.image_model = "m"
        self.max_output_tokens = 100
        self.prices = PRICES
        self.script = list(script)
        self.asked: list[Any] = []

    def _next(self, asked: Any) -> Any:
        self.asked.append(asked)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    async def write_text(self, request: TextRequest) -> TextResult:
        return TextResult(text=self._next(request), finish=Finish.STOP, cost=Cost(amount=Decimal("0.01")))

    async def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        for letter in self._next(request):
            yield TextDelta(text=letter)
        yield TextResult(text="all", finish=Finish.STOP, cost=Cost(amount=Decimal("0.01")))

    async def draw(self, request: ImageRequest) -> ImageResult:
        return ImageResult(images=(picture(self._next(request)),), cost=Cost.reported(Decimal("0.04")))

    async def find_out(self, request: ResearchRequest, idempotency_key: str | None) -> ResearchResult:
        return ResearchResult(answer=self._next((request, idempotency_key)), cost=Cost.reported(Decimal("0.006")))

    async def stream_findings(self, request: ResearchRequest) -> AsyncGenerator[ResearchDelta | ResearchResult, None]:
        yield ResearchDelta(text=self._next(request))
        yield ResearchResult(answer="all")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def runtime(clock: VirtualClock) -> Runtime:
    return Runtime.in_memory(clock=clock, listeners=())


def test_it_speaks_the_protocols(runtime: Runtime) -> None:
    """One adapter may write, draw and research."""
    toy = Toy(runtime)
    assert isinstance(toy, TextGenerator)
    assert isinstance(toy, ImageGenerator)
    assert isinstance(toy, Researcher)


TEXT = TextRequest.ask("x")
PICTURES = (Picture(data=PNG),)


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("generate", TEXT.but(system="s"), "system"),
        ("generate", TEXT.but(tools=(Tool(name="t"),)), "tools"),
        ("generate", TEXT.but(temperature=0.0), "temperature"),
        ("generate", TEXT.but(stop=("x",)), "stop"),
        ("generate", TEXT.but(effort="low"), "effort"),
        ("generate", TextRequest(messages=(Message.user(PICTURES[0]),)), "messages"),
        ("count_tokens", TEXT, "capability"),
        ("generate_image", ImageRequest(prompt="x", sources=PICTURES), "sources"),
        ("generate_image", ImageRequest(prompt="x", mask=PICTURES[0]), "mask"),
        ("generate_image", ImageRequest(prompt="x", seed=0), "seed"),
        ("generate_image", ImageRequest(prompt="x", n=2), "n"),
        ("generate_image", ImageRequest(prompt="x", background=Background.TRANSPARENT), "background"),
        ("research", ResearchRequest(question="x", domains=("a.com",)), "domains"),
        ("research", ResearchRequest(question="x", exclude_domains=("a.com",)), "domains"),
        ("research", ResearchRequest(question="x", recency=Recency.DAY), "recency"),
        ("research", ResearchRequest(question="x", country="DE"), "country"),
        ("research", ResearchRequest(question="x", language="de"), "language"),
        ("research", ResearchRequest(question="x", depth=Depth.DEEP), "depth"),
    ],
)
def test_what_the_vendor_lacks_is_refused_before_it_is_asked(
    runtime: Runtime, clock: VirtualClock, method: str, request_: Any, field: str
) -> None:
    """By the field that asks for it."""
    toy = Toy(runtime)
    with pytest.raises(UnsupportedCapabilityError) as caught:
        virtually(getattr(toy, method)(request_), clock)
    assert caught.value.field == field
    assert toy.asked == []


def test_a_stream_that_the_vendor_lacks_is_refused_when_it_is_made(runtime: Runtime) -> None:
    """Not when it is read."""
    with pytest.raises(UnsupportedCapabilityError):
        Toy(runtime).stream(TEXT.but(system="s"))


def test_a_tool_that_is_not_there_cannot_be_chosen(runtime: Runtime, clock: VirtualClock) -> None:
    """The cure names the tools that are."""
    with pytest.raises(InvalidRequestError, match="no tool is called"):
        virtually(Toy(runtime).generate(TEXT.but(tool_choice="wind")), clock)


def test_everything_is_in_the_ledger(runtime: Runtime, clock: VirtualClock) -> None:
    """Texts, pictures and research by their operation, with what the vendor or the table says."""
    toy = Toy(runtime, "text", ["a", "b"], PNG, "found")

    async def main() -> None:
        await toy.generate(TEXT)
        await toy.stream(TEXT).whole()
        await toy.generate_image(ImageRequest(prompt="x", size=Size.of("4x5")))
        await toy.research(ResearchRequest(question="x"))

    virtually(main(), clock)
    assert [(entry.operation, str(entry.amount), entry.basis.value) for entry in runtime.ledger.entries] == [
        ("generate", "0.01", "estimated"), ("stream", "0.01", "estimated"), ("generate_image", "0.04", "reported"),
        ("research", "0.006", "reported"),
    ]  # fmt: skip
    assert runtime.ledger.total().spent == Decimal("0.066")


def test_the_estimate_is_the_most_a_text_may_cost(runtime: Runtime) -> None:
    """A token for every three bytes in, pictures besides, all that may come out, by the model that is asked."""
    toy = Toy(runtime)
    declared = type(toy)._generated.__backstay_operation__  # type: ignore[attr-defined]  # the decorator's mark
    assert toy.estimate(declared, (TextRequest.ask("x" * 300),)) == PRICES.cost("m", input=100, output=100)
    assert toy.estimate(declared, (TextRequest.ask("风" * 100, max_output_tokens=7),)) == PRICES.cost(
        "m", input=100, output=7
    )
    with_picture = TextRequest(messages=(Message.user("xxx", PICTURES[0]),))
    assert toy.estimate(declared, (with_picture,)) == PRICES.cost("m", input=5_001, output=100)
    assert toy.estimate(declared, (TextRequest.ask("x", model="nobody"),)) is None
    toy.prices = None
    assert toy.estimate(declared, (TEXT,)) is None


def test_the_estimate_of_a_picture_is_its_vendors(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor says the most; without its word, or a price for the model, nobody can tell."""
    toy, asked = Toy(runtime), (ImageRequest(prompt="x"),)
    declared = type(toy)._drawn.__backstay_operation__  # type: ignore[attr-defined]  # the decorator's mark
    assert toy.estimate(declared, asked) is None
    for most, expected in ((Cost.reported(Decimal(1)), Cost.reported(Decimal(1))), (Cost.unknown("no price"), None)):
        monkeypatch.setattr(toy, "most_drawn", lambda _, most=most: most)
        assert toy.estimate(declared, asked) == expected


def test_research_is_cached_joined_and_served_stale(runtime: Runtime, clock: VirtualClock) -> None:
    """Twice the same question is one answer; when the vendor is down the old one is served, marked and not billed."""
    down = [ServiceUnavailableError() for _ in range(4)]
    toy = Toy(runtime, "one", *down, TokenInvalidError())
    asked = ResearchRequest(question="x")

    async def main() -> list[Any]:
        first = await toy.research(asked)
        second = await toy.research(asked)
        await clock.sleep(7_200.0)
        stale = await toy.research(asked)
        with pytest.raises(TokenInvalidError):
            await toy.research(asked, max_age=0)
        return [first, second, stale]

    answers = virtually(main(), clock)
    assert [answer.served.source for answer in answers] == ["live", "cache", "stale"]
    assert (answers[2].answer, answers[2].served.cause) == ("one", "SERVICE_UNAVAILABLE")
    assert runtime.ledger.total().reported == Decimal("0.006")


def test_pictures_are_kept_only_when_asked(runtime: Runtime, clock: VirtualClock) -> None:
    """As texts: a picture costs, and who asks twice wants two."""
    toy = Toy(runtime, PNG, PNG, PNG)
    asked = ImageRequest(prompt="x")

    async def main() -> str:
        await toy.generate_image(asked)
        await toy.generate_image(asked, cache=60)
        await toy.generate_image(asked, cache=60)
        return (await toy.generate_image(asked)).served.source

    assert virtually(main(), clock) == "live"
    assert len(toy.asked) == 3


@pytest.mark.parametrize(("again", "calls"), [(True, 2), (False, 1)])
def test_the_profile_decides_whether_a_lost_generation_is_paid_for_twice(
    runtime: Runtime, clock: VirtualClock, again: bool, calls: int
) -> None:
    """`generate_again=False` is for pictures: a lost one is not asked for again, and counts as spent."""
    toy = Toy(runtime, ServiceUnavailableError(), PNG, profile=Profile(generate_again=again))

    async def main() -> str | None:
        try:
            await toy.generate_image(ImageRequest(prompt="x"))
        except BackstayError as error:
            return error.why
        return None

    assert virtually(main(), clock) == (None if again else "effect")
    assert len(toy.asked) == calls


def test_a_profile_may_pay_again_for_texts_and_not_for_pictures(runtime: Runtime, clock: VirtualClock) -> None:
    """`paid_once` names the kinds of which a lost one is not asked for again, in an adapter that does both."""
    profile = Profile(paid_once=frozenset({"image"}))
    toy = Toy(runtime, ServiceUnavailableError(), "again", ServiceUnavailableError(), PNG, profile=profile)

    async def main() -> str | None:
        assert (await toy.generate(TextRequest.ask("x"))).text == "again"
        with pytest.raises(ServiceUnavailableError) as caught:
            await toy.generate_image(ImageRequest(prompt="x"))
        return caught.value.why

    assert virtually(main(), clock) == "effect"
    assert len(toy.asked) == 3


def test_a_key_reaches_the_researcher(runtime: Runtime, clock: VirtualClock) -> None:
    """For vendors that start a deep job once for each key."""
    toy = Toy(runtime, "found")
    virtually(toy.research(ResearchRequest(question="x"), idempotency_key="k1"), clock)
    assert toy.asked[0][1] == "k1"


def test_research_streams(runtime: Runtime, clock: VirtualClock) -> None:
    """Pieces, then the whole."""
    toy = Toy(runtime, "piece")

    async def main() -> tuple[list[str], str]:
        async with toy.stream_research(ResearchRequest(question="x")) as stream:
            found = [piece.text async for piece in stream]
        return found, stream.result.answer

    assert virtually(main(), clock) == (["piece"], "all")


def test_an_unknown_option_is_refused(runtime: Runtime, clock: VirtualClock) -> None:
    """A misspelled option must not pass in silence, on streams neither."""
    with pytest.raises(InvalidRequestError, match="deadlin"):
        virtually(Toy(runtime).generate(TEXT, deadlin=3), clock)  # type: ignore[call-arg]  # that is the point
    with pytest.raises(InvalidRequestError, match="deadlin"):
        Toy(runtime).stream(TEXT, deadlin=3)  # type: ignore[call-arg]  # that is the point
