"""Campaigns: create and update, in both flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import CAMPAIGN, State, Thing
from backstay_adapters.tiktok.sandbox import memory
from backstay_adapters.tiktok.sandbox.checks import MODES, amount, fitting, name_of
from backstay_adapters.tiktok.sandbox.envelope import Data, Refusal, invalid
from backstay_adapters.tiktok.sandbox.kinds import CAMPAIGNS, MANUAL, SMART, SMART_CAMPAIGNS, STATES, Kind, row
from backstay_adapters.tiktok.sandbox.metrics import spent

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

OBJECTIVES: Final = (
    "REACH", "TRAFFIC", "VIDEO_VIEWS", "ENGAGEMENT", "LEAD_GENERATION", "APP_PROMOTION", "WEB_CONVERSIONS",
    "PRODUCT_SALES", "RF_REACH", "BRAND_CONSIDERATION",
)  # fmt: skip
FIXED: Final = ("objective_type", "budget_mode", "budget_optimize_on", "campaign_type", "app_promotion_type")
"""What an update cannot change."""

NOTHING: Final = 40012
TAKEN: Final = "Campaign name already exists. Please try another one."
OWN: Final = frozenset({"advertiser_id", "request_id", "operation_status", "campaign_name", "campaign_id", "name"})


def create(ctx: Ctx) -> Data:
    """POST /campaign/create/."""
    return _create(ctx, CAMPAIGNS)


def create_smart(ctx: Ctx) -> Data:
    """POST /smart_plus/campaign/create/: `request_id` is required."""
    return _create(ctx, SMART_CAMPAIGNS)


def _create(ctx: Ctx, kind: Kind) -> Data:
    account = ctx.writer()
    key = memory.key_of(ctx, account, f"{kind.flow}/campaign", required=kind.flow == SMART)
    name = name_of(ctx.params, "campaign_name")
    ctx.params.choice("objective_type", OBJECTIVES)
    data = {**_extra(ctx), **_budget(ctx, account), "_flow": kind.flow}
    state = STATES[ctx.params.choice("operation_status", ("ENABLE", "DISABLE"), "ENABLE")]
    if kind.flow == MANUAL and ctx.switches.ignore_disable_on_campaign:
        state = State.ACTIVE
    known = memory.known(ctx, key)
    if known is None:
        _unique(ctx, account, name, key)
        known = ctx.world.create(
            ctx.now, id=ctx.sim.new_id(), account=account.id, level=CAMPAIGN, name=name, state=state, data=data
        )
        memory.remember(ctx, key, known)
    return row(ctx, account, kind, known, known.now)


def update(ctx: Ctx) -> Data:
    """POST /campaign/update/ and its Smart+ twin: absolute values only."""
    account = ctx.writer()
    thing = ctx.need(account, CAMPAIGN, "campaign", ctx.params.text("campaign_id"))
    changes = _changes(ctx, account, thing)
    name = name_of(ctx.params, "campaign_name") if ctx.params.get("campaign_name") is not None else None
    if name is not None and name != thing.name and thing.data["_flow"] == MANUAL:
        _unique(ctx, account, name, None)
    apply(ctx, thing, name, changes)
    return row(ctx, account, CAMPAIGNS, thing, thing.now)


def apply(ctx: Ctx, thing: Thing, name: str | None, changes: Data) -> None:
    """Change an object, or refuse to change nothing."""
    same = name in {None, thing.name} and all(thing.data.get(field) == new for field, new in changes.items())
    if same and ctx.switches.nothing_to_update:
        raise Refusal(NOTHING, "Nothing to update.")
    ctx.world.update(ctx.now, thing, name=name, **changes)


def unchangeable(ctx: Ctx, thing: Thing, fixed: tuple[str, ...]) -> None:
    """Refuse to change what is fixed; the same value again is tolerated."""
    for field in fixed:
        value = ctx.params.get(field)
        if value is not None and value != thing.data.get(field):
            message = f"{field}: The field cannot be modified."
            raise invalid(message)


def _changes(ctx: Ctx, account: Advertiser, thing: Thing) -> Data:
    unchangeable(ctx, thing, FIXED)
    changes = {field: value for field, value in _extra(ctx).items() if field not in FIXED}
    value = ctx.params.get("budget")
    if value is not None:
        if thing.data.get("budget_mode") == "BUDGET_MODE_INFINITE":
            raise invalid("budget: The campaign has no budget limit, set the budget on its ad groups.")
        changes["budget"] = amount(account, "budget", value, ctx.switches.campaign_minimum)
        if thing.data.get("budget_mode") == "BUDGET_MODE_TOTAL":
            fitting(account, changes["budget"], float(spent(ctx.sim, account, thing, ctx.now)))
    return changes


def _extra(ctx: Ctx) -> dict[str, Any]:
    return {field: value for field, value in ctx.params.data.items() if field not in OWN and not field.startswith("_")}


def _budget(ctx: Ctx, account: Advertiser) -> dict[str, Any]:
    mode = ctx.params.choice("budget_mode", MODES, "BUDGET_MODE_INFINITE")
    if mode == "BUDGET_MODE_INFINITE":
        return {"budget_mode": mode, "budget": 0.0}
    value = amount(account, "budget", ctx.params.need("budget"), ctx.switches.campaign_minimum)
    return {"budget_mode": mode, "budget": value}


def _unique(ctx: Ctx, account: Advertiser, name: str, key: memory.Key | None) -> None:
    """A `request_id` switches this check off (the vendor's own words): that is how live duplicates come about."""
    if key is not None:
        return
    for other in ctx.world.named(account.id, CAMPAIGN, name):
        if other.state is not State.REMOVED or ctx.switches.reserve_deleted_names:
            raise invalid(TAKEN)
