"""Meta's objects as ours. Whatever has no common name stays in `extra`; nothing that is missing breaks a read."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backstay.ads.model import Account, Ad, AdGroup, Campaign
from backstay.ads.parts import AttributionSetting, Bid, Budget, Review, Schedule, Targeting
from backstay.ads.refs import Ref
from backstay.ads.words import (
    AccountStatus,
    BidStrategy,
    BillingEvent,
    BudgetPeriod,
    Level,
    Objective,
    OptimizationGoal,
    Platform,
    ReviewState,
)
from backstay.errors import BadResponseError
from backstay.money import Money
from backstay.values import FrozenDict, unchecked
from backstay.writes.marker import unmark
from backstay_adapters.meta.wire import words
from backstay_adapters.meta.wire.creative import creative
from backstay_adapters.meta.wire.money import units_in
from backstay_adapters.meta.wire.parts import maps, texts
from backstay_adapters.meta.wire.status import status

Raw = Mapping[str, Any]

_NO_ID: Final = (bool, list, dict)
ACCOUNT: Final = "act_"
"""What an ad account's id begins with; without it Graph looks for another kind of object."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and when: what an object alone does not say."""

    account: str
    """With its `act_`."""
    currency: str
    now: datetime


def required(raw: object, name: str) -> str:
    """An id that an object cannot be without."""
    value = raw.get(name) if isinstance(raw, dict) or isinstance(raw, Mapping) else None  # noqa: SIM101 - a dict is known at once
    if value is None or value == "" or isinstance(value, _NO_ID):
        raise BadResponseError(
            f"the answer has no {name}", vendor="meta", field=name, rule="meta.wire.missing",
            hint="the vendor's answer is incomplete; try again, then report its trace id",
        )  # fmt: skip
    return str(value)


def ref(account: str, level: Level, id: str) -> Ref:  # noqa: A002 - the field's own name
    """An object of this account."""
    return Ref(Platform.META, account, level, id)


def rest(raw: Raw, known: Set[str]) -> FrozenDict:
    """The vendor's fields that have no common name."""
    return FrozenDict({name: value for name, value in raw.items() if name not in known})


def moment(value: Any) -> datetime | None:
    """A time as Meta writes it: ISO 8601 whose zone has no colon (`2026-03-21T22:33:56-0700`)."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def named(raw: Raw) -> tuple[str, str | None]:
    """A name without our marker, and the token, from the name or from a label."""
    name, token = unmark(str(raw.get("name") or ""))
    if token is not None:
        return name, token
    found = (unmark(f" {each.get('name')}")[1] for each in maps(raw.get("adlabels")))
    return name, next((each for each in found if each), None)


# The account ----------------------------------------------------------------------------------------------------


_ACCOUNT: Final = frozenset(
    {"id", "account_id", "name", "account_status", "balance", "spend_cap", "amount_spent", "currency", "timezone_name",
     "min_daily_budget"}
)  # fmt: skip


def account(raw: Raw) -> Account:
    """An ad account; its balance is what is owed, not what is left."""
    id_ = ACCOUNT + required(raw, "account_id") if raw.get("account_id") else required(raw, "id")
    currency = required(raw, "currency")
    number = raw.get("account_status")
    reason = raw.get("disable_reason")
    extra = rest(raw, _ACCOUNT)
    if isinstance(reason, int) and reason:
        extra = FrozenDict({**extra, "disable_reason_name": words.DISABLED.get(reason, str(reason))})
    return Account(
        ref=ref(id_, Level.ACCOUNT, id_),
        name=str(raw.get("name") or ""),
        currency=currency,
        timezone=zone(raw.get("timezone_name")),
        status=words.ACCOUNTS.get(number, AccountStatus.UNKNOWN) if isinstance(number, int) else AccountStatus.UNKNOWN,
        balance=units_in(raw.get("balance"), currency, "balance"),
        spend_cap=_some(units_in(raw.get("spend_cap"), currency, "spend_cap")),
        amount_spent=units_in(raw.get("amount_spent"), currency, "amount_spent"),
        min_daily_budget=units_in(raw.get("min_daily_budget"), currency, "min_daily_budget"),
        extra=extra,
    )


def zone(name: Any) -> ZoneInfo:
    """The account's zone; an unknown one counts as UTC."""
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _some(money: Money | None) -> Money | None:
    """Zero stands for none."""
    return money if money is not None and money.amount else None


# Budgets and bids -----------------------------------------------------------------------------------------------


def budget(raw: Raw, currency: str) -> Budget | None:
    """The budget of a level; None where another level has it ("0", or nothing)."""
    for name, period in (("daily_budget", BudgetPeriod.DAILY), ("lifetime_budget", BudgetPeriod.LIFETIME)):
        amount = _some(units_in(raw.get(name), currency, name))
        if amount is not None:
            return _budget(amount, period)
    return None


@lru_cache(maxsize=1024)
def _budget(amount: Money, period: BudgetPeriod) -> Budget:
    return Budget(amount=amount, period=period)


def bid(raw: Raw, currency: str) -> Bid | None:
    """How it bids; on a campaign without its amount, which is on the ad sets."""
    word = raw.get("bid_strategy")
    if not word:
        return None
    strategy = words.STRATEGIES.get(str(word), BidStrategy.UNKNOWN)
    if strategy is BidStrategy.MIN_ROAS:
        return Bid(strategy=strategy, roas=roas(raw.get("bid_constraints")))
    return _bid(strategy, units_in(raw.get("bid_amount"), currency, "bid_amount"))


@lru_cache(maxsize=1024)
def _bid(strategy: BidStrategy, amount: Money | None) -> Bid:
    return Bid(strategy=strategy, amount=amount)


ROAS_UNITS: Final = 10_000
"""`roas_average_floor` counts ten thousandths: 20000 is two of revenue for one of spend (page "Bid Strategy")."""


def roas(constraints: Any) -> Decimal | None:
    """The least return on ad spend."""
    value = constraints.get("roas_average_floor") if isinstance(constraints, Mapping) else None
    try:
        found = None if value is None else Decimal(str(value)) / ROAS_UNITS
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


# Campaigns, ad sets, ads ------------------------------------------------------------------------------------------

# Each value of these three is made here or by a reader that checks it.
_campaign, _ad_group, _ad, _schedule = unchecked(Campaign), unchecked(AdGroup), unchecked(Ad), unchecked(Schedule)

_SHARED: Final = frozenset({"id", "name", "account_id", "status", "effective_status", "created_time", "updated_time"})
_CAMPAIGN: Final = _SHARED | {"objective", "daily_budget", "lifetime_budget", "bid_strategy", "start_time", "stop_time"}
_AD_GROUP: Final = _SHARED | {
    "campaign_id", "daily_budget", "lifetime_budget", "bid_strategy", "bid_amount", "start_time", "end_time",
    "targeting", "attribution_spec",
}  # fmt: skip
_AD: Final = _SHARED | {"adset_id", "campaign_id", "creative"}


def campaign(raw: Raw, by: Reader) -> Campaign:
    """A campaign."""
    name, token = named(raw)
    schedule = _schedule(start=moment(raw.get("start_time")), end=moment(raw.get("stop_time")))
    return _campaign(
        ref=ref(by.account, Level.CAMPAIGN, required(raw, "id")),
        name=name,
        objective=words.OBJECTIVES.get(str(raw.get("objective")), Objective.UNKNOWN),
        status=status(raw, schedule, by.now),
        budget=budget(raw, by.currency),
        bid=bid(raw, by.currency),
        schedule=schedule,
        created_at=moment(raw.get("created_time")),
        updated_at=moment(raw.get("updated_time")),
        key_token=token,
        extra=rest(raw, _CAMPAIGN),
    )


def ad_group(raw: Raw, by: Reader) -> AdGroup:
    """An ad set."""
    name, token = named(raw)
    schedule = _schedule(start=moment(raw.get("start_time")), end=moment(raw.get("end_time")))
    goal, billing = raw.get("optimization_goal"), raw.get("billing_event")
    return _ad_group(
        ref=ref(by.account, Level.AD_GROUP, required(raw, "id")),
        campaign=ref(by.account, Level.CAMPAIGN, required(raw, "campaign_id")),
        name=name,
        status=status(raw, schedule, by.now),
        budget=budget(raw, by.currency),
        bid=bid(raw, by.currency),
        schedule=schedule,
        optimization=words.GOALS.get(str(goal), OptimizationGoal.UNKNOWN),
        billing=words.BILLING.get(str(billing), BillingEvent.UNKNOWN),
        targeting=targeting(raw.get("targeting")),
        attribution=attribution(raw.get("attribution_spec")),
        created_at=moment(raw.get("created_time")),
        updated_at=moment(raw.get("updated_time")),
        key_token=token,
        extra=rest(raw, _AD_GROUP),
    )


def ad(raw: Raw, by: Reader) -> Ad:
    """An ad, with what it shows."""
    name, token = named(raw)
    campaign_id = raw.get("campaign_id")
    return _ad(
        ref=ref(by.account, Level.AD, required(raw, "id")),
        ad_group=ref(by.account, Level.AD_GROUP, required(raw, "adset_id")),
        campaign=ref(by.account, Level.CAMPAIGN, str(campaign_id)) if campaign_id else None,
        name=name,
        status=status(raw, Schedule(), by.now),
        creative=creative(raw.get("creative")),
        review=review(raw),
        created_at=moment(raw.get("created_time")),
        updated_at=moment(raw.get("updated_time")),
        key_token=token,
        extra=rest(raw, _AD),
    )


_REVIEWS: Final = {
    "DISAPPROVED": ReviewState.REJECTED,
    "PENDING_REVIEW": ReviewState.PENDING,
    "IN_PROCESS": ReviewState.PENDING,
    "PREAPPROVED": ReviewState.APPROVED,
    "ACTIVE": ReviewState.APPROVED,
    "WITH_ISSUES": ReviewState.LIMITED,
}


def review(raw: Raw) -> Review:
    """The outcome of the review; what paused ads say of it is nothing."""
    state = _REVIEWS.get(str(raw.get("effective_status")), ReviewState.UNKNOWN)
    return Review(state=state, reasons=feedback(raw.get("ad_review_feedback")))


def feedback(told: Any) -> tuple[str, ...]:
    """Why an ad was refused: `{"global": {"<CODE>": "text"}}`, and the same for single placements."""
    if not isinstance(told, Mapping):
        return ()
    each = [of for of in told.values() if isinstance(of, Mapping)]
    return tuple(dict.fromkeys(f"{code}: {text}" for of in each for code, text in of.items()))


# Targeting ------------------------------------------------------------------------------------------------------

PLACES: Final = {"regions": "region", "cities": "city", "zips": "zip"}
"""Lists of `geo_locations` whose entries have keys, and our prefix for them: `region:3847`."""
_TARGETING: Final = ("geo_locations", "age_min", "age_max", "genders", "locales", "publisher_platforms")


def targeting(raw: Any) -> Targeting:
    """The common part of targeting; the rest is in its own `extra`, as it was."""
    if not isinstance(raw, Mapping):
        return Targeting()
    places = raw.get("geo_locations")
    geo = places if isinstance(places, Mapping) else {}
    plain, others = _places(geo)
    extra = {name: value for name, value in raw.items() if name not in _TARGETING}
    genders = texts(raw.get("genders"))
    return Targeting(
        locations=plain,
        age_min=_age(raw.get("age_min")),
        age_max=_age(raw.get("age_max")),
        genders=tuple(gender for number, gender in words.GENDERS.items() if str(number) in genders),
        languages=texts(raw.get("locales")),
        placements=texts(raw.get("publisher_platforms")),
        extra=FrozenDict({**extra, **({"geo_locations": others} if others else {})}),
    )


def _places(geo: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Places that a key says all of, and the rest as it was: a city with a radius is more than its key."""
    plain: list[str] = []
    others: dict[str, Any] = {}
    for name, value in geo.items():
        if name not in PLACES:
            others[name] = value
            continue
        entries = maps(value)
        plain += [f"{PLACES[name]}:{each['key']}" for each in entries if each.get("key") and "radius" not in each]
        left = [dict(each) for each in entries if not each.get("key") or "radius" in each]
        others |= {name: left} if left else {}
    others.pop("countries", None)
    return (*texts(geo.get("countries")), *plain), others


def _age(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 13 <= value <= 100 else None


_WINDOWS: Final = {
    "CLICK_THROUGH": "click_days",
    "VIEW_THROUGH": "view_days",
    "ENGAGED_VIDEO_VIEW": "engaged_view_days",
}


def attribution(spec: Any) -> AttributionSetting | None:
    """The windows of an ad set; one that is not named is off."""
    if not isinstance(spec, list) or not spec:
        return None
    found: dict[str, int] = dict.fromkeys(_WINDOWS.values(), 0)
    for each in maps(spec):
        name, days = _WINDOWS.get(str(each.get("event_type"))), each.get("window_days")
        if name is not None and isinstance(days, int | str) and str(days).isdigit():
            found[name] = int(days)
    return AttributionSetting(
        click_days=found["click_days"], view_days=found["view_days"], engaged_view_days=found["engaged_view_days"]
    )
