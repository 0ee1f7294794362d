"""Meta under the conformance suite, on its simulator."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from backstay.ads import Schedule, Status
from backstay.testing.bench import Bench, VendorError
from backstay.testing.conformance import AdPlatformConformance
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, Account, MetaSandbox
from backstay_adapters.meta.wire.status import status
from backstay_adapters.meta.wire.words import CONFIGURED, DELIVERY


def envelope(code: int, subcode: int | None = None, message: str = "", **more: object) -> bytes:
    """An error of Meta's."""
    told = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}
    return json.dumps({"error": told if subcode is None else {**told, "error_subcode": subcode}}).encode()


BUSY = {"x-business-use-case-usage": '{"1":[{"type":"ads_management","estimated_time_to_regain_access":5}]}'}
ERRORS = (
    VendorError(envelope(190, 463, "Session has expired"), "TOKEN_EXPIRED", False, status=400),
    VendorError(envelope(190, None, "Cannot parse access token"), "TOKEN_INVALID", False, status=400),
    VendorError(envelope(200, None, "has NOT grant ads_management"), "PERMISSION_DENIED", False, status=403),
    VendorError(envelope(200, 2490592, "Permissions error"), "ACCOUNT_DISABLED", False, status=400),
    VendorError(envelope(100, 33, "does not exist"), "NOT_FOUND", False, status=400),
    VendorError(envelope(100, 1885272, "Invalid parameter"), "VALIDATION_FAILED", False, status=400),
    VendorError(envelope(100, 1359188), "BUDGET_INSUFFICIENT", False, status=400),
    VendorError(envelope(17, 2446079), "API_RATE_LIMIT", True, status=400, retry_after=60.0),
    VendorError(envelope(80004), "API_RATE_LIMIT", True, status=400, headers=BUSY, retry_after=300.0),
    VendorError(envelope(4), "API_RATE_LIMIT", True, status=403, retry_after=60.0),
    VendorError(envelope(1, 99, "An unknown error occurred"), "PLATFORM_SERVICE_ERROR", True, status=500),
    VendorError(envelope(2, None, "temporarily", is_transient=True), "PLATFORM_SERVICE_ERROR", True),
    VendorError(envelope(2635, None, "deprecated version"), "UNSUPPORTED", False, status=400),
    VendorError(envelope(31, 3858385, "pending action"), "PERMISSION_DENIED", False),
    VendorError(b"<html>502 Bad Gateway</html>", "PLATFORM_SERVICE_ERROR", True, status=502),
    VendorError(b"Service Unavailable", "PLATFORM_SERVICE_ERROR", True),
    VendorError(b"", "BAD_RESPONSE", True),
    VendorError(b'{"id": "act_', "BAD_RESPONSE", True),
)  # fmt: skip

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def statuses() -> Iterable[Status]:
    """A status for each documented word."""
    for switch in CONFIGURED:
        yield status({"status": switch, "effective_status": "PAUSED"}, Schedule(), NOW)
    for word in DELIVERY:
        yield status({"status": "ACTIVE", "effective_status": word}, Schedule(), NOW)


class TestMeta(AdPlatformConformance):
    """Markers in names, reads that show writes at once."""

    sandbox: ClassVar[dict[str, Any]] = {}
    adapter: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def bench(self) -> Bench:
        return Bench(
            MetaSandbox(seed=11, accounts=(Account(ACCOUNTS[0], spend_cap=10_000_000),), **self.sandbox),
            lambda runtime, transport: MetaAds(
                ACCOUNTS[0], TOKEN, runtime=runtime, transport=transport, **self.adapter
            ),
            locations=("US",),
            extra={"buying_type": "AUCTION"},
            statuses=statuses,
            errors=ERRORS,
            further_writes={
                "create_creative": lambda ads, made: ads.create_creative(
                    made.spec.creative, name="C15", idempotency_key="c15"
                )
            },
        )


class TestMetaLagging(TestMeta):
    """Lists and looks by name that show new objects up to five seconds late."""

    sandbox: ClassVar[dict[str, Any]] = {"read_lag": (0.0, 5.0)}


class TestMetaLaggingNodes(TestMeta):
    """Even GET of an id does not know a new object for some seconds, and shows old values of a changed one."""

    sandbox: ClassVar[dict[str, Any]] = {"read_lag": (0.0, 5.0), "lag_nodes": True, "lag_updates": True}


class TestMetaReplicas(TestMeta):
    """Each look may be answered by a replica that is behind: what was seen may not be seen again."""

    sandbox: ClassVar[dict[str, Any]] = {"read_lag": (0.0, 3.0), "replica_lag": (0.0, 4.0), "contain": "fuzzy"}


class TestMetaLabels(TestMeta):
    """Markers as labels, whose index lags more than that of names; names stay as the caller wrote them."""

    sandbox: ClassVar[dict[str, Any]] = {"read_lag": (0.0, 2.0), "label_lag": (0.0, 6.0)}
    adapter: ClassVar[dict[str, Any]] = {"label": True}
