"""Our specs and patches as TikTok's request bodies. Everything is sent paused; what cannot be said is refused here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from backstay.ads.parts import Bid, Budget, Creative, Targeting
from backstay.ads.patch import AdGroupPatch
from backstay.ads.spec import AdGroupSpec, AdSpec, CampaignSpec
from backstay.ads.words import BidStrategy, BillingEvent, BudgetPeriod, CreativeKind, Gender, MediaKind, Objective
from backstay.errors import InvalidRequestError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.spec import merge_extra
from backstay.values import UNSET
from backstay_adapters.tiktok.wire import words
from backstay_adapters.tiktok.wire.money import money_out
from backstay_adapters.tiktok.wire.names import marked
from backstay_adapters.tiktok.wire.read import TIME

if TYPE_CHECKING:
    from backstay_adapters.tiktok.wire.kinds import Kind

Body = dict[str, Any]

SMART_PLUS_ONLY_FROM: Final = datetime(2027, 1, 1, tzinfo=UTC)
"""From then on the manual flow no longer creates campaigns for these objectives (two independent secondary sources;
check with the vendor, and pass flow= to decide yourself)."""
SMART_PLUS_OBJECTIVES: Final = frozenset({Objective.SALES, Objective.APP_PROMOTION, Objective.LEADS})

_MODES: Final = {
    BudgetPeriod.DAILY: "BUDGET_MODE_DAY",
    BudgetPeriod.LIFETIME: "BUDGET_MODE_TOTAL",
    BudgetPeriod.DAILY_AVERAGED: "BUDGET_MODE_DYNAMIC_DAILY_BUDGET",
    BudgetPeriod.NONE: "BUDGET_MODE_INFINITE",
}
_USUAL_BILLING: Final = {
    "CLICK": BillingEvent.CLICKS,
    "REACH": BillingEvent.IMPRESSIONS,
    "SHOW": BillingEvent.IMPRESSIONS,
    "VIDEO_VIEW": BillingEvent.VIDEO_VIEWS,
}
_NO_PROMOTION: Final = frozenset({Objective.AWARENESS, Objective.VIDEO_VIEWS, Objective.ENGAGEMENT})
_FORMATS: Final = {
    CreativeKind.VIDEO: "SINGLE_VIDEO",
    CreativeKind.IMAGE: "SINGLE_IMAGE",
    CreativeKind.CAROUSEL: "CAROUSEL_ADS",
    CreativeKind.EXISTING_POST: "SINGLE_VIDEO",
}


def request_id(token: str) -> str:
    """Smart+ wants a key of its own: a 64-bit integer as text, the same for the same marker."""
    digest = hashlib.sha256(token.encode()).digest()
    return str(int.from_bytes(digest[:8], "big") & (2**63 - 1))


def campaign(spec: CampaignSpec, token: str, *, currency: str) -> Body:
    """The body of a campaign's create; without a budget its ad groups have theirs."""
    body: Body = {
        "campaign_name": marked(spec.name, token, "name"),
        "objective_type": words.spoken(words.OBJECTIVE_OUT, spec.objective, "objective"),
        "operation_status": "DISABLE",
    }
    if spec.bid is not None:
        _refuse("bid", spec.bid.strategy, "bids are set on ad groups", "give the bid to each AdGroupSpec")
    if spec.budget is None:
        body |= {"budget_mode": "BUDGET_MODE_INFINITE", "budget_optimize_on": False}
    else:
        body |= budget(spec.budget, currency, "budget")
        body["budget_optimize_on"] = spec.budget.period is not BudgetPeriod.NONE
    declared = spec.compliance.special_categories
    if declared:
        field = "compliance.special_categories"
        body["special_industries"] = [words.spoken(words.INDUSTRY_OUT, each, field) for each in declared]
    return merge_extra(body, spec.extra)


def budget(value: Budget, currency: str, field: str) -> Body:
    """Mode and amount."""
    body: Body = {"budget_mode": words.spoken(_MODES, value.period, f"{field}.period")}
    if value.amount is not None:
        body["budget"] = amount(value.amount, currency, f"{field}.amount")
    return body


def amount(money: Money, currency: str, field: str) -> float:
    """A number in the account's currency; raises InvalidRequestError for another currency."""
    if money.currency != currency:
        raise InvalidRequestError(
            f"{field} is in {money.currency}, the account in {currency}", field=field, value=str(money),
            hint=f"convert it to {currency} with a rate of yours first",
        )  # fmt: skip
    return money_out(money, field)


def ad_group(
    spec: AdGroupSpec, token: str, *, campaign_id: str, objective: Objective, currency: str, now: datetime
) -> Body:
    """The body of an ad group's create."""
    goal = words.spoken(words.GOAL_OUT, spec.optimization, "optimization")
    billing = spec.billing or _USUAL_BILLING.get(goal, BillingEvent.OPTIMIZED_IMPRESSIONS)
    start = spec.schedule.start or now
    body: Body = {
        "campaign_id": campaign_id,
        "adgroup_name": marked(spec.name, token, "name"),
        "operation_status": "DISABLE",
        "optimization_goal": goal,
        "billing_event": words.spoken(words.BILLING_OUT, billing, "billing"),
        "schedule_type": "SCHEDULE_START_END" if spec.schedule.end else "SCHEDULE_FROM_NOW",
        "schedule_start_time": time_out(start),
        "pacing": "PACING_MODE_SMOOTH",
        **targeting(spec.targeting),
        **bid(spec.bid, currency),
    }
    if spec.schedule.end:
        body["schedule_end_time"] = time_out(spec.schedule.end)
    if objective not in _NO_PROMOTION:
        body["promotion_type"] = "APP_ANDROID" if objective is Objective.APP_PROMOTION else "WEBSITE"
    if spec.budget is not None:
        body |= budget(spec.budget, currency, "budget")
    if spec.conversion is not None:
        body["pixel_id"] = spec.conversion.source_id
        if spec.conversion.event:
            body["optimization_event"] = spec.conversion.event
    return merge_extra(body, spec.extra)


def ad_group_change(patch: AdGroupPatch, currency: str) -> Body:
    """What a patch changes beside name and budget; goal and billing cannot be changed at TikTok."""
    body: Body = {}
    if patch.targeting is not UNSET and patch.targeting is not None:
        body |= targeting(patch.targeting)
    if patch.bid is not UNSET and patch.bid is not None:
        body |= bid(patch.bid, currency)
    if patch.schedule is not UNSET and patch.schedule is not None:
        times = {"schedule_start_time": patch.schedule.start, "schedule_end_time": patch.schedule.end}
        body |= {name: time_out(value) for name, value in times.items() if value is not None}
    return body


_NESTED: Final = ("location_ids", "languages", "gender", "age_groups")


def smart_plus_ad_group(body: Body, token: str) -> Body:
    """The same ad group for Smart+, which nests targeting and wants a request id."""
    nested = {name: body[name] for name in _NESTED if name in body}
    flat = {name: value for name, value in body.items() if name not in _NESTED}
    return {**flat, "targeting_spec": nested, "request_id": request_id(token)}


def targeting(value: Targeting) -> Body:
    """Who sees it; empty lists are left out, because the vendor takes them for everybody."""
    if not value.locations and "location_ids" not in value.extra:
        _refuse(
            "targeting.locations", (), "TikTok wants at least one location", "give its location ids (6252001 is the US)"
        )
    ages = [name for name, low, high in words.AGES if _overlaps(value, low, high)]
    body: Body = {
        "location_ids": list(value.locations),
        "languages": list(value.languages),
        "gender": _gender(value.genders),
        "placement_type": "PLACEMENT_TYPE_NORMAL" if value.placements else "PLACEMENT_TYPE_AUTOMATIC",
        "placements": list(value.placements),
        "age_groups": ages if len(ages) < len(words.AGES) else [],
        **value.extra,
    }
    return {name: each for name, each in body.items() if each}


def _overlaps(value: Targeting, low: int, high: int) -> bool:
    """TikTok's age groups are fixed: a range must begin and end where groups do."""
    first, last = value.age_min or 13, value.age_max or 100
    if low < first <= high or low <= last < high:
        edges = ", ".join(f"{each[1]}-{each[2]}" for each in words.AGES)
        raise UnsupportedCapabilityError(
            f"TikTok has no ages {first} to {last}", vendor="tiktok",
            field="targeting.age_min", value=f"{first}-{last}",
            hint=f"begin and end with its groups: {edges}",
        )  # fmt: skip
    return first <= low and high <= last


def _gender(genders: tuple[Gender, ...]) -> str:
    if len(set(genders)) != 1:
        return "GENDER_UNLIMITED"
    return "GENDER_FEMALE" if genders[0] is Gender.FEMALE else "GENDER_MALE"


def bid(value: Bid | None, currency: str) -> Body:
    """How to bid."""
    if value is None or value.strategy is BidStrategy.LOWEST_COST:
        return {"bid_type": "BID_TYPE_NO_BID"}
    if value.strategy is BidStrategy.MIN_ROAS:
        return {"bid_type": "BID_TYPE_NO_BID", "deep_bid_type": "VO_MIN_ROAS", "roas_bid": float(str(value.roas))}
    if value.amount is None:
        _refuse("bid.amount", None, "a cap needs an amount", "use Bid.cost_cap(money) or Bid.bid_cap(money)")
    price = amount(value.amount, currency, "bid.amount")
    name = "conversion_bid_price" if value.strategy is BidStrategy.COST_CAP else "bid_price"
    return {"bid_type": "BID_TYPE_CUSTOM", name: price}


def ad(spec: AdSpec, token: str) -> Body:
    """One entry of `creatives`."""
    body = {"ad_name": marked(spec.name, token, "name"), "operation_status": "DISABLE", **creative(spec.creative)}
    return merge_extra(body, spec.extra)


def smart_plus_ad(body: Body) -> Body:
    """The same ad for Smart+, which takes lists of creatives and texts (shape from public connectors; no page seen)."""
    texts = {
        "ad_text": "ad_text_list",
        "call_to_action": "call_to_action_list",
        "landing_page_url": "landing_page_url_list",
    }
    own = {"ad_name", "operation_status"}
    lists = {many: [{one: body[one]}] for one, many in texts.items() if one in body}
    info = {name: value for name, value in body.items() if name not in texts and name not in own}
    return {**{name: body[name] for name in own if name in body}, **lists, "creative_list": [{"creative_info": info}]}


def update(kind: Kind, path: str, before: Any, id_: str, body: Mapping[str, Any]) -> Body:
    """An update's body: budgets of ad groups and creatives of ads travel in lists, Smart+ ads have another id."""
    if path == "/adgroup/budget/update/":
        return {"budget": [{kind.id: id_, **body}]}
    if path == "/ad/update/":
        return {"adgroup_id": before.ad_group.id, "patch_update": True, "creatives": [{kind.id: id_, **body}]}
    if path == "/smart_plus/ad/update/":
        return {"smart_plus_ad_id": id_, **(smart_plus_ad(dict(body)) if set(body) - {"ad_name"} else body)}
    return {kind.id: id_, **body}


def creative(value: Creative) -> Body:
    """What an ad shows; TikTok wants an identity for every ad."""
    if value.identity is None:
        _refuse(
            "creative.identity",
            None,
            "TikTok wants an identity",
            "give creative.identity=IdentityRef(id=..., kind=...)",
        )
    body: Body = {
        "ad_format": words.spoken(_FORMATS, value.kind, "creative.kind"),
        "ad_text": value.texts[0] if value.texts else None,
        "video_id": next((each.id for each in value.media if each.kind is MediaKind.VIDEO), None),
        "image_ids": [each.id for each in value.media if each.kind is MediaKind.IMAGE],
        "landing_page_url": value.link,
        "call_to_action": value.call_to_action,
        "identity_id": value.identity.id,
        "identity_type": value.identity.kind or "CUSTOMIZED_USER",
        "tiktok_item_id": value.post_id,
        **value.extra,
    }
    if value.ai_generated is not None:
        body["aigc_disclosure_type"] = "SELF_DISCLOSURE" if value.ai_generated else "NOT_DECLARED"
    return {name: each for name, each in body.items() if each not in (None, [])}


def time_out(value: datetime) -> str:
    """UTC, as entity endpoints want it."""
    return value.astimezone(UTC).strftime(TIME)


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    raise InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint, vendor="tiktok")
