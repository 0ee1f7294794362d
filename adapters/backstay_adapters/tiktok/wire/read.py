"""TikTok's objects as ours. Whatever has no common name stays in `extra`; nothing that is missing breaks a read."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backstay.ads.model import Account, Ad, AdGroup, Campaign
from backstay.ads.parts import Bid, Budget, Creative, IdentityRef, MediaRef, Review, Schedule, Status, Targeting
from backstay.ads.refs import Ref
from backstay.ads.words import (
    AccountStatus,
    BidStrategy,
    BillingEvent,
    BudgetPeriod,
    ConfiguredStatus,
    CreativeKind,
    DeliveryStatus,
    Level,
    MediaKind,
    Objective,
    OptimizationGoal,
    Platform,
    ReviewState,
)
from backstay.errors import BadResponseError
from backstay.money import Money
from backstay.values import FrozenDict, unchecked
from backstay.writes.marker import unmark
from backstay_adapters.tiktok.wire import words
from backstay_adapters.tiktok.wire.money import money_in

Raw = Mapping[str, Any]

TIME: Final = "%Y-%m-%d %H:%M:%S"
_PERIODS: Final = {
    "BUDGET_MODE_DAY": BudgetPeriod.DAILY,
    "BUDGET_MODE_TOTAL": BudgetPeriod.LIFETIME,
    "BUDGET_MODE_DYNAMIC_DAILY_BUDGET": BudgetPeriod.DAILY_AVERAGED,
    "BUDGET_MODE_INFINITE": BudgetPeriod.NONE,
}
_KINDS: Final = {
    "SINGLE_VIDEO": CreativeKind.VIDEO,
    "SINGLE_IMAGE": CreativeKind.IMAGE,
    "CAROUSEL_ADS": CreativeKind.CAROUSEL,
}


def required(raw: object, name: str) -> str:
    """An id that an object cannot be without."""
    value = raw.get(name) if isinstance(raw, Mapping) else None
    if value in (None, "", "None") or isinstance(value, bool | list | dict):  # "None" has been seen as an id
        raise BadResponseError(
            f"the answer has no {name}", vendor="tiktok", field=name, rule="tiktok.wire.missing",
            hint="the vendor's answer is incomplete; try again, then report its request id",
        )  # fmt: skip
    return str(value)


def ref(account: str, level: Level, id: str) -> Ref:  # noqa: A002 - the field's own name
    """An object of this account."""
    return Ref(Platform.TIKTOK, account, level, id)


def rest(raw: Raw, known: Set[str]) -> FrozenDict:
    """The vendor's fields that have no common name."""
    return FrozenDict({name: value for name, value in raw.items() if name not in known})


def moment(value: Any) -> datetime | None:
    """A time as entity endpoints give it: UTC without a zone."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)  # a tenth of what strptime costs
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def status(raw: Raw) -> Status:
    """The switch and what comes of it."""
    names = ("operation_status", "primary_status", "secondary_status")
    return _status(*[str(raw.get(name) or "") for name in names])


@lru_cache(maxsize=1024)
def _status(switch: str, primary: str, secondary: str) -> Status:
    """Most objects of an account have one of a few statuses: they share it."""
    configured = words.CONFIGURED.get(switch, ConfiguredStatus.UNKNOWN)
    raws = {"operation_status": switch, "primary_status": primary, "secondary_status": secondary}
    return Status(
        configured=configured,
        delivery=words.delivery(configured, primary, secondary),
        reasons=(secondary,) if secondary else (),
        raw=FrozenDict({name: value for name, value in raws.items() if value}),
    )


def budget(raw: Raw, currency: str) -> Budget | None:
    """The budget of a level; None where another level has it."""
    mode = raw.get("budget_mode")
    if not mode:
        return None
    period = _PERIODS.get(str(mode), BudgetPeriod.UNKNOWN)
    if period is BudgetPeriod.NONE:
        return None if raw.get("budget_optimize_on") is False else Budget.none()
    return _budget(money_in(raw.get("budget"), currency), period)


@lru_cache(maxsize=1024)
def _budget(amount: Money | None, period: BudgetPeriod) -> Budget:
    return Budget(amount=amount, period=period)


def bid(raw: Raw, currency: str) -> Bid | None:
    """How an ad group bids."""
    kind = raw.get("bid_type")
    if kind == "BID_TYPE_NO_BID":
        return Bid.lowest_cost()
    if kind != "BID_TYPE_CUSTOM":
        return None
    cost = money_in(raw.get("conversion_bid_price") or None, currency)
    if cost is not None and cost.amount:
        return Bid.cost_cap(cost)
    cap = money_in(raw.get("bid_price") or None, currency)
    return Bid.bid_cap(cap) if cap is not None else Bid(strategy=BidStrategy.UNKNOWN)


_ACCOUNT: Final = frozenset(
    {"advertiser_id", "name", "currency", "timezone", "display_timezone", "status", "balance"}
)  # fmt: skip


def account(raw: Raw) -> Account:
    """An advertiser."""
    id_ = required(raw, "advertiser_id")
    currency = required(raw, "currency")
    return Account(
        ref=ref(id_, Level.ACCOUNT, id_),
        name=str(raw.get("name") or ""),
        currency=currency,
        timezone=zone(raw.get("display_timezone") or raw.get("timezone")),
        status=words.ACCOUNTS.get(str(raw.get("status")), AccountStatus.UNKNOWN),
        balance=money_in(raw.get("balance"), currency),
        extra=rest(raw, _ACCOUNT),
    )


def zone(name: Any) -> ZoneInfo:
    """The account's zone; TikTok also writes "Etc/GMT+8" and plain names, an unknown one counts as UTC."""
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


# Each value of these is made here or by a reader that checks it.
_campaign, _ad_group, _ad, _schedule = unchecked(Campaign), unchecked(AdGroup), unchecked(Ad), unchecked(Schedule)

_SHARED: Final = frozenset(
    {"advertiser_id", "operation_status", "primary_status", "secondary_status", "create_time", "modify_time"}
)
_TARGETING: Final = frozenset({"location_ids", "age_groups", "gender", "languages", "placements", "targeting_spec"})
_CREATIVE: Final = frozenset(
    {
        "ad_format", "ad_text", "video_id", "image_ids", "landing_page_url", "call_to_action", "identity_id",
        "identity_type", "tiktok_item_id", "aigc_disclosure_type", "creative_list", "ad_text_list",
        "call_to_action_list", "landing_page_url_list",
    }
)  # fmt: skip
_CAMPAIGN: Final = _SHARED | {"campaign_id", "campaign_name", "objective_type", "budget", "budget_mode"}
_AD_GROUP: Final = _SHARED | _TARGETING | {
    "adgroup_id", "adgroup_name", "campaign_id", "budget", "budget_mode", "bid_type", "bid_price",
    "conversion_bid_price", "schedule_start_time", "schedule_end_time", "optimization_goal", "billing_event",
}  # fmt: skip
_AD: Final = _SHARED | _CREATIVE | {"ad_id", "ad_name", "adgroup_id", "campaign_id", "smart_plus_ad_id"}


def campaign(raw: Raw, account_id: str, currency: str) -> Campaign:
    """A campaign of either flow."""
    name, token = unmark(str(raw.get("campaign_name") or ""))
    return _campaign(
        ref=ref(account_id, Level.CAMPAIGN, required(raw, "campaign_id")),
        name=name,
        objective=words.OBJECTIVES.get(str(raw.get("objective_type")), Objective.UNKNOWN),
        status=status(raw),
        budget=budget(raw, currency),
        created_at=moment(raw.get("create_time")),
        updated_at=moment(raw.get("modify_time")),
        key_token=token,
        extra=rest(raw, _CAMPAIGN),
    )


def ad_group(raw: Raw, account_id: str, currency: str) -> AdGroup:
    """An ad group of either flow; Smart+ nests its targeting."""
    name, token = unmark(str(raw.get("adgroup_name") or ""))
    return _ad_group(
        ref=ref(account_id, Level.AD_GROUP, required(raw, "adgroup_id")),
        campaign=ref(account_id, Level.CAMPAIGN, required(raw, "campaign_id")),
        name=name,
        status=status(raw),
        budget=budget(raw, currency),
        bid=bid(raw, currency),
        schedule=_schedule(start=moment(raw.get("schedule_start_time")), end=moment(raw.get("schedule_end_time"))),
        optimization=words.GOALS.get(str(raw.get("optimization_goal")), OptimizationGoal.UNKNOWN),
        billing=words.BILLING.get(str(raw.get("billing_event")), BillingEvent.UNKNOWN),
        targeting=targeting(raw),
        created_at=moment(raw.get("create_time")),
        updated_at=moment(raw.get("modify_time")),
        key_token=token,
        extra=rest(raw, _AD_GROUP),
    )


def targeting(raw: Raw) -> Targeting:
    """The common part of targeting; the vendor's other lists stay in the ad group's `extra`."""
    nested = raw.get("targeting_spec")
    spec = nested if isinstance(nested, Mapping) else raw
    groups = [(low, high) for name, low, high in words.AGES if name in texts(spec.get("age_groups"))]
    return Targeting(
        locations=texts(spec.get("location_ids")),
        age_min=min((low for low, _ in groups), default=None),
        age_max=max((high for _, high in groups), default=None),
        genders=words.GENDERS.get(str(spec.get("gender")), ()),
        languages=texts(spec.get("languages")),
        placements=texts(raw.get("placements")),
    )


def ad(raw: Raw, account_id: str) -> Ad:
    """An ad; its creative is part of it."""
    name, token = unmark(str(raw.get("ad_name") or ""))
    campaign_id = raw.get("campaign_id")
    id_ = raw.get("ad_id") or raw.get("smart_plus_ad_id")
    return _ad(
        ref=ref(account_id, Level.AD, required({"ad_id": id_}, "ad_id")),
        ad_group=ref(account_id, Level.AD_GROUP, required(raw, "adgroup_id")),
        campaign=ref(account_id, Level.CAMPAIGN, str(campaign_id)) if campaign_id else None,
        name=name,
        status=status(raw),
        creative=creative(raw),
        review=review(raw),
        created_at=moment(raw.get("create_time")),
        updated_at=moment(raw.get("modify_time")),
        key_token=token,
        extra=rest(raw, _AD),
    )


def creative(raw: Raw) -> Creative:
    """What an ad shows; Smart+ has lists, of which the first entry is shown."""
    raw = {**raw, **smart_plus(raw)} if raw.get("creative_list") else raw
    media = [MediaRef(kind=MediaKind.VIDEO, id=str(raw["video_id"]))] if raw.get("video_id") else []
    media += [MediaRef(kind=MediaKind.IMAGE, id=each) for each in texts(raw.get("image_ids"))]
    post = raw.get("tiktok_item_id") or None
    kind = CreativeKind.EXISTING_POST if post else _KINDS.get(str(raw.get("ad_format")), CreativeKind.UNKNOWN)
    identity = raw.get("identity_id")
    disclosed = raw.get("aigc_disclosure_type")
    return Creative(
        kind=kind,
        texts=(str(raw["ad_text"]),) if raw.get("ad_text") else (),
        media=tuple(media),
        link=raw.get("landing_page_url") or None,
        call_to_action=raw.get("call_to_action") or None,
        identity=IdentityRef(id=str(identity), kind=raw.get("identity_type")) if identity else None,
        post_id=str(post) if post else None,
        ai_generated=None if not disclosed else disclosed == "SELF_DISCLOSURE",
    )


def smart_plus(raw: Raw) -> dict[str, Any]:
    """The first creative, text, link and call to action of a Smart+ ad."""
    found: dict[str, Any] = {}
    for name in ("creative_list", "ad_text_list", "call_to_action_list", "landing_page_url_list"):
        entries = raw.get(name)
        first = entries[0] if isinstance(entries, list) and entries else None
        if isinstance(first, Mapping):
            info = first.get("creative_info")
            found |= info if isinstance(info, Mapping) else first
    return found


def review(raw: Raw) -> Review:
    """The review as far as the ad's own status tells it."""
    state = status(raw).delivery
    told = {
        DeliveryStatus.REJECTED: ReviewState.REJECTED,
        DeliveryStatus.IN_REVIEW: ReviewState.PENDING,
        DeliveryStatus.DELIVERING: ReviewState.APPROVED,
    }
    return Review(state=told.get(state, ReviewState.UNKNOWN), reasons=texts([raw.get("secondary_status")]))


def texts(values: Any) -> tuple[str, ...]:
    """A list of texts, whatever was sent in its place."""
    return tuple(str(each) for each in values if each not in (None, "")) if isinstance(values, list | tuple) else ()
