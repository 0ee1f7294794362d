"""Costs: sums that stay as uncertain as their parts, and tables of prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backstay.cost import Basis, Cost, Price, PriceTable, add_costs
from backstay.errors import InvalidRequestError

TABLE = PriceTable(
    as_of=date(2026, 1, 1),
    source="a test",
    models={
        "m": Price(
            input=Decimal(2), output=Decimal(10), cache_read=Decimal("0.2"), each={"search": Decimal("0.01")},
            over=1_000, then=Price(input=Decimal(4), output=Decimal(20)),
        ),
        "picture": Price(each={"image": Decimal("0.04")}),
    },
    aliases={"m-latest": "m"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "used", "amount"),
    [
        ("m", {"input": 1_000, "output": 100}, "0.003"),
        ("m", {"input": 500, "cache_read": 500}, "0.0011"),
        ("m", {"cache_write": 500}, "0.001"),
        ("m", {"input": 1_001, "output": 100}, "0.006004"),
        ("m", {"input": 500, "cache_read": 501}, "0.004004"),
        ("m", {"each": {"search": 2}}, "0.02"),
        ("m-latest", {"input": 1_000}, "0.002"),
        ("m-20260101", {"input": 1_000}, "0.002"),
        ("m-2026-01-01", {"input": 1_000}, "0.002"),
        ("picture", {"each": {"image": 3}}, "0.12"),
        ("picture", {"input": 1}, None),
        ("m", {"each": {"nobody": 1}}, None),
        ("m", {"each": {"nobody": 0}}, "0"),
        ("m-9", {"input": 1}, None),
        ("nobody", {}, None),
    ],
)
def test_the_price_of_what_was_used(model: str, used: dict[str, object], amount: str | None) -> None:
    """Exact, by the tier of the whole call; what has no price makes the whole unknown, never nought."""
    cost = TABLE.cost(model, **used)  # type: ignore[arg-type]  # a table of keywords
    assert cost.amount == (None if amount is None else Decimal(amount))
    assert cost.basis is (Basis.UNKNOWN if amount is None else Basis.ESTIMATED)
    assert "2026-01-01" in cost.note


@pytest.mark.parametrize(
    ("parts", "amount", "basis"),
    [
        ([Cost.reported(Decimal(1)), Cost.reported(Decimal(2))], "3", Basis.REPORTED),
        ([Cost.reported(Decimal(1)), Cost(amount=Decimal(2))], "3", Basis.ESTIMATED),
        ([Cost.reported(Decimal(1)), Cost.unknown("x")], None, Basis.UNKNOWN),
        ([None, Cost(amount=Decimal(2))], "2", Basis.ESTIMATED),
        ([None], None, Basis.UNKNOWN),
    ],
)
def test_a_sum_is_as_uncertain_as_its_parts(parts: list[Cost | None], amount: str | None, basis: Basis) -> None:
    """A sum with an unknown part is unknown, and one with an estimate is an estimate."""
    total = add_costs(parts)
    assert (total.amount, total.basis) == (None if amount is None else Decimal(amount), basis)


def test_currencies_are_not_mixed() -> None:
    """The refusal names them."""
    with pytest.raises(InvalidRequestError, match="EUR, USD"):
        _ = Cost(amount=Decimal(1)) + Cost(amount=Decimal(1), currency="EUR")


def test_a_table_cannot_be_changed_behind_its_back() -> None:
    """Prices are frozen: a copy is changed, or a table of one's own is given."""
    with pytest.raises(TypeError):
        TABLE.models["m"] = Price()  # type: ignore[index]  # that is the point
