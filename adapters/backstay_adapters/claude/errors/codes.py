"""`error.details.error_code`: the vendor's own names of what is wrong; they beat type, text and status."""

from __future__ import annotations

from typing import Final

from backstay.table import Row, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.claude.profile import OVERLOADED, REQUESTS

CODES: Final = (
    # Money: HTTP 429 and 402, and no wait helps
    Row("claude.spend_limit", subcode("enforced_spend_limit_reached", "contract_spend_limit_reached"),
        "BUDGET_INSUFFICIENT", hint="the month's spending limit is reached: raise it in the console, or wait for the "
        "1st of the next month, 00:00 UTC"),
    Row("claude.linked_billing",
        subcode("linked_organization_spend_limit_reached", "linked_organization_billing_unavailable",
                "user_profile_not_billable", "user_profile_billing_not_authorized"),
        "BUDGET_INSUFFICIENT", hint="the organisation that pays has to raise its limit or mend its billing"),
    # The account
    Row("claude.on_hold", subcode("organization_on_hold"), "ACCOUNT_DISABLED",
        hint="the organisation is on hold; the error's details name where to appeal"),
    Row("claude.not_allowed",
        subcode("api_key_scope_missing", "sandbox_egress_restricted", "cmek_key_disabled", "cmek_not_approved",
                "cmek_key_network_blocked", "organization_not_eligible", "organization_not_enrolled_in_beta",
                "organization_type_not_supported", "parent_organization_required", "region_not_supported",
                "unsupported_region", "workspace_human_review_disabled", "workspace_policy_violation",
                "approval_required", "grant_required", "storage_not_approved", "user_profile_required"),
        "PERMISSION_DENIED", hint="the key, its workspace or its organisation may not do this: see the console"),
    # How much
    Row("claude.ramp", subcode("ramp_limit_exceeded"), "API_RATE_LIMIT", scope=REQUESTS,
        hint="traffic grew too fast: raise it in steps"),
    Row("claude.too_large",
        subcode("image_dimensions_too_large", "request_body_too_large_after_decoding", "available_tools_limit_exceeded",
                "compaction_too_many_tool_references"), "TOO_MUCH_DATA"),
    Row("claude.storage_full", subcode("storage_quota_exceeded", "org_api_key_limit_exceeded"), "QUOTA_EXHAUSTED",
        hint="delete some: time does not help"),
    # What is not there
    Row("claude.gone", subcode("file_expired", "thread_not_found", "user_profile_not_found"), "NOT_FOUND"),
    Row("claude.unsupported", subcode("thread_unsupported_request", "cmek_feature_unsupported",
                                      "claude_code_version_too_old"), "UNSUPPORTED"),
    Row("claude.thread_busy", subcode("thread_continue_in_flight", "thread_already_continued"), "CONFLICT"),
    # The vendor's side
    Row("claude.upload_slow", subcode("request_body_timeout"), "PLATFORM_TIMEOUT", retryable=True,
        certainty=Certainty.REFUSED, hint="the request came too slowly: send less at once"),
    Row("claude.key_unreachable", subcode("cmek_key_unreachable", "cmek_context_unavailable"), "AI_MODEL_FAILED",
        hint="your own encryption key cannot be reached: look at its service"),
    Row("claude.pending", subcode("registration_pending"), "NOT_READY"),
    Row("claude.compaction", subcode("compaction_unavailable"), "SERVICE_UNAVAILABLE", wait=OVERLOADED),
)  # fmt: skip
