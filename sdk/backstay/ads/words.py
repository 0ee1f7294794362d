"""The vocabularies of the common model; each has an UNKNOWN for words that a vendor invents."""

from __future__ import annotations

from enum import StrEnum

from backstay.values import Word


class Platform(StrEnum):
    """The ad platforms, by vendor id."""

    META = "meta"
    TIKTOK = "tiktok"
    GOOGLE_ADS = "google_ads"
    SPLIT = "split"
    """Several of them behind one face; objects name the one that they are on."""


class Level(StrEnum):
    """The levels of an account's tree."""

    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    AD_GROUP = "ad_group"
    AD = "ad"


class Objective(Word):
    """What a campaign is for."""

    AWARENESS = "awareness"
    VIDEO_VIEWS = "video_views"
    TRAFFIC = "traffic"
    ENGAGEMENT = "engagement"
    LEADS = "leads"
    APP_PROMOTION = "app_promotion"
    SALES = "sales"
    UNKNOWN = "unknown"


class ConfiguredStatus(Word):
    """What somebody has set: the switch, not its effect."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class DeliveryStatus(Word):
    """Whether it runs, and if not, why not."""

    DELIVERING = "delivering"
    LEARNING = "learning"
    LIMITED = "limited"
    SCHEDULED = "scheduled"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    PAUSED = "paused"
    PARENT_PAUSED = "parent_paused"
    BUDGET_EXHAUSTED = "budget_exhausted"
    ACCOUNT_BLOCKED = "account_blocked"
    MISCONFIGURED = "misconfigured"
    ENDED = "ended"
    ARCHIVED = "archived"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class AccountStatus(Word):
    """Whether an account may spend; only ACTIVE can."""

    ACTIVE = "active"
    IN_REVIEW = "in_review"
    UNSETTLED = "unsettled"
    LIMITED = "limited"
    DISABLED = "disabled"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class BudgetPeriod(Word):
    """What a budget's amount is for."""

    DAILY = "daily"
    LIFETIME = "lifetime"
    DAILY_AVERAGED = "daily_averaged"
    NONE = "none"
    UNKNOWN = "unknown"


class BidStrategy(Word):
    """How the platform bids."""

    LOWEST_COST = "lowest_cost"
    COST_CAP = "cost_cap"
    BID_CAP = "bid_cap"
    MIN_ROAS = "min_roas"
    UNKNOWN = "unknown"


class OptimizationGoal(Word):
    """What the platform optimises delivery for."""

    IMPRESSIONS = "impressions"
    REACH = "reach"
    VIDEO_VIEWS = "video_views"
    CLICKS = "clicks"
    LANDING_PAGE_VIEWS = "landing_page_views"
    ENGAGEMENT = "engagement"
    FOLLOWERS = "followers"
    LEADS = "leads"
    APP_INSTALLS = "app_installs"
    APP_EVENTS = "app_events"
    CONVERSIONS = "conversions"
    VALUE = "value"
    UNKNOWN = "unknown"


class BillingEvent(Word):
    """What is paid for."""

    IMPRESSIONS = "impressions"
    OPTIMIZED_IMPRESSIONS = "optimized_impressions"
    CLICKS = "clicks"
    VIDEO_VIEWS = "video_views"
    UNKNOWN = "unknown"


class CreativeKind(Word):
    """The form of an ad's content."""

    IMAGE = "image"
    VIDEO = "video"
    CAROUSEL = "carousel"
    RESPONSIVE = "responsive"
    EXISTING_POST = "existing_post"
    UNKNOWN = "unknown"


class MediaKind(Word):
    """What an uploaded file is."""

    IMAGE = "image"
    VIDEO = "video"
    UNKNOWN = "unknown"


class MediaState(Word):
    """Whether uploaded media can be used yet."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    UNKNOWN = "unknown"


class ReviewState(Word):
    """The outcome of a platform's policy review."""

    PENDING = "pending"
    APPROVED = "approved"
    LIMITED = "limited"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Gender(Word):
    """Genders that all platforms can target."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class AttributionCount(Word):
    """Whether each click counts once or for every conversion."""

    ONCE = "once"
    EVERY = "every"
    UNKNOWN = "unknown"


class DateBasis(Word):
    """The day that a conversion is counted on."""

    SPEND_DATE = "spend_date"
    CONVERSION_DATE = "conversion_date"
    UNKNOWN = "unknown"


class SpecialCategory(Word):
    """Ads that laws hold to special rules."""

    HOUSING = "housing"
    EMPLOYMENT = "employment"
    CREDIT = "credit"
    POLITICS = "politics"
    GAMBLING = "gambling"
    UNKNOWN = "unknown"
