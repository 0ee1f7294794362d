"""What budgets count in the total: other currencies at dated rates, and what platforms may overspend."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.policies.exchange import Rates
from backstay.services.budgets.counting import stretched
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.problem import AnyCurve
from backstay.services.budgets.settings import Candidate, Cap, Limits

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RATES = Rates(date(2026, 3, 2), "EUR", {"USD": "0.8", "JPY": "0.005"})


def one(name: str, budget: str, unit: str, curve: AnyCurve, **facts: Any) -> Candidate:
    """A campaign."""
    return Candidate(
        **{"name": name, "budget": Money.of(budget), "unit": Money.of(unit), "curve": curve, **facts}
    )  # fmt: skip


def made(some: list[Candidate], total: str, rates: Rates | None = RATES, **facts: Any) -> BudgetPlan:
    """A plan without the limit of a step."""
    return plan(some, Limits(**{"total": Money.of(total), "max_change": None, **facts}), now=NOW, rates=rates)


def spent(found: BudgetPlan) -> Decimal:
    """What the new budgets count in the total."""
    return sum((each.new.amount * each.counts for each in found.changes), Decimal(0))


def test_currencies_are_planned_at_the_callers_rates() -> None:
    """O1 with B in dollars and its curve in dollars: 70 EUR, and 30 EUR = 37.50 USD."""
    pair = [
        one("A", "50 EUR", "0.01 EUR", LogCurve(a=100, b=10)),
        one("B", "50 USD", "0.01 USD", LogCurve(a=50, b=12.5)),
    ]
    found = made(pair, "100 EUR")
    assert [each.new for each in found.changes] == [Money.of("70 EUR"), Money.of("37.50 USD")]
    assert [each.old for each in found.changes] == [Money.of("50 EUR"), Money.of("50 USD")]
    assert [each.counts for each in found.changes] == [1, Decimal("0.8")]
    assert found.price == pytest.approx(1.25)


def test_a_currency_without_cents_stays_whole() -> None:
    """Yen are whole numbers of yen, and what is counted never exceeds the total."""
    pair = [
        one("A", "50 EUR", "0.01 EUR", LogCurve(a=100, b=10)),
        one("B", "9999 JPY", "1 JPY", LogCurve(a=90, b=2000)),
    ]
    found = made(pair, "100 EUR")
    assert found.changes[1].new.amount % 1 == 0
    assert spent(found) <= 100


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (None, "B is in USD, the total in EUR"),
        (Rates(date(2026, 3, 2), "EUR", {"JPY": "0.005"}), "no exchange rate between USD and EUR"),
        (Rates(date(2026, 1, 2), "EUR", {"USD": "0.8"}), "the exchange rates are of 2026-01-02"),
    ],
)
def test_without_a_rate_of_these_days_there_is_no_plan(rates: Rates | None, message: str) -> None:
    """None at all, none of that currency, too old a one: no rate is assumed, and none is fetched."""
    with pytest.raises(InvalidRequestError, match=message) as caught:
        made([one("B", "50 USD", "0.01 USD", LogCurve(a=50, b=10))], "100 EUR", rates)
    assert (caught.value.rule, caught.value.field) == ("budgets.rates", "B.budget")


def test_a_total_of_exposure_counts_what_platforms_may_overspend() -> None:
    """One platform may spend 1.75 times a budget on a day: 100 of exposure are at most 57.14 of its budgets."""
    alone = one("A", "30 EUR", "0.01 EUR", LogCurve(a=100, b=10), overspend=Decimal("1.75"))
    assert made([alone], "100 EUR", exposure=True).changes[0].new == Money.of("57.14 EUR")
    assert made([alone], "100 EUR").changes[0].new == Money.of("100 EUR")


def test_exposure_is_dear_on_a_platform_that_overspends() -> None:
    """Of two equal campaigns the one that may be overspent gets less: its next unit costs more of the total."""
    pair = [
        one("A", "30 EUR", "0.01 EUR", LogCurve(a=100, b=10), overspend=Decimal(2)),
        one("B", "30 EUR", "0.01 EUR", LogCurve(a=100, b=10), overspend=Decimal(1)),
    ]
    found = made(pair, "100 EUR", exposure=True)
    # 100/(2(10+x)) = 100/(10+y) with 2x + y = 100: x = 22.5, y = 55
    assert [each.new for each in found.changes] == [Money.of("22.50 EUR"), Money.of("55 EUR")]
    assert spent(found) == 100


def test_caps_of_groups_count_exposure_as_well() -> None:
    """The cap of the account is of the same money as the total."""
    pair = [one(name, "10 EUR", "0.01 EUR", LogCurve(a=100, b=10), overspend=Decimal(2)) for name in "AB"]
    found = made(pair, "100 EUR", exposure=True, caps=(Cap(name="account", amount=Money.of("40 EUR"), members=("A",)),))
    assert [each.new for each in found.changes] == [Money.of("20 EUR"), Money.of("30 EUR")]


def test_exposure_without_an_overspend_is_refused() -> None:
    """Nobody has said that the platform keeps to its budgets."""
    with pytest.raises(InvalidRequestError, match="how far A can be overspent is not said") as caught:
        made([one("A", "30 EUR", "0.01 EUR", LogCurve(a=100, b=10))], "100 EUR", exposure=True)
    assert (caught.value.rule, caught.value.field) == ("budgets.exposure", "A.overspend")


def test_a_return_on_exposure_is_refused() -> None:
    """A return is of what is spent; exposure is what may be."""
    with pytest.raises(InvalidRequestError, match="min_return") as caught:
        Limits(total=Money.of("100 EUR"), exposure=True, min_return=2.0)
    assert caught.value.field == "min_return"


def test_budgets_that_stay_are_not_rounded() -> None:
    """A frozen budget of half cents, in another currency, is the same afterwards."""
    frozen = one("B", "49.995 USD", "0.01 USD", LogCurve(a=50, b=10), frozen=True)
    found = made([one("A", "20 EUR", "0.01 EUR", LogCurve(a=100, b=10)), frozen], "100 EUR")
    assert found.changes[1].new == Money.of("49.995 USD")
    assert not found.changes[1].moves


@pytest.mark.parametrize("curve", [LogCurve(a=30, b=7), PowerCurve(a=3, p=0.4), HillCurve(a=90, k=40, s=2.5)])
@pytest.mark.parametrize("factor", [0.005, 1.75, 140.0])
def test_the_same_results_for_another_figure(curve: AnyCurve, factor: float) -> None:
    """Whatever the family."""
    for spend in (0.0, 3.0, 55.0):
        assert stretched(curve, factor).value(spend * factor) == pytest.approx(curve.value(spend), rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 90), st.floats(1, 300), st.sampled_from(["EUR", "USD", "JPY"]),
                  st.sampled_from(["1", "1.25", "1.75", "2"])),
        min_size=1, max_size=4,
    ),
    st.booleans(), st.decimals("0.0031", "7.3", places=6),
)  # fmt: skip
def test_what_is_counted_never_exceeds_the_total(rows: Any, exposure: bool, rate: Decimal) -> None:
    """At any rates and overspends: within the total, whole in its own unit, never worse than now."""
    rates = Rates(date(2026, 3, 2), "EUR", {"USD": rate, "JPY": rate / 100})
    units = {"EUR": "0.01", "USD": "0.01", "JPY": "1"}
    some = [
        one(f"c{n}", f"{10 * x} {cur}", f"{units[cur]} {cur}", LogCurve(a=a, b=50), overspend=Decimal(over))
        for n, (x, a, cur, over) in enumerate(rows)
    ]
    total = sum((10 * x for x, _, _, _ in rows), 0) * 20
    found = made(some, f"{total} EUR", rates, exposure=exposure)
    assert spent(found) <= total
    assert all(each.new.amount % Decimal(units[each.new.currency]) == 0 for each in found.changes)
    assert found.gain >= 0
