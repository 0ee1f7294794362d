"""A carousel on the vendors' simulators: their wires, their faults, and a fallback in the middle."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.compose import Fallback
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, SimTransport2
from backstay.services.carousel import Carousel, CarouselPlan
from backstay.services.store import FileStore, MemoryStore, Store
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox, Said
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY as PERPLEXITY_KEY
from backstay_adapters.perplexity.sandbox import PerplexitySandbox
from tests.support.studio import Host, Maker, Poster, World

PLAN = CarouselPlan(id="sails", topic="How vector embeddings work", slides=4)


class Stage:
    """Simulators that outlive a process; `carousel()` is a new one each time."""

    def __init__(self, store: Store | None = None) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.claude, self.spare, self.perplexity = ClaudeSandbox(seed=1), ClaudeSandbox(seed=2), PerplexitySandbox()
        self.world = World()
        self.store = store or MemoryStore()
        self.asked = SimTransport(self.perplexity, self.clock)

    def carousel(self) -> Carousel:
        runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        writers = [
            Claude(KEY, account=str(number), runtime=runtime, transport=SimTransport2(sandbox, self.clock))
            for number, sandbox in enumerate((self.claude, self.spare))
        ]
        researcher = Perplexity(
            PERPLEXITY_KEY, runtime=runtime, transport=self.asked, profile="external_api"
        )  # fmt: skip
        return Carousel(
            PLAN, research=researcher, text=Fallback(*writers, timeout=60.0), images=Maker(self.world, runtime),
            host=Host(self.world, self.clock), publisher=Poster(self.world), store=self.store,
        )  # fmt: skip

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)


def test_real_wires_make_a_carousel() -> None:
    """Claude's JSON fits every schema, Perplexity's sources are in what Claude is told."""
    stage = Stage()
    stage.run(stage.carousel().run())
    assert len(stage.claude.world.objects()) == 1 + 4 + 1 + 1
    assert len(stage.spare.world.objects()) == 0
    state = stage.run(stage.carousel().state())
    assert state.research.sources
    assert [each.step for each in state.done if each.by == "perplexity"] == ["research"]


def test_the_worked_example_on_the_wire() -> None:
    """S3-50: timeout, timeout, 503, then an answer: 4 requests and 14 s of waits beside the two timeouts of 30 s."""
    stage = Stage()
    stage.perplexity.faults = FaultPlan(
        [FaultRule(FaultKind.TIMEOUT, times=2), FaultRule(FaultKind.HTTP_5XX, times=1, status=503)]
    )
    began = stage.clock.monotonic()
    stage.run(stage.carousel().run())
    assert len(stage.asked.requests) == 4
    assert stage.clock.monotonic() - began == pytest.approx(30.0 + 2.0 + 30.0 + 4.0 + 8.0, abs=1.0)
    success = next(event.facts() for event in stage.events if event.name == "retry_success")
    assert (success["total_delay"], success["calls"]) == (14.0, 4)


def test_a_writer_that_goes_away_is_covered_in_the_middle() -> None:
    """After the outline the first Claude is down: the other one writes the rest, and the state says so."""
    stage = Stage()
    stage.claude.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, skip=1)])
    stage.run(stage.carousel().run())
    done = {each.step: (each.by, each.cause) for each in stage.run(stage.carousel().state()).done}
    assert done["outline"] == ("claude", None)
    assert done["caption"] == ("claude 2", "AI_MODEL_FAILED")


def test_a_fallback_of_which_nobody_is_readable_ends_in_the_template() -> None:
    """S3-22: both writers and their repairs give no JSON; marked, and not published unasked."""
    stage = Stage()
    for sandbox in (stage.claude, stage.spare):
        sandbox.say(Said(text="Of course!"), Said(text="Here it is:"))
    state = stage.run(stage.carousel().prepare())
    assert state.outline.template
    assert state.degraded


def test_a_file_store_carries_it_over_processes(tmp_path: Any) -> None:
    """The same plan and folder: what was written is read back equal, pictures byte for byte."""
    stage = Stage(FileStore(tmp_path / "carousels"))
    stage.world.script["publish"] = [ConnectionError("the network is gone")]
    with pytest.raises(ConnectionError):
        stage.run(stage.carousel().run())
    before = stage.run(stage.carousel().state())
    stage.run(stage.carousel().run())
    after = stage.run(stage.carousel().state())
    assert (after.slides, after.pictures, after.request) == (before.slides, before.pictures, before.request)
    assert stage.run(stage.carousel().picture(1)).sha256 == after.pictures[0]
    assert len(stage.claude.world.objects()) == 7
