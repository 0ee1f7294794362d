"""Several researchers at the same time: what is joined, what is missing, and when there is no answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.compose import Together
from backstay.compose.together import joined
from backstay.content import ContentCapability as Can
from backstay.content import Cost, Researcher, ResearchRequest, ResearchResult, Source
from backstay.errors import (
    BackstayError,
    InvalidRequestError,
    ServiceUnavailableError,
    SpendGuardError,
    TokenInvalidError,
    UnsupportedCapabilityError,
)
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from tests.support.content import Scripted

ASKED = ResearchRequest(question="Why do sails billow?")
DOWN = ServiceUnavailableError("down", hint="wait")


class Row:
    """Scripted researchers on one clock."""

    def __init__(self, *scripts: Any, **options: Any) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        self.parts = [
            Scripted(name, self.runtime, *(script if isinstance(script, tuple) else (script,)))
            for name, script in zip("abc", scripts, strict=False)
        ]
        self.together = Together(*self.parts, **options)

    def ask(self, **options: Any) -> ResearchResult:
        return virtually(self.together.research(ASKED, **options), self.clock)

    def fail(self) -> BackstayError:
        with pytest.raises(BackstayError) as caught:
            self.ask()
        return caught.value


def test_all_are_asked_at_once_and_all_answers_stand_in_one() -> None:
    """It takes as long as the slowest; the cost is the sum, and the answer says who gave it."""
    row = Row((3.0, "one"), (5.0, "two"))
    began = row.clock.monotonic()
    found = row.ask(idempotency_key="k")
    assert row.clock.monotonic() - began == pytest.approx(5.0)
    assert (found.answer, found.degraded, found.served.by, found.served.attempts) == ("one\n\ntwo", (), "a, b", 2)
    assert found.cost is not None
    assert found.cost.amount == Decimal("0.012")
    assert row.parts[1].asked == [(ASKED, "k")]
    assert isinstance(row.together, Researcher)


def test_parts_that_fail_are_listed_and_told() -> None:
    """The others' answer comes, marked as degraded; the failure is an event."""
    row = Row("one", DOWN)
    found = row.ask()
    assert (found.answer, found.degraded) == ("one", ("b: SERVICE_UNAVAILABLE: down",))
    told = [event.facts() for event in row.events if event.name == "problem"]
    assert [(each["vendor"], each["error"]) for each in told] == [("b", "SERVICE_UNAVAILABLE: down")]


@pytest.mark.parametrize(("need", "scripts"), [(1, (DOWN, TokenInvalidError())), (2, ("one", DOWN))])
def test_too_few_answers_are_none(need: int, scripts: tuple[Any, ...]) -> None:
    """One error, typed as what may pass."""
    assert Row(*scripts, need=need).fail().type == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("error", [InvalidRequestError("wrong"), SpendGuardError("dear")], ids=lambda e: e.type)
def test_what_is_no_parts_own_fault_is_raised(error: BackstayError) -> None:
    """A wrong request and a budget that is used up."""
    assert Row("one", error).fail().type == error.type


def test_each_part_has_its_own_time() -> None:
    """A silent one is missing, the others are there."""
    row = Row("one", (99.0, "two"), timeout=(None, 4.0))
    assert row.ask().degraded[0].startswith("b: DEADLINE_EXCEEDED")


def test_markers_are_counted_through_and_shared_sources_stand_once() -> None:
    """[1] of the second part is the whole's own number of that source; brackets that are no marker stay."""
    one, two, three = (Source(url=f"https://example.com/{n}", title=str(n)) for n in range(3))
    found = joined(
        {
            "a": ResearchResult(answer="x [1] y [2] [9]", sources=(one, two)),
            "b": ResearchResult(answer="z [1] [2]", sources=(three, one), degraded=("slow: TIMEOUT",)),
        }
    )
    assert found.answer == "x [1] y [2] [9]\n\nz [3] [1]"
    assert [(source.title, source.by) for source in found.sources] == [("0", "a"), ("1", "a"), ("2", "b")]
    assert found.degraded == ("b: slow: TIMEOUT",)


@pytest.mark.parametrize(
    ("costs", "amount"),
    [
        ((Decimal(1), Decimal(2)), Decimal(3)),
        ((Decimal(1), None), None),
    ],
)
def test_a_sum_that_nobody_knows_is_none(costs: tuple[Decimal | None, ...], amount: Decimal | None) -> None:
    """A part without a cost makes the whole unknown."""
    parts = {
        str(n): ResearchResult(answer="", cost=None if cost is None else Cost(amount=cost))
        for n, cost in enumerate(costs)
    }
    cost = joined(parts).cost
    assert (None if cost is None else cost.amount) == amount


def test_currencies_are_never_added() -> None:
    """A sum of dollars and euros is no sum."""
    parts = {c: ResearchResult(answer="", cost=Cost(amount=Decimal(1), currency=c)) for c in ("USD", "EUR")}
    assert joined(parts).cost is None


def test_there_is_no_stream() -> None:
    """Refused before anything is sent, and known before the call."""
    row = Row("one", "two")
    assert Can.RESEARCH_STREAM not in row.together.capabilities
    assert row.together.capabilities.vendor == "together (a, b)"
    with pytest.raises(UnsupportedCapabilityError):
        row.together.stream_research(ASKED)


@pytest.mark.parametrize("need", [0, 3])
def test_a_need_that_cannot_be_met_is_refused(need: int) -> None:
    """With the bounds."""
    with pytest.raises(InvalidRequestError) as caught:
        Row("one", "two", need=need)
    assert (caught.value.field, caught.value.hint) == ("need", "1 to 2")


def test_those_who_research_nothing_are_refused() -> None:
    """When it is made."""
    runtime = Runtime.in_memory(clock=VirtualClock(), listeners=())
    with pytest.raises(UnsupportedCapabilityError):
        Together(Scripted("a", runtime, can=(Can.TEXT,)))


def test_it_is_opened_closed_and_copied_like_any_researcher() -> None:
    """Options of the copy reach the parts; unknown ones are refused."""
    row = Row((99.0, "one"), "two")

    async def main() -> ResearchResult:
        async with row.together as together:
            return await together.with_options(deadline=2.0).research(ASKED)

    assert virtually(main(), row.clock).degraded[0].startswith("a: DEADLINE_EXCEEDED")
    assert (repr(row.together), list(row.together.parts)) == ("Together(a, b)", ["a", "b"])
    with pytest.raises(InvalidRequestError):
        row.together.with_options(deadlin=1)  # type: ignore[call-arg]  # planted
