"""`error.code`: the vendor's own names of what is wrong; they beat type, text and status."""

from __future__ import annotations

from typing import Final

from backstay.clock import utc
from backstay.table import Facts, Match, Row, code, text
from backstay.taxonomy import Certainty
from backstay_adapters.openai.models import RETIRED, SUNSETS, plain_name, sunset
from backstay_adapters.openai.profile import OVERLOADED

_GONE: Final = code("model_not_found", "DeploymentNotFound", "model_not_available")
_SUCCESSORS: Final = ", ".join(sorted({end.successor for end in SUNSETS.values()}))


def retired(facts: Facts) -> bool:
    """Whether the message names a model that our table knows to be gone, at the time of the answer if that is known."""
    words = (word.strip("`'\".,:()") for word in facts.said.split())
    return any(_over(word, facts.moment()) for word in words if word.startswith(("dall", "gpt-image", "chatgpt-image")))


def _over(model: str, now: float | None) -> bool:
    end = sunset(model)
    return end is not None and (plain_name(model) in RETIRED if now is None else utc(now).date() > end.last_day)


CODES: Final = (
    # Money: HTTP 400 and 429, and no wait helps
    Row("openai.money",
        code("insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted",
             "organization_spend_limit_exceeded", "project_spend_limit_exceeded",
             "organization_usage_limit_exceeded"),
        "BUDGET_INSUFFICIENT", hint="buy credits or raise the limit in the console: waiting does not help"),
    Row("openai.inactive", code("billing_not_active", "account_deactivated", "account_disabled"), "ACCOUNT_DISABLED",
        hint="look at billing in the console, or write to the vendor's support"),
    # The safety system
    Row("openai.blocked.output", code("moderation_blocked") & Match(lambda facts: _stage(facts) == "output"),
        "CREATIVE_REJECTED", hint="the picture was blocked and not the prompt: another try may pass, and is billed"),
    Row("openai.blocked",
        code("moderation_blocked", "content_policy_violation", "content_filter", "image_content_policy_violation",
             "contentFilter", "ResponsibleAIPolicyViolation"),
        "CREATIVE_REJECTED", hint="change the prompt: the safety system refused it"),
    Row("openai.flagged", code("invalid_prompt") & text("flagged", "usage policy", "violat"), "CREATIVE_REJECTED"),
    # Credentials
    Row("openai.token.expired", code("token_expired", "expired_api_key") | text("api key has expired", "key expired"),
        "TOKEN_EXPIRED"),
    Row("openai.token", code("invalid_api_key", "invalid_authentication", "401", "invalid_issuer"), "TOKEN_INVALID",
        hint="check the API key"),
    Row("openai.not_allowed",
        code("ip_not_authorized", "unsupported_country_region_territory", "insufficient_permissions",
             "missing_scopes", "mismatched_organization", "mismatched_project", "organization_must_be_verified"),
        "PERMISSION_DENIED"),
    # Models
    Row("openai.model.retired", _GONE & (Match(retired) | text("deprecated", "retired", "shut down", "discontinued")),
        "UNSUPPORTED", hint=f"this model is retired; successors: {_SUCCESSORS}"),
    Row("openai.model", _GONE, "NOT_FOUND",
        hint="no such model, or none for this project: `list_models()` names those that are there"),
    # How much
    Row("openai.too_large",
        code("string_above_max_length", "context_length_exceeded", "image_file_too_large", "image_too_large",
             "request_too_large", "tokens_exceeded"),
        "TOO_MUCH_DATA", hint="a shorter prompt, or smaller pictures"),
    # The vendor's side. What it turned away was not drawn; what failed inside may have been, and billed.
    Row("openai.overloaded", code("slow_down", "engine_overloaded", "overloaded_error", "server_overloaded"),
        "SERVICE_UNAVAILABLE", wait=OVERLOADED, certainty=Certainty.REFUSED),
    Row("openai.full", (code("server_error", "requests", "rate_limit_exceeded", "service_unavailable")
                        & text("overloaded", "at capacity")), "SERVICE_UNAVAILABLE",
        wait=OVERLOADED, certainty=Certainty.REFUSED),
    Row("openai.timeout", code("timeout", "vector_store_timeout", "request_timeout"), "PLATFORM_TIMEOUT"),
    Row("openai.service", code("server_error", "internal_error", "internal_server_error", "api_error",
                               "image_generation_server_error"), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN),
    Row("openai.unsupported", code("OperationNotSupported", "unsupported_model", "endpoint_deprecated"),
        "UNSUPPORTED"),
)  # fmt: skip


def _stage(facts: Facts) -> object:
    """At which stage the safety system spoke."""
    error = facts.body.get("error", facts.body) if isinstance(facts.body, dict) else {}
    details = error.get("moderation_details") if isinstance(error, dict) else None
    return details.get("moderation_stage") if isinstance(details, dict) else None
