"""RetryBudget: its bound over every span, its prices, and how an empty one shows."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backstay.errors import InvalidRequestError
from backstay.policies.budget import PRICES, RetryBudget, price
from backstay.taxonomy import TYPES


def test_one_retry_for_five_first_attempts_after_the_reserve() -> None:
    """The reserve pays at first, then one retry in five calls."""
    budget = RetryBudget(ratio=0.2, reserve=2.0)
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]
    for _ in range(4):
        budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    assert budget.withdraw()


@pytest.mark.parametrize("ratio", [0.1, 0.05, 0.3, 0.7])
def test_rounding_costs_no_retry(ratio: float) -> None:
    """Deposits that add up to one but for rounding buy one retry."""
    budget = RetryBudget(ratio=ratio, reserve=0.0, cap=10.0)
    for _ in range(round(1 / ratio + 0.4999)):
        budget.deposit()
    assert budget.withdraw()


def test_an_empty_budget_is_visible() -> None:
    """The balance and the number of refusals can be read; a refusal takes nothing."""
    budget = RetryBudget(reserve=1.5)
    assert budget.affords()
    assert budget.withdraw()
    assert not budget.affords()
    assert not budget.withdraw()
    assert not budget.withdraw()
    assert budget.balance == pytest.approx(0.5)
    assert budget.refused == 2


def test_a_quiet_hour_saves_no_more_than_the_cap() -> None:
    """A million successes do not pay for a retry storm."""
    budget = RetryBudget()
    for _ in range(1000):
        budget.deposit()
    assert sum(budget.withdraw() for _ in range(100)) == 10


def test_without_ratio_and_reserve_there_are_no_retries() -> None:
    """Nothing comes from nothing."""
    budget = RetryBudget(ratio=0.0, reserve=0.0)
    budget.deposit()
    assert not budget.withdraw()
    assert budget.withdraw(0.0)


def test_every_retryable_answer_of_a_vendor_has_a_price() -> None:
    """All retryable types but our own refusals are priced, and a throttle is cheaper than lost work."""
    ours = {"CIRCUIT_OPEN", "LOAD_SHED", "DEADLINE_EXCEEDED", "IN_FLIGHT", "RESOURCE_LIMIT"}
    assert set(PRICES) == {name for name, row in TYPES.items() if row.retryable} - ours
    assert price("API_RATE_LIMIT") < price("TIMEOUT") == price("SOMETHING_NEW") == 1.0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"ratio": -0.1}, "ratio"),
        ({"ratio": 1.1}, "ratio"),
        ({"reserve": -1.0}, "reserve"),
        ({"cap": 9.0}, "cap"),
        ({"cap": float("nan")}, "cap"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, float], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        RetryBudget(**settings)
    assert caught.value.field == field


class BudgetMachine(RuleBasedStateMachine):
    """First attempts and retries in any order."""

    @initialize(ratio=st.floats(0.0, 1.0), reserve=st.floats(0.0, 20.0), more=st.floats(0.0, 20.0))
    def begin(self, ratio: float, reserve: float, more: float) -> None:
        """Any budget."""
        self.budget = RetryBudget(ratio, reserve, reserve + more)
        self.spent = [0.0]
        self.earned = [0.0]

    def log(self, spent: float, earned: float) -> None:
        """Running sums, to check every span."""
        self.spent.append(self.spent[-1] + spent)
        self.earned.append(self.earned[-1] + earned)

    @rule(times=st.integers(1, 30))
    def first_attempts(self, times: int) -> None:
        """Some first attempts."""
        for _ in range(times):
            self.budget.deposit()
        self.log(0.0, times * self.budget.ratio)

    @rule(cost=st.sampled_from([0.4, 1.0, 2.5]), times=st.integers(1, 10))
    def retries(self, cost: float, times: int) -> None:
        """Some retries; the verdict agrees with what was announced."""
        for _ in range(times):
            announced, before = self.budget.affords(cost), self.budget.balance
            paid = self.budget.withdraw(cost)
            assert paid is announced
            assert paid or self.budget.balance == before
            self.log(cost if paid else 0.0, 0.0)

    @invariant()
    def every_span_is_bounded(self) -> None:
        """Over every span: cost withdrawn <= ratio x first attempts + cap."""
        if not hasattr(self, "budget"):
            return
        lowest = 0.0
        for spent, earned in zip(self.spent, self.earned, strict=True):
            lowest = min(lowest, spent - earned)
            assert spent - earned - lowest <= self.budget.cap + 1e-6
        assert 0.0 <= self.budget.balance <= self.budget.cap


TestBudgetMachine = BudgetMachine.TestCase
