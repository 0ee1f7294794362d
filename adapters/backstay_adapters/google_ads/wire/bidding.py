"""Objectives and bids: Google has no objective, but a channel, a sub-channel and a bidding strategy.

Writing, a table gives each objective a channel and a strategy; `google_choice` overrides it. Reading, the objective is
guessed from them (`objective_inferred`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from backstay.ads import Bid, BidStrategy, BillingEvent, Objective, OptimizationGoal
from backstay.errors import InvalidRequestError, UnsupportedCapabilityError
from backstay_adapters.google_ads.wire.money import money_in, money_out

_O, _B, _G = Objective, BidStrategy, OptimizationGoal


class Choice(NamedTuple):
    """Where an objective's campaigns run, and how they bid for each of our strategies."""

    channel: str
    sub_type: str | None
    bidding: Mapping[BidStrategy, str]


def _choice(channel: str, sub_type: str | None = None, /, **bidding: str) -> Choice:
    return Choice(channel, sub_type, MappingProxyType({_B(name): field for name, field in bidding.items()}))


CHOICES: Final[Mapping[Objective, Choice]] = MappingProxyType(
    {
        _O.AWARENESS: _choice("DISPLAY", lowest_cost="target_cpm"),
        _O.VIDEO_VIEWS: _choice("DEMAND_GEN", lowest_cost="target_cpv"),
        _O.TRAFFIC: _choice("SEARCH", lowest_cost="target_spend", bid_cap="target_spend"),
        _O.LEADS: _choice("SEARCH", lowest_cost="maximize_conversions", cost_cap="target_cpa"),
        _O.APP_PROMOTION: _choice("MULTI_CHANNEL", "APP_CAMPAIGN", lowest_cost="maximize_conversions",
                                  cost_cap="target_cpa", min_roas="target_roas"),
        _O.SALES: _choice("SEARCH", lowest_cost="maximize_conversion_value", min_roas="target_roas"),
    }
)  # fmt: skip
"""The default of each objective: part of the adapter's public contract. ENGAGEMENT has no counterpart."""

FIELDS: Final = (
    "bidding_strategy", "commission", "manual_cpa", "manual_cpc", "manual_cpm", "manual_cpv", "maximize_conversions",
    "maximize_conversion_value", "target_cpa", "target_impression_share", "target_roas", "target_spend",
    "percent_cpc", "target_cpm", "fixed_cpm", "target_cpv", "target_cpc",
)  # fmt: skip
"""The strategies that a campaign may carry: exactly one of them."""

_AMOUNTS: Final = {"target_spend": "cpc_bid_ceiling_micros"}
"""Where a strategy has its amount, if that is not what a conversion may cost."""

READ: Final = (
    "campaign.target_cpa.target_cpa_micros", "campaign.maximize_conversions.target_cpa_micros",
    "campaign.target_spend.cpc_bid_ceiling_micros", "campaign.target_roas.target_roas",
    "campaign.maximize_conversion_value.target_roas",
)  # fmt: skip
"""What is read of a strategy's settings."""


class Meaning(NamedTuple):
    """What a strategy stands for: the objective it speaks of, its goals (the first is read back), what is paid for."""

    objective: Objective
    goals: tuple[OptimizationGoal, ...]
    billing: BillingEvent


_CONVERSIONS: Final = (_G.CONVERSIONS, _G.LEADS, _G.APP_INSTALLS, _G.APP_EVENTS)
_CLICKS, _SHOWN, _VIEWS = BillingEvent.CLICKS, BillingEvent.IMPRESSIONS, BillingEvent.VIDEO_VIEWS

STRATEGIES: Final[Mapping[str, Meaning]] = MappingProxyType(
    {
        "TARGET_SPEND": Meaning(_O.TRAFFIC, (_G.CLICKS,), _CLICKS),
        "MANUAL_CPC": Meaning(_O.TRAFFIC, (_G.CLICKS,), _CLICKS),
        "ENHANCED_CPC": Meaning(_O.TRAFFIC, (_G.CLICKS,), _CLICKS),
        "PERCENT_CPC": Meaning(_O.TRAFFIC, (_G.CLICKS,), _CLICKS),
        "TARGET_CPC": Meaning(_O.TRAFFIC, (_G.CLICKS,), _CLICKS),
        "MAXIMIZE_CONVERSIONS": Meaning(_O.LEADS, _CONVERSIONS, _CLICKS),
        "TARGET_CPA": Meaning(_O.LEADS, _CONVERSIONS, _CLICKS),
        "MANUAL_CPA": Meaning(_O.LEADS, _CONVERSIONS, _CLICKS),
        "COMMISSION": Meaning(_O.SALES, _CONVERSIONS, _CLICKS),
        "MAXIMIZE_CONVERSION_VALUE": Meaning(_O.SALES, (_G.VALUE, _G.CONVERSIONS), _CLICKS),
        "TARGET_ROAS": Meaning(_O.SALES, (_G.VALUE, _G.CONVERSIONS), _CLICKS),
        "TARGET_CPM": Meaning(_O.AWARENESS, (_G.IMPRESSIONS, _G.REACH), _SHOWN),
        "FIXED_CPM": Meaning(_O.AWARENESS, (_G.IMPRESSIONS, _G.REACH), _SHOWN),
        "MANUAL_CPM": Meaning(_O.AWARENESS, (_G.IMPRESSIONS, _G.REACH), _SHOWN),
        "FIXED_SHARE_OF_VOICE": Meaning(_O.AWARENESS, (_G.IMPRESSIONS, _G.REACH), _SHOWN),
        "TARGET_IMPRESSION_SHARE": Meaning(_O.AWARENESS, (_G.IMPRESSIONS, _G.REACH), _CLICKS),
        "PAGE_ONE_PROMOTED": Meaning(_O.AWARENESS, (_G.IMPRESSIONS,), _CLICKS),
        "TARGET_OUTRANK_SHARE": Meaning(_O.AWARENESS, (_G.IMPRESSIONS,), _CLICKS),
        "TARGET_CPV": Meaning(_O.VIDEO_VIEWS, (_G.VIDEO_VIEWS,), _VIEWS),
        "MANUAL_CPV": Meaning(_O.VIDEO_VIEWS, (_G.VIDEO_VIEWS,), _VIEWS),
    }
)
"""By `campaign.bidding_strategy_type`. INVALID is what the vendor shows where it cannot tell, so it means nothing."""

CHANNELS: Final[Mapping[str, Objective]] = MappingProxyType(
    {"MULTI_CHANNEL": _O.APP_PROMOTION, "SHOPPING": _O.SALES, "HOTEL": _O.SALES, "TRAVEL": _O.SALES}
)
"""Channels that speak of one objective, whatever they bid for."""


def google_choice(
    channel: str | None = None, *, sub_type: str | None = None, bidding: str | Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The `extra` of a CampaignSpec that overrides the default of its objective.

        CampaignSpec(..., extra=google_choice("DISPLAY", bidding="manual_cpc"))

    `bidding` is the name of a strategy of v26 (manual_cpc, target_impression_share ...) or one with its settings:
    `{"target_cpa": {"target_cpa_micros": 2_000_000}}`.
    """
    found: dict[str, Any] = {"advertising_channel_type": channel, "advertising_channel_sub_type": sub_type}
    strategy = {bidding: {}} if isinstance(bidding, str) else dict(bidding or {})
    for name in strategy:
        if name not in FIELDS:
            raise InvalidRequestError(
                f"no bidding strategy {name!r}", field="bidding", value=name, hint=f"use one of {', '.join(FIELDS)}"
            )
    return {name: value for name, value in {**found, **strategy}.items() if value is not None}


def placed(objective: Objective, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Channel and sub-channel of a campaign to make, as far as `extra` does not give them."""
    choice = CHOICES.get(objective)
    if "advertising_channel_type" in extra:
        return {}
    if choice is None:
        raise UnsupportedCapabilityError(
            f"Google Ads has no objective {objective}", vendor="google_ads", field="objective", value=objective.value,
            hint=f"use one of {', '.join(each.value for each in CHOICES)}, or extra=google_choice(channel)",
        )  # fmt: skip
    found = {"advertising_channel_type": choice.channel}
    if choice.sub_type is not None and "advertising_channel_sub_type" not in extra:
        found["advertising_channel_sub_type"] = choice.sub_type
    return found


def strategy(
    objective: Objective, bid: Bid | None, extra: Mapping[str, Any], currency: str, step: int
) -> dict[str, Any]:
    """The bidding strategy of a campaign to make, unless `extra` gives one."""
    given = [name for name in FIELDS if name in extra]
    if given:
        if bid is not None:
            raise InvalidRequestError(
                f"{given[0]} is in extra and a bid is given", field="bid", value=bid.strategy.value,
                hint="give one of the two",
            )  # fmt: skip
        return {}
    wanted, choice = bid or Bid.lowest_cost(), CHOICES.get(objective)
    table = choice.bidding if choice is not None else {}
    name = table.get(wanted.strategy)
    if name is None:
        can = ", ".join(each.value for each in table) or "none by itself"
        raise UnsupportedCapabilityError(
            f"Google Ads has no {wanted.strategy} for {objective}", vendor="google_ads", field="bid.strategy",
            value=wanted.strategy.value, hint=f"it has {can}; other strategies by extra=google_choice(bidding=...)",
        )  # fmt: skip
    return {name: _settings(name, wanted, currency, step)}


CHANGES: Final[Mapping[str, Mapping[BidStrategy, str]]] = MappingProxyType(
    {
        "TARGET_SPEND": {_B.LOWEST_COST: "cpc_bid_ceiling_micros", _B.BID_CAP: "cpc_bid_ceiling_micros"},
        "TARGET_CPA": {_B.COST_CAP: "target_cpa_micros"},
        "TARGET_ROAS": {_B.MIN_ROAS: "target_roas"},
        "MAXIMIZE_CONVERSIONS": {_B.LOWEST_COST: "target_cpa_micros", _B.COST_CAP: "target_cpa_micros"},
        "MAXIMIZE_CONVERSION_VALUE": {_B.LOWEST_COST: "target_roas", _B.MIN_ROAS: "target_roas"},
    }
)
"""Which number of a campaign's strategy a new bid sets (lowest cost: clears); the strategy itself stays."""


def changed(strategy_type: str, bid: Bid, currency: str, step: int) -> tuple[str, dict[str, Any]]:
    """The mask's path and the settings of a campaign's changed bid; without a setting the path clears it."""
    can = CHANGES.get(strategy_type, {})
    if bid.strategy not in can:
        names = ", ".join(each.value for each in can) or "no other bid"
        raise UnsupportedCapabilityError(
            f"a campaign that bids by {strategy_type} cannot be changed to {bid.strategy}", vendor="google_ads",
            field="bid.strategy", value=bid.strategy.value, hint=f"it takes {names}; for others make a new campaign",
        )  # fmt: skip
    name = strategy_type.lower()
    return f"{name}.{can[bid.strategy]}", {name: _settings(name, bid, currency, step)}


def _settings(name: str, bid: Bid, currency: str, step: int) -> dict[str, Any]:
    if bid.roas is not None:
        return {"target_roas": float(bid.roas)}
    if bid.amount is None:
        return {}
    return {_AMOUNTS.get(name, "target_cpa_micros"): money_out(bid.amount, currency, step, "bid.amount")}


def objective(row: Mapping[str, Any]) -> Objective:
    """The best guess from channel and strategy."""
    by_channel = CHANNELS.get(row.get("campaign.advertising_channel_type", ""))
    meaning = STRATEGIES.get(row.get("campaign.bidding_strategy_type", ""))
    return by_channel or (meaning.objective if meaning is not None else Objective.UNKNOWN)


def bid(row: Mapping[str, Any], currency: str) -> Bid | None:
    """How a campaign bids; None where its ad groups have the bids."""
    kind = row.get("campaign.bidding_strategy_type")
    if kind is None or kind.startswith("MANUAL") or kind == "ENHANCED_CPC":
        return None
    amount = next((money_in(row[each], currency) for each in READ[:2] if each in row), None)
    roas = next((row[each] for each in READ[3:] if each in row), None)
    cap = money_in(row.get(READ[2]), currency)
    if amount is not None:
        return Bid.cost_cap(amount)
    if roas is not None:
        return Bid.min_roas(Decimal(repr(roas)))
    if cap is not None:
        return Bid.bid_cap(cap)
    known = any(kind.lower() in choice.bidding.values() for choice in CHOICES.values())
    return Bid.lowest_cost() if known else Bid(strategy=BidStrategy.UNKNOWN)


def group_bid(bid: Bid | None, strategy_type: str, currency: str, step: int) -> dict[str, Any]:
    """An ad group's own bid, within what its campaign's strategy lets it have."""
    if bid is None or bid.strategy is _B.LOWEST_COST:
        return {}
    conversions = _G.CONVERSIONS in STRATEGIES.get(strategy_type, Meaning(_O.UNKNOWN, (), _CLICKS)).goals
    by_strategy = {
        _B.BID_CAP: ("cpc_bid_micros", strategy_type in {"MANUAL_CPC", "ENHANCED_CPC"}),
        _B.COST_CAP: ("target_cpa_micros", conversions),
        _B.MIN_ROAS: ("target_roas", strategy_type in {"TARGET_ROAS", "MAXIMIZE_CONVERSION_VALUE"}),
    }
    name, fits = by_strategy.get(bid.strategy, ("", False))
    if not fits:
        raise UnsupportedCapabilityError(
            f"an ad group of a campaign that bids by {strategy_type} has no {bid.strategy} of its own",
            vendor="google_ads", field="bid.strategy", value=bid.strategy.value,
            hint='give the bid to the campaign; caps of ad groups need extra=google_choice(bidding="manual_cpc") there',
        )  # fmt: skip
    if bid.roas is not None:
        return {name: float(bid.roas)}
    return {name: money_out(bid.amount, currency, step, "bid.amount")} if bid.amount is not None else {}


def group_bid_in(row: Mapping[str, Any], currency: str) -> Bid | None:
    """An ad group's own bid."""
    cost, cap = (money_in(row.get(f"ad_group.{name}"), currency) for name in ("target_cpa_micros", "cpc_bid_micros"))
    roas = row.get("ad_group.target_roas")
    if cost is not None:
        return Bid.cost_cap(cost)
    if roas:
        return Bid.min_roas(Decimal(repr(roas)))
    return Bid.bid_cap(cap) if cap is not None else None
