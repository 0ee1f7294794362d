"""What is read from an ad platform: account, campaign, ad group, ad; and the answers of writes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field

from backstay.ads.parts import AttributionSetting, Bid, Budget, Creative, Review, Schedule, Status, Targeting
from backstay.ads.refs import Ref
from backstay.ads.words import AccountStatus, BillingEvent, Objective, OptimizationGoal
from backstay.answer import Answer
from backstay.money import Money
from backstay.values import Extra

T = TypeVar("T")

How = Literal["created", "adopted", "replayed", "planned"]
"""`created` by this call; `adopted`: an earlier call of the same key had made it and its answer was lost;
`replayed`: the journal knew it; `planned`: a dry run imagined it, nothing was made and its ref names nothing."""
_EARLIEST: Final[tuple[How, ...]] = ("created", "adopted", "replayed", "planned")


def how_of_all(hows: Iterable[How]) -> How:
    """How a whole was made: by this call, if any part of it was."""
    return min(hows, key=_EARLIEST.index)


class Account(Answer):
    """An advertiser's account; currency and zone never change on TikTok and Google Ads."""

    ref: Ref
    name: str
    currency: str
    timezone: ZoneInfo
    status: AccountStatus = AccountStatus.UNKNOWN
    balance: Money | None = None
    spend_cap: Money | None = None
    amount_spent: Money | None = None
    min_daily_budget: Money | None = None
    is_test: bool | None = None


class Balance(Answer):
    """What an account can still spend."""

    ref: Ref
    available: Money
    frozen: Money | None = None
    total: Money | None = None


class Campaign(Answer):
    """A campaign as the platform has it."""

    ref: Ref
    name: str
    """Without our marker."""
    objective: Objective = Objective.UNKNOWN
    objective_inferred: bool = False
    """Guessed from other settings: the vendor has no objective (Google Ads)."""
    status: Status = Field(default_factory=Status)
    budget: Budget | None = None
    """None where the ad groups have the budgets."""
    bid: Bid | None = None
    schedule: Schedule = Field(default_factory=Schedule)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    key_token: str | None = None
    """The token of the write that made it, found in the name's marker."""


class AdGroup(Answer):
    """An ad group (Meta's ad set) as the platform has it."""

    ref: Ref
    campaign: Ref
    name: str
    """Without our marker."""
    status: Status = Field(default_factory=Status)
    budget: Budget | None = None
    """None where the campaign has the budget."""
    bid: Bid | None = None
    schedule: Schedule = Field(default_factory=Schedule)
    optimization: OptimizationGoal = OptimizationGoal.UNKNOWN
    billing: BillingEvent = BillingEvent.UNKNOWN
    targeting: Targeting = Field(default_factory=Targeting)
    attribution: AttributionSetting | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    key_token: str | None = None
    """The token of the write that made it, found in the name's marker."""


class Ad(Answer):
    """An ad as the platform has it."""

    ref: Ref
    ad_group: Ref
    campaign: Ref | None = None
    name: str
    """Without our marker."""
    status: Status = Field(default_factory=Status)
    creative: Creative
    review: Review = Field(default_factory=Review)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    key_token: str | None = None
    """The token of the write that made it, found in the name's marker."""


class BuiltGroup(Answer):
    """An ad group and its ads."""

    _carries: ClassVar = ("ad_group", "ads")

    ad_group: AdGroup
    ads: tuple[Ad, ...] = ()


class BuiltTree(Answer):
    """A campaign with all that was built under it."""

    _carries: ClassVar = ("campaign", "groups")

    campaign: Campaign
    groups: tuple[BuiltGroup, ...] = ()


class Created(Answer, Generic[T]):
    """A write that makes something: the object, and whether this call made it."""

    _carries: ClassVar = ("value",)

    value: T
    how: How = "created"
    """Whether this call made it, or an earlier one, or a dry run imagined it; see `How`."""
    parked: tuple[Ref, ...] = ()
    """Further objects found under the key: left paused, never deleted."""
    plan: tuple[Extra, ...] = ()
    """The requests, in order, that a dry run would have sent."""


class Updated(Answer, Generic[T]):
    """A write that changes something: the object afterwards, and which fields have arrived."""

    _carries: ClassVar = ("value",)

    value: T
    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    """Fields that the vendor needs another call or another day for; all of them in a dry run."""
    plan: tuple[Extra, ...] = ()
    """The requests, in order, that a dry run would have sent."""
