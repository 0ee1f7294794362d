"""Answers whose rows are not what they should be, and report tasks in states that nobody knows."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from backstay.ads import DateRange, Level, MediaKind, MediaUpload, MetricsQuery, Query, ReportJob, ReportState
from backstay.errors import BadResponseError
from backstay.sandbox import Reply, SimTransport
from backstay.testing.bench import Bench
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.adapter.media import image
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
from backstay_adapters.tiktok.wire import report

AD = {"ad_id": "1", "adgroup_id": "2", "identity_id": "3"}


class Vendor(TikTokSandbox):
    """Answers paths that end in one of these as told."""

    told: dict[str, Any]

    def handle(self, request: Any, now: float, fault: Any = None) -> Reply:
        for end, data in self.told.items():
            if request.path.endswith(end):
                body = {"code": 0, "message": "OK", "request_id": "r", "data": data}
                return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())
        return super().handle(request, now, fault)


def bench(**told: Any) -> tuple[Bench, TikTokAds]:
    vendor = Vendor(seed=3)
    vendor.told = {f"/{path.replace('_', '/')}/": data for path, data in told.items()}

    def make(runtime: Any, transport: SimTransport) -> TikTokAds:
        return TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate")

    made = Bench(vendor, make)
    return made, make(made.new_runtime(), made.transport)


@pytest.mark.parametrize("odd", [{"landing_page_url": 5}, {"call_to_action": ["x"]}, {"identity_type": {}}])
def test_a_row_that_cannot_be_read_is_a_bad_answer(odd: dict[str, Any]) -> None:
    """The vendor's fault, with the request's id, and no INTERNAL_ERROR."""
    world, ads = bench(ad_get={"list": [{**AD, **odd}], "page_info": {"total_page": 1}})
    with pytest.raises(BadResponseError) as caught:
        world.run(ads.list_ads(Query()).all(limit=10))
    assert caught.value.rule == "tiktok.unreadable"
    assert caught.value.vendor == "tiktok"


def test_an_upload_that_cannot_be_read_is_a_bad_answer() -> None:
    """The file may be there: it is looked for, as after a lost answer."""
    media = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"x")
    with pytest.raises(BadResponseError):
        image({"image_id": "1", "image_url": 5}, media)


def test_an_unknown_status_of_a_task_is_told() -> None:
    """And not waited for until the deadline."""
    assert report.state("PROCESSING") is ReportState.RUNNING
    with pytest.raises(BadResponseError) as caught:
        report.state("PAUSED")
    assert (caught.value.field, caught.value.value) == ("status", "PAUSED")


def test_a_task_that_fails_says_that_another_may_pass() -> None:
    """FAILED is a service's error: the task may be begun anew."""
    world, ads = bench(report_task_check={"status": "FAILED"})
    query = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2026, 1, 1), date(2026, 1, 2)))
    job = ReportJob(id="7", platform=ads.platform, account_id=ads.account, query=query)
    done = world.run(ads.poll_report(job))
    assert done.state is ReportState.FAILED
    assert done.extra["error"]["type"] == "PLATFORM_SERVICE_ERROR"
