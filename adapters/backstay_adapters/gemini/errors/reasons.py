"""The reasons in an error's details, and the texts that stand for them where there is none."""

from __future__ import annotations

from typing import Final

from backstay.table import Facts, Match, Row, code, pattern, status, subcode, text
from backstay_adapters.gemini.prices import SUCCESSOR, is_retired
from backstay_adapters.gemini.profile import OVERLOADED

_KEY: Final = subcode("API_KEY_INVALID") | text(
    "api key not valid", "api key not found", "invalid api key", "unregistered callers"
)


def _retired(facts: Facts) -> bool:
    words = (word.strip("`'\".,:()") for word in facts.said.split())
    return any(is_retired(word) for word in words)


REASONS: Final = (
    Row("gemini.token.expired", subcode("ACCESS_TOKEN_EXPIRED", "API_KEY_EXPIRED") | text("api key expired",
        "api key has expired", "access token has expired", "token is expired"), "TOKEN_EXPIRED"),
    Row("gemini.token.leaked", text("reported as leaked"), "TOKEN_INVALID",
        hint="the vendor has shut this key: make a new one, and find out where the old one was seen"),
    Row("gemini.token", _KEY | subcode("CREDENTIALS_MISSING", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "API_KEY_MISSING"),
        "TOKEN_INVALID", hint="check the API key, and that it is one of AI Studio's"),
    Row("gemini.disabled", subcode("CONSUMER_SUSPENDED", "ACCOUNT_STATE_INVALID", "USER_PROJECT_DENIED")
        | text("violation of terms", "project has been denied access", "has been suspended",
               "account has been disabled"), "ACCOUNT_DISABLED",
        hint="write to the vendor's support: a new key does not help"),
    Row("gemini.money", text("spending cap", "spend cap", "prepayment credits", "prepaid credits",
                             "credits are depleted", "billing account is closed") | code("payment_required"),
        "BUDGET_INSUFFICIENT",
        hint="raise the cap or buy credits in AI Studio: waiting does not help"),
    Row("gemini.not_allowed", subcode("SERVICE_DISABLED", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED",
                                      "API_KEY_IP_ADDRESS_BLOCKED", "BILLING_DISABLED", "IAM_PERMISSION_DENIED"),
        "PERMISSION_DENIED", hint="the key or its project may not use this API: see the console"),
    Row("gemini.location", text("location is not supported", "not available in your country"), "PERMISSION_DENIED",
        hint="the country that the request leaves from decides"),
    Row("gemini.full", subcode("MODEL_CAPACITY_EXHAUSTED") | text("overloaded", "high demand", "no capacity available",
        "at capacity", "error-code-429", "resource exhausted. please try again later"), "SERVICE_UNAVAILABLE",
        wait=OVERLOADED),
    Row("gemini.too_long", text("exceeds the maximum number of tokens", "request payload size exceeds",
                                "input token count", "too many tokens", "context window") & ~status(429),
        "TOO_MUCH_DATA", hint="a shorter prompt, or fewer pictures"),
    Row("gemini.retired", code("NOT_FOUND", "not_found", "model_not_found")
        & (Match(_retired) | text("no longer available", "has been retired", "is deprecated", "was shut down")),
        "UNSUPPORTED", hint=f"this model is retired; a successor: {SUCCESSOR}"),
    Row("gemini.not_ready", text("not in an active state", "still being processed", "is being processed"), "NOT_READY",
        hint="a file of yours is not ready yet: look again in some seconds"),
    Row("gemini.filtered", status(400) & pattern(r"prohibited use policy|usage polic|safety (filter|setting)"),
        "CREATIVE_REJECTED"),
)  # fmt: skip
