"""Plays for cassettes: every operation of an ad platform, for any vendor."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from backstay.ads import (
    AdGroupPatch,
    AdPatch,
    Budget,
    CampaignPatch,
    ConfiguredStatus,
    DateRange,
    Level,
    MediaKind,
    MediaUpload,
    MetricsQuery,
    Query,
    Ref,
    ReportState,
)
from backstay.clock import SystemClock
from backstay.sandbox import serve
from backstay.testing.bench import Bench


class StillClock(SystemClock):
    """Real time to wait by, but always the same date: what is sent must be what was recorded."""

    def __init__(self) -> None:
        super().__init__(seed=1)

    def wall(self) -> float:
        return 1_767_225_600.0


@dataclass
class Scene:
    """An adapter, and the objects that were made before the tape ran."""

    ads: Any
    """The adapter: everything here needs the protocol of ad platforms only."""
    bench: Bench


Play = Callable[[Scene], Awaitable[Any]]


async def campaign(scene: Scene, name: str = "Spring") -> Ref:
    """A campaign to work on."""
    made = await scene.ads.create_campaign(scene.bench.campaign(name), idempotency_key=f"tape/{name}")
    return made.value.ref


async def group(scene: Scene) -> Ref:
    """An ad group to work on."""
    made = await scene.ads.create_ad_group(await campaign(scene), scene.bench.group(), idempotency_key="tape/group")
    return made.value.ref


async def ad(scene: Scene) -> Ref:
    """An ad to work on."""
    parent = await group(scene)
    made = await scene.ads.create_ad(parent, await scene.bench.ad(scene.ads), idempotency_key="tape/ad")
    return made.value.ref


async def get_account(scene: Scene) -> None:
    account = await scene.ads.get_account()
    assert (account.currency, account.ref.id) == ("USD", scene.ads.account)


async def get_balance(scene: Scene) -> None:
    assert (await scene.ads.get_balance()).available.currency == "USD"


async def create_campaign(scene: Scene) -> None:
    made = await scene.ads.create_campaign(scene.bench.campaign(), idempotency_key="tape/1")
    assert made.how == "created"
    assert made.value.status.configured is ConfiguredStatus.PAUSED


async def create_ad_group(scene: Scene) -> None:
    assert (await group(scene)).level is Level.AD_GROUP


async def create_ad(scene: Scene) -> None:
    assert (await ad(scene)).level is Level.AD


async def get_objects(scene: Scene) -> None:
    made = await ad(scene)
    found = await scene.ads.get_ad(made)
    parent = await scene.ads.get_ad_group(found.ad_group)
    root = await scene.ads.get_campaign(parent.campaign)
    assert (found.name, parent.name, root.name) == ("First", "Everybody", "Spring")


async def list_objects(scene: Scene) -> None:
    root = await campaign(scene)
    await campaign(scene, "Summer")
    names = [item.name async for item in scene.ads.list_campaigns(Query(page_size=1))]
    assert sorted(names) == ["Spring", "Summer"]
    assert await scene.ads.list_ad_groups(Query(parent=root)) == ()
    assert await scene.ads.list_ads(Query(parent=root)) == ()


async def update_campaign(scene: Scene) -> None:
    ref = await campaign(scene)
    patch = CampaignPatch(name="Autumn", budget=Budget.daily(scene.bench.money("120.00")))
    assert (await scene.ads.update_campaign(ref, patch)).value.name == "Autumn"


async def update_ad_group(scene: Scene) -> None:
    ref = await group(scene)
    assert (await scene.ads.update_ad_group(ref, AdGroupPatch(name="Some"))).value.name == "Some"


async def update_ad(scene: Scene) -> None:
    ref = await ad(scene)
    assert (await scene.ads.update_ad(ref, AdPatch(name="Second"))).value.name == "Second"


async def set_status(scene: Scene) -> None:
    ref = await campaign(scene)
    for status in (ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.DELETED):
        assert (await scene.ads.set_status(ref, status)).value.status.configured is status


async def set_budget(scene: Scene) -> None:
    ref = await campaign(scene)
    live = await scene.ads.get_campaign(ref, max_age=0)
    updated = await scene.ads.set_budget(ref, Budget.daily(scene.bench.money("130.00")), expect=live)
    assert updated.value.budget == Budget.daily(scene.bench.money("130.00"))


async def find_by_key(scene: Scene) -> None:
    ref = await campaign(scene)
    assert await scene.ads.find_by_key(Level.CAMPAIGN, "tape/Spring") == (ref,)


async def upload_image(scene: Scene) -> None:
    image = MediaUpload(kind=MediaKind.IMAGE, name="spring.png", data=b"picture", media_type="image/png")
    assert (await scene.ads.upload_image(image, idempotency_key="tape/image")).value.id


async def upload_video(scene: Scene) -> None:
    video = MediaUpload(kind=MediaKind.VIDEO, name="spring.mp4", data=b"moving", media_type="video/mp4")
    assert (await scene.ads.upload_video(video, idempotency_key="tape/video")).value.id


async def get_metrics(scene: Scene) -> None:
    await campaign(scene)
    days = DateRange(date(2025, 11, 1), date(2025, 12, 20))
    report = await scene.ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days))
    assert len(report.missing_days) + len({row.day for row in report.rows}) == len(days)


async def report_job(scene: Scene) -> None:
    await campaign(scene)
    days = DateRange(date(2025, 12, 1), date(2025, 12, 3))
    job = await scene.ads.start_report(MetricsQuery(level=Level.CAMPAIGN, days=days))
    job = await scene.ads.poll_report(job)
    assert job.state is ReportState.DONE
    assert isinstance(await scene.ads.fetch_report(job), tuple)


OPERATIONS: tuple[Play, ...] = (
    get_account, get_balance, create_campaign, create_ad_group, create_ad, get_objects, list_objects,
    update_campaign, update_ad_group, update_ad, set_status, set_budget, find_by_key, upload_image, upload_video,
    get_metrics, report_job,
)  # fmt: skip
"""What every ad platform's cassettes show."""


@contextlib.asynccontextmanager
async def address(vendor: str, sandbox: Any) -> AsyncIterator[dict[str, Any]]:
    """Where to ask: the sandbox's socket while recording, else the vendor's own address, which the tape answers."""
    if sandbox is None:
        yield {}
        return
    async with serve({vendor: sandbox}, clock=StillClock()) as served:
        yield {"base_url": f"http://{served.host}:{served.port}"}
