"""The one allow-list: what may be shown of a request, a header, an event or a vendor's text.

An allow-list forgets nothing: a field that nobody thought of is hidden, not shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN: Final = "REDACTED"

HEADERS: Final = frozenset(
    {
        "accept", "content-length", "content-type", "date", "retry-after", "server", "user-agent",
        "x-ad-account-usage", "x-app-usage", "x-business-use-case-usage", "x-fb-request-id", "x-fb-trace-id",
        "x-request-id", "x-tt-logid", "x-tt-trace-id", "request-id", "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-tokens-remaining", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
    }
)  # fmt: skip
"""Header names (lower case) whose values may be shown."""

FIELDS: Final = frozenset(
    {
        "account_id", "ad_id", "adgroup_id", "advertiser_id", "attempt", "calls", "campaign_id", "carousel_id",
        "cause", "code", "context", "currency", "delay", "error", "error_type", "event", "event_id", "exception",
        "field", "function", "key_token", "level", "max_attempts", "operation", "page", "page_size", "platform",
        "reason", "request_id", "retry_count", "rule", "scope", "source", "state", "status", "timestamp", "took",
        "total_delay", "type", "user_id", "vendor", "wait", "workflow_id", "workflow_run_id", "error_message",
    }
)  # fmt: skip
"""Names of event and context fields whose values may be shown."""

_SECRETS: Final = re.compile(
    r"""(?xi)
    (?P<name>["']?(?:access[_-]?token|appsecret_proof|client_secret|app_secret|secret|refresh_token|auth_code
        |(?:auth|id|session)[_-]?token|(?<![\w-])token(?=["']?\s*=)|(?:set-)?cookie|private[_-]?key
        |password|passwd|api[_-]?key|authorization|x-api-key|developer-token|sig(?:nature)?)["']?\s*[=:]\s*["']?
        (?:bearer\s+|basic\s+)?)
        (?P<value>[^\s"'&,;}\])]{3,})
    | (?P<bare>(?<=://)[^\s/:@]+:[^\s/@]+(?=@)
        |\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*
        |\b(?:EAA[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{16,}|pplx-[A-Za-z0-9]{16,}|AIza[0-9A-Za-z_-]{30,}
        |ya29\.[0-9A-Za-z_-]{15,}|act\.[A-Za-z0-9!._-]{24,}|bearer\s+[A-Za-z0-9._~+/-]{12,}=*))
    """
)

_SIGNS: Final = ("=", ":", "eyj", "eaa", "sk-", "pplx-", "aiza", "ya29.", "act.", "bearer")
"""What every match of the pattern holds, in lower case: most texts have none of it, and the pattern is slow."""

_SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|passw|credential|cookie|api[_-]?key|private[_-]?key|authori[sz]ation|signature|bearer|jwt"
)


def secret_name(name: str, allow: frozenset[str] = FIELDS) -> bool:
    """Whether what carries this name must be taken for a credential, whatever it looks like."""
    return name not in allow and _SECRET_NAME.search(name) is not None


def scrub(text: str) -> str:
    """A text without what looks like a credential; for vendor messages, URLs and exception texts."""
    if text.isascii():  # else letters have more lower forms than one
        low = text.lower()
        if not any(sign in low for sign in _SIGNS):
            return text
    return _SECRETS.sub(lambda found: (found["name"] or "") + HIDDEN, text)


def headers(values: Mapping[str, str]) -> dict[str, str]:
    """Headers by allow-list: names stay, values of unknown ones are hidden."""
    return {name: value if name.lower() in HEADERS else HIDDEN for name, value in values.items()}


def fields(values: Mapping[str, Any], allow: frozenset[str] = FIELDS) -> dict[str, Any]:
    """Event fields by allow-list; strings that may be shown are scrubbed too."""
    return {name: _shown(value) if name in allow else HIDDEN for name, value in values.items()}


def _shown(value: Any) -> Any:
    return scrub(value) if isinstance(value, str) else value
