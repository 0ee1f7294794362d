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
            "budget_rebalance_flag can_use_spend_cap primary_attribution is_skadnetwork_attribution adsets ads "
            "advantage_state_info bid_constraints boosted_object_id brand_lift_studies budget_schedule_specs "
            "campaign_group_active_time can_create_brand_lift_study frequency_control_specs "
            "has_secondary_skadnetwork_reporting is_budget_schedule_enabled is_direct_send_campaign "
            "is_message_campaign is_meta_moment_maker_enabled is_pca_unified is_reels_trending_ads_enabled "
            "last_budget_toggling_time source_campaign source_recommendation_type"),
)  # fmt: skip
ADSETS: Final = Kind(
    AD_GROUP, "adset", "AdSet", "adsets",
    _fields(_COMMON + "campaign_id campaign targeting optimization_goal billing_event bid_strategy bid_amount "
            "bid_constraints bid_info daily_budget lifetime_budget budget_remaining daily_min_spend_target "
            "daily_spend_cap lifetime_min_spend_target lifetime_spend_cap start_time end_time promoted_object "
            "destination_type attribution_spec pacing_type dsa_beneficiary dsa_payor learning_stage_info "
            "frequency_control_specs is_dynamic_creative source_adset_id optimization_sub_event adset_schedule "
            "multi_optimization_goal_weight use_new_app_click ads asset_feed_id attribution_count_type "
            "automatic_manual_state bid_adjustments brand_safety_config campaign_active_time campaign_attribution "
            "creative_sequence existing_customer_budget_percentage full_funnel_exploration_mode instagram_user_id "
            "is_ba_skip_delayed_eligible is_budget_schedule_enabled is_incremental_attribution_enabled lifetime_imps "
            "max_budget_spend_percentage min_budget_spend_percentage placement_soft_opt_out "
            "recurring_budget_semantics regional_regulated_categories regional_regulation_identities review_feedback "
            "rf_prediction_id source_adset special_ad_categories targeting_optimization_types "
            "time_based_ad_rotation_id_blocks time_based_ad_rotation_intervals trending_topics_spec value_rule_set_id "
            "value_rules_applied"),
)  # fmt: skip
ADS: Final = Kind(
    AD, "ad", "Ad", "ads",
    _fields(_COMMON + "adset_id adset campaign_id campaign creative conversion_domain ad_review_feedback "
            "failed_delivery_checks tracking_specs conversion_specs bid_amount source_ad_id preview_shareable_link "
            "display_sequence engagement_audience ad_active_time ad_schedule_start_time ad_schedule_end_time "
            "adset_spec bid_info bid_type creative_asset_groups_spec demolink_hash last_updated_by_app_id placement "
            "priority source_ad special_ad_categories targeting tracking_and_conversion_with_defaults"),
)  # fmt: skip
CREATIVES: Final = Kind(
    CREATIVE, "creative", "AdCreative", "adcreatives",
    _only("id name account_id status adlabels title body object_story_spec object_story_id object_type object_url "
          "effective_object_story_id asset_feed_spec degrees_of_freedom_spec url_tags image_hash image_url video_id "
          "thumbnail_url link_url call_to_action_type actor_id instagram_user_id source_instagram_media_id "
          "applink_treatment template_url_spec contextual_multi_ads authorization_category ad_disclaimer_spec "
          "branded_content bundle_folder_id call_to_action categorization_criteria category_media_source "
          "collaborative_ads_lsb_image_bank_id creative_sourcing_spec destination_set_id destination_spec "
          "dynamic_ad_voice effective_authorization_category effective_instagram_media_id enable_direct_install "
          "enable_launch_instant_app facebook_branded_content format_transformation_spec generative_asset_spec "
          "image_crops instagram_branded_content instagram_permalink_url interactive_components_spec "
          "link_deep_link_url link_destination_display_url link_og_id media_sourcing_spec "
          "messenger_sponsored_message object_id object_store_url omnichannel_link_spec page_welcome_message "
          "place_page_set_id platform_customizations playable_asset_id portrait_customizations product_data "
          "product_set_id recommender_settings regional_regulation_disclaimer_spec source_facebook_post_id "
          "template_url thumbnail_id use_page_actor_override"),
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

ACCOUNT_FIELDS: Final = _only(
    "account_id account_status ad_account_promotable_objects age agency_client_declaration all_capabilities "
    "amount_spent attribution_spec balance business business_city business_country_code business_name business_state "
    "business_street business_street2 business_zip can_create_brand_lift_study capabilities created_time currency "
    "custom_audience_info default_dsa_beneficiary default_dsa_payor disable_reason end_advertiser end_advertiser_name "
    "existing_customers expired_funding_source_details extended_credit_invoice_group failed_delivery_checks fb_entity "
    "funding_source funding_source_details has_migrated_permissions has_page_authorized_adaccount id io_number "
    "is_attribution_spec_system_default is_direct_deals_enabled is_in_3ds_authorization_enabled_market "
    "is_notifications_enabled is_personal is_prepay_account is_tax_id_required line_numbers media_agency "
    "min_campaign_group_spend_cap min_daily_budget name offsite_pixels_tos_accepted opportunity_score owner "
    "owner_business partner rf_spec show_checkout_experience spend_cap tax_id tax_id_status tax_id_type timezone_id "
    "timezone_name timezone_offset_hours_utc tos_accepted user_access_expire_time user_tasks user_tos_accepted"
)
"""What an ad account has; most of it is empty here."""
