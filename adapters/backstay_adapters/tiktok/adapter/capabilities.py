"""What TikTok can do (Marketing API v1.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from backstay.ads import BudgetPeriod, Capabilities, Capability, Platform

CAPABILITIES: Final = Capabilities.of(
    Platform.TIKTOK,
    Capability.AD_GROUP_BUDGET,
    Capability.CAMPAIGN_BUDGET,
    Capability.CAMPAIGN_LIFETIME_BUDGET,
    Capability.NO_BUDGET,
    Capability.BALANCE,
    Capability.DELETE,
    Capability.START_PAUSED,
    Capability.SECONDARY_STATUS,
    Capability.CREATIVE_EDIT_IN_PLACE,
    Capability.IMAGE_UPLOAD,
    Capability.VIDEO_UPLOAD,
    Capability.AI_DISCLOSURE,
    Capability.ENGAGEMENT_OBJECTIVE,
    Capability.NAME_UNIQUE,
    Capability.REPORT_JOB,
    version="v1.3",
    # A daily budget is kept; an averaged one may be exceeded by a quarter on a day, seven times it in a week (vendor's
    # text of BUDGET_MODE_DYNAMIC_DAILY_BUDGET).
    overspend={BudgetPeriod.DAILY: Decimal(1), BudgetPeriod.DAILY_AVERAGED: Decimal("1.25")},
    reasons={
        Capability.ARCHIVE: "TikTok has no archive; pause it, or delete it for good",
        Capability.SHARED_BUDGET: "a budget belongs to one campaign or ad group",
        Capability.CREATIVE_OBJECT: "a creative is part of its ad",
        Capability.VALIDATE_ONLY: "a dry run shows the requests instead",
        Capability.NATIVE_IDEMPOTENCY: "its request_id is remembered for 10 seconds only; markers are used",
        Capability.ATOMIC_TREE: "create_tree builds level by level and can be called again",
        Capability.KEYWORDS: "search ads are not covered yet",
        Capability.LABELS: "not covered",
        Capability.PLATFORM_EXPERIMENT: "split tests are not covered",
        Capability.CHANGE_LOG: "not covered",
    },
)

SWITCH_FIELDS: Final = frozenset({"operation_status", "opt_status"})
SPEND_FIELDS: Final = frozenset(
    {
        "bid_price", "bid_type", "budget", "budget_mode", "budget_optimize_on", "conversion_bid_price", "deep_bid_type",
        "deep_cpa_bid", "roas_bid", "schedule_budget", "schedule_end_time", "schedule_start_time", "schedule_type",
        "scheduled_budget",
    }
)  # fmt: skip
"""Fields of TikTok's that the spend guard must not miss; the common model has a word for each."""
