"""Plans: what changes, what binds, what is left alone, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.ads import AttributionSetting, MetricBasis, Money
from backstay.errors import InvalidRequestError, StaleInputError
from backstay.services.budgets.bounds import Binds
from backstay.services.budgets.curves import LogCurve
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Cap, Limits

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def eur(amount: object) -> Money:
    """Euros."""
    return Money(str(amount), "EUR")


def one(name: str, budget: object, a: float, b: float, **facts: Any) -> Candidate:
    """A campaign in cents."""
    curve = LogCurve(a=a, b=b)
    return Candidate(**{"name": name, "budget": eur(budget), "curve": curve, "unit": eur("0.01"), **facts})


def made(candidates: list[Candidate], total: object, **facts: Any) -> BudgetPlan:
    """A plan without the limit of a step."""
    return plan(candidates, Limits(**{"total": eur(total), "max_change": None, **facts}), now=NOW)


def news(found: BudgetPlan) -> dict[str, str]:
    """New budgets as texts."""
    return {each.name: str(each.new.amount.normalize()) for each in found.changes}


PAIR = [one("A", 50, 100, 10), one("B", 50, 50, 10)]


def test_a_plan_equalises_marginals_not_averages() -> None:
    """O1 in cents: 70 and 30, each with the reason and what binds."""
    found = made(PAIR, 100)
    assert {name: float(new) for name, new in news(found).items()} == {"A": 70, "B": 30}
    assert [each.binds for each in found.changes] == [Binds.TOTAL, Binds.TOTAL]
    assert found.price == pytest.approx(1.25)
    assert [each.marginal_after for each in found.changes] == [pytest.approx(1.25), pytest.approx(1.25)]
    assert "gets more: its next unit of money brings 1.667" in found.changes[0].reason
    assert "gives up some" in found.changes[1].reason
    assert found.gain > 0


def test_a_step_is_limited() -> None:
    """O10: at most 20 % from 80, 60, 60; one of them is at that limit."""
    three = [one("A", 80, 120, 40), one("B", 60, 80, 20), one("C", 60, 60, 30)]
    found = made(three, 200, max_change=0.2)
    assert [float(each.new.amount) for each in found.changes] == [87.2, 64.8, 48]
    assert [each.binds for each in found.changes] == [Binds.TOTAL, Binds.TOTAL, Binds.STEP]


def test_what_is_frozen_or_was_just_changed_stays() -> None:
    """The others share what is left."""
    held = one("B", 50, 50, 10, changed_at=NOW - timedelta(hours=5))
    found = made([PAIR[0], held, one("C", 10, 50, 10, frozen=True)], 120, hold_hours=24)
    assert {name: float(new) for name, new in news(found).items()} == {"A": 60, "B": 50, "C": 10}
    assert [each.binds for each in found.changes][1:] == [Binds.HOLD, Binds.FROZEN]


def test_a_hold_ends() -> None:
    """After it the budget moves again."""
    held = one("B", 50, 50, 10, changed_at=NOW - timedelta(days=1))
    assert made([PAIR[0], held], 100, hold_hours=24).changes[1].moves


def test_a_cap_of_a_group_binds() -> None:
    """Two campaigns of one account keep to its cap, and say so."""
    found = made([*PAIR, one("C", 10, 100, 10)], 200, caps=(Cap(name="account", amount=eur(60), members=("A", "B")),))
    spent = {name: float(new) for name, new in news(found).items()}
    assert spent["A"] + spent["B"] == pytest.approx(60)
    assert [each.binds for each in found.changes] == [Binds.CAP, Binds.CAP, Binds.TOTAL]


def test_a_campaign_may_be_paused_for_the_others() -> None:
    """O12: of two that need 20 each, 25 keep one; the other's new budget is nothing."""
    pair = [one(name, 12, a, 10, low=eur(20), may_pause=True) for name, a in (("A", 100), ("B", 50))]
    found = made(pair, 25)
    assert {name: float(new) for name, new in news(found).items()} == {"A": 25, "B": 0}
    assert found.changes[1].reason.startswith("is paused")


def test_small_changes_and_small_gains_are_left_alone() -> None:
    """No trade: a budget 1 % off its best stays, and a plan that brings too little as well."""
    near = [one("A", "69.5", 100, 10), one("B", "30.4", 50, 10)]
    assert not any(each.moves for each in made(near, 100).changes)
    kept = made(PAIR, 100, min_gain=1000.0)
    assert [each.binds for each in kept.changes] == [Binds.MIN_GAIN, Binds.MIN_GAIN]
    assert kept.gain == 0


def test_too_much_is_cut_even_without_a_gain() -> None:
    """A total below what is spent now must be kept to, whatever that costs."""
    found = made(PAIR, 80, min_gain=1000.0)
    assert sum(each.new.amount for each in found.changes) == 80
    assert found.gain < 0


def test_a_total_that_the_steps_do_not_reach_is_refused() -> None:
    """The refusal names the sum of the lower bounds."""
    with pytest.raises(InvalidRequestError, match="the lower bounds add up to 80, the budget is 70"):
        made(PAIR, 70, max_change=0.2)


def test_stale_numbers_are_refused() -> None:
    """Nothing is planned on an answer that was served stale."""
    with pytest.raises(StaleInputError, match="the numbers of A were served stale"):
        made([one("A", 50, 100, 10, stale=True), PAIR[1]], 100)


def test_unequal_bases_are_refused_or_noted() -> None:
    """The refusal names the field; allowed, the plan says so."""
    zone = ZoneInfo("Europe/Berlin")
    seven, one_day = (MetricBasis(timezone=zone, attribution=AttributionSetting(click_days=n)) for n in (7, 1))
    pair = [one("A", 50, 100, 10, basis=seven), one("B", 50, 50, 10, basis=one_day)]
    with pytest.raises(InvalidRequestError, match=r"attribution\.click_days"):
        made(pair, 100)
    assert "mixed attribution" in made(pair, 100, allow_mixed_attribution=True).notes[0]


def test_currencies_are_not_mixed() -> None:
    """No rate is assumed."""
    with pytest.raises(InvalidRequestError, match="A is in EUR, the total in USD"):
        plan(PAIR, Limits(total=Money("100", "USD")), now=NOW)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.floats(1, 300), st.floats(1, 300)), min_size=1, max_size=5),
    st.sampled_from(["0.01", "1", "0.5"]), st.sampled_from([None, 0.2]), st.integers(0, 100),
)  # fmt: skip
def test_every_plan_fits_and_is_never_worse(
    rows: list[tuple[int, float, float]], unit: str, step: float | None, more: int
) -> None:
    """In whole units: within the total, within the step, whole, and never worth less than the budgets of now."""
    some = [one(f"c{n}", 10 * x, a, b, unit=eur(unit)) for n, (x, a, b) in enumerate(rows)]
    found = made(some, sum(10 * x for x, _, _ in rows) + more, max_change=step)
    assert sum(each.new.amount for each in found.changes) <= found.limits.total.amount
    assert all(each.new.amount % eur(unit).amount == 0 for each in found.changes)
    assert found.gain >= 0
    if step is not None:
        assert all(abs(each.new.amount / each.old.amount - 1) <= eur("0.2").amount for each in found.changes)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.floats(1, 300), st.floats(1, 300)), min_size=2, max_size=5),
    st.integers(1, 60), st.randoms(use_true_random=False),
)  # fmt: skip
def test_order_and_room_of_whole_units(rows: list[tuple[int, float, float]], more: int, shuffling: Any) -> None:
    """To the cent: permuting campaigns permutes the plan; more budget, or a higher bound, never brings less."""
    some = [one(f"c{n}", 10 * x, a, b, high=eur(10 * x + 50)) for n, (x, a, b) in enumerate(rows)]
    total = sum(10 * x for x, _, _ in rows)
    found, shuffled = made(some, total), shuffling.sample(some, len(some))
    assert news(made(shuffled, total)) == news(found)
    cents = 0.02 * sum(each.marginal_after or 0.0 for each in found.changes)  # what rounding may cost
    assert made(some, total + more).value_after >= found.value_after - cents
    raised = [each.but(high=eur(1000 + 50)) for each in some]
    assert made(raised, total).value_after >= found.value_after - cents


@pytest.mark.parametrize("field", ["max_change", "min_return", "min_gain"])
def test_a_share_is_no_boolean(field: str) -> None:
    """`max_change: true` would be 1.0: everything at once."""
    with pytest.raises(InvalidRequestError, match=f"{field}: Input should be a valid") as caught:
        Limits(total=eur(100), **{field: True})
    assert caught.value.field == field
