"""The node types: how each is called, and the fields that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN

CREATIVE: Final = "creative"
IMAGE: Final = "image"
VIDEO: Final = "video"
LABEL: Final = "label"
RUN: Final = "report_run"


@dataclass(frozen=True, slots=True)
class Kind:
    """One node type."""

    level: str
    noun: str
    """For names of operations."""
    node: str
    """As errors name it."""
    edge: str
    fields: frozenset[str]
    shown: tuple[str, ...] = ("id",)
    """What is shown when no fields are asked for."""

    @property
    def by_labels(self) -> str:
        """The edge that finds objects by label."""
        return f"{self.edge}bylabels"


def _only(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _fields(text: str) -> frozenset[str]:
    return _only("id name account_id created_time updated_time " + text)


_COMMON: Final = "status configured_status effective_status issues_info recommendations adlabels "
CAMPAIGNS: Final = Kind(
    CAMPAIGN, "campaign", "Campaign", "campaigns",
    _fields(_COMMON + "objective buying_type bid_strategy daily_budget lifetime_budget budget_remaining spend_cap "
            "special_ad_categories special_ad_category special_ad_category_country is_adset_budget_sharing_enabled "
            "promoted_object start_time stop_time pacing_type smart_promotion_type source_campaign_id topline_id "
            "budget_rebalance_flag can_use_spend_cap primary_attribution is_skadnetwork_attribution adsets ads"),
)  # fmt: skip
ADSETS: Final = Kind(
    AD_GROUP, "adset", "AdSet", "adsets",
    _fields(_COMMON + "campaign_id campaign targeting optimization_goal billing_event bid_strategy bid_amount "
            "bid_constraints bid_info daily_budget lifetime_budget budget_remaining daily_min_spend_target "
            "daily_spend_cap lifetime_min_spend_target lifetime_spend_cap start_time end_time promoted_object "
            "destination_type attribution_spec pacing_type dsa_beneficiary dsa_payor learning_stage_info "
            "frequency_control_specs is_dynamic_creative source_adset_id optimization_sub_event adset_schedule "
            "multi_optimization_goal_weight use_new_app_click ads"),
)  # fmt: skip
ADS: Final = Kind(
    AD, "ad", "Ad", "ads",
    _fields(_COMMON + "adset_id adset campaign_id campaign creative conversion_domain ad_review_feedback "
            "failed_delivery_checks tracking_specs conversion_specs bid_amount source_ad_id preview_shareable_link "
            "display_sequence engagement_audience ad_active_time ad_schedule_start_time ad_schedule_end_time"),
)  # fmt: skip
CREATIVES: Final = Kind(
    CREATIVE, "creative", "AdCreative", "adcreatives",
    _only("id name account_id status adlabels title body object_story_spec object_story_id object_type object_url "
          "effective_object_story_id asset_feed_spec degrees_of_freedom_spec url_tags image_hash image_url video_id "
          "thumbnail_url link_url call_to_action_type actor_id instagram_user_id source_instagram_media_id "
          "applink_treatment template_url_spec contextual_multi_ads authorization_category"),
)  # fmt: skip
IMAGES: Final = Kind(
    IMAGE, "image", "AdImage", "adimages",
    _only("id name account_id hash url url_128 permalink_url status width height original_width original_height "
          "created_time updated_time is_associated_creatives_in_adgroups creatives"),
    ("id", "hash", "name"),
)  # fmt: skip
VIDEOS: Final = Kind(
    VIDEO, "video", "Video", "advideos",
    _only("id title name description status length picture source created_time updated_time permalink_url published "
          "format thumbnails views"),
    ("id", "updated_time"),
)  # fmt: skip
LABELS: Final = Kind(
    LABEL, "label", "AdLabel", "adlabels", _only("id name account created_time updated_time"), ("id", "name")
)  # fmt: skip
_RUN: Final = (
    "id account_id async_status async_percent_completion is_running time_ref time_completed date_start date_stop "
    "error_code error_message error_subcode error_user_title error_user_msg"
)
RUNS: Final = Kind(
    RUN, "run", "AdReportRun", "insights",
    _only(f"{_RUN} is_bookmarked schedule_id friendly_name async_report_url"), tuple(_RUN.split()),
)  # fmt: skip

KINDS: Final = (CAMPAIGNS, ADSETS, ADS, CREATIVES, IMAGES, VIDEOS, LABELS, RUNS)
OF_LEVEL: Final = {kind.level: kind for kind in KINDS}
BY_LABELS: Final = {kind.by_labels: kind for kind in (CAMPAIGNS, ADSETS, ADS, CREATIVES)}
