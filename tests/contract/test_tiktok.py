"""TikTok under the conformance suite, on its simulator."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from backstay.ads import AdPlatform, Status
from backstay.compose import Split, Weights
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.testing.bench import Bench, VendorError
from backstay.testing.conformance import AdPlatformConformance
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, Advertiser, TikTokSandbox
from backstay_adapters.tiktok.wire.read import status


def envelope(code: int, message: str = "") -> bytes:
    """An answer of TikTok's."""
    return json.dumps({"code": code, "message": message, "request_id": "2026", "data": {}}).encode()


ERRORS = (
    VendorError(envelope(40104, "Access token is null"), "TOKEN_INVALID", False),
    VendorError(envelope(40105, "Access token is incorrect or has been revoked."), "TOKEN_INVALID", False),
    VendorError(envelope(40102, "expired"), "TOKEN_EXPIRED", False),
    VendorError(envelope(40001, "No permission to operate advertiser 1"), "PERMISSION_DENIED", False),
    VendorError(envelope(40001, "The advertiser 1 doesn't exist or has been deleted."), "NOT_FOUND", False),
    VendorError(envelope(40100, "App 1 reaches the QPS limit 10"), "API_RATE_LIMIT", True, retry_after=1.0),
    VendorError(envelope(40100, "requests are temporarily restricted."), "API_RATE_LIMIT", True, retry_after=300.0),
    VendorError(envelope(40002, "page_size: must be less than 1000"), "VALIDATION_FAILED", False),
    VendorError(envelope(50000, "System error"), "PLATFORM_SERVICE_ERROR", True),
    VendorError(envelope(51001, "internal service timeout"), "PLATFORM_TIMEOUT", True),
    VendorError(envelope(60001, "maintenance"), "SERVICE_UNAVAILABLE", True),
    VendorError(b"<html>502 Bad Gateway</html>", "PLATFORM_SERVICE_ERROR", True, status=502),
    VendorError(b"", "BAD_RESPONSE", True),
    VendorError(b'{"code": 0, "mess', "BAD_RESPONSE", True),
)  # fmt: skip

PRIMARY = (
    "STATUS_DELIVERY_OK", "STATUS_DISABLE", "STATUS_NOT_DELIVERY", "STATUS_TIME_DONE", "STATUS_DELETE",
    "STATUS_FROZEN", "STATUS_RF_CLOSED", "STATUS_DELIVERY_PARTIAL",
)  # fmt: skip
SECONDARY = (
    "CAMPAIGN_STATUS_ENABLE", "CAMPAIGN_STATUS_DISABLE", "CAMPAIGN_STATUS_DELETE", "CAMPAIGN_STATUS_BUDGET_EXCEED",
    "ADGROUP_STATUS_DELIVERY_OK", "ADGROUP_STATUS_AUDIT", "ADGROUP_STATUS_NOT_START", "ADGROUP_STATUS_TIME_DONE",
    "AD_STATUS_AUDIT", "AD_STATUS_AUDIT_DENY", "AD_STATUS_DELIVERY_OK", "AD_STATUS_DISABLE",
)  # fmt: skip


def statuses() -> Iterable[Status]:
    """A status for each documented word."""
    for switch in ("ENABLE", "DISABLE", "DELETE", "FROZEN"):
        yield status({"operation_status": switch, "primary_status": "STATUS_NOT_DELIVERY"})
    for word in PRIMARY:
        yield status({"operation_status": "ENABLE", "primary_status": word})
    for word in SECONDARY:
        yield status({"operation_status": "ENABLE", "secondary_status": word})


class TestTikTok(AdPlatformConformance):
    """The manual flow, with reads that show writes at once."""

    read_lag: float | tuple[float, float] = 0.0
    flow = "manual"

    @pytest.fixture
    def bench(self) -> Bench:
        return Bench(
            TikTokSandbox(seed=11, read_lag=self.read_lag),
            lambda runtime, transport: TikTokAds(
                ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate", flow=self.flow
            ),
            extra={"po_number": "PO-7"},
            statuses=statuses,
            errors=ERRORS,
        )


class TestTikTokLagging(TestTikTok):
    """The same with lists that show new objects up to five seconds late."""

    read_lag = (0.0, 5.0)


class TestTikTokSmartPlus(TestTikTok):
    """The same in the Smart+ flow."""

    flow = "smart_plus"


class TestTikTokSplit(TestTikTok):
    """Two accounts of TikTok's as one: half of the keys go to each."""

    ACCOUNTS = (ADVERTISERS[0], "7000000000000000009")

    @pytest.fixture
    def bench(self) -> Bench:
        advertisers = [Advertiser(account) for account in self.ACCOUNTS]
        return Bench(
            TikTokSandbox(seed=11, read_lag=self.read_lag, advertisers=advertisers),
            self.split,
            extra={"po_number": "PO-7"},
            statuses=statuses,
            errors=ERRORS,
        )

    def split(self, runtime: Runtime, transport: SimTransport) -> AdPlatform:
        members = {
            account: TikTokAds(account, TOKEN, runtime=runtime, transport=transport, tier="ultimate", flow=self.flow)
            for account in self.ACCOUNTS
        }
        return Split(members, Weights(dict.fromkeys(self.ACCOUNTS, 1)), name="conformance")
