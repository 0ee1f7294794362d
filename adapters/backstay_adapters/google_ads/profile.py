"""Google Ads' numbers, each with its source (API v26; `docs/adapters/google_ads.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.policies.backoff import Backoff
from backstay.policies.hedge import HedgeOptions
from backstay.policies.retry import Retry
from backstay.policies.settings import one_of
from backstay.profile import Limit, Profile, TimeoutConfig

API_VERSION: Final = "v26"
"""Pinned: a newer package moves its own default silently. A version lives about a year."""
ENDPOINT: Final = "googleads.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/adwords"
TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

MAX_MESSAGE: Final = 64 * 1024 * 1024
"""Bytes of a message, both ways: the limit of the vendor's own client."""
MAX_OPERATIONS: Final = 10_000
"""Operations in one mutate (request_error.TOO_MANY_MUTATE_OPERATIONS beyond)."""
MAX_ROWS: Final = 10_000
"""Rows that a list asks for at once: what the vendor's own pages hold."""

DAY: Final = 86_400.0
LEVELS: Final = MappingProxyType({"explorer": 2_880, "basic": 15_000, "standard": None, "test": 15_000})
"""Operations in 24 hours by the API access of the project; None is unlimited. The day is a sliding one, a read counts
as one operation, and all users of the project share it (the vendor's page "Access levels and permissible use")."""

CALLS_PER_SECOND: Final = 10.0
"""Our bound for one customer. The vendor has token buckets per customer and per project and names no numbers, so
this is an assumption: low enough not to live off refusals, high enough not to be felt."""

READ_LAG: Final = 10.0
"""Seconds after which GAQL shows for certain what a mutate has made. The vendor says that search reads what was
written, and names no lag; but a mutate whose caller has gone may still be at work, so this is an assumption on the
safe side."""


def google_ads_profile(level: str = "basic") -> Profile:
    """The profile of a level of API access: explorer, basic, standard or test."""
    one_of("level", level, LEVELS)
    a_day = LEVELS[level]
    windows = () if a_day is None else ((float(a_day), DAY),)
    project = Limit(rate=5 * CALLS_PER_SECOND, burst=10 * CALLS_PER_SECOND, windows=windows)
    customer = Limit(rate=CALLS_PER_SECOND, burst=2 * CALLS_PER_SECOND, per="account")
    return Profile(
        # The vendor's advice for throttling and for internal errors: begin at 5 s, double, with jitter.
        retry=Retry(throttle=Backoff(base=5.0, factor=2.0, cap=60.0)),
        limits=MappingProxyType({"app": project, "customer": customer}),
        hedge=HedgeOptions() if a_day is None else None,  # where the day's operations are counted, none is spent twice
        read_lag=READ_LAG,
        patience=(0.0, 0.5, 1.0, 2.0, 4.0, 7.0),
        timeouts=TimeoutConfig(kinds=MappingProxyType({"api_call": 30.0, "report": 120.0, "default": 30.0})),
        note="operations a day from the vendor's page on access levels; calls a second are ours",
    )
