"""What Meta can do (Marketing API v26.0)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from backstay.ads import BudgetPeriod, Capabilities, Capability, Platform
from backstay_adapters.meta.profile import API_VERSION

CAPABILITIES: Final = Capabilities.of(
    Platform.META,
    Capability.AD_GROUP_BUDGET,
    Capability.CAMPAIGN_BUDGET,
    Capability.CAMPAIGN_LIFETIME_BUDGET,
    Capability.BALANCE,
    Capability.ARCHIVE,
    Capability.DELETE,
    Capability.START_PAUSED,
    Capability.SECONDARY_STATUS,
    Capability.CREATIVE_OBJECT,
    Capability.IMAGE_UPLOAD,
    Capability.VIDEO_UPLOAD,
    Capability.ENGAGEMENT_OBJECTIVE,
    Capability.VALIDATE_ONLY,
    Capability.LABELS,
    Capability.REPORT_JOB,
    version=API_VERSION,
    # Up to 75 % more on a day, seven times the daily budget in a week (vendor's help page on daily budgets).
    overspend={BudgetPeriod.DAILY: Decimal("1.75")},
    reasons={
        Capability.SHARED_BUDGET: "a budget belongs to one campaign or ad set",
        Capability.NO_BUDGET: "every campaign or its ad sets have a limit",
        Capability.CREATIVE_EDIT_IN_PLACE: "a creative's content is fixed: update_ad(creative=...) makes a new one",
        Capability.AI_DISCLOSURE: "no field of the API declares it; Ads Manager does",
        Capability.KEYWORDS: "Meta does not target keywords",
        Capability.NATIVE_IDEMPOTENCY: "there is no key of any kind; markers are used",
        Capability.ATOMIC_TREE: "create_tree builds level by level and can be called again",
        Capability.NAME_UNIQUE: "names repeat freely",
        Capability.PLATFORM_EXPERIMENT: "split tests are not covered",
        Capability.CHANGE_LOG: "not covered",
    },
)

SWITCH_FIELDS: Final = frozenset(
    {
        "adset_spec", "budget_schedule_specs", "campaign_spec", "configured_status", "is_budget_schedule_enabled",
        "status",
    }
)  # fmt: skip
"""What switches on, budgets for single hours that no read of a budget shows, and whole objects in another's request."""
SPEND_FIELDS: Final = frozenset(
    {
        "adset_bid_amounts", "adset_budgets", "bid_adjustments", "bid_amount", "bid_constraints", "bid_strategy",
        "budget_rebalance_flag", "daily_budget", "end_time", "is_adset_budget_sharing_enabled", "lifetime_budget",
        "rb_prediction_id", "rf_prediction_id", "start_time", "stop_time", "time_start", "time_stop",
    }
)  # fmt: skip
"""Further fields of Meta's that the spend guard must not miss in a change; the common model has words for them."""
