"""Our specs and patches as operations of `GoogleAdsService.Mutate`: plain mappings in the words of v26.

Everything is sent paused and says so, a budget is never shared, a mask names what is set (and what shall be cleared)
and nothing else. Objects of one mutate refer to each other by temporary negative ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, NamedTuple, NoReturn
from zoneinfo import ZoneInfo

from backstay.ads import AdGroupSpec, AdSpec, Budget, BudgetPeriod, CampaignSpec, Level, Schedule
from backstay.errors import InvalidRequestError, UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay_adapters.google_ads.wire import bidding, targets
from backstay_adapters.google_ads.wire.creative import ad as ad_body
from backstay_adapters.google_ads.wire.money import money_out
from backstay_adapters.google_ads.wire.names import LONGEST_LABEL, marked, named, resource
from backstay_adapters.google_ads.wire.read import TIME

Json = Any
Operation = dict[str, Json]

POLITICAL: Final = {
    True: "CONTAINS_EU_POLITICAL_ADVERTISING", False: "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
}  # fmt: skip
NETWORKS: Final = {
    "target_google_search": True, "target_search_network": True, "target_content_network": False,
    "target_partner_search_network": False,
}  # fmt: skip
"""Where search campaigns run: search, not the display network, into which the vendor's default would spill."""
GROUP_TYPES: Final = {"SEARCH": "SEARCH_STANDARD", "DISPLAY": "DISPLAY_STANDARD", "SHOPPING": "SHOPPING_PRODUCT_ADS"}
PAUSED: Final = "PAUSED"
_LABELS: Final = "labels"

KINDS: Final = {Level.CAMPAIGN: "campaign", Level.AD_GROUP: "ad_group", Level.AD: "ad_group_ad"}
"""The vendor's name of each level; its operation is `<name>_operation`."""


class Place(NamedTuple):
    """Whose objects are written, in which currency and steps of it, and by which clock."""

    customer: str
    currency: str
    step: int
    zone: ZoneInfo


def temporary() -> Iterator[int]:
    """Ids for objects that do not exist yet: -1, -2, ... unique within one mutate."""
    return count(-1, -1)


def create(kind: str, body: Mapping[str, Json]) -> Operation:
    """An operation that makes something."""
    return {f"{kind}_operation": {"create": dict(body)}}


def remove(kind: str, name: str) -> Operation:
    """An operation that removes something, for good."""
    return {f"{kind}_operation": {"remove": name}}


def update(kind: str, name: str, body: Mapping[str, Json], clear: Sequence[str] = ()) -> Operation:
    """An operation that changes what `body` sets, and clears the paths that `clear` names."""
    mask = sorted({*leaves(body), *clear})
    kept = {each: value for each, value in body.items() if value != {}}
    return {f"{kind}_operation": {"update": {"resource_name": name, **kept}, "update_mask": {"paths": mask}}}


def leaves(body: Mapping[str, Json], above: str = "") -> list[str]:
    """The paths of all that is set. The vendor refuses a mask that names a message instead of its fields."""
    found: list[str] = []
    for name, value in body.items():
        path = f"{above}{name}"
        found += leaves(value, f"{path}.") if isinstance(value, Mapping) else [path]
    return found


# Campaigns ------------------------------------------------------------------------------------------------------


def campaign(spec: CampaignSpec, token: str, place: Place, ids: Iterator[int]) -> tuple[list[Operation], int]:
    """The budget and the campaign, which only come together, and the campaign's temporary id."""
    if spec.compliance.special_categories:
        _refuse(
            "compliance.special_categories", [each.value for each in spec.compliance.special_categories],
            "Google takes no such declaration with a campaign",
            "accept the policy in the account, then declare no category here",
        )  # fmt: skip
    money = resource(place.customer, "campaignBudgets", next(ids))
    own = next(ids)
    placed = bidding.placed(spec.objective, spec.extra)
    body: dict[str, Json] = {
        "resource_name": named(place.customer, Level.CAMPAIGN, str(own)),
        "name": marked(spec.name, token, "name"),
        "status": PAUSED,
        "campaign_budget": money,
        "contains_eu_political_advertising": POLITICAL[spec.compliance.eu_political],
        **placed,
        **bidding.strategy(spec.objective, spec.bid, spec.extra, place.currency, place.step),
        **schedule(spec.schedule, place.zone),
    }
    if placed.get("advertising_channel_type") == "SEARCH" and "network_settings" not in spec.extra:
        body["network_settings"] = dict(NETWORKS)
    if placed.get("advertising_channel_type") == "MULTI_CHANNEL" and "app_campaign_setting" not in spec.extra:
        _refuse(
            "extra.app_campaign_setting", None, "an app campaign needs its app",
            'give extra={"app_campaign_setting": {"app_id": ..., "app_store": "GOOGLE_APP_STORE", '
            '"bidding_strategy_goal_type": "OPTIMIZE_INSTALLS_WITHOUT_TARGET_INSTALL_COST"}}',
        )  # fmt: skip
    return [
        create("campaign_budget", {"resource_name": money, **budget(spec.budget, place)}),
        create("campaign", merge_extra(body, spec.extra)),
    ], own


def budget(value: Budget | None, place: Place) -> dict[str, Json]:
    """A budget of one campaign's own. The vendor's default is a shared one, and a shared one can never be unshared."""
    if value is None or value.period is BudgetPeriod.NONE:
        _refuse("budget", None, "Google's campaigns need a budget", "give Budget.daily(...) to the campaign")
    if value.shared_ref is not None:
        _refuse("budget.shared_ref", value.shared_ref, "budgets are not shared here", "leave shared_ref out")
    return {**amount(value, place), "delivery_method": "STANDARD", "explicitly_shared": False, **_period(value)}


def amount(value: Budget, place: Place) -> dict[str, Json]:
    """The field and the micros of a budget; a day's amount is an average, a lifetime's is the whole."""
    names = {BudgetPeriod.DAILY: "amount_micros", BudgetPeriod.LIFETIME: "total_amount_micros"}
    if value.period not in names or value.amount is None:
        _refuse("budget.period", value.period, "Google's budgets are daily or for a lifetime", "use Budget.daily(...)")
    return {names[value.period]: money_out(value.amount, place.currency, place.step, "budget.amount")}


def _period(value: Budget) -> dict[str, Json]:
    return {"period": "CUSTOM_PERIOD" if value.period is BudgetPeriod.LIFETIME else "DAILY"}


def schedule(value: Schedule, zone: ZoneInfo) -> dict[str, Json]:
    """Start and end in the account's zone."""
    times = {"start_date_time": value.start, "end_date_time": value.end}
    return {name: time_out(each, zone) for name, each in times.items() if each is not None}


def time_out(value: datetime, zone: ZoneInfo) -> str:
    """A time as the vendor wants it: the account's own clock, without a zone."""
    return value.astimezone(zone).strftime(TIME)


# Ad groups ------------------------------------------------------------------------------------------------------


class Parent(NamedTuple):
    """What an ad group must know of its campaign."""

    id: str
    channel: str
    strategy: str
    places: tuple[targets.Criterion, ...]
    """Places and languages that the campaign has already."""


def ad_group(
    spec: AdGroupSpec, token: str, parent: Parent, place: Place, ids: Iterator[int]
) -> tuple[list[Operation], int]:
    """The ad group with its criteria, and those that its campaign still lacks; and its temporary id."""
    _refuse_on_groups(spec)
    _check_goal(spec, parent.strategy)
    above, own = named(place.customer, Level.CAMPAIGN, parent.id), next(ids)
    name = named(place.customer, Level.AD_GROUP, str(own))
    extra = {each: value for each, value in spec.extra.items() if each != targets.KEYWORDS}
    body: dict[str, Json] = {
        "resource_name": name,
        "campaign": above,
        "name": marked(spec.name, token, "name"),
        "status": PAUSED,
        **({"type_": GROUP_TYPES[parent.channel]} if parent.channel in GROUP_TYPES else {}),
        **bidding.group_bid(spec.bid, parent.strategy, place.currency, place.step),
    }
    places, grouped = targets.places(spec.targeting), parent.channel in targets.OWN_PLACES
    criteria = (*(places if grouped else ()), *targets.people(spec.targeting), *targets.keywords(spec.extra))
    return [
        create("ad_group", merge_extra(body, extra)),
        *(create("campaign_criterion", {"campaign": above, **each}) for each in (
            () if grouped else targets.missing(places, parent.places))),
        *(create("ad_group_criterion", {"ad_group": name, **each}) for each in criteria),
    ], own  # fmt: skip


def _refuse_on_groups(spec: AdGroupSpec) -> None:
    """What only campaigns have at Google."""
    if spec.budget is not None and spec.budget.amount is not None:
        _refuse("budget", spec.budget.amount, "Google's ad groups have no budget", "give it to the campaign")
    if spec.schedule.start is not None or spec.schedule.end is not None:
        _refuse("schedule", spec.schedule, "Google's ad groups have no schedule", "give it to the campaign")
    if spec.conversion is not None:
        _refuse(
            "conversion", spec.conversion.source_id, "conversion goals belong to the account and the campaign",
            "choose the goals in the account, and leave conversion out",
        )  # fmt: skip
    if spec.attribution is not None:
        _refuse("attribution", spec.attribution, "windows belong to each conversion action", "leave attribution out")
    if spec.targeting.extra:
        _refuse("targeting.extra", dict(spec.targeting.extra), "criteria are objects of their own", "leave it out")


def _check_goal(spec: AdGroupSpec, strategy: str) -> None:
    """What is optimised for and paid for is the campaign's strategy's affair: it must be what the caller asks for."""
    known = bidding.STRATEGIES.get(strategy)
    if known is None:
        return
    if spec.optimization not in known.goals:
        _refuse(
            "optimization", spec.optimization, f"the campaign bids by {strategy}",
            f"use one of {', '.join(each.value for each in known.goals)}, or another campaign",
        )  # fmt: skip
    if spec.billing is not None and spec.billing is not known.billing:
        _refuse("billing", spec.billing, f"{strategy} pays for {known.billing}", "leave billing out")


# Ads ------------------------------------------------------------------------------------------------------------


def ad(
    spec: AdSpec, token: str, group_id: str, channel: str, place: Place, ids: Iterator[int]
) -> tuple[list[Operation], int]:
    """The ad, and the label that carries its name and marker: responsive ads have no name of their own."""
    own, label = next(ids), resource(place.customer, _LABELS, next(ids))
    name = named(place.customer, Level.AD, f"{group_id}~{own}")
    body = {
        "resource_name": name,
        "ad_group": named(place.customer, Level.AD_GROUP, group_id),
        "status": PAUSED,
        "ad": ad_body(spec.creative, channel, place.customer, spec.extra),
    }
    return [
        create("label", {"resource_name": label, "name": marked(spec.name, token, "name", LONGEST_LABEL)}),
        create("ad_group_ad", body),
        create("ad_group_ad_label", {"ad_group_ad": name, "label": label}),
    ], own


# Status ---------------------------------------------------------------------------------------------------------


def switch(level: Level, customer: str, id: str, word: str) -> Operation:  # noqa: A002 - the vendor's word
    """Switch an object, or remove it."""
    kind, name = KINDS[level], named(customer, level, id)
    return remove(kind, name) if word == "REMOVED" else update(kind, name, {"status": word})


def mutate(customer: str, operations: Sequence[Operation]) -> dict[str, Json]:
    """One request, as a dry run shows it and as it is sent: all of it is done, or none."""
    return {
        "service": "GoogleAdsService",
        "method": "Mutate",
        "request": {"customer_id": customer, "mutate_operations": list(operations)},
    }


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    kind = UnsupportedCapabilityError if value is not None else InvalidRequestError
    raise kind(f"{field}: {message}", vendor="google_ads", field=field, value=str(value), hint=hint)
