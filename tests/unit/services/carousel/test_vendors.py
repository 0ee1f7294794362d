"""A carousel on the vendors' simulators: their wires, their faults, and a fallback in the middle."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from backstay.compose import Fallback
from backstay.errors import AIModelError, BackstayError, ConnectionFailedError, TokenInvalidError
from backstay.events import Event
from backstay.hosting import FolderHost
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, SimTransport2, storm
from backstay.sandbox.content import GOOD
from backstay.services.carousel import Carousel, CarouselPlan
from backstay.services.store import FileStore, MemoryStore, Store
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay.writes.memory import MemoryJournal
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox, Said
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, TOKEN, InstagramSandbox
from backstay_adapters.instagram.sandbox.posts import POST
from backstay_adapters.openai import OpenAIImages, openai_profile
from backstay_adapters.openai.sandbox import KEY as OPENAI_KEY
from backstay_adapters.openai.sandbox import OpenAISandbox
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY as PERPLEXITY_KEY
from backstay_adapters.perplexity.sandbox import PerplexitySandbox

PLAN = CarouselPlan(id="sails", topic="How vector embeddings work", slides=4)


class Stage:
    """Simulators, a folder and a journal that outlive a process; `carousel()` is a new process each time."""

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.claude, self.spare, self.perplexity = ClaudeSandbox(seed=1), ClaudeSandbox(seed=2), PerplexitySandbox()
        self.openai, self.instagram = OpenAISandbox(seed=3), InstagramSandbox(seed=4, read_lag=5.0)
        self.folder, self.store, self.journal = folder, store or MemoryStore(), MemoryJournal()
        self.asked = SimTransport(self.perplexity, self.clock)
        self.drawn = SimTransport2(self.openai, self.clock)
        self.draws = openai_profile()
        self.writes: str | None = None

    def carousel(self, plan: CarouselPlan = PLAN) -> Carousel:
        runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,), journal=self.journal)
        writers = [
            Claude(
                KEY,
                account=str(number),
                runtime=runtime,
                transport=SimTransport2(sandbox, self.clock),
                profile=self.writes,
            )
            for number, sandbox in enumerate((self.claude, self.spare))
        ]
        return Carousel(
            plan,
            research=Perplexity(PERPLEXITY_KEY, runtime=runtime, transport=self.asked, profile="external_api"),
            text=Fallback(*writers, timeout=60.0),
            images=OpenAIImages(OPENAI_KEY, runtime=runtime, transport=self.drawn, profile=self.draws),
            host=FolderHost(self.folder, "https://media.example.com", runtime=runtime),
            publisher=Instagram(ACCOUNT, TOKEN, runtime=runtime, transport=SimTransport(self.instagram, self.clock)),
            store=self.store,
        )

    @property
    def posts(self) -> int:
        """Posts that are live, from the world's own log."""
        return len([thing for thing in self.instagram.world.objects() if thing.level == POST])

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "media")


def test_real_wires_make_a_carousel(stage: Stage) -> None:
    """Claude's JSON fits every schema, Perplexity's sources are in what Claude is told."""
    stage.run(stage.carousel().run())
    assert len(stage.claude.world.objects()) == 1 + 4 + 1 + 1
    assert len(stage.spare.world.objects()) == 0
    state = stage.run(stage.carousel().state())
    assert state.research.sources
    assert stage.posts == 1
    assert len(list(stage.folder.rglob("*.jpeg"))) == 4
    assert (state.request.media[0].width, state.request.media[0].height, state.ai_generated) == (1088, 1360, True)
    assert state.post.permalink
    assert [each.step for each in state.done if each.by == "perplexity"] == ["research"]


def test_the_worked_example_on_the_wire(stage: Stage) -> None:
    """S3-50: timeout, timeout, 503, then an answer: 4 requests and 14 s of waits beside the two timeouts of 30 s."""
    stage.perplexity.faults = FaultPlan(
        [FaultRule(FaultKind.TIMEOUT, times=2), FaultRule(FaultKind.HTTP_5XX, times=1, status=503)]
    )
    stage.run(stage.carousel().run())
    assert len(stage.asked.requests) == 4
    start, research, *_ = [event.at for event in stage.events if event.name == "carousel_step"]
    assert research - start == pytest.approx(30.0 + 2.0 + 30.0 + 4.0 + 8.0, abs=1.0)
    success = next(event.facts() for event in stage.events if event.name == "retry_success")
    assert (success["total_delay"], success["calls"]) == (14.0, 4)


def test_a_writer_that_goes_away_is_covered_in_the_middle(stage: Stage) -> None:
    """After the outline the first Claude is down: the other one writes the rest, and the state says so."""
    stage.claude.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, skip=1)])
    stage.run(stage.carousel().run())
    done = {each.step: (each.by, each.cause) for each in stage.run(stage.carousel().state()).done}
    assert done["outline"] == ("claude", None)
    assert done["caption"] == ("claude 2", "AI_MODEL_FAILED")


def test_a_fallback_of_which_nobody_is_readable_ends_in_the_template(stage: Stage) -> None:
    """S3-22: both writers and their repairs give no JSON; marked, and not published unasked."""
    for sandbox in (stage.claude, stage.spare):
        sandbox.say(Said(text="Of course!"), Said(text="Here it is:"))
    state = stage.run(stage.carousel().prepare())
    assert state.outline.template
    assert state.degraded


def test_a_file_store_carries_it_over_processes(stage: Stage, tmp_path: Path) -> None:
    """The same plan and folder: what was written is read back equal, and nothing is paid for twice."""
    stage.store = FileStore(tmp_path / "carousels")
    stage.instagram.revoke()
    with pytest.raises(TokenInvalidError):
        stage.run(stage.carousel().run())
    before = stage.run(stage.carousel().state())
    stage.instagram.keys[TOKEN] = GOOD
    stage.run(stage.carousel().run())
    after = stage.run(stage.carousel().state())
    assert (after.slides, after.pictures, after.request) == (before.slides, before.pictures, before.request)
    assert stage.run(stage.carousel().picture(1)).sha256 == after.pictures[0]
    assert (len(stage.claude.world.objects()), stage.posts) == (7, 1)


@pytest.mark.parametrize(("again", "requests"), [(True, 4 + 2), (False, 3)])
def test_a_503_for_pictures(stage: Stage, again: bool, requests: int) -> None:
    """S3-62: asked again twice where the profile says so; else nothing is, since a gateway's 503 may hide a picture.

    Three were begun at the same time: the two that failed are asked for by the next run.
    """
    stage.openai.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, times=2, status=503, after_commit=False)])
    stage.draws = openai_profile().with_(generate_again=again)
    if not again:
        with pytest.raises(AIModelError):
            stage.run(stage.carousel().prepare())
        assert len(stage.drawn.requests) == requests
    state = stage.run(stage.carousel().prepare())
    assert len(stage.drawn.requests) == 4 + 2
    assert (state.prepared, len(stage.openai.world.objects())) == (True, 4)


def test_a_vendor_that_is_gone_ends_after_five_calls_and_keeps_what_was_made(stage: Stage) -> None:
    """S3-61: the network is away; five tries, one typed error, and when it is back the carousel goes on."""
    stage.perplexity.faults = FaultPlan([FaultRule(FaultKind.CONNECT_REFUSED)])
    with pytest.raises(ConnectionFailedError) as caught:
        stage.run(stage.carousel().run())
    assert (len(caught.value.attempts), caught.value.retryable) == (5, True)
    stage.perplexity.faults = None
    stage.clock.advance(60.0)
    assert stage.run(stage.carousel().run()).permalink


def test_an_outage_of_ten_seconds_is_outlasted(stage: Stage) -> None:
    """S3-61: Claude is away when the outline is asked for; its retries succeed when it is back, nobody else writes."""
    stage.writes = "external_api"
    stage.claude.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, end=10.0)])
    stage.run(stage.carousel().run())
    done = stage.run(stage.carousel().state()).done
    assert {each.by for each in done if each.step == "outline" or each.step.startswith("slide")} == {"claude"}
    assert next(each.attempts for each in done if each.step == "outline") == 4
    assert len(stage.spare.world.objects()) == 0


class Death(BaseException):
    """The process ends here."""


REQUESTS = 13
"""Of the publisher: four containers, their states, the carousel's, publishing, and what confirms it; or a few more."""


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("request_", range(REQUESTS))
def test_a_death_at_any_request_of_the_publisher_leaves_one_post(stage: Stage, request_: int, side: str) -> None:
    """Before the vendor hears it, or before we hear the vendor: the next process goes on, and one post is live."""
    stage.run(stage.carousel().prepare())
    real, seen = stage.instagram.handle, 0

    def handle(request: Any, now: float, fault: Any = None) -> Any:
        nonlocal seen
        seen += 1
        if seen - 1 == request_ and side == "before":
            raise Death
        reply = real(request, now, fault)
        if seen - 1 == request_:
            raise Death
        return reply

    stage.instagram.handle = handle  # type: ignore[method-assign]  # a simulator that kills
    with pytest.raises((Death, BaseExceptionGroup)):
        stage.run(stage.carousel().publish())
    stage.instagram.handle = real  # type: ignore[method-assign]  # as above
    stage.clock.advance(60.0)
    post = stage.run(stage.carousel().publish())
    assert stage.posts == 1
    assert post.permalink


@pytest.mark.parametrize("seed", range(6))
def test_a_storm_ends_with_one_post(stage: Stage, seed: int) -> None:
    """Faults of all kinds at all vendors: what fails is tried again later under the same id, until it is out, once."""
    for number, sandbox in enumerate((stage.claude, stage.spare, stage.perplexity, stage.openai, stage.instagram)):
        sandbox.faults = storm(10 * seed + number)

    async def main() -> Any:
        for _ in range(60):
            try:
                return await stage.carousel().run()
            except BackstayError:
                await asyncio.sleep(120.0)
        return None

    assert stage.run(main()) is not None
    assert stage.posts == 1
