"""Campaigns: what a new one needs, what changes, and which budget it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import budget, checks
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, member, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

FAMILY: Final = "campaign_error"
BIDDING: Final = "campaign_bidding_strategy"
TAKEN: Final = "A campaign with this name already exists."
EU: Final = "contains_eu_political_advertising"


def create(op: Op, pb: Message) -> Draft:
    """A new campaign: ENABLED, unless one says otherwise. That is the vendor's default."""
    checks.name(op, pb, FAMILY, "INVALID_CAMPAIGN_NAME")
    if member(pb, "advertising_channel_type") == "UNSPECIFIED":
        raise op.required("advertising_channel_type")
    if member(pb, "advertising_channel_type") == "VIDEO":
        text = "Mutates are not allowed for the requested resource."
        raise op.refuse("mutate_error", "MUTATE_NOT_ALLOWED", text, "advertising_channel_type")
    if pb.WhichOneof(BIDDING) is None:
        raise op.required(BIDDING)
    if member(pb, EU) == "UNSPECIFIED":
        raise op.required(EU)
    state = checks.state(op, pb, created=True)
    checks.unique(op, None, pb.name, FAMILY, "DUPLICATE_CAMPAIGN_NAME", TAKEN)
    _budget(op, pb, None)
    pb.id = int(op.txn.ctx.sim.new_id())
    if not pb.start_date_time:
        pb.start_date_time = checks.local(op, op.txn.ctx.now).strftime("%Y-%m-%d 00:00:00")
    extra = _dates(op, pb, None)
    _computed(pb)
    return Draft(op.kind, op.kind.name_of(op.txn.customer.id, str(pb.id)), pb, state, extra=extra)


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """The changed campaign."""
    checks.name(op, pb, FAMILY, "INVALID_CAMPAIGN_NAME")
    if pb.WhichOneof(BIDDING) is None or member(pb, EU) == "UNSPECIFIED":
        field = BIDDING if pb.WhichOneof(BIDDING) is None else EU
        raise op.refuse("field_error", "FIELD_CANNOT_BE_CLEARED", "The field cannot be cleared.", field)
    state = checks.state(op, pb, created=False)
    if pb.name != old.pb.name:
        checks.unique(op, old, pb.name, FAMILY, "DUPLICATE_CAMPAIGN_NAME", TAKEN)
    _budget(op, pb, old)
    extra = _dates(op, pb, old)
    _computed(pb)
    draft = Draft(op.kind, old.name, pb, state, None, old.key, old.thing)
    op.txn.update(draft, state=None if state is old.state else state, **extra)
    return draft


def remove(op: Op, old: Draft) -> None:
    """A campaign may always go; whether its own budget goes with it is not known."""
    if not op.txn.ctx.switches.remove_budget_with_campaign:
        return
    found = op.txn.find(old.pb.campaign_budget)
    if found is None or found.pb.explicitly_shared or found.state is State.REMOVED:
        return
    gone = type(found.pb)()
    gone.CopyFrom(found.pb)
    put(gone, "status", "REMOVED")
    op.txn.update(Draft(found.kind, found.name, gone, State.REMOVED, thing=found.thing), state=State.REMOVED)


def _budget(op: Op, pb: Message, old: Draft | None) -> None:
    found = op.resolve(KINDS["campaign_budget"], pb.campaign_budget, "campaign_budget")
    pb.campaign_budget = found.name
    if found.state is State.REMOVED:
        text = "The requested campaign budget no longer exists."
        raise op.refuse("campaign_budget_error", "CAMPAIGN_BUDGET_REMOVED", text, "campaign_budget")
    own = None if old is None else old.name
    if not found.pb.explicitly_shared and any(each.name != own for each in budget.users(op.txn, found.name)):
        text = "Only explicitly shared campaign budgets can be used with multiple campaigns."
        word = "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS"
        raise op.refuse("campaign_budget_error", word, text, "campaign_budget", trigger=found.name)
    if member(found.pb, "period") == "CUSTOM_PERIOD" and not pb.end_date_time:
        text = "Campaigns with total budgets must have end date/time specified."
        raise op.refuse(FAMILY, "END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET", text, "end_date_time")
    if old is not None and old.pb.campaign_budget != found.name:
        before = op.txn.find(old.pb.campaign_budget)
        if before is not None and member(before.pb, "period") != member(found.pb, "period"):
            text = "A budget with a different period cannot be assigned to the campaign."
            raise op.refuse(FAMILY, "CANNOT_CHANGE_BUDGET_PERIOD", text, "campaign_budget")


def _dates(op: Op, pb: Message, old: Draft | None) -> dict[str, Any]:
    now = op.txn.ctx.now
    starts, ends = checks.moment(op, pb, "start_date_time"), checks.moment(op, pb, "end_date_time")
    today = checks.local(op, now).strftime("%Y-%m-%d 00:00:00")
    if old is None or pb.start_date_time != old.pb.start_date_time:
        if old is not None and (checks.moment(op, old.pb, "start_date_time") or 0.0) <= now:
            text = "Trying to change start date on a campaign that has started."
            raise op.refuse(FAMILY, "CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED", text, "start_date_time")
        if pb.start_date_time < today:
            raise _past(op, "start_date_time")
    if ends is not None and ends <= now and (old is None or pb.end_date_time != old.pb.end_date_time):
        raise _past(op, "end_date_time")
    if starts is not None and ends is not None and ends <= starts:
        text = "The start date is after the end date."
        raise op.refuse("date_range_error", "START_DATE_AFTER_END_DATE", text, "end_date_time")
    return {"_starts": starts, "_ends": ends}


def _past(op: Op, field: str) -> Exception:
    return op.refuse(FAMILY, "CANNOT_SET_DATE_TO_PAST", "Trying to modify a date into the past.", field)


def _computed(pb: Message) -> None:
    """What the vendor fills in."""
    strategy = pb.WhichOneof(BIDDING)
    known = pb.DESCRIPTOR.fields_by_name["bidding_strategy_type"].enum_type.values_by_name
    if strategy.upper() in known:
        put(pb, "bidding_strategy_type", strategy.upper())
    put(pb, "payment_mode", "CLICKS")
