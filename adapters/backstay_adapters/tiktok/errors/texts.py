"""What the catch-all codes hide (40000, 40001, 40002, 40113, 51009), and answers that lack their code.

Order matters: an advertiser that "doesn't exist" is no matter of permission, "too many requests" are not too many
ids. Texts may be translated or changed by the vendor, so that every code has a row of its own behind these.
"""

from __future__ import annotations

from typing import Final

from backstay.table import READABLE, Match, Row, code, codes_between, pattern, text
from backstay.taxonomy import Certainty
from backstay_adapters.tiktok.errors.limits import limits_in_text

CATCH_ALL: Final = code(40000, 40001, 40002) | (code(None) & READABLE)
UNLISTED: Final = codes_between(40000, 49999)

_STOPPED: Final = r"(suspended|punished|disabled|banned|blocked|frozen|deactivated)"
_ACCOUNT_STOPPED: Final = pattern(
    rf"\b(account|advertiser)( \S{{1,40}})? (is|was|has been|have been) (\w+ )?{_STOPPED}"
    rf"|\b{_STOPPED} (ad |advertiser )?(account|advertiser)\b"
)
_INTERNAL: Final = text(
    "internal service", "internal error", "internal server error", "system error", "unknown error"
) | pattern(r"\b(service|server)( is)?( temporarily| currently)? (unavailable|overloaded)")
_ABSENT: Final = text("doesn't exist", "does not exist", "don't exist", "do not exist", "has been deleted") | pattern(
    r"\b(campaign|ad ?group|ad|advertiser|identity|pixel|audience|video|image|task)(s|_ids?)?"
    r"( \S{1,40}){0,3} (is |was |are |were |could |can)?not (be )?found\b"
)
_NOT_ALLOWED: Final = pattern(
    r"\bpermissions?\b|\bagreement\b.*\bsigned\b|\b(no|no longer have|not have|don't have) access\b"
) | text("does not grant you", "allowlist", "allow list", "whitelist", "access denied", "not authorized to")
_TIMED_OUT: Final = pattern(r"(service|server|request|rpc|processing)\b.{0,30}\b(time[- ]?out|timed out)")


def texts(where: Match, suffix: str = "") -> tuple[Row, ...]:
    """The rules of the texts for the answers that `where` admits; `suffix` keeps their names apart."""
    return (
        *limits_in_text(where, suffix),
        Row(f"tiktok.text.timeout{suffix}", where & _TIMED_OUT, "PLATFORM_TIMEOUT"),
        Row(f"tiktok.text.internal{suffix}", where & _INTERNAL, "PLATFORM_SERVICE_ERROR"),
        Row(f"tiktok.text.not_found{suffix}",
            where & _ABSENT,
            "NOT_FOUND", hint="check the id and that it belongs to this advertiser"),
        Row(f"tiktok.text.exists{suffix}", where & (text("already exist") | text("duplicate") & text("name")),
            "CONFLICT", hint="look the object up by its name and adopt it, or choose another name"),
        Row(f"tiktok.text.concurrent{suffix}", where & text("concurren"), "CONFLICT", retryable=True,
            hint="another change of this object is under way; try again in some seconds"),
        Row(f"tiktok.text.permission{suffix}",
            where & _NOT_ALLOWED,
            "PERMISSION_DENIED", hint="grant the permission in TikTok Business Center, or take another advertiser"),
        Row(f"tiktok.text.banned_country{suffix}", where & text("banned country"), "PERMISSION_DENIED",
            hint="call from a country that TikTok serves"),
        Row(f"tiktok.text.app_of_token{suffix}", where & text("inconsistent with the token"), "TOKEN_INVALID",
            hint="the token belongs to another app: use the app id that it was made with"),
        Row(f"tiktok.text.auth_code{suffix}", where & text("auth code", "auth_code"), "TOKEN_INVALID",
            hint="an auth code works once and for an hour: send the advertiser through the consent page again"),
        Row(f"tiktok.text.token_expired{suffix}", where & pattern(r"access[ _]token\b.{0,30}\bexpired"),
            "TOKEN_EXPIRED", hint="ask a human to authorise the app again"),
        Row(f"tiktok.text.token{suffix}",
            where & pattern(r"access[ _]token\b.{0,40}\b(invalid|incorrect|revoked|null|missing|wrong)"
                            r"|\b(invalid|incorrect|wrong|missing) access[ _]token"),
            "TOKEN_INVALID", hint="ask a human to authorise the app again"),
        Row(f"tiktok.text.balance{suffix}",
            where & pattern(r"\b(balance|funds?)\b") & text("insufficient", "not enough", "not sufficient"),
            "BUDGET_INSUFFICIENT", hint="top up the advertiser's balance"),
        Row(f"tiktok.text.budget{suffix}", where & text("budget") & text("less than", "at least", "minimum"),
            "VALIDATION_FAILED", hint="raise the budget to the least that the account's currency allows"),
        Row(f"tiktok.text.too_much{suffix}",
            where & (text("max time span", "too many") | text("exceed") & text("limit") & ~text("budget", "bid")),
            "TOO_MUCH_DATA", hint="ask for less at once: a shorter time, fewer ids, a smaller page"),
        Row(f"tiktok.text.account{suffix}", where & _ACCOUNT_STOPPED, "ACCOUNT_DISABLED",
            hint="look at the advertiser's status in TikTok Ads Manager and appeal there"),
    )  # fmt: skip


TEXTS: Final = (
    *texts(CATCH_ALL),
    Row("tiktok.text.app_blocked",
        code(40113) & (_ACCOUNT_STOPPED | pattern(r"\bapp\b.{0,60}\b(blocked|banned|suspended|disabled)")),
        "ACCOUNT_DISABLED", hint="TikTok has blocked the app: look at it in the developer portal"),
    Row("tiktok.text.dpa_budget", code(51009) & text("budget"), "VALIDATION_FAILED", certainty=Certainty.UNKNOWN,
        hint="raise the budget to the least that the account's currency allows"),
    Row("tiktok.text.banned_country_code", code(-1) & text("banned country"), "PERMISSION_DENIED",
        hint="call from a country that TikTok serves"),
)  # fmt: skip
"""The texts of the codes that mean many things; the codes themselves follow in `codes`."""
