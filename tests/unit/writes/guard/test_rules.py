"""SpendGuard as its owner writes it: what is refused, and that nothing is unlimited by accident."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backstay import SpendGuard
from backstay.errors import InvalidRequestError, SpendGuardError
from backstay.money import Money
from backstay.writes.guard import Rates

USD = Money("500", "USD")


@pytest.mark.parametrize(("wrong", "field"), [
    ({}, "per_day"), ({"per_day": None}, "per_day"), ({"per_day": 500}, "per_day"), ({"total": "500 USD"}, "total"),
    ({"per_call": Money("-1", "USD")}, "per_call"), ({"max_raise": 0.5}, "max_raise"),
    ({"max_raise": "0.5"}, "max_raise"),
    ({"max_raise_per_day": Decimal(-1)}, "max_raise_per_day"), ({"max_raise": Decimal("NaN")}, "max_raise"),
    ({"per_dya": USD}, "per_dya"), ({"per_account": Decimal(5)}, "per_account"),
])  # fmt: skip
def test_what_is_no_rule_is_refused(wrong: dict[str, Any], field: str) -> None:
    """With the field, the value and the cure; a misspelled cap is not no cap."""
    with pytest.raises(InvalidRequestError) as caught:
        SpendGuard(**wrong)
    assert caught.value.field == field
    assert caught.value.hint


def test_no_caps_must_be_written_out() -> None:
    """And the audit record shows it."""
    assert not SpendGuard.unlimited().caps.amounts
    assert repr(SpendGuard.unlimited()) == "SpendGuard.unlimited()"
    assert repr(SpendGuard(per_day=USD, max_raise=Decimal("0.5"))) == "SpendGuard(per_day=500 USD, max_raise=0.5)"


def test_nothing_may_be_spent_with_a_cap_of_nothing() -> None:
    """Zero is a cap."""
    assert SpendGuard(total=Money("0", "USD")).caps.amounts


def test_rates_may_come_from_a_function() -> None:
    """A process that runs for weeks gives fresh ones."""
    given = [Rates(date(2026, 1, 1), "USD", {"EUR": "1.1"})]
    guard = SpendGuard(total=USD, rates=lambda: given[-1])
    assert guard.exchange(date(2026, 1, 1))(Decimal(10), "EUR", "USD") == 11
    with pytest.raises(SpendGuardError, match="2026-01-01"):
        guard.exchange(date(2026, 2, 1))(Decimal(10), "EUR", "USD")
    given.append(Rates(date(2026, 2, 1), "USD", {"EUR": "1.2"}))
    assert guard.exchange(date(2026, 2, 1))(Decimal(10), "EUR", "USD") == 12


def test_without_rates_another_currency_is_refused() -> None:
    """Not guessed, not taken one for one."""
    with pytest.raises(SpendGuardError) as caught:
        SpendGuard(total=USD).exchange(date(2026, 1, 1))(Decimal(10), "EUR", "USD")
    assert caught.value.rule == "guard.rates"
    assert "rates=Rates(" in (caught.value.hint or "")
