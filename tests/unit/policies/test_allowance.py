"""Allowances: refused before, counted after, inner and outer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay.policies.allowance import Allowance, AllowanceOptions


@pytest.mark.parametrize(
    "bad",
    [{"money": Decimal(-1)}, {"money": Decimal("nan")}, {"retries": -1}, {"retries": 1.5}, {"retry_seconds": -1.0}],
)
def test_bounds_that_bound_nothing_are_refused(bad: dict[str, Any]) -> None:
    """The field and the cure are named."""
    with pytest.raises(InvalidRequestError) as caught:
        AllowanceOptions(**bad)
    assert caught.value.field == next(iter(bad))


@pytest.mark.parametrize(
    ("bounds", "used", "wait", "field"),
    [
        ({"retries": 2}, [1.0], 1.0, None),
        ({"retries": 2}, [1.0, 1.0], 1.0, "retries"),
        ({"retries": 0}, [], 0.0, "retries"),
        ({"retry_seconds": 10.0}, [4.0, 4.0], 2.0, None),
        ({"retry_seconds": 10.0}, [4.0, 4.0], 2.1, "retry_seconds"),
        ({}, [1e6] * 50, 1e6, None),
    ],
)
def test_retries(bounds: dict[str, Any], used: list[float], wait: float, field: str | None) -> None:
    """A retry is refused when one more, or its time, would pass the bound; asking changes nothing."""
    allowance = Allowance(AllowanceOptions(**bounds))
    for seconds in used:
        allowance.retried(seconds)
    for _ in range(2):
        refusal = allowance.refuses_retry(wait)
        assert (refusal.field if refusal else None) == field


def test_an_inner_allowance_uses_the_outer_one() -> None:
    """Retries and money are counted in both, and the outer one's bound holds inside."""
    outer = Allowance(AllowanceOptions(money=Decimal(1), retries=1))
    inner = Allowance(AllowanceOptions(), outer)
    inner.retried(2.0)
    inner.reserve(Decimal("0.3"), "USD")
    inner.free(Decimal("0.3"), "USD")
    inner.spend(Decimal("0.2"), "USD")
    inner.spend(Decimal(5), "EUR")
    assert (outer.retries, outer.retry_seconds, outer.reserved, outer.spent) == (1, 2.0, 0, Decimal("0.2"))
    retry, money = inner.refuses_retry(0.0), inner.refuses(Decimal("0.9"), "USD")
    assert retry is not None
    assert (retry.field, retry.cap) == ("retries", "1")
    assert money is not None
    assert (money.field, money.value, money.cap) == ("money", "1.1 USD", "1 USD")
    assert inner.refuses(Decimal("0.8"), "USD") is None
