"""Lags: a number, a range, a list in turn."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox.lags import check_lag, drawn
from backstay.sandbox.world import World


def test_a_number_a_range_and_a_list() -> None:
    """A number is itself, a range is drawn from, a list is taken in turn and its last number stays."""
    assert drawn(2.0, 5, 0, "x") == 2.0
    assert 1.0 <= drawn((1.0, 3.0), 0, 0, "x") <= 3.0
    assert drawn((1.0, 3.0), 0, 0, "x") != drawn((1.0, 3.0), 0, 0, "y")
    assert [drawn([0.0, 5.0], turn, 0, "x") for turn in range(4)] == [0.0, 5.0, 5.0, 5.0]


@pytest.mark.parametrize("bad", [-1.0, (3.0, 1.0), (1.0,), [], [0.0, -1.0], "soon", float("nan")])
def test_what_is_no_lag_is_refused(bad: Any) -> None:
    """The field, the value and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        check_lag("label_lag", bad)
    assert caught.value.field == "label_lag" or "label_lag" in caught.value.message
    assert caught.value.hint


def test_a_world_takes_a_list_for_each_level_of_an_account() -> None:
    """The first campaign is seen at once, the second after five seconds; ad groups count for themselves."""
    world = World(read_lag=[0.0, 5.0])
    made = [
        world.create(0.0, id=f"{level}{n}", account="1", level=level) for level in ("campaign", "ad") for n in range(2)
    ]
    assert [thing.visible_at for thing in made] == [0.0, 5.0, 0.0, 5.0]


def test_a_key_may_be_given_beside_the_name() -> None:
    """A marker that lives in a label counts as well as one in the name."""
    world = World()
    thing = world.create(0.0, id="1", account="1", level="campaign", name="plain", key="abc")
    assert (thing.key, world.objects("abc")) == ("abc", [thing])
    marked = "label bs-aaaaaaaaaaaaaaaa"
    assert world.create(0.0, id="2", account="1", level="label", name=marked, key="").key is None
