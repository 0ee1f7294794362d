"""TikTok from cassettes: every operation, and ten of its errors, with no network.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.bench import Bench
from backstay.writes.guard import SpendGuard
from backstay_adapters.tiktok import TikTokAds, tiktok_profile
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
from tests.support import plays
from tests.support.plays import Play, Scene, StillClock


async def smart_plus(scene: Scene) -> None:
    scene.ads.flow = "smart_plus"
    found = await scene.ads.get_ad(await plays.ad(scene))
    assert found.extra["flow"] == "smart_plus"


OPERATIONS: tuple[Play, ...] = (*plays.OPERATIONS, smart_plus)

FAULT = FaultKind
ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FAULT.RATE_LIMIT), "API_RATE_LIMIT"),
    "restricted": (FaultRule(FAULT.RATE_LIMIT, long=True), "API_RATE_LIMIT"),
    "token_expired": (FaultRule(FAULT.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FAULT.TOKEN_REVOKED), "TOKEN_INVALID"),
    "system_error": (FaultRule(FAULT.VENDOR_ERROR, code=50000), "PLATFORM_SERVICE_ERROR"),
    "internal_timeout": (FaultRule(FAULT.VENDOR_ERROR, code=51001, text="service timeout"), "PLATFORM_TIMEOUT"),
    "maintenance": (FaultRule(FAULT.VENDOR_ERROR, code=60001, text="maintenance"), "SERVICE_UNAVAILABLE"),
    "no_permission": (
        FaultRule(FAULT.VENDOR_ERROR, code=40001, text="No permission to operate advertiser"), "PERMISSION_DENIED",
    ),
    "not_found": (
        FaultRule(FAULT.VENDOR_ERROR, code=40001, text="It doesn't exist or has been deleted."), "NOT_FOUND",
    ),
    "bad_gateway": (FaultRule(FAULT.HTTP_5XX, status=502), "PLATFORM_SERVICE_ERROR"),
    "html": (FaultRule(FAULT.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FAULT.HALF_JSON), "BAD_RESPONSE"),
}  # fmt: skip


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[Scene]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set TIKTOK_* and use TikTokAds.from_env()")
    sandbox = TikTokSandbox(seed=5, faults=plan, transcode=0.0, task_queue=0.0, task_run=0.0) if record else None
    profile = tiktok_profile("ultimate").with_(read_lag=0.0, limits={})
    runtime = Runtime.in_memory(clock=StillClock(), listeners=(), guard=SpendGuard.unlimited())
    async with (
        plays.address("tiktok", sandbox) as where,
        TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, profile=profile, **where) as ads,
    ):
        yield Scene(ads, Bench(TikTokSandbox(), lambda *_: ads))  # the bench is only for its samples


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as scene:
        with backstay_cassette(f"tiktok/{play.__name__}"):
            await play(scene)


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = ERRORS[name]
    async with stage(backstay_record, FaultPlan([rule])) as scene:
        with backstay_cassette(f"tiktok/error_{name}"), pytest.raises(BackstayError) as caught:
            await scene.ads.with_options(max_attempts=1).get_account()
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No token, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "tiktok").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 10
    for file in files:
        text = file.read_text()
        assert TOKEN not in text
        assert "Access-Token" not in text
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
