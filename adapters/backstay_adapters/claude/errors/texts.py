"""The texts that split `invalid_request_error`, `authentication_error` and `rate_limit_error`, where no code does."""

from __future__ import annotations

from typing import Final

from backstay.table import Facts, Match, Row, code, pattern, status, statuses_between, text
from backstay_adapters.claude.prices import RETIRED, successor
from backstay_adapters.claude.profile import INPUT, OUTPUT, OVERLOADED, REQUESTS
from backstay_adapters.claude.wire.limits import opens_again

_CREDIT: Final = text(
    "credit balance is too low", "credits are depleted", "usage limit", "spend limit", "spending limit",
    "extra usage", "billing hard limit",
)  # fmt: skip


def _missing_model(facts: Facts) -> bool:
    return facts.said.startswith("model:") and successor(facts.said.removeprefix("model:").strip()) is not None


def _reset(facts: Facts) -> float | None:
    return opens_again(facts.headers, facts.moment())


_SUCCESSORS: Final = ", ".join(sorted(set(RETIRED.values())))

TEXTS: Final = (
    # Money and the account, whatever the status says
    Row("claude.credit", _CREDIT & ~status(529), "BUDGET_INSUFFICIENT",
        hint="buy credits or raise the limit in the console; the message may name the day when it renews"),
    Row("claude.disabled", pattern(r"(organization|account|workspace) (has been|is|was) (disabled|suspended|banned)"),
        "ACCOUNT_DISABLED", hint="write to the vendor's support: a new key does not help"),
    # The safety system's last word; a refusal of the model itself is an answer with 200
    Row("claude.blocked", text("blocked by content filtering", "content filtering policy", "violates our usage policy",
                               "usage policy violation"), "CREATIVE_REJECTED",
        hint="the text was stopped by a filter: change the prompt; the same one may pass at another time"),
    # Credentials
    Row("claude.token.expired", pattern(r"(token|key|session) (has |is |was )?expired"), "TOKEN_EXPIRED"),
    Row("claude.oauth_forbidden", text("is currently not allowed for this organization", "cors requests must set",
                                       "not allowed for this organization"), "PERMISSION_DENIED"),
    Row("claude.header_missing", status(400) & text("anthropic-version"), "VALIDATION_FAILED",
        hint="send the header anthropic-version"),
    Row("claude.no_access", text("does not have access", "only authorized for use", "not available for this",
                                 "not yet available for this", "not enabled for this"), "PERMISSION_DENIED",
        hint="the key, its organisation or its plan may not use this"),
    # The vendor is full, whatever it calls that
    Row("claude.full", statuses_between(500, 599) & text("overloaded") & ~code("overloaded_error"),
        "SERVICE_UNAVAILABLE", wait=OVERLOADED),
    # Too much at once
    Row("claude.context", text("prompt is too long", "exceed context limit", "exceeds the context window",
                               "input is too long", "context window limit"), "TOO_MUCH_DATA",
        hint="shorten the prompt, or lower max_output_tokens where the two together are too long"),
    Row("claude.too_big", text("image dimensions exceed", "image exceeds", "exceeds the maximum allowed size",
                               "request exceeds the maximum size", "request_too_large", "pdf pages",
                               "too many images", "maximum of 100 images", "exceeds the maximum size",
                               "exceed max allowed size"), "TOO_MUCH_DATA"),
    # Models
    Row("claude.model.retired", code("not_found_error") & Match(_missing_model), "UNSUPPORTED",
        hint=f"this model is retired; its successors: {_SUCCESSORS}"),
    Row("claude.model", code("not_found_error") & pattern(r"\Amodel: "), "NOT_FOUND",
        hint="no such model, or it is retired: `list_models()` names those that are there"),
    # Limits
    Row("claude.limit.daily", status(429) & text("daily", "per day", "monthly"), "QUOTA_EXHAUSTED",
        hint="a limit of the day or the month: waiting minutes does not help"),
    Row("claude.limit.final", status(429) & Match(lambda facts: facts.headers.get("x-should-retry") == "false"),
        "QUOTA_EXHAUSTED", retryable=False, hint="the vendor itself says that trying again does not help"),
    Row("claude.limit.concurrent", status(429) & text("concurrent"), "API_RATE_LIMIT", scope=REQUESTS, wait=1.0,
        hint="fewer calls at once help more than waiting: lower the profile's bulkhead"),
    Row("claude.limit.input", code("rate_limit_error") & text("input tokens per minute"), "API_RATE_LIMIT",
        scope=INPUT, wait=_reset, hint="a single prompt that is larger than the limit never passes"),
    Row("claude.limit.output", code("rate_limit_error") & text("output tokens per minute"), "API_RATE_LIMIT",
        scope=OUTPUT, wait=_reset),
)  # fmt: skip
