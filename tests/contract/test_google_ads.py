"""Google Ads under the conformance suite, on its simulator: gRPC in process, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest

from backstay.ads import Status
from backstay.sandbox.rpc import RpcReply
from backstay.testing.bench import Bench, VendorError
from backstay.testing.conformance import AdPlatformConformance
from backstay_adapters.google_ads.sandbox import GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.failure import Problem, Refusal, refused
from backstay_adapters.google_ads.wire.read import status
from backstay_adapters.google_ads.wire.words import CONFIGURED, PRIMARY, REASONS, TOLD_BY_REASONS
from tests.support.google import google_bench


def said(family: str, member: str, code: str | None = None, **details: Any) -> RpcReply:
    """An error with a failure in the trailing metadata."""
    return refused(Refusal(Problem(family, member, "as the vendor says", details=details), code=code), "R1")


def bare(code: str, text: str = "") -> RpcReply:
    """A status without a failure."""
    return RpcReply(code=code, details=text)


def quota(seconds: int, scope: str = "DEVELOPER") -> RpcReply:
    """The day's quota, or the moment's limit, by the delay."""
    details = {"rate_scope": scope, "rate_name": "n", "retry_delay": f"{seconds}s"}
    return said("quota_error", "RESOURCE_EXHAUSTED", quota_error_details=details)


def error(rpc: RpcReply, kind: str, retryable: bool, retry_after: float | None = None) -> VendorError:
    """What the adapter must make of an answer."""
    return VendorError(b"", kind, retryable, retry_after=retry_after, rpc=rpc)


GRANT = "Getting metadata from plugin failed with error: ('invalid_grant: Bad Request', {})"
ERRORS = (
    error(said("authentication_error", "OAUTH_TOKEN_EXPIRED"), "TOKEN_EXPIRED", False),
    error(said("authentication_error", "OAUTH_TOKEN_REVOKED"), "TOKEN_INVALID", False),
    error(bare("UNAVAILABLE", GRANT), "TOKEN_INVALID", False),
    error(bare("UNAUTHENTICATED", "Request had invalid authentication credentials."), "TOKEN_INVALID", False),
    error(said("authorization_error", "USER_PERMISSION_DENIED"), "PERMISSION_DENIED", False),
    error(said("authorization_error", "CUSTOMER_NOT_ENABLED"), "ACCOUNT_DISABLED", False),
    error(quota(40_591), "QUOTA_EXHAUSTED", False, 40_591.0),
    error(quota(25, "ACCOUNT"), "API_RATE_LIMIT", True, 25.0),
    error(said("quota_error", "RESOURCE_TEMPORARILY_EXHAUSTED"), "API_RATE_LIMIT", True),
    error(bare("RESOURCE_EXHAUSTED", "Received message larger than max (8 vs. 6)"), "TOO_MUCH_DATA", False),
    error(said("query_error", "UNRECOGNIZED_FIELD"), "VALIDATION_FAILED", False),
    error(said("request_error", "RESOURCE_NOT_FOUND"), "NOT_FOUND", False),
    error(said("database_error", "CONCURRENT_MODIFICATION"), "CONFLICT", True),
    error(said("internal_error", "INTERNAL_ERROR"), "PLATFORM_SERVICE_ERROR", True),
    error(said("internal_error", "DEADLINE_EXCEEDED", "UNAVAILABLE"), "PLATFORM_TIMEOUT", True),
    error(bare("UNAVAILABLE", "The service is currently unavailable."), "PLATFORM_SERVICE_ERROR", True),
    error(bare("DEADLINE_EXCEEDED", "Deadline Exceeded"), "PLATFORM_TIMEOUT", True),
    error(bare("UNIMPLEMENTED", "GRPC target method can't be resolved."), "UNSUPPORTED", False),
)  # fmt: skip


def statuses() -> Iterable[Status]:
    """A status for each word of the vendor's."""
    for switch in CONFIGURED:
        yield status({"campaign.status": switch, "campaign.primary_status": "PAUSED"}, "campaign")
    for word in PRIMARY:
        yield status({"campaign.status": "ENABLED", "campaign.primary_status": word}, "campaign")
    for word in TOLD_BY_REASONS:
        for reason in REASONS:
            row = {"campaign.status": "ENABLED", "campaign.primary_status": word}
            yield status({**row, "campaign.primary_status_reasons": (reason,)}, "campaign")


class TestGoogleAds(AdPlatformConformance):
    """Search campaigns, reads that show writes at once."""

    read_lag: ClassVar[float | tuple[float, float]] = 0.0

    @pytest.fixture
    def bench(self) -> Bench:
        simulator = GoogleAdsSandbox(seed=11, read_lag=self.read_lag)
        return google_bench(simulator, statuses=statuses, errors=ERRORS)


class TestGoogleAdsLagging(TestGoogleAds):
    """The same where GAQL shows new objects up to five seconds late."""

    read_lag = (0.0, 5.0)
