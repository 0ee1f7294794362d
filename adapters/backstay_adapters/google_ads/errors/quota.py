"""Too many calls, too many operations a day, too large a message: three things that share one gRPC status.

The day's quota and the bucket of the moment are told apart by the delay in the failure's details, not by the text,
which is the same. A quota of the DEVELOPER is the project's, shared by all its users; one of the ACCOUNT a customer's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.table import Match, Row, code, pattern, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors.failure import Told

if TYPE_CHECKING:
    from backstay.table import Facts

SHORT: Final = 3_600.0
"""Seconds up to which a wait is one of a rate limit; beyond, a quota is used up."""
PROJECT, CUSTOMER = "app", "customer"
"""The names of the limits in the profile."""

_DAILY: Final = "quota_error.RESOURCE_EXHAUSTED"
_BUCKET: Final = (
    "quota_error.RESOURCE_TEMPORARILY_EXHAUSTED", "quota_error.EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
)  # fmt: skip
_SLOW: Final = "send fewer calls: the vendor counts by customer and by project, and all users of a project share it"
_SPENT: Final = "the project's operations of 24 hours are used up: wait as long as it says, or ask for a higher level"
_LARGE: Final = "ask for less at once: fewer fields, fewer rows, fewer operations"


def told(facts: Facts) -> Told:
    """What the answer carries; nothing where somebody else made the facts."""
    return facts.data if isinstance(facts.data, Told) else Told()


def delay(facts: Facts) -> float | None:
    """Seconds that the vendor asks to wait."""
    return told(facts).delay


_ACCOUNT: Final = Match(lambda facts: told(facts).rate_scope.upper() == "ACCOUNT")
_SOON: Final = Match(lambda facts: (wait := delay(facts)) is not None and wait <= SHORT)
_TOO_LARGE: Final = pattern(r"larger than max|exceeds maximum size|message (is )?too large|message size")

QUOTA: Final = (
    Row("google_ads.rate.customer", code(_DAILY) & _SOON & _ACCOUNT, "API_RATE_LIMIT", wait=delay, scope=CUSTOMER,
        hint=_SLOW),
    Row("google_ads.rate.project", code(_DAILY) & _SOON, "API_RATE_LIMIT", wait=delay, scope=PROJECT, hint=_SLOW),
    Row("google_ads.quota.customer", code(_DAILY) & _ACCOUNT, "QUOTA_EXHAUSTED", wait=delay, scope=CUSTOMER,
        hint=_SPENT),
    Row("google_ads.quota.project", code(_DAILY), "QUOTA_EXHAUSTED", wait=delay, scope=PROJECT, hint=_SPENT),
    Row("google_ads.bucket.customer",
        code(*_BUCKET) & _ACCOUNT, "API_RATE_LIMIT", wait=delay, scope=CUSTOMER, hint=_SLOW),
    Row("google_ads.bucket.project",
        code(*_BUCKET), "API_RATE_LIMIT", wait=delay, scope=PROJECT, hint=_SLOW),
)  # fmt: skip
"""The members that mean "too much"."""

SIZES: Final = (
    # The far side has acted before its answer turned out too large for us.
    Row("google_ads.size.received", subcode("RESOURCE_EXHAUSTED") & pattern("received") & _TOO_LARGE, "TOO_MUCH_DATA",
        certainty=Certainty.UNKNOWN, hint=_LARGE),
    Row("google_ads.size", subcode("RESOURCE_EXHAUSTED") & _TOO_LARGE, "TOO_MUCH_DATA", hint=_LARGE),
)  # fmt: skip
"""Messages beyond the limit of the connection: gRPC's own status for it is the one of quotas."""
