"""Markers: stable, reversible, and never mistaken for a person's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.writes.marker import LENGTH, mark, token, unmark


@given(st.text(max_size=200), st.text(min_size=1, max_size=50))
def test_a_marked_name_comes_back(name: str, key: str) -> None:
    """Whatever the name, taking the marker off gives it back."""
    sign = token("tiktok", "1", "create_campaign", key)
    assert len(sign) == LENGTH
    assert unmark(mark(name, sign)) == (name, sign)


def test_the_token_is_the_same_everywhere() -> None:
    """A fixed vector: another process, another year, the same token."""
    assert token("tiktok", "70001", "create_campaign", "spring/1") == token(
        "tiktok", "70001", "create_campaign", "spring/1"
    )
    assert token("tiktok", "70001", "create_campaign", "spring/1") == "egpp3g3t2tx2psy4"


@pytest.mark.parametrize(
    "other",
    [("meta", "1", "op", "k"), ("tiktok", "2", "op", "k"), ("tiktok", "1", "po", "k"), ("tiktok", "1", "op", "q")],
)
def test_another_scope_is_another_token(other: tuple[str, str, str, str]) -> None:
    """Platform, account, operation and key all count."""
    assert token(*other) != token("tiktok", "1", "op", "k")


@pytest.mark.parametrize("name", ["", "Spring", "bs-abc", "x bs-SHOUTING12345678", "x bs-abcdefgh234567", "x bs-"])
def test_names_without_a_marker_stay(name: str) -> None:
    """What only looks like a marker is the caller's own."""
    assert unmark(name) == (name, None)
