"""Instagram under the conformance suite, on its simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.bench import VendorError
from backstay.testing.conformance import PublishBench, PublisherConformance
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY, InstagramSandbox
from backstay_adapters.instagram.wire.read import STATES
from tests.support.posts import CAROUSEL, IMAGE, REEL, STORY, jpeg


def error(
    code: int, subcode: int | None, message: str, type_: str, *, again: bool, status: int = 400, **facts: Any
) -> VendorError:
    """A row of the table: an error in Graph's envelope."""
    told = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, "fbtrace_id": "A1"}
    body = json.dumps({"error": {name: value for name, value in told.items() if value is not None}}).encode()
    return VendorError(body, type_, again, status=status, **facts)


def page(status: int, body: bytes, type_: str, *, again: bool) -> VendorError:
    """A row of the table: whatever else may come."""
    return VendorError(body, type_, again, status=status)


USED_UP = json.dumps({ACCOUNT: [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 3}]})
ERRORS = (
    error(-1, 2207001, "Fatal", "PLATFORM_SERVICE_ERROR", again=True),
    error(-2, 2207003, "It takes too long to download the media.", "PLATFORM_TIMEOUT", again=True),
    error(1, None, "An unknown error occurred", "PLATFORM_SERVICE_ERROR", again=True, status=500),
    error(4, None, "Application request limit reached", "API_RATE_LIMIT", again=True, retry_after=60.0),
    error(4, 2207051, "Application request limit reached", "API_RATE_LIMIT", again=False, status=403),
    error(9, 2207042, "Application limit reached", "QUOTA_EXHAUSTED", again=False),
    error(10, None, "(#10) no permission", "PERMISSION_DENIED", again=False, status=403),
    error(24, 2207008, "does not exist or has expired", "NOT_FOUND", again=True),
    error(25, 2207050, "User access is restricted", "ACCOUNT_DISABLED", again=False),
    error(100, 2207028, "Invalid parameter", "VALIDATION_FAILED", again=False),
    error(190, 463, "Session has expired", "TOKEN_EXPIRED", again=False),
    error(190, None, "Invalid OAuth access token", "TOKEN_INVALID", again=False, status=401),
    error(9007, 2207027, "Media ID is not available", "NOT_READY", again=True),
    error(
        80002, None, "too many calls", "API_RATE_LIMIT", again=True, retry_after=180.0,
        headers={"x-business-use-case-usage": USED_UP},
    ),
    page(502, b"<html><h1>502 Bad Gateway</h1></html>", "PLATFORM_SERVICE_ERROR", again=True),
    page(200, b"<html>Log in</html>", "BAD_RESPONSE", again=True),
    page(200, b"{}", "BAD_RESPONSE", again=True),
    page(200, b'{"error":{"code":190,"message":"Session has expired"}}', "TOKEN_EXPIRED", again=False),
)  # fmt: skip


def somebody(bench: PublishBench, caption: str) -> None:
    """Posts with the app."""
    vendor: Any = bench.simulator
    vendor.by_hand(bench.clock.wall(), caption)


def on(**settings: Any) -> PublishBench:
    """A bench on a simulator with these settings."""
    return PublishBench(
        lambda seed: InstagramSandbox(seed=seed, again="posts", **settings),
        lambda runtime, transport: Instagram(ACCOUNT, KEY, runtime=runtime, transport=transport),
        posts=(IMAGE, CAROUSEL, REEL, STORY),
        publishing="media_publish",
        preparing="media/*",
        somebody=somebody,
        refused=(
            IMAGE.but(media=(jpeg(), jpeg())), CAROUSEL.but(media=(jpeg(),)), CAROUSEL.but(media=(jpeg(),) * 11),
            IMAGE.but(caption="x" * 2_201), IMAGE.but(media=(jpeg(width=100, height=1_000),)),
        ),
        states=STATES,
        rules={"refused_but_live": FaultRule(
            FaultKind.VENDOR_ERROR, error="spam", after_commit=True, operation="media_publish"
        )},
        errors=ERRORS,
        seed=31,
    )  # fmt: skip


class TestInstagram(PublisherConformance):
    """What is read is what is."""

    @pytest.fixture
    def bench(self) -> PublishBench:
        return on()


class TestInstagramWhoseReadsLag(PublisherConformance):
    """States, lists and posts show late what was done."""

    @pytest.fixture
    def bench(self) -> PublishBench:
        return on(status_lag=(2.0, 15.0), read_lag=(1.0, 20.0), node_lag=(0.5, 4.0))
