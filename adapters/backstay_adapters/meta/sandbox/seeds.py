"""Objects that are there before anybody calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State
from backstay_adapters.meta.sandbox.kinds import CREATIVE
from backstay_adapters.meta.sandbox.params import stamp

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.app import MetaSandbox


def tree(sim: MetaSandbox, account: str, name: str, since: float, *, ads: int, budget: float) -> list[str]:
    """An active campaign with an ad set and its ads; ids from the top down."""
    money = sim.accounts[account]
    on: dict[str, Any] = {"account": account, "state": State.ACTIVE}
    create = sim.world.create
    starts = stamp(since, money.timezone)
    top = {
        "objective": "OUTCOME_TRAFFIC", "buying_type": "AUCTION", "special_ad_categories": [],
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "daily_budget": str(round(budget * money.offset)),
    }  # fmt: skip
    middle = {
        "_starts": since, "_ends": None, "start_time": starts, "optimization_goal": "LINK_CLICKS",
        "billing_event": "IMPRESSIONS", "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        "targeting": {"geo_locations": {"countries": ["US"]}, "targeting_automation": {"advantage_audience": 0}},
    }  # fmt: skip
    campaign = create(since, id=sim.new_id(), level=CAMPAIGN, name=name, data=top, **on)
    group = create(since, id=sim.new_id(), level=AD_GROUP, name=f"{name} ad set", parent=campaign.id, data=middle, **on)
    shown = create(
        since, id=sim.new_id(), level=CREATIVE, name=f"{name} creative", account=account, spends=False,
        data={"object_story_spec": {"page_id": "1", "link_data": {"link": "https://example.com/", "message": name}}},
    )  # fmt: skip
    bottom = {"_creative": shown.id, "_reviewed_at": since}
    made = [campaign.id, group.id]
    for number in range(1, ads + 1):
        ad = create(since, id=sim.new_id(), level=AD, name=f"{name} ad {number}", parent=group.id, data=bottom, **on)
        made.append(ad.id)
    return made
