"""Dated exchange rates: exact, never old, never guessed, never rounded down."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError, SpendGuardError
from backstay.policies.exchange import Rates

DAY = date(2026, 1, 1)
RATES = Rates(DAY, "USD", {"EUR": "1.25", "JPY": "0.0064"})


@pytest.mark.parametrize(("amount", "currency", "to", "result"), [
    ("100", "EUR", "USD", "125"), ("125", "USD", "EUR", "100"), ("1000", "JPY", "USD", "6.4"),
    ("1", "JPY", "EUR", "0.00512"), ("7", "USD", "USD", "7"), ("1", "USD", "JPY", "156.25"),
])  # fmt: skip
def test_amounts_are_converted(amount: str, currency: str, to: str, result: str) -> None:
    """Through the one currency that all are given in."""
    assert RATES.convert(Decimal(amount), currency, to, DAY) == Decimal(result)


@pytest.mark.parametrize(("age", "good"), [(0, True), (3, True), (4, False), (-1, True), (-2, False)])
def test_old_rates_are_not_believed(age: int, good: bool) -> None:
    """Nor are rates of the future; a day ahead is another time zone."""
    today = DAY + timedelta(days=age)
    if good:
        assert RATES.convert(Decimal(1), "EUR", "USD", today) == Decimal("1.25")
    else:
        with pytest.raises(SpendGuardError) as caught:
            RATES.convert(Decimal(1), "EUR", "USD", today)
        assert (caught.value.rule, caught.value.field, caught.value.value) == ("guard.rates", "rates", "2026-01-01")
        assert caught.value.hint


def test_an_unknown_currency_is_refused() -> None:
    """Nothing is guessed."""
    with pytest.raises(SpendGuardError, match="GBP"):
        RATES.convert(Decimal(1), "GBP", "USD", DAY)


@pytest.mark.parametrize("wrong", [
    {"one": {"EUR": 1.25}}, {"one": {"EUR": "0"}}, {"one": {"EUR": "-1"}}, {"one": {"EUR": "NaN"}},
    {"one": {"eur": "1"}}, {"one": {"EURO": "1"}}, {"to": "usd"},
    {"max_age": timedelta(days=-1)}, {"one": {"EUR": True}},
])  # fmt: skip
def test_what_is_no_rate_is_refused(wrong: dict[str, Any]) -> None:
    """Field, value and cure; floats have lost digits already."""
    with pytest.raises(InvalidRequestError) as caught:
        Rates(**{"day": DAY, "to": "USD", "one": {"EUR": "1.25"}, **wrong})
    assert caught.value.field
    assert caught.value.hint


@given(st.decimals("0.01", "1e15", places=2), st.decimals("0.0001", "1e6", places=4))
def test_it_is_never_rounded_down(amount: Decimal, rate: Decimal) -> None:
    """What is judged is at least the true amount, and at most a millionth more."""
    found = Rates(DAY, "USD", {"XXX": rate}).convert(amount, "XXX", "USD", DAY)
    assert 0 <= found - amount * rate <= Decimal("0.000001")
