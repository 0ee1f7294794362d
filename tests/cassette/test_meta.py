"""Meta from cassettes: every operation, and fourteen of its errors, with no network.

Record anew with `pytest tests/cassette --backstay-record=sandbox`. They are recorded on our own simulator, so they
show that the wire stays as it is, not that it is the vendor's.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest

from backstay.ads import (
    Budget,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DateRange,
    IdentityRef,
    Level,
    MediaKind,
    MediaUpload,
    MetricsQuery,
    Query,
)
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.bench import Bench
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta import MetaAds, meta_profile
from backstay_adapters.meta.adapter import media
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, Account, MetaSandbox
from tests.support import plays
from tests.support.plays import Play, Scene, StillClock

DAYS = DateRange(date(2025, 12, 1), date(2025, 12, 2))


async def many_ids(scene: Scene) -> None:
    """Several objects in one batch; one of them is not there."""
    refs = [await plays.campaign(scene, name) for name in ("Spring", "Summer")]
    found = await scene.ads.list_campaigns(Query(ids=(*(ref.id for ref in refs), "42")))
    assert [each.ref for each in found] == refs


async def labels(scene: Scene) -> None:
    """The marker is a label, and found by it."""
    scene.ads.label = True
    ref = await plays.campaign(scene)
    assert await scene.ads.find_by_key(Level.CAMPAIGN, "tape/Spring") == (ref,)


async def archive(scene: Scene) -> None:
    """Only Meta has an archive."""
    ref = await plays.campaign(scene)
    updated = await scene.ads.set_status(ref, ConfiguredStatus.ARCHIVED)
    assert updated.value.status.configured is ConfiguredStatus.ARCHIVED


async def creative(scene: Scene) -> None:
    """A creative of its own."""
    picture = Creative(
        kind=CreativeKind.IMAGE, link="https://example.com/", texts=("Cheaper",), identity=IdentityRef(id="99")
    )
    made = await scene.ads.create_creative(picture, name="Spring", idempotency_key="tape/creative")
    assert (await scene.ads.get_creative(made.value.id)).texts == ("Cheaper",)


async def dry_run(scene: Scene) -> None:
    """The vendor checks and makes nothing."""
    made = await scene.ads.create_campaign(scene.bench.campaign(), idempotency_key="tape/dry", dry_run=True)
    assert made.how == "planned"
    ref = await plays.campaign(scene)
    live = await scene.ads.get_campaign(ref, max_age=0)
    more = Budget.daily(scene.bench.money("150.00"))
    assert (await scene.ads.set_budget(ref, more, expect=live, dry_run=True)).pending == ("budget",)


async def video_in_parts(scene: Scene) -> None:
    """A large video, as the server asks for it; large is twenty bytes here."""
    film = MediaUpload(kind=MediaKind.VIDEO, name="film.mp4", data=b"moving pictures, forty bytes of them....")
    with patch.object(media, "WHOLE", 20):
        assert (await scene.ads.upload_video(film, idempotency_key="tape/film")).value.id


async def partial_read(scene: Scene) -> None:
    """A field that the vendor does not know is left out."""
    scene.ads.fields = {"account": ("no_such_field",)}
    assert set((await scene.ads.get_account()).extra["refused_fields"]) == {"no_such_field"}


async def report_in_parts(scene: Scene) -> None:
    """Too much for one answer: by days, then as a job."""
    query = MetricsQuery(level=Level.AD, days=DAYS)
    assert len((await scene.ads.get_metrics(query)).rows) == 4


OPERATIONS: tuple[Play, ...] = (
    *plays.OPERATIONS, many_ids, labels, archive, creative, dry_run, video_in_parts, partial_read, report_in_parts,
)  # fmt: skip

VENDOR, LIMIT = FaultKind.VENDOR_ERROR, FaultKind.RATE_LIMIT
ERRORS: dict[str, tuple[FaultRule, str]] = {
    "account_limit": (FaultRule(LIMIT), "API_RATE_LIMIT"),
    "use_case_limit": (FaultRule(LIMIT, long=True), "API_RATE_LIMIT"),
    "app_limit": (FaultRule(LIMIT, code=4), "API_RATE_LIMIT"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "unknown_error": (FaultRule(VENDOR, code=1), "PLATFORM_SERVICE_ERROR"),
    "inside_200": (FaultRule(VENDOR, code=2, status=200), "PLATFORM_SERVICE_ERROR"),
    "reduce": (
        FaultRule(VENDOR, code=1, status=500, text="Please reduce the amount of data you're asking for"),
        "TOO_MUCH_DATA",
    ),
    "no_permission": (FaultRule(VENDOR, code=10), "PERMISSION_DENIED"),
    "account_disabled": (FaultRule(VENDOR, code=2490592), "ACCOUNT_DISABLED"),
    "dead_version": (FaultRule(VENDOR, code=2635), "UNSUPPORTED"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "PLATFORM_SERVICE_ERROR"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
}  # fmt: skip


def recorded(plan: FaultPlan | None, *, heavy: bool = False) -> MetaSandbox:
    """The simulator that is recorded: nothing of it takes time."""
    sandbox = MetaSandbox(
        seed=5, faults=plan, accounts=(Account(ACCOUNTS[0], spend_cap=100_000_00),), transcode=0.0, job_queue=0.0,
        job_run=0.0, chunk=16, heavy_rows=1 if heavy else None,
    )  # fmt: skip
    if heavy:
        sandbox.add_tree(ACCOUNTS[0], "Since autumn", 1_761_955_200.0, ads=2)
    return sandbox


@contextlib.asynccontextmanager
async def stage(record: str | None, plan: FaultPlan | None = None, *, heavy: bool = False) -> AsyncIterator[Scene]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set META_* and use MetaAds.from_env()")
    profile = meta_profile().with_(read_lag=0.0, limits={})
    runtime = Runtime.in_memory(clock=StillClock(), listeners=(), guard=SpendGuard.unlimited())
    async with (
        plays.address("meta", recorded(plan, heavy=heavy) if record else None) as where,
        MetaAds(ACCOUNTS[0], TOKEN, runtime=runtime, profile=profile, **where) as ads,
    ):
        yield Scene(ads, Bench(MetaSandbox(), lambda *_: ads, locations=("US",)))  # the bench is for its samples


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record, heavy=play is report_in_parts) as scene:
        with backstay_cassette(f"meta/{play.__name__}"):
            await play(scene)


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = ERRORS[name]
    async with stage(backstay_record, FaultPlan([rule])) as scene:
        with backstay_cassette(f"meta/error_{name}"), pytest.raises(BackstayError) as caught:
            await scene.ads.with_options(max_attempts=1).get_account()
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No token, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "meta").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 10
    for file in files:
        text = file.read_text()
        assert TOKEN not in text
        assert "authorization" not in text.lower()
        assert "appsecret_proof" not in text
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
