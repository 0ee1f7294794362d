"""What TikTok can do (Marketing API v1.3)."""

from __future__ import annotations

from typing import Final

from backstay.ads import Capabilities, Capability, Platform

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
