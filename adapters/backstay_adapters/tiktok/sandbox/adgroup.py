"""Ad groups: create, update, and their budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD_GROUP, CAMPAIGN, State, Thing
from backstay_adapters.tiktok.sandbox import memory
from backstay_adapters.tiktok.sandbox.campaign import apply, unchangeable
from backstay_adapters.tiktok.sandbox.checks import DAILY, MODES, amount, fitting, name_of
from backstay_adapters.tiktok.sandbox.envelope import Data, invalid, moment
from backstay_adapters.tiktok.sandbox.kinds import ADGROUPS, MANUAL, SMART, SMART_ADGROUPS, STATES, Kind, row
from backstay_adapters.tiktok.sandbox.metrics import spent

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

REQUIRED: Final = ("schedule_type", "schedule_start_time", "optimization_goal", "billing_event")
NO_PROMOTION: Final = frozenset({"REACH", "RF_REACH", "VIDEO_VIEWS", "ENGAGEMENT"})
"""Objectives whose ad groups have no `promotion_type`."""
FIXED: Final = ("optimization_goal", "billing_event", "budget_mode", "promotion_type", "campaign_id", "placement_type")
OWN: Final = frozenset({"advertiser_id", "request_id", "operation_status", "adgroup_name", "adgroup_id", "campaign_id"})
DAY: Final = 86_400.0


def create(ctx: Ctx) -> Data:
    """POST /adgroup/create/."""
    for field in ("location_ids", *REQUIRED):
        ctx.params.need(field)
    return _create(ctx, ADGROUPS)


def create_smart(ctx: Ctx) -> Data:
    """POST /smart_plus/adgroup/create/: targeting is nested, `request_id` required."""
    for field in REQUIRED:
        ctx.params.need(field)
    if not ctx.params.object("targeting_spec").get("location_ids"):
        raise invalid("targeting_spec.location_ids: Missing data for required field.")
    return _create(ctx, SMART_ADGROUPS)


def _create(ctx: Ctx, kind: Kind) -> Data:
    account = ctx.writer()
    key = memory.key_of(ctx, account, f"{kind.flow}/adgroup", required=kind.flow == SMART)
    campaign = ctx.need(account, CAMPAIGN, "campaign", ctx.params.text("campaign_id"))
    _same_flow(campaign, kind)
    name = name_of(ctx.params, "adgroup_name")
    if campaign.data.get("objective_type") not in NO_PROMOTION:
        ctx.params.text("promotion_type")
    data = {**_extra(ctx), **_schedule(ctx), **_budget(ctx, account, campaign), "_flow": kind.flow}
    state = STATES[ctx.params.choice("operation_status", ("ENABLE", "DISABLE"), "ENABLE")]
    known = memory.known(ctx, key)
    if known is None:
        _unique(ctx, campaign, name, key)
        known = ctx.world.create(
            ctx.now, id=ctx.sim.new_id(), account=account.id, level=AD_GROUP, parent=campaign.id, name=name,
            state=state, data=data,
        )  # fmt: skip
        memory.remember(ctx, key, known)
    return row(ctx, account, kind, known, known.now)


def update(ctx: Ctx) -> Data:
    """POST /adgroup/update/ and its Smart+ twin."""
    account = ctx.writer()
    thing = ctx.need(account, AD_GROUP, "adgroup", ctx.params.text("adgroup_id"))
    unchangeable(ctx, thing, FIXED)
    changes = {field: value for field, value in _extra(ctx).items() if field not in FIXED}
    if ctx.params.get("budget") is not None:
        changes["budget"] = _new_budget(ctx, account, thing, ctx.params.get("budget"))
    for field, mark in (("schedule_start_time", "_starts"), ("schedule_end_time", "_ends")):
        if ctx.params.get(field) is not None:
            changes[mark] = moment(field, ctx.params.get(field))
    name = name_of(ctx.params, "adgroup_name") if ctx.params.get("adgroup_name") is not None else None
    apply(ctx, thing, name, changes)
    return row(ctx, account, ADGROUPS, thing, thing.now)


def update_budget(ctx: Ctx) -> Data:
    """POST /adgroup/budget/update/: at once (`budget`) or from tomorrow (`schedule_budget`)."""
    account = ctx.writer()
    field = "budget" if ctx.params.get("budget") is not None else "schedule_budget"
    entries = ctx.params.items(field)
    if not 1 <= len(entries) <= 20 or not all(isinstance(entry, dict) for entry in entries):
        message = f"{field}: Length must be between 1 and 20."
        raise invalid(message)
    planned = []
    for entry in entries:
        thing = ctx.need(account, AD_GROUP, "adgroup", str(entry.get("adgroup_id")))
        planned.append((thing, _new_budget(ctx, account, thing, entry.get(field))))
    for thing, value in planned:
        apply(ctx, thing, None, {"budget" if field == "budget" else "scheduled_budget": value})
    return {field: [{"adgroup_id": thing.id, field: value} for thing, value in planned]}


def _new_budget(ctx: Ctx, account: Advertiser, thing: Thing, value: Any) -> float:
    if thing.data.get("budget_mode") in {None, "BUDGET_MODE_INFINITE"}:
        raise invalid("budget: The budget is set on the campaign.")
    found = amount(account, "budget", value, ctx.switches.adgroup_minimum)
    if thing.data.get("budget_mode") == "BUDGET_MODE_TOTAL":
        fitting(account, found, float(spent(ctx.sim, account, thing, ctx.now)))
    return found


def _extra(ctx: Ctx) -> dict[str, Any]:
    return {field: value for field, value in ctx.params.data.items() if field not in OWN and not field.startswith("_")}


def _same_flow(campaign: Thing, kind: Kind) -> None:
    if campaign.data.get("_flow", MANUAL) != kind.flow:
        raise invalid("campaign_id: The campaign was created in another way, its ad groups cannot be created here.")


def _schedule(ctx: Ctx) -> dict[str, Any]:
    kind = ctx.params.choice("schedule_type", ("SCHEDULE_FROM_NOW", "SCHEDULE_START_END"))
    starts = moment("schedule_start_time", ctx.params.need("schedule_start_time"))
    if kind == "SCHEDULE_FROM_NOW":
        return {"_starts": starts, "_ends": None}
    ends = moment("schedule_end_time", ctx.params.need("schedule_end_time"))
    if ends <= starts:
        raise invalid("schedule_end_time: The end time must be later than the start time.")
    return {"_starts": starts, "_ends": ends}


def _budget(ctx: Ctx, account: Advertiser, campaign: Thing) -> dict[str, Any]:
    if campaign.data.get("budget_optimize_on"):
        return {"budget_mode": "BUDGET_MODE_INFINITE", "budget": 0.0}
    mode = ctx.params.choice("budget_mode", MODES)
    if mode == "BUDGET_MODE_INFINITE":
        raise invalid("Invalid budget type. Please check and try again.")
    minimum = ctx.switches.adgroup_minimum
    if mode not in DAILY:
        schedule = _schedule(ctx)
        if schedule["_ends"] is None:
            raise invalid("schedule_type: A lifetime budget needs SCHEDULE_START_END.")
        minimum *= max(1.0, -(-(schedule["_ends"] - schedule["_starts"]) // DAY))
    return {"budget_mode": mode, "budget": amount(account, "budget", ctx.params.need("budget"), minimum)}


def _unique(ctx: Ctx, campaign: Thing, name: str, key: memory.Key | None) -> None:
    if key is not None or not ctx.switches.unique_adgroup_names:
        return
    others = ctx.world.named(campaign.account, AD_GROUP, name)
    if any(other.parent == campaign.id and other.state is not State.REMOVED for other in others):
        raise invalid("Ad group name already exists. Please try another one.")
