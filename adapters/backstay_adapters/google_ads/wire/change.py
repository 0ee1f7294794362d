"""Our patches as operations, and the values by which a change is recognised when it is read back.

A patch becomes one mutate, so it happens as a whole or not at all. What is wanted and what is read are compared as
texts that are equal where the values are: "2.5" and "2.500000" of a currency are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from backstay.ads import (
    UNSET,
    Ad,
    AdGroup,
    AdGroupPatch,
    AdPatch,
    Bid,
    Budget,
    Campaign,
    CampaignPatch,
    Creative,
    Level,
    Schedule,
    Targeting,
)
from backstay.errors import SharedBudgetError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.spec import check_extra
from backstay_adapters.google_ads.wire import bidding, targets
from backstay_adapters.google_ads.wire.creative import ad as ad_body
from backstay_adapters.google_ads.wire.names import LONGEST, LONGEST_LABEL, marked, named, resource
from backstay_adapters.google_ads.wire.write import Json, Operation, Place, amount, create, remove, time_out, update

Row = Mapping[str, Any]


@dataclass(slots=True)
class Change:
    """Operations of one mutate, and what shall be read afterwards."""

    operations: list[Operation] = field(default_factory=list)
    wanted: dict[str, Json] = field(default_factory=dict)


# Campaigns ------------------------------------------------------------------------------------------------------


def campaign(before: Campaign, patch: CampaignPatch, place: Place) -> Change:
    """Name, schedule, bid and the vendor's own fields; the budget is an object beside it."""
    found, body, clear = Change(), dict[str, Json](), list[str]()
    if patch.name is not UNSET:
        body["name"] = found.wanted["name"] = _renamed(before, patch.name, LONGEST)
    if patch.schedule is not UNSET:
        _schedule(before, patch.schedule or Schedule(), place.zone, body, clear, found.wanted)
    if patch.bid is not UNSET:
        _bid(before, patch.bid or Bid.lowest_cost(), place, body, clear, found.wanted)
    check_extra(body, patch.extra)
    body |= patch.extra
    found.wanted |= patch.extra
    if body or clear:
        name = named(place.customer, Level.CAMPAIGN, before.ref.id)
        found.operations.append(update("campaign", name, body, clear))
    if patch.budget is not UNSET:
        found.operations.append(_budget(before, patch.budget, place))
        found.wanted["budget"] = _money(patch.budget.amount)
    return found


def _schedule(
    before: Campaign, value: Schedule, zone: ZoneInfo, body: dict[str, Json], clear: list[str], wanted: dict[str, Json]
) -> None:
    """A schedule is replaced as a whole, but a start cannot be taken back."""
    for name, moment in (("start", value.start), ("end", value.end)):
        if moment is not None:
            body[f"{name}_date_time"] = wanted[name] = time_out(moment, zone)
    if value.end is None and before.schedule.end is not None:
        clear.append("end_date_time")
        wanted["end"] = None


def _bid(
    before: Campaign, value: Bid, place: Place, body: dict[str, Json], clear: list[str], wanted: dict[str, Json]
) -> None:
    kind = str(before.extra.get("bidding_strategy_type", "UNKNOWN"))
    path, settings = bidding.changed(kind, value, place.currency, place.step)
    body |= settings
    if not any(settings.values()):
        clear.append(path)
    wanted["bid"] = _bid_text(value)


def _budget(before: Campaign, value: Budget, place: Place) -> Operation:
    """An absolute amount of the campaign's own budget; raises SharedBudgetError for one that others use too.

    Whoever means to change it for all of them says so: `Budget(..., shared_ref=live.budget.shared_ref)`.
    """
    had, name = before.budget, before.extra.get("campaign_budget")
    if had is None or name is None or had.period is not value.period:
        raise UnsupportedCapabilityError(
            f"Google cannot change the kind of a budget ({had.period if had else 'none'} to {value.period})",
            vendor="google_ads", field="budget.period", value=value.period.value,
            hint="keep the period, or make a new campaign",
        )  # fmt: skip
    users = before.extra.get("reference_count", 0)
    if had.shared_ref is not None and users != 1 and value.shared_ref != had.shared_ref:
        raise SharedBudgetError(
            f"{users or 'several'} campaigns share this budget, and all would change", vendor="google_ads",
            field="budget", value=had.shared_ref, rule="google_ads.shared_budget",
            hint="if you mean all of them: set_budget(..., allow_shared=True)",
        )  # fmt: skip
    return update("campaign_budget", str(name), amount(value, place))


# Ad groups ------------------------------------------------------------------------------------------------------


def ad_group(before: AdGroup, patch: AdGroupPatch, place: Place, above: Sequence[Row], own: Sequence[Row]) -> Change:
    """Name, bid, targeting and the vendor's own fields; `above` and `own` are the criteria that are there."""
    for name in ("budget", "schedule"):
        if getattr(patch, name) is not UNSET:
            raise UnsupportedCapabilityError(
                f"Google's ad groups have no {name}", vendor="google_ads", field=name,
                value=str(getattr(patch, name)), hint="set it on the campaign",
            )  # fmt: skip
    found, body, clear = Change(), dict[str, Json](), list[str]()
    if patch.name is not UNSET:
        body["name"] = found.wanted["name"] = _renamed(before, patch.name, LONGEST)
    if patch.bid is not UNSET:
        _group_bid(before, patch.bid, place, body, clear)
        found.wanted["bid"] = _bid_text(patch.bid)
    check_extra(body, patch.extra)
    body |= patch.extra
    found.wanted |= patch.extra
    if body or clear:
        name = named(place.customer, Level.AD_GROUP, before.ref.id)
        found.operations.append(update("ad_group", name, body, clear))
    if patch.targeting is not UNSET:
        found.operations += _retargeted(before, patch.targeting or Targeting(), place, above, own)
        found.wanted["targeting"] = _targeting_text(patch.targeting or Targeting())
    return found


def _group_bid(before: AdGroup, value: Bid | None, place: Place, body: dict[str, Json], clear: list[str]) -> None:
    kind = str(before.extra.get("bidding_strategy_type", "UNKNOWN"))
    body |= bidding.group_bid(value, kind, place.currency, place.step)
    had = bidding.group_bid(before.bid, kind, place.currency, 1)
    clear += [name for name in had if name not in body]


def _retargeted(
    before: AdGroup, value: Targeting, place: Place, above: Sequence[Row], own: Sequence[Row]
) -> list[Operation]:
    """Criteria are made and removed, never changed; keywords stay as they are."""
    name = named(place.customer, Level.AD_GROUP, before.ref.id)
    grouped = before.extra.get("advertising_channel_type") in targets.OWN_PLACES
    if not grouped and targets.missing(targets.places(value), targets.criteria("campaign_criterion", above)):
        raise UnsupportedCapabilityError(
            "Google targets places and languages for a whole campaign, and this one has none", vendor="google_ads",
            field="targeting.locations", value=str(value.locations), rule="google_ads.places",
            hint="make another campaign, whose first ad group brings them",
        )  # fmt: skip
    wanted = [*(targets.places(value) if grouped else ()), *targets.people(value)]
    there = {str(each): row for each, row in targets.managed("ad_group_criterion", own)}
    gone = [row for each, row in there.items() if each not in {str(one) for one in wanted}]
    return [
        *(create("ad_group_criterion", {"ad_group": name, **each}) for each in wanted if str(each) not in there),
        *(remove("ad_group_criterion", _criterion(place.customer, before.ref.id, row)) for row in gone),
    ]


def _criterion(customer: str, group: str, row: Row) -> str:
    return resource(customer, "adGroupCriteria", f"{group}~{row['ad_group_criterion.criterion_id']}")


# Ads ------------------------------------------------------------------------------------------------------------


def ad(before: Ad, patch: AdPatch, place: Place, label: str | None, channel: str) -> Change:
    """The name, which is a label's, and the creative, which is the ad itself; a new creative is reviewed again."""
    found = Change()
    if patch.name is not UNSET:
        if label is None:
            raise UnsupportedCapabilityError(
                "this ad has no label of ours, and ads have no name of their own", vendor="google_ads", field="name",
                value=patch.name, hint="only ads that backstay has made can be renamed",
            )  # fmt: skip
        found.wanted["name"] = _renamed(before, patch.name, LONGEST_LABEL)
        found.operations.append(update("label", label, {"name": found.wanted["name"]}))
    body: dict[str, Json] = dict(patch.extra)
    if patch.creative is not UNSET:
        body = ad_body(patch.creative, channel, place.customer, patch.extra)
        found.wanted["creative"] = _creative_text(patch.creative)
    found.wanted |= {each: value for each, value in patch.extra.items() if each not in found.wanted}
    if body:
        name = resource(place.customer, "ads", before.ref.id.rpartition("~")[2])
        found.operations.append(update("ad", name, body))
    return found


def _renamed(before: Campaign | AdGroup | Ad, name: str, longest: int) -> str:
    """The marker stays in the name."""
    return marked(name, before.key_token or None, "name", longest)


# What is wanted, and what is shown --------------------------------------------------------------------------------


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _money(value: Money | None) -> str | None:
    return None if value is None else f"{_number(value.amount)} {value.currency}"


def _bid_text(value: Bid | None) -> str:
    """Lowest cost and no bid at all are one where ad groups are concerned, and a campaign has always one."""
    if value is None:
        return "lowest_cost"
    roas = None if value.roas is None else _number(value.roas)
    return " ".join(part for part in (value.strategy.value, _money(value.amount), roas) if part)


def _targeting_text(value: Targeting) -> str:
    """Places, languages, ages and genders; orders do not matter, and all groups are as good as none."""
    out = sorted(
        str(each) for each in (*targets.places(value), *targets.people(value.model_copy(update={"placements": ()})))
    )
    return "; ".join(out)


def _creative_text(value: Creative) -> str:
    media = sorted(each.id.rpartition("/")[2] for each in value.media)
    return repr((sorted(value.headlines), sorted(value.texts), media, value.link, value.call_to_action))


def _clock_text(name: str) -> Callable[[Any], str | None]:
    def shown(item: Any) -> str | None:
        moment = getattr(item.schedule, name)
        return None if moment is None else str(time_out(moment, moment.tzinfo))

    return shown


SHOWN: Final[Mapping[str, Callable[[Any], Json]]] = MappingProxyType(
    {
        "budget": lambda item: None if item.budget is None else _money(item.budget.amount),
        "bid": lambda item: _bid_text(item.bid),
        "start": _clock_text("start"),
        "end": _clock_text("end"),
        "targeting": lambda item: _targeting_text(item.targeting),
        "creative": lambda item: _creative_text(item.creative),
    }
)
"""How an object that was read shows the values of a change."""
