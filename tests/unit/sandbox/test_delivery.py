"""What ads reach while they run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backstay.sandbox.delivery import Market, account_spend, days, hours, local_day, numbers, spent, total
from backstay.sandbox.world import State, Thing, World

DAY = 86_400.0
NOON = 1_767_225_600.0  # 2026-01-01T00:00:00Z
MARKET = Market("UTC")
FIRST = date(2026, 1, 1)


def tree(world: World, since: float, **data: object) -> tuple[Thing, Thing, Thing]:
    """An active campaign with an ad group and an ad."""
    on = {"account": "1", "state": State.ACTIVE}
    top = world.create(since, id="c", level="campaign", **on)  # type: ignore[arg-type]
    group = world.create(since, id="g", level="ad_group", parent="c", data=data, **on)  # type: ignore[arg-type]
    return top, group, world.create(since, id="a", level="ad", parent="g", **on)  # type: ignore[arg-type]


def test_numbers_grow_through_the_day_and_days_add_up() -> None:
    """Half a day is about half of it, and an object's spend is the sum of its days."""
    world = World(3)
    top, _, ad = tree(world, NOON)
    (bucket,) = days("UTC", FIRST, FIRST)
    half = numbers(world, MARKET, ad, bucket, NOON + DAY / 2)
    full = numbers(world, MARKET, ad, bucket, NOON + DAY)
    assert 0 < half["spend"] < full["spend"]
    assert abs(half["spend"] * 2 - full["spend"]) <= Decimal("0.02")
    two = total(world, MARKET, [ad], list(days("UTC", FIRST, date(2026, 1, 2))), NOON + 2 * DAY)
    assert (
        spent(world, MARKET, top, NOON + 2 * DAY) == two["spend"] == account_spend(world, MARKET, "1", NOON + 2 * DAY)
    )


def test_hours_of_a_day_sum_to_the_day() -> None:
    """No rounding loss between an hour report and a day report."""
    world = World(3)
    ad = tree(world, NOON)[2]
    whole = total(world, MARKET, [ad], list(days("UTC", FIRST, FIRST)), NOON + DAY)
    assert total(world, MARKET, [ad], list(hours("UTC", FIRST, FIRST)), NOON + DAY) == whole


@pytest.mark.parametrize("which", ["campaign", "ad_group", "ad"])
def test_what_is_paused_reaches_nothing(which: str) -> None:
    """One paused level stops the ad, and from that moment only."""
    world = World(3)
    chain = dict(zip(("campaign", "ad_group", "ad"), tree(world, NOON), strict=True))
    world.set_state(NOON + DAY / 4, chain[which], State.PAUSED)
    (bucket,) = days("UTC", FIRST, FIRST)
    quarter = numbers(world, MARKET, chain["ad"], bucket, NOON + DAY / 4)
    assert quarter["spend"] > 0
    assert numbers(world, MARKET, chain["ad"], bucket, NOON + DAY) == quarter


def test_a_denied_ad_and_one_that_has_not_begun_reach_nothing() -> None:
    """Review and schedule hold the numbers at zero."""
    world = World(3)
    ad = tree(world, NOON, _starts=NOON + DAY)[2]
    (bucket,) = days("UTC", FIRST, FIRST)
    assert not any(numbers(world, MARKET, ad, bucket, NOON + DAY).values())
    world.update(NOON, ad, _reviewed_at=None)
    assert not any(numbers(world, MARKET, ad, bucket, NOON + 3 * DAY).values())


def test_money_follows_the_market() -> None:
    """A yen account has whole yen, a hundred for a dollar; days are the account's own."""
    world = World(3)
    ad = tree(world, NOON)[2]
    tokyo = Market("Asia/Tokyo", Decimal(1), 100)
    (bucket,) = days("Asia/Tokyo", FIRST, FIRST)
    yen = numbers(world, tokyo, ad, bucket, NOON + DAY)["spend"]
    assert yen == yen.to_integral_value()
    assert yen > 100
    assert local_day("Asia/Tokyo", NOON + 16 * 3600) == date(2026, 1, 2)
    assert len(list(hours("America/New_York", date(2026, 3, 8), date(2026, 3, 8)))) == 23
