"""Cache keys: equal questions share one, different ones never do, in this process and the next."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import Level, Money, Platform, Ref
from backstay.errors import InvalidRequestError
from backstay.keys import cache_key, fingerprint

REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shape(Enum):
    ROUND = 1
    SQUARE = 2


@dataclass(frozen=True)
class Where:
    x: int
    note: str = field(default="", compare=False)


def key(*args: Any, **kwargs: Any) -> str:
    return cache_key("tiktok", "7001", "abc", "get", args, kwargs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal(50), Decimal("50.00")),
        (Decimal("1E+2"), Decimal(100)),
        (Decimal("0.00"), Decimal("-0")),
        (Money.of("50 USD"), Money.of("50.00 USD")),
        (NOON, NOON.astimezone(timezone(timedelta(hours=8)))),
        ([1, 2], (1, 2)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, frozenset({2, 1, 3})),
        (Level.CAMPAIGN, Level.CAMPAIGN.value),
        (Where(1, "x"), Where(1, "y")),
        (REF, Ref.parse(str(REF))),
    ],
)
def test_equal_arguments_share_a_key(one: object, other: object) -> None:
    """However they are written."""
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1,), ("1",)),
        ((1,), (True,)),
        ((None,), ("None",)),
        ((None,), ()),
        (("a", "b"), ("a\ns1:b",)),
        (("a,b",), ("a", "b")),
        ((["a", "b"],), (["a,s1:b"],)),
        (([1, [2]],), ([1, 2],)),
        ((["ab"], ["c"]), (["a"], ["bc"])),
        (({"a": 1},), ({"a": 2},)),
        ((Decimal(5),), (Decimal(50),)),
        ((Decimal(5),), (Decimal(-5),)),
        ((Money.of("5 USD"),), (Money.of("5 EUR"),)),
        ((Shape.ROUND,), (Shape.SQUARE,)),
        ((Shape.ROUND,), (1,)),
        ((b"a",), ("a",)),
        ((date(2026, 3, 1),), (NOON.replace(hour=0, tzinfo=None),)),
        ((NOON,), (NOON.replace(tzinfo=None),)),
        ((Where(1),), (Where(2),)),
        ((REF,), (str(REF),)),
        (("\ud800",), ("\ud801",)),
        (("\ud800" * 30,), ("\ud801" * 30,)),
    ],
)
def test_different_arguments_do_not(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """Neither by their type, nor by where one ends and the next begins."""
    assert key(*one) != key(*other)


def test_keywords_count_by_name_and_not_by_order() -> None:
    """The same keywords in another order are the same question."""
    assert key(a=1, b=2) == key(b=2, a=1)
    assert key(a=1, b=2) != key(a=2, b=1)
    assert key(a=1) != key(1)


@pytest.mark.parametrize("part", range(4))
def test_vendor_account_credential_and_operation_part_keys(part: int) -> None:
    """Two tenants never share an answer."""
    parts = ["tiktok", "7001", "abc", "get"]
    other = [*parts]
    other[part] += "x"

    assert cache_key(*parts, (REF,), {}) != cache_key(*other, (REF,), {})  # type: ignore[arg-type]  # four texts


def test_what_has_no_equality_of_its_own_is_refused() -> None:
    """An object that is equal only to itself would never be found again."""
    with pytest.raises(InvalidRequestError, match="cannot be part of a cache key") as caught:
        key(object())
    assert caught.value.hint


def test_a_key_is_the_same_in_the_next_process() -> None:
    """No hash that is salted for each process takes part."""
    code = (
        "from backstay.ads import Level, Platform, Ref; from backstay.keys import cache_key;"
        "r = Ref(Platform.TIKTOK, '7001', Level.CAMPAIGN, '18001');"
        "print(cache_key('tiktok', '7001', 'abc', 'get', (r, {'b', 'a', 'c'}), {'n': 1}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == key(REF, {"a", "b", "c"}, n=1)


def test_long_arguments_cannot_be_read_from_a_key() -> None:
    """Keys are shown in logs; only what is as short as an id stands in them as it is."""
    assert "text of a prompt" not in key("the whole text of a prompt")


def test_a_fingerprint_names_a_secret_without_telling_it() -> None:
    """Twelve hexadecimal digits, the same each time, different for different secrets."""
    assert fingerprint("s3cret") == fingerprint("s3cret") != fingerprint("s3cret2")
    assert len(fingerprint("s3cret")) == 12
    assert int(fingerprint("s3cret"), 16) >= 0


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.decimals(allow_nan=False) | st.dates(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


def typed(value: Any) -> Any:
    """A value in which True, 1 and Decimal(1) differ."""
    if isinstance(value, tuple):
        return ("tuple", *(typed(item) for item in value))
    if isinstance(value, dict):
        return ("dict", frozenset((name, typed(item)) for name, item in value.items()))
    return (type(value).__name__, value)


@given(plain, plain)
def test_keys_are_equal_exactly_when_values_are(one: Any, other: Any) -> None:
    """No two values share a key, and no value has two."""
    assert (key(one) == key(other)) is (typed(one) == typed(other))
