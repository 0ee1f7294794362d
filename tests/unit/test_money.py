"""Money: exact or refused, in every currency, in every vendor's units."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from backstay.errors import InvalidRequestError, MoneyPrecisionError
from backstay.money import Money, UnitTable, from_major, from_units, to_major_float, to_units

META = UnitTable("meta", {"USD": 100, "JPY": 1, "HUF": 1, "TWD": 1, "BHD": 100})
TIKTOK = UnitTable("tiktok", {"JPY": 1, "HUF": 1, "TWD": 1}, default=100)
GOOGLE = UnitTable("google_ads", default=1_000_000, steps={"USD": 10_000})

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
dollars = amounts.map(lambda amount: Money(amount, "USD"))


@pytest.mark.parametrize(
    ("text", "meta", "tiktok", "google"),
    [
        ("50.00 USD", 5000, 50.0, 50_000_000),
        ("5000 JPY", 5000, 5000.0, 5_000_000_000),
        ("1234 HUF", 1234, 1234.0, 1_234_000_000),
    ],
)
def test_the_same_money_in_each_vendors_units(text: str, meta: int, tiktok: float, google: int) -> None:
    """The vectors of the common model, there and back."""
    money = Money.of(text)
    assert META.to_units(money) == meta
    assert TIKTOK.to_major_float(money) == tiktok
    assert GOOGLE.to_units(money) == google
    assert META.from_units(meta, money.currency) == money
    assert from_major(tiktok, money.currency) == money
    assert GOOGLE.from_units(str(google), money.currency) == money


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (META, "10.50 TWD"),
        (META, "1.234 BHD"),
        (META, "0.015 USD"),
        (GOOGLE, "0.015 USD"),
        (GOOGLE, "0.0000001 EUR"),
        (META, "0.5 JPY"),
    ],
)
def test_units_never_round(table: UnitTable, text: str) -> None:
    """An amount between two units is refused, and the refusal says which field, value and cure."""
    with pytest.raises(MoneyPrecisionError) as caught:
        table.to_units(Money.of(text), field="budget.amount")
    assert (caught.value.field, caught.value.value) == ("budget.amount", text)
    assert "multiple of" in caught.value.hint


@pytest.mark.parametrize("text", ["0.015 USD", "10.50 TWD", "9007199254740993.01 USD"])
def test_floats_never_round(text: str) -> None:
    """Too many decimals, or more digits than a float holds, are refused."""
    with pytest.raises(MoneyPrecisionError) as caught:
        TIKTOK.to_major_float(Money.of(text), field="budget")
    assert caught.value.field == "budget"


def test_an_unknown_currency_is_not_guessed() -> None:
    """A table without default knows its currencies only."""
    with pytest.raises(InvalidRequestError) as caught:
        META.to_units(Money.of("1 XYZ"))
    assert (caught.value.field, caught.value.value) == ("currency", "XYZ")


@pytest.mark.parametrize("amount", [0.1, 12.0, float("nan"), True, None, "1,5", "", "nan", "inf", "1e999999", [1]])
def test_inexact_and_strange_amounts_are_refused(amount: object) -> None:
    """Floats, bools, non-finite and absurd numbers are no money."""
    with pytest.raises(MoneyPrecisionError) as caught:
        Money(amount, "USD")  # type: ignore[arg-type] # the point of the test
    assert caught.value.field == "amount"
    assert caught.value.hint


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "", "U1D", "ÄÖÜ", None, 840])
def test_a_currency_is_three_capital_letters(currency: object) -> None:
    """Anything else is refused by name."""
    with pytest.raises(InvalidRequestError) as caught:
        Money(Decimal(1), currency)  # type: ignore[arg-type] # the point of the test
    assert caught.value.field == "currency"


@pytest.mark.parametrize("text", ["12.30", "USD", "", "12.30 usd", "x USD", None, 3])
def test_text_without_amount_and_currency_is_refused(text: object) -> None:
    """`Money.of` wants both."""
    with pytest.raises(InvalidRequestError):
        Money.of(text)  # type: ignore[arg-type] # the point of the test


@pytest.mark.parametrize("other", [Money.of("1 EUR"), 1, Decimal(1), 1.0, None])
@pytest.mark.parametrize("work", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_only_one_currency_at_a_time(work: str, other: object) -> None:
    """Other currencies and bare numbers are neither added nor compared."""
    with pytest.raises(InvalidRequestError):
        getattr(Money.of("1 USD"), work)(other)


def test_different_currencies_are_unequal() -> None:
    """One dollar is not one euro, nor the number one."""
    assert Money.of("1 USD") != Money.of("1 EUR")
    assert Money.of("1 USD") != 1


@pytest.mark.parametrize("divisor", [3, Decimal("0.7")])
def test_a_division_with_remainder_is_refused(divisor: Decimal | int) -> None:
    """Nobody but the caller decides about rounding."""
    with pytest.raises(MoneyPrecisionError):
        Money.of("10 USD") / divisor


@pytest.mark.parametrize("divisor", [0, Decimal(0)])
def test_a_division_by_zero_is_refused(divisor: Decimal | int) -> None:
    """With our error, not Python's."""
    with pytest.raises(InvalidRequestError, match="zero"):
        Money.of("10 USD") / divisor


def test_factors_are_exact() -> None:
    """Integers and decimals multiply; floats do not."""
    assert Money.of("10.10 USD") * 3 == Money.of("30.30 USD")
    assert Decimal("1.2") * Money.of("10 USD") == Money.of("12 USD")
    assert Money.of("10 USD") / 4 == Money.of("2.5 USD")
    with pytest.raises(MoneyPrecisionError):
        Money.of("10 USD") * 1.2  # type: ignore[operator] # the point of the test


@given(dollars, dollars, dollars)
def test_the_laws_of_arithmetic(a: Money, b: Money, c: Money) -> None:
    """Addition commutes, associates and is undone by subtraction; order agrees with it."""
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + b - b == a
    assert a - a == Money.zero("USD")
    assert Money.zero("USD") - a == -a
    assert abs(a) >= Money.zero("USD")
    assert (a < b) == (a + c < b + c)
    assert sum((b, c), a) == a + b + c


@given(dollars, st.integers(-1000, 1000))
def test_multiplying_is_repeated_adding(a: Money, n: int) -> None:
    """And dividing by the same number undoes it."""
    assert a * n + a == a * (n + 1)
    if n:
        assert a * n / n == a


@given(amounts, st.sampled_from([1, 100, 1000, 1_000_000]))
def test_units_round_trip_or_refuse(amount: Decimal, offset: int) -> None:
    """What is converted comes back the same; what would not is refused."""
    money = Money(amount, "USD")
    exact = amount * offset == (amount * offset).to_integral_value()
    if not exact:
        with pytest.raises(MoneyPrecisionError):
            to_units(money, offset)
    else:
        assert from_units(to_units(money, offset), offset, "USD") == money


@given(st.decimals(min_value=0, max_value=10**12, places=2, allow_nan=False))
def test_floats_round_trip(amount: Decimal) -> None:
    """A float of at most 15 digits prints as the amount it stands for."""
    money = Money(amount, "USD")
    assert from_major(to_major_float(money, 2), "USD") == money


@given(dollars)
def test_text_pickle_copy_and_hash_agree(money: Money) -> None:
    """All forms give an equal Money with an equal hash."""
    for same in (Money.of(str(money)), pickle.loads(pickle.dumps(money)), copy.deepcopy(money), copy.copy(money)):
        assert same == money
        assert hash(same) == hash(money)


def test_trailing_zeros_do_not_count() -> None:
    """12.3 and 12.30 are one amount, and print as they were given."""
    assert len({Money.of("12.3 USD"), Money.of("12.30 USD")}) == 1
    assert str(Money.of("12.30 USD")) == "12.30 USD"
    assert str(Money(Decimal("1E+3"), "JPY")) == "1000 JPY"


@pytest.mark.parametrize("units", [1.5, 100.0, "1.5", True])
def test_vendor_units_are_whole(units: object) -> None:
    """A float or fraction in place of units means that someone mixed up units and main units."""
    with pytest.raises(MoneyPrecisionError):
        from_units(units, 100, "USD")  # type: ignore[arg-type] # the point of the test


def test_it_cannot_be_changed() -> None:
    """Neither set nor deleted."""
    money = Money.of("1 USD")
    with pytest.raises(AttributeError):
        money.amount = Decimal(2)
    with pytest.raises(AttributeError):
        del money.currency


def test_models_take_money_and_text() -> None:
    """In pydantic models it is itself, its text in JSON, and never a float."""

    class Model(BaseModel):
        price: Money

    model = Model(price=Money.of("1.20 EUR"))
    assert model.model_dump() == {"price": Money.of("1.20 EUR")}
    assert model.model_dump_json() == '{"price":"1.20 EUR"}'
    assert Model.model_validate_json(model.model_dump_json()) == model
    assert Model.model_json_schema()["properties"]["price"]["type"] == "string"
    with pytest.raises(InvalidRequestError):
        Model.model_validate({"price": 1.2})
