"""The texts that split `invalid_request_error` and answers without a code."""

from __future__ import annotations

from typing import Final

from backstay.table import Match, Row, pattern, status, statuses_between, text
from backstay.taxonomy import Certainty
from backstay_adapters.openai.errors.codes import retired
from backstay_adapters.openai.profile import OVERLOADED

_NO_MODEL: Final = status(400, 404) & pattern(r"\bmodel .{1,80} does not exist")

TEXTS: Final = (
    Row("openai.text.money", text("billing hard limit", "exceeded your current quota", "credit balance",
                                  "spend limit", "spending limit"), "BUDGET_INSUFFICIENT"),
    Row("openai.text.inactive", pattern(r"(account|organization|project) (is not active|has been deactivated|"
                                        r"has been disabled|was deactivated|is deactivated|has been suspended)"),
        "ACCOUNT_DISABLED"),
    Row("openai.text.blocked", text("safety system", "safety_violations", "content management policy",
                                    "content policy", "usage policies"), "CREATIVE_REJECTED",
        hint="change the prompt: the safety system refused it"),
    Row("openai.verify", text("must be verified", "verify organization"), "PERMISSION_DENIED",
        hint="verify the organisation in the console; it takes up to 15 minutes to spread"),
    Row("openai.text.not_allowed", text("must be a member of an organization", "does not have access",
                                        "insufficient permissions", "missing scopes", "not allowed to sample",
                                        "country, region, or territory not supported") & ~status(404),
        "PERMISSION_DENIED"),
    Row("openai.text.retired", status(400, 403, 404, 410) & pattern(
        r"(model|endpoint|version|api|`[^`]+`).{0,60}(has been|was|is|been|is now) (deprecated|retired|shut down|"
        r"discontinued|removed)|no longer (available|supported|accepts)"), "UNSUPPORTED"),
    Row("openai.text.model.retired", _NO_MODEL & Match(retired), "UNSUPPORTED"),
    Row("openai.text.model", _NO_MODEL, "NOT_FOUND"),
    Row("openai.not_ready", status(400, 404, 409) & text(
        "in_progress", "in progress", "still being processed", "is not ready", "not ready yet", "already has an active",
        "is active.", "still processing"), "NOT_READY"),
    Row("openai.text.too_large", text("maximum context length", "exceeds the context window", "reduce the length",
                                      "string too long", "image is too large", "maximum content size",
                                      "payload too large"), "TOO_MUCH_DATA"),
    Row("openai.text.full", (statuses_between(500, 599) | status(429)) & text("overloaded", "slow down", "at capacity"),
        "SERVICE_UNAVAILABLE", wait=OVERLOADED, certainty=Certainty.REFUSED),
)  # fmt: skip
