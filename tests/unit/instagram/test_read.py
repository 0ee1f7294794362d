"""Instagram's answers as ours: what the vendor does not tell is absent, and takes nothing else with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.content import PostKind
from backstay_adapters.instagram.wire import read


@pytest.mark.parametrize("untold", [{"values": []}, {}, {"values": None}, {"values": [None]}, {"total_value": {}}])
def test_a_figure_that_is_not_told_is_absent(untold: dict[str, Any]) -> None:
    """Figures lag behind up to two days, and those of stories vanish: an empty one does not cost the others."""
    data = {"data": [{"name": "reach", **untold}, {"name": "likes", "values": [{"value": 3}]}]}
    assert dict(read.insights("1", data, PostKind.IMAGE).metrics) == {"likes": Decimal(3)}


def test_a_figure_comes_in_one_of_two_ways() -> None:
    """As a total, or as the first of its values; zero is told."""
    data = {"data": [{"name": "views", "total_value": {"value": 0}}, {"name": "saved", "values": [{"value": 2}]}]}
    assert dict(read.insights("1", data, PostKind.IMAGE).metrics) == {"impressions": Decimal(0), "saves": Decimal(2)}
