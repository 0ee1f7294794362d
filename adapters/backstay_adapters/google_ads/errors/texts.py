"""What only a text or a machine-readable reason says: dead credentials in disguise, versions that are no more.

A refresh token that died comes as UNAVAILABLE, "Getting metadata from plugin failed with error: invalid_grant", like
a network fault; 79,000 retries of one are on record (PostHog/posthog#56470). So these rows stand before the statuses.
"""

from __future__ import annotations

from typing import Final

from backstay.table import Match, Row, pattern, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors.quota import told

_AUTHORISE: Final = "ask a human to give consent again; of an OAuth app in testing, refresh tokens live 7 days"
_APP: Final = "check client id and client secret, and that the OAuth client still exists"
_SETTINGS: Final = "check the credential file or the environment that Google's library looks for"


def reason(*names: str) -> Match:
    """Google's own machine-readable reason is one of these."""
    known = frozenset(names)
    return Match(lambda facts: bool(told(facts).reasons & known))


def exception(*names: str) -> Match:
    """A class of google-auth's was raised: by its own name, without its module."""
    known = frozenset(names)
    return Match(lambda facts: told(facts).exception.rpartition(".")[2] in known)


_PLUGIN: Final = pattern(r"metadata (credentials )?(from )?plugin|retrieve auth metadata")
_LINE: Final = pattern(
    r"httpsconnectionpool|httpconnectionpool|max retries exceeded|connection (reset|refused|aborted)|timed? ?out"
    r"|name resolution|temporary failure|unreachable|transporterror|remotedisconnected|\b50[0234]\b"
)
_EXPIRED: Final = pattern(r"\b(has been )?expired or revoked|token (has )?(been )?expired|invalid_rapt|reauth")
_GRANT: Final = pattern(r"\binvalid_grant\b")
_CLIENT: Final = pattern(r"\b(invalid_client|unauthorized_client|deleted_client|invalid_scope)\b")
_POLICY: Final = pattern(
    r"\b(access_not_configured|org_internal|admin_policy_enforced|disabled_client|access_denied)\b"
)
_REFUSED: Final = Certainty.REFUSED

VERSION: Final = (
    Row("google_ads.text.version",
        pattern(r"version v?\d+ (is|has been) (deprecated|sunset)|requests to this version will be blocked"),
        "UNSUPPORTED", hint="this version of the vendor's API is going or gone: upgrade backstay"),
)  # fmt: skip
"""Said beside the meaningless code request_error.UNKNOWN, so before all codes."""

TEXTS: Final = (
    Row("google_ads.auth.expired_reason", reason("ACCESS_TOKEN_EXPIRED"), "TOKEN_EXPIRED",
        hint="the access token has run out: give a provider or a refresh token instead"),
    Row("google_ads.auth.expired", (_GRANT & _EXPIRED) | pattern("invalid_rapt"), "TOKEN_EXPIRED", certainty=_REFUSED,
        hint=_AUTHORISE),
    Row("google_ads.auth.grant", _GRANT, "TOKEN_INVALID", certainty=_REFUSED, hint=_AUTHORISE),
    Row("google_ads.auth.client", _CLIENT, "TOKEN_INVALID", certainty=_REFUSED, hint=_APP),
    Row("google_ads.auth.policy", _POLICY, "PERMISSION_DENIED", certainty=_REFUSED,
        hint="an administrator has to allow this app for the organisation"),
    Row("google_ads.auth.forbidden", _PLUGIN & pattern(r"\b403\b|forbidden"), "PERMISSION_DENIED", certainty=_REFUSED,
        hint="the token endpoint refused: the service account or this machine may not ask"),
    Row("google_ads.auth.request", _PLUGIN & pattern(r"\binvalid_request\b"), "TOKEN_INVALID", certainty=_REFUSED,
        hint=_APP),
    Row("google_ads.auth.line", (_PLUGIN | exception("TransportError", "RefreshError")) & _LINE,
        "PLATFORM_SERVICE_ERROR", hint="Google's token endpoint could not be reached; nothing was sent"),
    Row("google_ads.auth.transport", exception("TransportError"), "PLATFORM_SERVICE_ERROR",
        hint="Google's token endpoint could not be reached; nothing was sent"),
    Row("google_ads.auth.settings", exception("DefaultCredentialsError", "MalformedError"), "TOKEN_INVALID",
        certainty=_REFUSED, hint=_SETTINGS),
    # "... metadata credentials plugin." without a cause (google-ads-dotnet#23) is a dead credential, too.
    Row("google_ads.auth.unnamed", _PLUGIN | exception("RefreshError"), "TOKEN_INVALID", certainty=_REFUSED,
        hint=_AUTHORISE),
    Row("google_ads.api_off", pattern(r"has not been used in project|it is disabled|service_disabled")
        | reason("SERVICE_DISABLED"), "PERMISSION_DENIED",
        hint="switch the Google Ads API on in the Google Cloud project that the credential belongs to"),
    Row("google_ads.scope", reason("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "PERMISSION_DENIED",
        hint="the consent lacks the scope .../auth/adwords: ask for it"),
    Row("google_ads.auth.access_token",
        subcode("UNAUTHENTICATED") & pattern("invalid authentication credentials"), "TOKEN_INVALID",
        hint="the access token is wrong or has run out (they live an hour): give a provider or a refresh token"),
)  # fmt: skip
"""Answers without a judged member."""
