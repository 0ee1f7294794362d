"""The ledger: what attempts have cost, what counts as spent, and budgets that stop before a call."""

from __future__ import annotations

import asyncio
import pickle
from decimal import Decimal
from typing import Any

import pytest

from backstay.cost import Basis, Cost
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, PlatformServiceError, SpendGuardError
from backstay.events import CostRecorded, Event, Stream
from backstay.events.console import sentence
from backstay.ledger import Charge, Ledger
from backstay.money import Money
from backstay.policies.retry import Retry
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import Script, make_plan


def usd(amount: str, basis: Basis = Basis.ESTIMATED) -> Cost:
    return Cost(amount=Decimal(amount), basis=basis)


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def ledger(events: list[Event]) -> Ledger:
    return Ledger(VirtualClock(), Stream(events.append))


def opened(ledger: Ledger, estimate: Cost | None = None) -> Charge:
    return ledger.open("claude", "default", "generate", estimate)


@pytest.mark.parametrize(
    ("estimate", "noted", "ending", "outcome", "spent", "unpriced"),
    [
        (usd("0.50"), [usd("0.02")], None, "ok", "0.02", 0),
        (usd("0.50"), [usd("0.02"), usd("0.03")], None, "ok", "0.05", 0),
        (usd("0.50"), [], None, "ok", "0.50", 0),
        (None, [], None, "ok", "0", 1),
        (None, [usd("0.02", Basis.REPORTED)], None, "ok", "0.02", 0),
        (usd("0.50"), [], Certainty.UNKNOWN, "unknown", "0.50", 0),
        (usd("0.50"), [usd("0.02")], Certainty.UNKNOWN, "unknown", "0.52", 0),
        (None, [], Certainty.UNKNOWN, "unknown", "0", 1),
        (usd("0.50"), [], Certainty.REFUSED, "failed", "0", 0),
        (usd("0.50"), [], Certainty.NOT_SENT, "failed", "0", 0),
        (usd("0.50"), [usd("0.02")], Certainty.REFUSED, "failed", "0.02", 0),
    ],
    ids=[
        "noted", "two answers", "nothing said", "nobody knows", "reported", "lost", "lost after a paid answer",
        "lost without an estimate", "refused", "never sent", "refused after a paid answer",
    ],
)  # fmt: skip
def test_what_an_attempt_has_cost(
    ledger: Ledger, estimate: Cost | None, noted: list[Cost], ending: Certainty | None, outcome: str, spent: str,
    unpriced: int,
) -> None:  # fmt: skip
    """The vendor's word beats the estimate, a lost answer counts as spent, a refused one costs what was noted."""
    charge = opened(ledger, estimate)
    for cost in noted:
        charge.note(cost)
    if ending is None:
        charge.ended()
    else:
        charge.failed(ending)
    total = ledger.total()
    assert [entry.outcome for entry in ledger.entries] == [outcome]
    assert (total.spent, total.unpriced, total.calls) == (Decimal(spent), unpriced, 1)


def test_an_attempt_is_written_down_once(ledger: Ledger) -> None:
    """A second ending of the same attempt changes nothing."""
    charge = opened(ledger, usd("0.5"))
    charge.ended()
    charge.failed(Certainty.UNKNOWN)
    assert ledger.total().calls == 1


def test_costs_of_different_kinds_stand_apart(ledger: Ledger) -> None:
    """Reported, estimated and lost are separate sums, and all of them are spent."""
    for cost in (usd("1", Basis.REPORTED), usd("2")):
        charge = opened(ledger)
        charge.note(cost)
        charge.ended()
    opened(ledger, usd("4")).failed(Certainty.UNKNOWN)
    total = ledger.total()
    assert (total.reported, total.estimated, total.lost, total.spent) == tuple(map(Decimal, ("1", "2", "4", "7")))


def test_costs_are_asked_for_by_the_bound_context(ledger: Ledger) -> None:
    """Ids that are bound where the call is made find its cost again; currencies are never mixed."""
    for carousel, currency in (("c1", "USD"), ("c1", "EUR"), ("c2", "USD")):
        with ledger.budget(carousel_id=carousel):
            charge = opened(ledger, Cost(amount=Decimal(1), currency=currency))
        charge.ended()
    assert ledger.total(carousel_id="c1").spent == 1
    assert ledger.total("EUR", carousel_id="c1").spent == 1
    assert ledger.total(carousel_id="c3").calls == 0
    assert {key: total.spent for key, total in ledger.by_vendor().items()} == {
        ("claude", "USD"): Decimal(2), ("claude", "EUR"): Decimal(1),
    }  # fmt: skip


def test_entries_are_bounded_and_totals_are_not() -> None:
    """A long-lived process keeps the newest entries; the sums by vendor know all of them."""
    ledger = Ledger(VirtualClock(), Stream(), kept=2)
    for _ in range(5):
        opened(ledger, usd("1")).ended()
    assert len(ledger.entries) == 2
    assert ledger.by_vendor()["claude", "USD"].calls == 5


def test_each_attempt_is_an_event(ledger: Ledger, events: list[Event]) -> None:
    """Listeners hear amount, basis and outcome; the sentence is for people."""
    opened(ledger, usd("0.5")).failed(Certainty.UNKNOWN)
    opened(ledger).ended()
    assert [type(event) for event in events] == [CostRecorded, CostRecorded]
    assert events[0].facts() | {"vendor": None} == {
        "vendor": None, "function": "generate", "amount": Decimal("0.5"), "currency": "USD", "basis": "estimated",
        "outcome": "unknown",
    }  # fmt: skip
    assert sentence(events[0]) == "generate: cost 0.5 USD (estimated, unknown)"
    assert sentence(events[1]) == "generate: cost nobody knows how much (unknown, ok)"


# Budgets ------------------------------------------------------------------------------------------------------------


def test_a_budget_refuses_before_the_call_and_counts_what_is_under_way(ledger: Ledger) -> None:
    """Two calls that are under way leave no room for a third; when they end cheaper there is room again."""
    with ledger.budget(money=Money.of("1.00 USD"), carousel_id="c1") as work:
        first, second = opened(ledger, usd("0.40")), opened(ledger, usd("0.40"))
        with pytest.raises(SpendGuardError) as caught:
            opened(ledger, usd("0.40"))
        assert (work.reserved, work.spent, work.left) == tuple(map(Decimal, ("0.80", "0", "0.20")))
        for charge in (first, second):
            charge.note(usd("0.05"))
            charge.ended()
        assert (work.reserved, work.spent, work.left) == tuple(map(Decimal, ("0", "0.10", "0.90")))
        opened(ledger, usd("0.90")).ended()
        with pytest.raises(SpendGuardError):
            opened(ledger, usd("0.01"))
    opened(ledger, usd("5")).ended()  # outside nobody is bound
    error = caught.value
    assert (error.rule, error.field, error.cap, error.why) == ("ledger.budget", "money", "1.00 USD", "guard")
    assert error.certainty is Certainty.NOT_SENT
    assert pickle.loads(pickle.dumps(error)).cap == "1.00 USD"


@pytest.mark.parametrize(
    ("bounds", "estimate", "field"),
    [
        ({"money": "1 USD"}, None, "money"),
        ({"money": "1 USD"}, Cost(amount=Decimal("0.1"), currency="EUR"), "currency"),
        ({"money": "1 USD", "unpriced": True}, None, None),
        ({}, None, None),
        ({"money": "0 USD"}, usd("0"), None),
        ({"money": "0 USD"}, usd("0.000001"), "money"),
    ],
)
def test_what_cannot_be_priced_is_refused_unless_allowed(
    ledger: Ledger, bounds: dict[str, Any], estimate: Cost | None, field: str | None
) -> None:
    """A bound on money that nobody can check would be no bound."""
    told = {name: Money.of(value) if name == "money" else value for name, value in bounds.items()}
    with ledger.budget(**told):
        if field is None:
            opened(ledger, estimate).ended()
            return
        with pytest.raises(SpendGuardError) as caught:
            opened(ledger, estimate)
    assert caught.value.field == field


def test_budgets_nest(ledger: Ledger) -> None:
    """What the inner work spends the outer has spent too, and either may refuse."""
    with ledger.budget(money=Money.of("1 USD")) as outer:
        with ledger.budget(money=Money.of("10 USD")) as inner:
            opened(ledger, usd("0.7")).ended()
            with pytest.raises(SpendGuardError) as caught:
                opened(ledger, usd("0.7"))
        assert (inner.spent, outer.spent) == (Decimal("0.7"), Decimal("0.7"))
    assert caught.value.cap == "1 USD"


def test_a_budget_of_retries_ends_the_retries_of_all_calls_together() -> None:
    """S3-92: two retries in all; the third is not made, and its error says why."""
    clock = VirtualClock()
    ledger = Ledger(clock, Stream())

    async def call(vendor: Script) -> str | None:
        plan = make_plan(clock, retry=Retry(max_attempts=3))
        try:
            await run(begin(plan), vendor, (), {})
        except BackstayError as error:
            return error.why
        return None

    async def main() -> tuple[str | None, str | None, int, int]:
        first, second = (Script(clock, PlatformServiceError(), PlatformServiceError(), "ok") for _ in range(2))
        with ledger.budget(retries=3) as work:
            ends = await call(first), await call(second)
            assert work.retries == 3
        return *ends, first.calls, second.calls

    assert virtually(main(), clock) == (None, "allowance", 3, 2)


def test_a_budget_of_retry_time_counts_waits_and_repeated_attempts() -> None:
    """S3-92: a retry whose wait, and the time that failed retries took, pass the bound is not made."""
    clock = VirtualClock()
    ledger = Ledger(clock, Stream())
    slow = PlatformServiceError()
    vendor = Script(clock, 5.0, slow, 5.0, slow, 5.0, slow, 5.0, slow)  # each attempt takes 5 s; waits 1, 2, 4 s

    async def main() -> BackstayError:
        with ledger.budget(retry_seconds=8.5) as work, pytest.raises(BackstayError) as caught:
            await run(begin(make_plan(clock)), vendor, (), {})
        assert work.retry_seconds == pytest.approx(1.0 + 5.0 + 2.0)
        return caught.value

    error = virtually(main(), clock)
    assert (error.why, vendor.calls, error.code) == ("allowance", 3, "4002")
    assert error.hint == (
        "this work may use retry_seconds=8.5, another retry makes 17.0: allow more time for this work's retries"
    )


def test_tasks_that_are_started_inside_share_the_budget(ledger: Ledger) -> None:
    """Slides that are written at once are bound together; a task outside is not."""

    async def one() -> bool:
        await asyncio.sleep(0)
        try:
            opened(ledger, usd("0.4")).ended()
        except SpendGuardError:
            return False
        return True

    async def main() -> list[bool]:
        free = asyncio.ensure_future(one())
        with ledger.budget(money=Money.of("1 USD")):
            bound = await asyncio.gather(*(one() for _ in range(4)))
        return [*bound, await free]

    assert sorted(asyncio.run(main())) == [False, False, True, True, True]
