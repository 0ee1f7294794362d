"""The parts of campaigns, ad groups and ads, the same in what is read and in what is written."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from backstay.ads.words import (
    AttributionCount,
    BidStrategy,
    BudgetPeriod,
    ConfiguredStatus,
    CreativeKind,
    DeliveryStatus,
    Gender,
    MediaKind,
    MediaState,
    ReviewState,
    SpecialCategory,
)
from backstay.money import Money
from backstay.spec import SpecPart
from backstay.values import EMPTY, Extra, Value


class Budget(SpecPart):
    """An absolute budget; `amount` is None only where there is no limit (`BudgetPeriod.NONE`)."""

    amount: Money | None
    period: BudgetPeriod
    shared_ref: str | None = None
    """The vendor's id of a budget that several campaigns share (Google Ads)."""

    @classmethod
    def daily(cls, amount: Money) -> Budget:
        """So much a day; platforms may spend more on one day and less on others."""
        return cls(amount=amount, period=BudgetPeriod.DAILY)

    @classmethod
    def lifetime(cls, amount: Money) -> Budget:
        """So much in all; the schedule needs an end."""
        return cls(amount=amount, period=BudgetPeriod.LIFETIME)

    @classmethod
    def none(cls) -> Budget:
        """No limit of its own."""
        return cls(amount=None, period=BudgetPeriod.NONE)


class Bid(SpecPart):
    """How to bid: a cap is an amount of money for one result, a minimum ROAS a number."""

    strategy: BidStrategy
    amount: Money | None = None
    roas: Decimal | None = None

    @classmethod
    def lowest_cost(cls) -> Bid:
        """As many results as the budget buys."""
        return cls(strategy=BidStrategy.LOWEST_COST)

    @classmethod
    def cost_cap(cls, amount: Money) -> Bid:
        """An average cost for one result."""
        return cls(strategy=BidStrategy.COST_CAP, amount=amount)

    @classmethod
    def bid_cap(cls, amount: Money) -> Bid:
        """The most to bid in one auction."""
        return cls(strategy=BidStrategy.BID_CAP, amount=amount)

    @classmethod
    def min_roas(cls, roas: Decimal) -> Bid:
        """The least return on ad spend: 2 is two of revenue for one of spend."""
        return cls(strategy=BidStrategy.MIN_ROAS, roas=roas)


class Schedule(SpecPart):
    """When it runs; times must have a zone and adapters convert them to what the vendor wants."""

    start: AwareDatetime | None = None
    end: AwareDatetime | None = None


class Status(Value):
    """What is set, whether it runs, the vendor's reasons, and the vendor's own words in `raw`."""

    configured: ConfiguredStatus = ConfiguredStatus.UNKNOWN
    delivery: DeliveryStatus = DeliveryStatus.UNKNOWN
    reasons: tuple[str, ...] = ()
    raw: Extra = EMPTY


class Targeting(SpecPart):
    """What all platforms can target; the rest is the vendor's own and travels in `extra`. Empty means everybody.

    Lists are replaced as a whole by every vendor.
    """

    locations: tuple[str, ...] = ()
    """The vendor's location ids."""
    age_min: int | None = Field(default=None, ge=13, le=100)
    age_max: int | None = Field(default=None, ge=13, le=100)
    genders: tuple[Gender, ...] = ()
    languages: tuple[str, ...] = ()
    """Language tags (`en`, `zh`)."""
    placements: tuple[str, ...] = ()
    """The vendor's placements; empty lets the platform choose."""
    extra: Extra = EMPTY


Days = Annotated[int, Field(ge=0)]


class AttributionSetting(SpecPart):
    """Which clicks and views a conversion is credited to: windows in days, 0 is off, None is not known."""

    click_days: Days | None = None
    view_days: Days | None = None
    engaged_view_days: Days | None = None
    count: AttributionCount = AttributionCount.UNKNOWN
    model: str | None = None
    comparable: bool = False
    """Whether the vendor promises that numbers compare with other platforms'."""


class Review(Value):
    """The outcome of the platform's review."""

    state: ReviewState = ReviewState.UNKNOWN
    reasons: tuple[str, ...] = ()
    at: datetime | None = None


class MediaRef(SpecPart):
    """An uploaded file, by the vendor's id or hash."""

    kind: MediaKind
    id: str
    state: MediaState = MediaState.UNKNOWN
    url: str | None = None
    """Where the vendor shows it; often signed, so it expires."""
    sha256: str | None = None
    """Of the bytes, where we know them: the same bytes need no second upload."""
    width: int | None = None
    height: int | None = None
    extra: Extra = EMPTY


class IdentityRef(SpecPart):
    """Who the ad speaks as: a page, a profile or a TikTok identity."""

    id: str
    kind: str | None = None
    """The vendor's identity type, where it has several."""


class Creative(SpecPart):
    """What an ad shows."""

    kind: CreativeKind
    id: str | None = None
    """Where creatives are objects of their own (Meta); leave it out to have one made."""
    texts: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    media: tuple[MediaRef, ...] = ()
    link: str | None = None
    call_to_action: str | None = None
    """The vendor's word, for example SHOP_NOW."""
    identity: IdentityRef | None = None
    post_id: str | None = None
    """The post to promote (`CreativeKind.EXISTING_POST`)."""
    ai_generated: bool | None = None
    """Declared to the platform where it takes a declaration; None declares nothing."""
    extra: Extra = EMPTY


class Compliance(SpecPart):
    """What laws make an advertiser declare; no part of it has a default that could be wrong for you."""

    special_categories: tuple[SpecialCategory, ...]
    """Empty says: none of them."""
    eu_political: bool
    dsa_beneficiary: str | None = None
    """Who benefits from the ad (EU, Digital Services Act)."""
    dsa_payor: str | None = None

    @classmethod
    def ordinary(cls) -> Compliance:
        """Declare that the ads are in no special category and not political."""
        return cls(special_categories=(), eu_political=False)
