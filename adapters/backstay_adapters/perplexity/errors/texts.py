"""The texts that decide before the vendor's type does: money, accounts, retired models, lengths."""

from __future__ import annotations

import re
from typing import Final

from backstay.table import Facts, Match, Row, code, pattern, status, statuses_between, text
from backstay_adapters.perplexity.prices import retired

_REQUEST: Final = code("bad_request", "invalid_message", "invalid_parameter", "invalid_model")
_NAMED: Final = re.compile(r"invalid model '([^']{1,200})'")


def _gone(facts: Facts) -> bool:
    found = _NAMED.search(facts.said)
    return found is not None and retired(found[1])


_MONEY: Final = pattern(
    r"\b(insufficient|out of|no|not enough|exhausted|purchase|buy|add|remaining|low)\b.{0,30}\bcredits?\b"
    r"|\bcredits?\b.{0,30}\b(exhausted|depleted|insufficient|too low|used up|required|expired)\b"
    r"|\bcredit balance\b|\bbilling\b|\bpayment\b|\bspend(ing)? limit\b"
    r"|\b(current|usage|api|monthly) quota\b|\binsufficient[ _]quota\b"
)

TEXTS: Final = (
    Row("perplexity.challenge", status(403) & text("just a moment", "attention required", "cf-chl"),
        "PERMISSION_DENIED", hint="the network in front of the API holds this machine's address for a robot"),
    Row("perplexity.money", (code("insufficient_quota", "insufficient_credits", "billing_error") | _MONEY)
        & ~statuses_between(500, 599) & ~_REQUEST, "BUDGET_INSUFFICIENT",
        hint="buy credits, or turn automatic top-up on, on the API page of the account's settings"),
    Row("perplexity.disabled", pattern(r"(account|organi[sz]ation|project) (has been|is|was) "
                                       r"(disabled|suspended|banned|deactivated)") & ~_REQUEST, "ACCOUNT_DISABLED"),
    Row("perplexity.model.retired", code("invalid_model", None) & Match(_gone), "UNSUPPORTED",
        hint="this model is retired; take sonar, sonar-pro, sonar-reasoning-pro or sonar-deep-research"),
    Row("perplexity.long", text("total length of all messages is too long", "maximum context length",
                                "context window", "prompt is too long", "too many tokens")
        & ~statuses_between(500, 599), "TOO_MUCH_DATA", hint="shorten the question"),
)  # fmt: skip
