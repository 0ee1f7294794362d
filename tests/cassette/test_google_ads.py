"""Google Ads from cassettes: every operation, fourteen of its errors, and the official client's own calls.

Record anew with `pytest tests/cassette/test_google_ads.py --backstay-record=sandbox`. They are recorded on our own
simulator, so they show that the wire stays as it is, not that it is the vendor's.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from google.auth.credentials import AnonymousCredentials

from backstay.ads import ConfiguredStatus, MediaKind, MediaUpload
from backstay.errors import BackstayError, PartialFailureError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve_rpc
from backstay.testing.rpc_tape import MissingInteraction
from backstay.writes.guard import SpendGuard
from backstay_adapters.google_ads import GoogleAds, google_ads_profile
from backstay_adapters.google_ads.sandbox import CUSTOMERS, DEVELOPER_TOKEN, TOKEN, GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.official import service
from tests.support import plays
from tests.support.google import google_bench
from tests.support.plays import Play, Scene, StillClock

C = CUSTOMERS[0]


DOTS = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAAC0lEQVR4nGNgAAEAAAYAAf6MZ8gAAAAASUVORK5CYII=")
"""A picture of two by two. In base64 that of a single dot looks like somebody's token."""


async def upload_image(scene: Scene) -> None:
    """An image that is one."""
    image = MediaUpload(kind=MediaKind.IMAGE, name="spring.png", data=DOTS, media_type="image/png")
    assert (await scene.ads.upload_image(image, idempotency_key="tape/image")).value.width == 2


async def create_tree(scene: Scene) -> None:
    """All of it in one mutate."""
    built = await scene.ads.create_tree(await scene.bench.tree(scene.ads), idempotency_key="tape/tree")
    assert [len(group.ads) for group in built.value.groups] == [1, 1]


async def dry_run(scene: Scene) -> None:
    """The vendor checks and makes nothing."""
    made = await scene.ads.create_campaign(scene.bench.campaign(), idempotency_key="tape/dry", dry_run=True)
    assert made.how == "planned"


async def pause_all(scene: Scene) -> None:
    """A verdict for each: one campaign is removed."""
    refs = [await plays.campaign(scene, name) for name in ("Spring", "Summer")]
    await scene.ads.set_status(refs[0], ConfiguredStatus.DELETED)
    with pytest.raises(PartialFailureError) as caught:
        await scene.ads.pause_all(refs)
    assert caught.value.items[str(refs[1])] is None


OFF = {plays.get_balance, plays.upload_image, plays.upload_video, plays.report_job}
OPERATIONS: tuple[Play, ...] = (
    *(play for play in plays.OPERATIONS if play not in OFF), upload_image, create_tree, dry_run, pause_all,
)  # fmt: skip

VENDOR, LIMIT = FaultKind.VENDOR_ERROR, FaultKind.RATE_LIMIT
ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(LIMIT), "API_RATE_LIMIT"),
    "short_quota": (FaultRule(LIMIT, long=True), "API_RATE_LIMIT"),
    "quota_of_the_day": (FaultRule(LIMIT, long=True, retry_after=40_591.0), "QUOTA_EXHAUSTED"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "invalid_grant": (FaultRule(FaultKind.TOKEN_REVOKED, error="invalid_grant"), "TOKEN_EXPIRED"),
    "transient": (FaultRule(VENDOR, error="internal_error.TRANSIENT_ERROR"), "PLATFORM_SERVICE_ERROR"),
    "internal_deadline": (FaultRule(VENDOR, error="internal_error.DEADLINE_EXCEEDED"), "PLATFORM_TIMEOUT"),
    "unavailable": (FaultRule(VENDOR, error="UNAVAILABLE"), "PLATFORM_SERVICE_ERROR"),
    "concurrent": (FaultRule(VENDOR, error="database_error.CONCURRENT_MODIFICATION"), "CONFLICT"),
    "no_permission": (FaultRule(VENDOR, error="authorization_error.USER_PERMISSION_DENIED"), "PERMISSION_DENIED"),
    "not_enabled": (FaultRule(VENDOR, error="authorization_error.CUSTOMER_NOT_ENABLED"), "ACCOUNT_DISABLED"),
    "wrong_query": (FaultRule(VENDOR, error="query_error.UNRECOGNIZED_FIELD"), "VALIDATION_FAILED"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "PLATFORM_SERVICE_ERROR"),
}  # fmt: skip


@contextlib.asynccontextmanager
async def served(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[str | None]:
    """The simulator's address while recording; nobody answers on replay, but the tape."""
    if record == "live":
        pytest.skip("recording live needs credentials: set GOOGLE_ADS_* and use GoogleAds.from_env()")
    if record is None:
        yield None
        return
    async with serve_rpc(GoogleAdsSandbox(seed=5, faults=plan), clock=StillClock()) as found:
        yield found.target


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None) -> AsyncIterator[Scene]:
    """An adapter that is not connected yet: its channel has to be made while the tape runs."""
    profile = google_ads_profile("standard").with_(read_lag=0.0, limits={})
    runtime = Runtime.in_memory(clock=StillClock(), listeners=(), guard=SpendGuard.unlimited())
    async with served(record, plan) as target:
        where = {} if target is None else {"endpoint": f"http://{target}"}
        ads = GoogleAds(C, TOKEN, developer_token=DEVELOPER_TOKEN, runtime=runtime, profile=profile, **where)
        try:
            yield Scene(ads, google_bench())  # the bench is for its samples
        finally:
            await ads.aclose()


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's calls, as recorded."""
    async with stage(backstay_record) as scene:
        with backstay_cassette(f"google_ads/{play.__name__}"):
            await play(scene)


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type; its failure has travelled in the trailing metadata."""
    rule, kind = ERRORS[name]
    async with stage(backstay_record, FaultPlan([rule])) as scene:
        with backstay_cassette(f"google_ads/error_{name}"), pytest.raises(BackstayError) as caught:
            await scene.ads.with_options(max_attempts=1).get_account()
    assert caught.value.type == kind


async def test_the_official_client_replays_too(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Its own interceptors and exceptions, in front of the tape: a mutate, a stream, and a failure of each."""
    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)
    client = GoogleAdsClient(
        AnonymousCredentials(), developer_token=DEVELOPER_TOKEN, version="v26", use_proto_plus=True
    )
    async with served(backstay_record) as target:
        with backstay_cassette("google_ads/official_client"):
            ads = service(
                client, "GoogleAdsService",
                lambda each: grpc.aio.insecure_channel(target or "127.0.0.1:1", interceptors=each),
            )  # fmt: skip
            budget = {"campaign_budget_operation": {"create": {"name": "Official", "amount_micros": 50_000_000}}}
            made = await ads.mutate(customer_id=C, mutate_operations=[budget])
            assert "campaignBudgets" in made.mutate_operation_responses[0].campaign_budget_result.resource_name
            with pytest.raises(GoogleAdsException) as caught:
                await ads.mutate(customer_id=C, mutate_operations=[budget])
            assert caught.value.failure.errors[0].error_code.campaign_budget_error.name == "DUPLICATE_NAME"
            query = "SELECT campaign_budget.name, campaign_budget.amount_micros FROM campaign_budget"
            rows = [row async for batch in await ads.search_stream(customer_id=C, query=query) for row in batch.results]
            assert [row.campaign_budget.name for row in rows] == ["Official"]
            await ads.transport.close()


async def test_a_call_that_was_not_recorded_is_refused(backstay_cassette: Any, backstay_record: str | None) -> None:
    """Nothing leaves, and the message shows what was asked."""
    if backstay_record is not None:
        pytest.skip("replay only")
    async with stage(None) as scene:
        ads = scene.ads.with_options(max_attempts=1)
        with contextlib.suppress(AssertionError), backstay_cassette("google_ads/get_account"):
            with pytest.raises(BackstayError) as caught:
                await ads.list_campaigns()
            assert isinstance(caught.value.__cause__, MissingInteraction)


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No token, no address; each says where it comes from, and failures can be read."""
    files = sorted((request.config.rootpath / "cassettes" / "google_ads").glob("*.json"))
    assert len(files) >= len(OPERATIONS) + 10
    for file in files:
        text = file.read_text("utf8")
        assert TOKEN not in text
        assert DEVELOPER_TOKEN not in text
        assert "Bearer" not in text
        assert "127.0.0.1" not in text
        assert json.loads(text)["recorded_from"] == "sandbox"
    failure = json.loads((files[0].parent / "error_no_permission.json").read_text("utf8"))["interactions"][0]
    told = dict(failure["trailing"])["google.ads.googleads.v26.errors.googleadsfailure-bin"]
    assert told["errors"][0]["error_code"] == {"authorization_error": "USER_PERMISSION_DENIED"}
