"""Ad sets: create and update, targeting, goals, bids and budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import CAMPAIGN, State, Thing
from backstay_adapters.meta.sandbox import budget, objects
from backstay_adapters.meta.sandbox.campaign import needs_bid
from backstay_adapters.meta.sandbox.kinds import ADSETS
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, invalid, missing
from backstay_adapters.meta.sandbox.words import BILLING, EUROPE, GOALS, GOALS_OF, PROMOTED, STRATEGIES

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

DAY: Final = 86_400.0
PLACES: Final = ("geo_locations", "custom_audiences", "flexible_spec_audiences")
PUBLISHED: Final = 3260011
"""Pixel, event and goal of what has run cannot be changed."""


def create(ctx: Ctx) -> Data:
    """POST /act_{id}/adsets."""
    account = ctx.writer()
    campaign = _campaign(ctx)
    name = objects.name_of(ctx)
    goal = ctx.params.choice("optimization_goal", GOALS)
    ctx.params.choice("billing_event", BILLING)
    _goal(ctx, campaign, goal)
    targeting(ctx, required=True)
    times = {"_starts": ctx.now, "start_time": stamp(ctx.now, account.timezone)}
    times |= objects.schedule(ctx, account, "start_time", "end_time")
    data = {**objects.extras(ctx, ADSETS), **_budget(ctx, account, campaign, times), **times, **_bid(ctx, campaign)}
    return objects.create(ctx, ADSETS, name, data, parent=campaign)


def update(ctx: Ctx) -> Data:
    """POST /{adset}: targeting is replaced as a whole."""
    thing = objects.editable(ctx)
    account = ctx.writer()
    campaign = ctx.world.get(thing.parent or "")
    objects.unchanged(ctx, thing, ("campaign_id",)) if ctx.params.get("campaign_id") != thing.parent else None
    if thing.was_active:
        objects.unchanged(ctx, thing, ("optimization_goal", "promoted_object", "billing_event"), PUBLISHED)
    if campaign is not None and "optimization_goal" in ctx.params:
        _goal(ctx, campaign, ctx.params.choice("optimization_goal", GOALS))
    targeting(ctx, required=False)
    plain = {name: value for name, value in objects.extras(ctx, ADSETS).items() if name not in budget.BUDGETS}
    billing = str(thing.data.get("billing_event"))
    changes = {
        **plain, **budget.changed(ctx, account, thing, billing=billing), **_new_bid(ctx, thing, campaign),
        **objects.schedule(ctx, account, "start_time", "end_time", thing),
    }  # fmt: skip
    changes.pop("campaign_id", None)
    return objects.update(ctx, thing, changes)


def _campaign(ctx: Ctx) -> Thing:
    campaign = ctx.own(CAMPAIGN, ctx.params.text("campaign_id"), "post")
    if campaign.state is State.REMOVED:
        told = "The campaign has been deleted or archived. Choose another one."
        raise invalid("Campaign is deleted", told, objects.DELETED, blame="campaign_id")
    return campaign


def _goal(ctx: Ctx, campaign: Thing, goal: str) -> None:
    if goal not in GOALS_OF.get(str(campaign.data.get("objective")), frozenset(GOALS)):
        told = f"The performance goal {goal} isn't available for the objective of this campaign."
        raise invalid("Performance goal isn't available", told, blame="optimization_goal")
    needed = PROMOTED.get(goal)
    if needed is None:
        return
    promoted = ctx.params.object("promoted_object")
    if not any(promoted.get(name) for name in needed):
        told = "Please specify a promoted object for the ad set."
        raise invalid("No promotion object found", told, 1815430, blame="promoted_object")


def targeting(ctx: Ctx, *, required: bool) -> None:
    """Somewhere or somebody must be named, and whether the vendor may widen it."""
    if ctx.params.get("targeting") is None:
        if required:
            raise missing("targeting")
        return
    found = ctx.params.object("targeting")
    if not any(found.get(place) for place in PLACES):
        told = "Add at least one location or choose a custom audience."
        raise invalid("A location is missing", told, 1885364, blame="targeting")
    _flag(ctx, found)
    _distinct(found)
    if ctx.switches.dsa and required and EUROPE & set(_countries(found)):
        for name in ("dsa_beneficiary", "dsa_payor"):
            if ctx.params.get(name) is None:
                raise invalid("Beneficiary and payer are missing", "Ads for the EU must name both.", blame=name)


def _flag(ctx: Ctx, found: Data) -> None:
    automation = found.get("targeting_automation")
    flag = automation.get("advantage_audience") if isinstance(automation, dict) else None
    if ctx.switches.advantage_flag and flag not in {0, 1}:
        told = (
            "To create your ad set, you need to enable or disable the Advantage audience feature. This can be done by "
            "setting the advantage_audience flag to either 1 or 0 within the targeting_automation field in the "
            "Targeting spec."
        )
        raise invalid("Advantage Audience Flag Required", told, 1870227, blame="targeting")


def _distinct(found: Data) -> None:
    inside, outside = _countries(found), _countries(found, "excluded_geo_locations")
    if len(set(inside)) < len(inside) or set(inside) & set(outside):
        raise invalid("Locations overlap", "Some of your locations overlap. Remove one.", 1487756, blame="targeting")


def _countries(found: Data, where: str = "geo_locations") -> list[str]:
    places: Any = found.get(where) or {}
    return [str(each) for each in places.get("countries", [])] if isinstance(places, dict) else []


def _budget(ctx: Ctx, account: Account, campaign: Thing, times: Data) -> Data:
    asked = budget.asked(ctx)
    over = any(campaign.data.get(name) for name in budget.BUDGETS)
    if over:
        if asked:
            raise budget.both_levels()
        if campaign.data.get(budget.LIFETIME) and times.get("_ends") is None:
            raise missing("end_time")
        return {}
    if not asked:
        raise invalid("Budget is missing", "Set a budget on the ad set or on its campaign.", blame=budget.DAILY)
    length = None if times.get("_ends") is None else (times["_ends"] - times["_starts"]) / DAY
    if budget.LIFETIME in asked and length is None:
        raise missing("end_time")
    if budget.DAILY in asked and length is not None and length < 1:
        raise invalid("Schedule is too short", "With a daily budget an ad set must run for 24 hours.", blame="end_time")
    billing = ctx.params.text("billing_event")
    return budget.checked(account, asked, billing=billing, days=length or 1.0)


def _new_bid(ctx: Ctx, thing: Thing, campaign: Thing | None) -> Data:
    """A change of the bid, checked with what stays as it is."""
    if campaign is None or not {"bid_strategy", "bid_amount"} & {
        name for name in ctx.params.data if name in ctx.params
    }:
        return {}
    return _bid(ctx, campaign, thing)


def _bid(ctx: Ctx, campaign: Thing, old: Thing | None = None) -> Data:
    """The strategy is where the budget is, the amount always here."""
    kept = {} if old is None else old.data
    above = campaign.data.get("bid_strategy")
    own = ctx.params.get("bid_strategy")
    if above is not None and own not in {None, above}:
        told = "The bid strategy is set on the campaign, because its budget is."
        raise invalid("Bid strategy can't be used", told, 1885204, blame="bid_strategy")
    usual = str(kept.get("bid_strategy", "LOWEST_COST_WITHOUT_CAP"))
    strategy = str(above or ctx.params.choice("bid_strategy", STRATEGIES, usual))
    given = ctx.params.whole("bid_amount")
    amount = kept.get("bid_amount") if given is None and needs_bid(strategy) else given
    if needs_bid(strategy) and amount is None:
        told = f"You must provide a bid cap or a target cost in bid_amount field, for the bid strategy {strategy}."
        raise invalid("Bid Amount Required", told, 1815857, blame="bid_amount")
    if not needs_bid(strategy) and amount is not None:
        raise invalid("Bid amount can't be used", f"{strategy} takes no bid amount.", 1487851, blame="bid_amount")
    return {"bid_strategy": strategy, **({} if amount is None else {"bid_amount": amount})}
