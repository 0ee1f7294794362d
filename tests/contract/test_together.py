"""Research over several real wires at once: what arrives is joined, what fails is listed, what is old says so."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.compose import Together
from backstay.content import Researcher, ResearchRequest, ResearchResult
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY, PerplexitySandbox

ASKED = ResearchRequest(question="Why do sails billow in the wind?")
DOWN = FaultRule(FaultKind.HTTP_5XX)


class Stage:
    """Two simulators that find different things, an adapter on each, and both together."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sandboxes = [PerplexitySandbox(seed=number) for number in (1, 2)]
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())
        parts = [
            Perplexity(
                KEY,
                account=f"a{number}",
                runtime=self.runtime,
                transport=SimTransport(sandbox, self.clock),
                base_url=f"https://{number}.example",
            )
            for number, sandbox in enumerate(self.sandboxes)
        ]
        self.together = Together(*parts, runtime=self.runtime)

    def fail(self, *numbers: int) -> None:
        """From now on these are down, and the others are not."""
        for number, sandbox in enumerate(self.sandboxes):
            sandbox.faults = FaultPlan([DOWN] if number in numbers else [])

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)


def test_both_answer() -> None:
    """Every marker is counted through and has its source; the money of both is in the ledger."""
    stage = Stage()
    assert isinstance(stage.together, Researcher)
    found: ResearchResult = stage.run(stage.together.research(ASKED))
    assert found.degraded == ()
    assert len(found.sources) == 6
    assert [f"[{number}]" in found.answer for number in range(1, 7)] == [True] * 6
    assert {source.by for source in found.sources} == {"perplexity", "perplexity 2"}
    assert found.cost is not None
    assert stage.runtime.ledger.total().spent == found.cost.amount


@pytest.mark.parametrize("down", [0, 1])
def test_one_is_down(down: int) -> None:
    """The other's answer, and the one that is missing by its name and why."""
    stage = Stage()
    stage.fail(down)
    found = stage.run(stage.together.research(ASKED))
    assert len(found.sources) == 3
    assert len(found.degraded) == 1
    assert found.degraded[0].startswith(("perplexity: AI_MODEL_FAILED", "perplexity 2: AI_MODEL_FAILED")[down])
    assert found.served.source == "live"


def test_an_old_answer_stands_in_for_one_that_is_down() -> None:
    """Both are there, and the whole counts as old as its oldest part."""
    stage = Stage()

    async def main() -> tuple[ResearchResult, ResearchResult]:
        first = await stage.together.research(ASKED)
        await stage.clock.sleep(7_200.0)
        stage.fail(0)
        return first, await stage.together.research(ASKED)

    first, later = stage.run(main())
    assert later.degraded == ()
    assert {source.url for source in later.sources} == {source.url for source in first.sources}
    assert (later.served.source, later.served.age >= 7_200.0) == ("stale", True)


def test_all_are_down() -> None:
    """One error with the cure of each, and it says that it may pass."""
    stage = Stage()
    stage.fail(0, 1)
    with pytest.raises(BackstayError) as caught:
        stage.run(stage.together.research(ASKED))
    error = caught.value
    assert (error.type, error.retryable) == ("AI_MODEL_FAILED", True)
    assert "perplexity 2:" in error.message
