"""Our specs and patches as Meta's parameters. Everything is sent paused; what cannot be said is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NoReturn

from backstay.ads.model import AdGroup, Campaign
from backstay.ads.parts import AttributionSetting, Bid, Budget, Schedule, Targeting
from backstay.ads.patch import AdGroupPatch, AdPatch, CampaignPatch
from backstay.ads.spec import AdGroupSpec, AdSpec, CampaignSpec, ConversionSource
from backstay.ads.words import BidStrategy, BillingEvent, BudgetPeriod, OptimizationGoal, SpecialCategory
from backstay.errors import InvalidRequestError, MoneyPrecisionError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.spec import merge_extra
from backstay.values import UNSET
from backstay.writes.marker import PREFIX, SUFFIX_LENGTH, mark
from backstay_adapters.meta.wire import words
from backstay_adapters.meta.wire.creative import creative_out
from backstay_adapters.meta.wire.money import units_out
from backstay_adapters.meta.wire.read import PLACES, ROAS_UNITS

Body = dict[str, Any]

LONGEST: Final = 400
"""Characters of an ad set's name (vendor's page "Ad Set"); the same is assumed for campaigns and ads."""

_PERIODS: Final = {BudgetPeriod.DAILY: "daily_budget", BudgetPeriod.LIFETIME: "lifetime_budget"}


# Names ----------------------------------------------------------------------------------------------------------


def bearing(name: str, token: str | None, *, label: bool = False) -> Body:
    """A name that bears a marker, or a label that does."""
    within = token is not None and not label
    room = LONGEST - SUFFIX_LENGTH if within else LONGEST
    if len(name) > room:
        cure = f"shorten it to {room}{'; our marker needs the rest' if within else ''}"
        _refuse("name", name, f"it is {len(name)} characters long", cure)
    if token is None:
        return {"name": name}
    return {"name": name, "adlabels": [{"name": label_of(token)}]} if label else {"name": mark(name, token)}


def label_of(token: str) -> str:
    """The label that a marker is, where it is not in the name."""
    return f"{PREFIX.strip()}{token}"


# Campaigns ------------------------------------------------------------------------------------------------------


def campaign(spec: CampaignSpec, token: str, *, currency: str, label: bool = False) -> Body:
    """A campaign's create; without a budget its ad sets have theirs, and do not share them."""
    body: Body = {
        **bearing(spec.name, token, label=label),
        "objective": words.spoken(words.OBJECTIVE_OUT, spec.objective, "objective"),
        "status": "PAUSED",
        "special_ad_categories": _categories(spec),
        **_times(spec.schedule, "start_time", "stop_time"),
    }
    if spec.budget is None or spec.budget.amount is None:
        if spec.bid is not None:
            _refuse("bid", spec.bid.strategy, "the bid is where the budget is", "give it to each AdGroupSpec")
        if "is_adset_budget_sharing_enabled" not in spec.extra:
            body["is_adset_budget_sharing_enabled"] = False
        return merge_extra(body, spec.extra)
    return merge_extra({**body, **budget(spec.budget, currency), **_campaign_bid(spec.bid)}, spec.extra)


def _categories(spec: CampaignSpec) -> list[str]:
    declared = spec.compliance.special_categories
    if spec.compliance.eu_political and SpecialCategory.POLITICS not in declared:
        _refuse("compliance.special_categories", declared, "political ads are a special category at Meta",
                "add SpecialCategory.POLITICS")  # fmt: skip
    return [words.spoken(words.CATEGORY_OUT, each, "compliance.special_categories") for each in declared]


def _campaign_bid(bid: Bid | None) -> Body:
    """Only the strategy is a campaign's; an amount would have nowhere to go."""
    if bid is None:
        return {}
    if bid.strategy is not BidStrategy.LOWEST_COST:
        _refuse(
            "bid", bid.strategy, "a campaign takes the strategy only, its number is on the ad sets",
            'set extra={"bid_strategy": "..."} here and the bid on each AdGroupSpec',
        )  # fmt: skip
    return {"bid_strategy": words.spoken(words.STRATEGY_OUT, bid.strategy, "bid.strategy")}


def budget(value: Budget, currency: str, field: str = "budget") -> Body:
    """An absolute budget in Meta's units."""
    if value.amount is None:
        raise UnsupportedCapabilityError(
            "Meta has no level without a limit", vendor="meta", field=f"{field}.period", value=value.period.value,
            hint="give the campaign or the ad group a budget",
        )  # fmt: skip
    name = words.spoken(_PERIODS, value.period, f"{field}.period")
    return {name: units_out(value.amount, currency, f"{field}.amount")}


# Ad sets --------------------------------------------------------------------------------------------------------


def ad_group(spec: AdGroupSpec, above: Campaign, token: str, *, currency: str, label: bool = False) -> Body:
    """An ad set's create; where the campaign has the budget it also has the bid's strategy."""
    goal = words.spoken(words.GOAL_OUT, spec.optimization, "optimization")
    billing = words.spoken(words.BILLING_OUT, spec.billing or BillingEvent.IMPRESSIONS, "billing")
    body: Body = {
        **bearing(spec.name, token, label=label),
        "campaign_id": above.ref.id,
        "status": "PAUSED",
        "optimization_goal": goal,
        "billing_event": billing,
        "targeting": targeting(spec.targeting),
        **_times(spec.schedule, "start_time", "end_time"),
        **_budget_of_group(spec, above, currency),
        **_bid_of_group(spec.bid, above, currency),
    }
    if spec.attribution is not None:
        body["attribution_spec"] = attribution(spec.attribution)
    if spec.conversion is not None:
        body["promoted_object"] = promoted(spec.conversion, spec.optimization)
    return merge_extra(body, spec.extra)


def _budget_of_group(spec: AdGroupSpec, above: Campaign, currency: str) -> Body:
    own = spec.budget is not None and spec.budget.amount is not None
    shared = above.budget is not None and above.budget.amount is not None
    if own and shared:
        _refuse("budget", str(spec.budget), "the campaign has a budget already (100/1885621)", "leave it out here")
    if not own and not shared:
        _refuse("budget", spec.budget, "neither the campaign nor the ad group has a budget", "give budget= here")
    return budget(spec.budget, currency) if own and spec.budget is not None else {}


def _bid_of_group(bid: Bid | None, above: Campaign, currency: str) -> Body:
    found = bid_out(bid, currency)
    if above.budget is None or above.budget.amount is None:
        return found
    strategy = found.pop("bid_strategy", None)
    kept = words.STRATEGY_OUT.get(above.bid.strategy) if above.bid is not None else None
    kept = kept or above.extra.get("bid_strategy") or "LOWEST_COST_WITHOUT_CAP"
    if strategy not in {None, kept}:
        _refuse(
            "bid", strategy, f"the campaign has the budget and bids by {kept}",
            f'make the campaign with extra={{"bid_strategy": "{strategy}"}}, or leave the bid out here',
        )  # fmt: skip
    return found


def bid_out(bid: Bid | None, currency: str) -> Body:
    """How to bid: the strategy and its number."""
    if bid is None:
        return {}
    body: Body = {"bid_strategy": words.spoken(words.STRATEGY_OUT, bid.strategy, "bid.strategy")}
    if bid.strategy in {BidStrategy.COST_CAP, BidStrategy.BID_CAP}:
        body["bid_amount"] = _bid_amount(bid.amount, currency)
    if bid.strategy is BidStrategy.MIN_ROAS:
        body["bid_constraints"] = {"roas_average_floor": _roas(bid.roas)}
    return body


def _bid_amount(amount: Money | None, currency: str) -> int:
    if amount is None:
        _refuse("bid.amount", None, "a cap needs an amount", "use Bid.cost_cap(money) or Bid.bid_cap(money)")
    return units_out(amount, currency, "bid.amount")


def _roas(value: Decimal | None) -> int:
    units = None if value is None else value * ROAS_UNITS
    if units is None or units != units.to_integral_value():
        raise MoneyPrecisionError(
            f"bid.roas {value} is no multiple of 0.0001", vendor="meta", field="bid.roas", value=str(value),
            hint="give it at most four decimals",
        )  # fmt: skip
    return int(units)


def targeting(value: Targeting) -> Body:
    """Who sees it. Meta replaces it as a whole and widens it by itself unless it is told not to."""
    geo = _with(_places(value.locations), value.extra.get("geo_locations"))
    audiences = value.extra.get("custom_audiences")
    if not geo and not audiences:
        _refuse("targeting.locations", (), "Meta wants a location or a custom audience", 'give locations=("US",)')
    body: Body = {
        "geo_locations": geo or None,
        "age_min": _age(value.age_min, "targeting.age_min"),
        "age_max": _age(value.age_max, "targeting.age_max"),
        "genders": [words.GENDER_OUT[each] for each in value.genders if each in words.GENDER_OUT],
        "locales": [_locale(each) for each in value.languages],
        "publisher_platforms": list(value.placements),
        "targeting_automation": {"advantage_audience": 0},
        **{name: each for name, each in value.extra.items() if name != "geo_locations"},
    }
    return {name: each for name, each in body.items() if each not in (None, [])}


def _with(geo: Body, more: Any) -> Body:
    """Places of `locations` and of `extra` together: a city with a radius is in the latter."""
    if not isinstance(more, Mapping):
        return geo
    both = {name: [*geo[name], *value] for name, value in more.items() if name in geo and isinstance(value, list)}
    return {**geo, **more, **both}


def _places(locations: tuple[str, ...]) -> Body:
    """`US` is a country; `region:3847`, `city:2418779` and `zip:US:94304` are keys of the vendor's search."""
    prefixes = {prefix: name for name, prefix in PLACES.items()}
    geo: Body = {}
    for each in locations:
        prefix, colon, key = each.partition(":")
        if not colon and len(each) == 2 and each.isalpha() and each.isupper():
            geo.setdefault("countries", []).append(each)
        elif colon and prefix in prefixes and key:
            geo.setdefault(prefixes[prefix], []).append({"key": key})
        else:
            _refuse("targeting.locations", each, "no location of Meta's", 'write "US", "region:3847" or "city:2418779"')
    return geo


def _age(age: int | None, field: str) -> int | None:
    if age is not None and age > words.OLDEST:
        raise UnsupportedCapabilityError(
            f"Meta has no ages above {words.OLDEST}", vendor="meta", field=field, value=str(age),
            hint=f"{words.OLDEST} stands for {words.OLDEST} and more",
        )  # fmt: skip
    return age


def _locale(language: str) -> int:
    if not language.isdigit():
        raise UnsupportedCapabilityError(
            f"Meta's languages have numbers, {language!r} is none", vendor="meta", field="targeting.languages",
            value=language, hint='look its key up (GET /search?type=adlocale) and give it as text: languages=("6",)',
        )  # fmt: skip
    return int(language)


_EVENTS: Final = (
    ("click_days", "CLICK_THROUGH"), ("view_days", "VIEW_THROUGH"), ("engaged_view_days", "ENGAGED_VIDEO_VIEW"),
)  # fmt: skip


def attribution(value: AttributionSetting) -> list[Body]:
    """The windows of an ad set; those that are off are left out."""
    found = ((event, getattr(value, name)) for name, event in _EVENTS)
    return [{"event_type": event, "window_days": days} for event, days in found if days]


_SOURCES: Final = {
    OptimizationGoal.APP_INSTALLS: "application_id",
    OptimizationGoal.APP_EVENTS: "application_id",
    OptimizationGoal.LEADS: "page_id",
    OptimizationGoal.FOLLOWERS: "page_id",
}


def promoted(conversion: ConversionSource, goal: OptimizationGoal) -> Body:
    """What is promoted: an app for app goals, a page for leads and followers, else a pixel."""
    body = {_SOURCES.get(goal, "pixel_id"): conversion.source_id}
    return body if conversion.event is None else {**body, "custom_event_type": conversion.event}


# Ads ------------------------------------------------------------------------------------------------------------


def ad(spec: AdSpec, above: AdGroup, token: str, *, label: bool = False) -> Body:
    """An ad's create; its creative is made with it, so that a lost answer leaves nothing behind."""
    body = {
        **bearing(spec.name, token, label=label),
        "adset_id": above.ref.id,
        "status": "PAUSED",
        "creative": creative_out(spec.creative, spec.name),
    }
    return merge_extra(body, spec.extra)


# Changes --------------------------------------------------------------------------------------------------------


def renamed(before: Any, name: str) -> Body:
    """A new name that keeps the marker of the old one, where that is in the name."""
    labelled = any(label_of(before.key_token or "") == each.get("name") for each in before.extra.get("adlabels") or ())
    return bearing(name, None if labelled else before.key_token)


def change(before: Any, patch: CampaignPatch | AdGroupPatch | AdPatch, currency: str) -> Body:
    """The parameters of a patch, absolute."""
    body: Body = renamed(before, patch.name) if patch.name is not UNSET else {}
    if isinstance(patch, AdPatch):
        if patch.creative is not UNSET:
            body["creative"] = creative_out(patch.creative, before.name)
        return merge_extra(body, patch.extra)
    if patch.budget is not UNSET:
        body |= _new_budget(before, patch.budget, currency)
    end = "end_time" if isinstance(patch, AdGroupPatch) else "stop_time"
    body |= _new_bid(patch, before, currency) | _new_times(patch.schedule, end)
    if isinstance(patch, AdGroupPatch) and patch.targeting is not UNSET:
        body["targeting"] = targeting(patch.targeting or Targeting())
    return merge_extra(body, patch.extra)


def _new_budget(before: Any, value: Budget, currency: str) -> Body:
    had = before.budget
    if had is None or had.period is not value.period:
        was = had.period if had is not None else "no budget of its own"
        raise UnsupportedCapabilityError(
            f"Meta does not change the kind of a budget ({was} to {value.period})", vendor="meta",
            field="budget.period", value=value.period.value, hint="keep the period, or make a new object",
        )  # fmt: skip
    return budget(value, currency)


def _new_bid(patch: CampaignPatch | AdGroupPatch, before: Any, currency: str) -> Body:
    if patch.bid is UNSET:
        return {}
    if isinstance(patch, CampaignPatch):
        return _campaign_bid(patch.bid or Bid.lowest_cost())
    found = bid_out(patch.bid or Bid.lowest_cost(), currency)
    if before.budget is None:  # the campaign has budget and strategy: only the amount is the ad set's
        found.pop("bid_strategy")
    return found


def _new_times(schedule: Any, end: str) -> Body:
    if schedule is UNSET:
        return {}
    value = schedule or Schedule()
    return {**_times(value, "start_time", end), **({} if value.end else {end: 0})}


def _times(schedule: Schedule, start: str, end: str) -> Body:
    named = {start: schedule.start, end: schedule.end}
    return {name: time_out(value) for name, value in named.items() if value is not None}


def time_out(value: datetime) -> str:
    """ISO 8601 in UTC, the zone without a colon as Meta writes it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    raise InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint, vendor="meta")
