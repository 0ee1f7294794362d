"""What Google Ads can do (API v26), as this adapter speaks it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from backstay.ads import BudgetPeriod, Capabilities, Capability, Platform
from backstay_adapters.google_ads.profile import API_VERSION

CAPABILITIES: Final = Capabilities.of(
    Platform.GOOGLE_ADS,
    Capability.CAMPAIGN_BUDGET,
    Capability.CAMPAIGN_LIFETIME_BUDGET,
    Capability.SHARED_BUDGET,
    Capability.DELETE,
    Capability.START_PAUSED,
    Capability.SECONDARY_STATUS,
    Capability.CREATIVE_EDIT_IN_PLACE,
    Capability.IMAGE_UPLOAD,
    Capability.AI_DISCLOSURE,
    Capability.KEYWORDS,
    Capability.NAME_UNIQUE,
    Capability.ATOMIC_TREE,
    Capability.VALIDATE_ONLY,
    version=API_VERSION,
    # Up to twice an average daily budget on a day, 30.4 times it in a month (vendor's help page on overdelivery).
    overspend={BudgetPeriod.DAILY: Decimal(2)},
    reasons={
        Capability.AD_GROUP_BUDGET: "budgets belong to campaigns",
        Capability.NO_BUDGET: "a campaign has a budget; its ad groups have none",
        Capability.BALANCE: "Google shows no balance; account budgets exist with monthly invoicing only",
        Capability.ARCHIVE: "Google has no archive; pause it, or remove it for good",
        Capability.CREATIVE_OBJECT: "a creative is part of its ad",
        Capability.VIDEO_UPLOAD: "videos are YouTube's: give the id of a video asset as MediaRef",
        Capability.ENGAGEMENT_OBJECTIVE: "no channel and bidding strategy stands for it",
        Capability.NATIVE_IDEMPOTENCY: "unique names are the keys: a second create of a name is refused",
        Capability.LABELS: "labels carry the names of ads; labelling is not covered",
        Capability.REPORT_JOB: "reports stream: get_metrics has no limit that a job would lift",
        Capability.PLATFORM_EXPERIMENT: "experiments are not covered",
        Capability.CHANGE_LOG: "not covered",
    },
)

SWITCH_FIELDS: Final = frozenset({"status"})
SPEND_FIELDS: Final = frozenset(
    {
        "amount_micros", "bidding_strategy", "campaign_budget", "cpc_bid_micros", "cpm_bid_micros", "cpv_bid_micros",
        "end_date", "end_date_time", "manual_cpc", "manual_cpm", "manual_cpv", "maximize_conversion_value",
        "maximize_conversions", "percent_cpc", "percent_cpc_bid_micros", "start_date", "start_date_time", "target_cpa",
        "target_cpa_micros", "target_cpm", "target_cpm_micros", "target_cpv", "target_cpv_micros",
        "target_impression_share", "target_roas", "target_spend", "total_amount_micros",
    }
)  # fmt: skip
"""Fields of Google's that the spend guard must not miss in a change; the common model has words for them."""
