"""Campaigns: create, update, and deletion of many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import CAMPAIGN, State, Thing
from backstay_adapters.meta.sandbox import budget, objects
from backstay_adapters.meta.sandbox.kinds import CAMPAIGNS
from backstay_adapters.meta.sandbox.refusal import Data, invalid, missing
from backstay_adapters.meta.sandbox.words import CAPPED, CATEGORIES, OBJECTIVES, STRATEGIES

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

SHARING: Final = "is_adset_budget_sharing_enabled"
FIXED: Final = ("objective", "buying_type")
DELETIONS: Final = ("DELETE_ANY", "DELETE_OLDEST", "DELETE_ARCHIVED_BEFORE")


def create(ctx: Ctx) -> Data:
    """POST /act_{id}/campaigns."""
    account = ctx.writer()
    name = objects.name_of(ctx)
    ctx.params.choice("objective", OBJECTIVES)
    _categories(ctx, required=True)
    asked = budget.asked(ctx)
    data = {
        "buying_type": "AUCTION", **objects.extras(ctx, CAMPAIGNS), **budget.checked(account, asked),
        **budget.cap(ctx, account), **objects.schedule(ctx, account, "start_time", "stop_time"),
    }  # fmt: skip
    _sharing(ctx, has_budget=bool(asked))
    if asked:
        data["bid_strategy"] = ctx.params.choice("bid_strategy", STRATEGIES, "LOWEST_COST_WITHOUT_CAP")
    return objects.create(ctx, CAMPAIGNS, name, data)


def update(ctx: Ctx) -> Data:
    """POST /{campaign}: what is sent is changed, the rest stays."""
    thing = objects.editable(ctx)
    account = ctx.writer()
    objects.unchanged(ctx, thing, FIXED)
    _categories(ctx, required=False)
    if "bid_strategy" in ctx.params:
        ctx.params.choice("bid_strategy", STRATEGIES)
    plain = {name: value for name, value in objects.extras(ctx, CAMPAIGNS).items() if name not in budget.BUDGETS}
    changes = {
        **plain, **budget.changed(ctx, account, thing), **budget.cap(ctx, account),
        **objects.schedule(ctx, account, "start_time", "stop_time", thing),
    }  # fmt: skip
    return objects.update(ctx, thing, changes)


def delete_many(ctx: Ctx) -> Data:
    """DELETE /act_{id}/campaigns: the oldest ones, up to a number."""
    account = ctx.writer()
    strategy = ctx.params.choice("delete_strategy", DELETIONS)
    most = ctx.params.whole("object_count") or 25
    before = ctx.params.moment("before_date", account.timezone)
    if strategy == "DELETE_ARCHIVED_BEFORE" and before is None:
        raise missing("before_date")
    doomed = [thing for thing in ctx.world.at(account.id, CAMPAIGN) if _doomed(thing, strategy, before)]
    for thing in doomed[:most]:
        objects.switch(ctx, thing, "DELETED")
    left = max(0, len(doomed) - most)
    return {"objects_left_to_delete_count": left, "deleted_object_ids": [thing.id for thing in doomed[:most]]}


def _doomed(thing: Thing, strategy: str, before: float | None) -> bool:
    if strategy != "DELETE_ARCHIVED_BEFORE":
        return thing.state is not State.REMOVED
    return thing.data.get("_gone") == "ARCHIVED" and thing.now.at < (before or 0.0)


def _categories(ctx: Ctx, *, required: bool) -> None:
    name = "special_ad_categories"
    if ctx.params.get(name) is None:
        if required:
            raise missing(name)
        return
    ctx.params.choices(name, CATEGORIES)


def _sharing(ctx: Ctx, *, has_budget: bool) -> None:
    """Whose budgets are on the ad sets must say whether these share them (since v24)."""
    shares = ctx.params.flag(SHARING)
    if not has_budget and ctx.params.get(SHARING) is None:
        told = f"You must specify True or False in the {SHARING} field if you are not using a campaign budget."
        raise invalid("Must specify True or False", told, 4834011, blame=SHARING)
    if has_budget and shares:
        told = "You can't use ad set budget sharing with a campaign budget."
        raise invalid("Can't share budgets", told, 4834002, blame=SHARING)


def needs_bid(strategy: str | None) -> bool:
    """Whether a bid strategy needs an amount on the ad set."""
    return strategy in CAPPED
