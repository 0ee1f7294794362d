"""Google's objects as ours, out of rows: plain mappings of what a query selected, empty values left out.

What has no common name stays in `extra` under its own (`final_url_suffix`, `advertising_channel_type` ...).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backstay.ads import (
    Account,
    AccountStatus,
    Ad,
    AdGroup,
    BillingEvent,
    Budget,
    BudgetPeriod,
    Campaign,
    ConfiguredStatus,
    Level,
    OptimizationGoal,
    Platform,
    Ref,
    Review,
    Schedule,
    Status,
)
from backstay.errors import BadResponseError
from backstay.values import FrozenDict
from backstay.writes.marker import unmark
from backstay_adapters.google_ads.wire import bidding, targets, words
from backstay_adapters.google_ads.wire.creative import creative
from backstay_adapters.google_ads.wire.money import money_in

Row = Mapping[str, Any]

TIME: Final = "%Y-%m-%d %H:%M:%S"


class Home(NamedTuple):
    """What never changes of an account and everything else needs."""

    account: str
    currency: str
    zone: ZoneInfo


def required(row: Row, name: str) -> str:
    """What an object cannot be without."""
    value = row.get(name)
    if value is None:
        raise BadResponseError(
            f"the answer has no {name}", vendor="google_ads", field=name, rule="google_ads.wire.missing",
            hint="the vendor's answer is incomplete; try again, then report its request id",
        )  # fmt: skip
    return str(value)


def ref(account: str, level: Level, id: str) -> Ref:  # noqa: A002 - the field's own name
    """An object of this account."""
    return Ref(Platform.GOOGLE_ADS, account, level, id)


def zone(name: Any) -> ZoneInfo:
    """The account's zone; an unknown one counts as UTC."""
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def account(row: Row) -> Account:
    """A customer."""
    id_ = required(row, "customer.id")
    return Account(
        ref=ref(id_, Level.ACCOUNT, id_),
        name=row.get("customer.descriptive_name", ""),
        currency=required(row, "customer.currency_code"),
        timezone=zone(row.get("customer.time_zone")),
        status=words.ACCOUNTS.get(row.get("customer.status", ""), AccountStatus.UNKNOWN),
        is_test=bool(row.get("customer.test_account")),
        extra=FrozenDict(manager=bool(row.get("customer.manager"))),
    )


def status(row: Row, base: str) -> Status:
    """The switch, what comes of it, and why; `base` is where the query has it, such as `campaign`."""
    switch, primary = row.get(f"{base}.status", ""), row.get(f"{base}.primary_status")
    reasons: Sequence[str] = row.get(f"{base}.primary_status_reasons") or ()
    serving = row.get("campaign.serving_status")
    configured = words.CONFIGURED.get(switch, ConfiguredStatus.UNKNOWN)
    raw = {"status": switch, "primary_status": primary, "serving_status": serving}
    return Status(
        configured=configured,
        delivery=words.delivery(configured, primary, reasons, serving),
        reasons=tuple(reasons),
        raw=FrozenDict({name: value for name, value in raw.items() if value}),
    )


def budget(row: Row, currency: str) -> Budget | None:
    """A campaign's budget; `shared_ref` names one that other campaigns may use too."""
    shared = row.get("campaign.campaign_budget") if row.get("campaign_budget.explicitly_shared") else None
    total, daily = (
        money_in(row.get(f"campaign_budget.{each}"), currency) for each in ("total_amount_micros", "amount_micros")
    )
    if row.get("campaign_budget.period") == "CUSTOM_PERIOD" or (total is not None and daily is None):
        return Budget(amount=total, period=BudgetPeriod.LIFETIME, shared_ref=shared)
    return None if daily is None else Budget(amount=daily, period=BudgetPeriod.DAILY, shared_ref=shared)


def moment(value: Any, where: ZoneInfo) -> datetime | None:
    """A time in the account's zone."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=where)


CAMPAIGN_REST: Final = (
    "advertising_channel_type", "advertising_channel_sub_type", "bidding_strategy_type", "campaign_budget",
    "final_url_suffix", "tracking_url_template", "optimization_score",
)  # fmt: skip
BUDGET_REST: Final = ("explicitly_shared", "reference_count")
GROUP_REST: Final = ("type", "final_url_suffix", "tracking_url_template")
AD_REST: Final = ("type", "name", "display_url", "final_url_suffix", "tracking_url_template")


def campaign(row: Row, home: Home) -> Campaign:
    """A campaign with its budget."""
    name, token = unmark(row.get("campaign.name", ""))
    rest = {each: row.get(f"campaign.{each}") for each in CAMPAIGN_REST}
    rest |= {each: row.get(f"campaign_budget.{each}") for each in BUDGET_REST}
    return Campaign(
        ref=ref(home.account, Level.CAMPAIGN, required(row, "campaign.id")),
        name=name,
        objective=bidding.objective(row),
        objective_inferred=True,
        status=status(row, "campaign"),
        budget=budget(row, home.currency),
        bid=bidding.bid(row, home.currency),
        schedule=Schedule(
            start=moment(row.get("campaign.start_date_time"), home.zone),
            end=moment(row.get("campaign.end_date_time"), home.zone),
        ),
        key_token=token,
        extra=_extra(rest),
    )


def ad_group(row: Row, home: Home, above: Sequence[Row] = (), own: Sequence[Row] = ()) -> AdGroup:
    """An ad group; `above` and `own` are the criteria of its campaign and of itself."""
    name, token = unmark(row.get("ad_group.name", ""))
    strategy = bidding.STRATEGIES.get(row.get("campaign.bidding_strategy_type", ""))
    rest: dict[str, Any] = {each: row.get(f"ad_group.{each}") for each in GROUP_REST}
    rest |= {each: row.get(f"campaign.{each}") for each in ("advertising_channel_type", "bidding_strategy_type")}
    rest[targets.KEYWORDS] = targets.keywords_in(own)
    return AdGroup(
        ref=ref(home.account, Level.AD_GROUP, required(row, "ad_group.id")),
        campaign=ref(home.account, Level.CAMPAIGN, required(row, "campaign.id")),
        name=name,
        status=status(row, "ad_group"),
        bid=bidding.group_bid_in(row, home.currency),
        optimization=strategy.goals[0] if strategy else OptimizationGoal.UNKNOWN,
        billing=strategy.billing if strategy else BillingEvent.UNKNOWN,
        targeting=targets.targeting(above, own),
        key_token=token,
        extra=_extra(rest),
    )


def ad(row: Row, home: Home, label: str | None = None) -> Ad:
    """An ad. Its name and marker are in the label that came with it; other ads have the vendor's name, if any."""
    group, id_ = required(row, "ad_group.id"), required(row, "ad_group_ad.ad.id")
    name, token = unmark(label) if label else (row.get("ad_group_ad.ad.name", ""), None)
    topics = row.get("ad_group_ad.policy_summary.policy_topic_entries") or ()
    approval, state = (row.get(f"ad_group_ad.policy_summary.{each}_status") for each in ("approval", "review"))
    rest = {each: row.get(f"ad_group_ad.ad.{each}") for each in AD_REST if each != "name" or not label}
    return Ad(
        ref=ref(home.account, Level.AD, f"{group}~{id_}"),
        ad_group=ref(home.account, Level.AD_GROUP, group),
        campaign=ref(home.account, Level.CAMPAIGN, str(row["campaign.id"])) if "campaign.id" in row else None,
        name=name,
        status=status(row, "ad_group_ad"),
        creative=creative(row),
        review=Review(state=words.review(approval, state), reasons=tuple(str(each) for each in topics)),
        key_token=token,
        extra=_extra(rest),
    )


def _extra(values: Mapping[str, Any]) -> FrozenDict:
    return FrozenDict({name: value for name, value in values.items() if value})
