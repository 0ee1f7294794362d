"""The vendor's own SDK talks to the simulator over a loopback socket: the wire is the real one.

The SDK gets a session and an api of its own; its process-wide default is never touched.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adimage import AdImage
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from backstay.clock import SystemClock
from backstay.sandbox import serve
from backstay_adapters.meta.sandbox import APP_ID, SECRET, TOKEN, MetaSandbox
from backstay_adapters.meta.sandbox.kinds import ACCOUNT_FIELDS, ADS, ADSETS, CAMPAIGNS, CREATIVES
from tests.unit.meta.sandbox_api import CAMPAIGN, DAY, STORY, TARGETING, USD, texts

pytestmark = pytest.mark.filterwarnings("ignore:.*not allowed to be used.*", "ignore:value of .*:UserWarning")


class OneHost(FacebookAdsApi):  # type: ignore[misc]  # the SDK has no types
    """The SDK's api with videos on the same host as everything else."""

    def call(self, *args: Any, url_override: str | None = None, **kwargs: Any) -> Any:
        """See FacebookAdsApi."""
        del url_override
        return super().call(*args, **kwargs)


def sdk(url: str) -> FacebookAdsApi:
    """An api of its own that talks to the sandbox."""
    session = FacebookSession(APP_ID, SECRET, TOKEN, timeout=10)
    session.GRAPH = url
    session.requests.trust_env = False
    return OneHost(session, "v26.0")


async def driven(sandbox: MetaSandbox, work: Callable[[Any, AdAccount], Any]) -> Any:
    """Run the SDK's blocking calls in a thread, while the sandbox is served."""
    before = (FacebookAdsApi.get_default_api(), sys.excepthook)
    async with serve({"meta": sandbox}) as served:
        api = sdk(served.urls["meta"])
        try:
            return await asyncio.to_thread(work, api, AdAccount(f"act_{USD}", api=api))
        finally:
            api._session.requests.close()
            assert (FacebookAdsApi.get_default_api(), sys.excepthook) == before


async def test_a_whole_tree_is_made_with_the_vendors_own_sdk() -> None:
    """Account, image, campaign, ad set, creative, ad, status, lists with pages, labels, deletion."""
    sandbox = MetaSandbox(require_proof=True)

    def work(api: Any, account: AdAccount) -> None:
        assert account.api_get(fields=["currency", "balance", "min_daily_budget"])["currency"] == "USD"
        made = account.create_campaign(params={**CAMPAIGN, "adlabels": [{"name": "season"}]})
        campaign = Campaign(made["id"], api=api)
        group = account.create_ad_set(params={
            "name": "G", "campaign_id": campaign["id"], "targeting": TARGETING, "status": "PAUSED",
            "optimization_goal": AdSet.OptimizationGoal.link_clicks, "billing_event": AdSet.BillingEvent.impressions,
        })  # fmt: skip
        creative = account.create_ad_creative(params={"name": "T", "object_story_spec": STORY})
        assert isinstance(creative, AdCreative)
        ad = account.create_ad(params={
            "name": "A", "adset_id": group["id"], "creative": {"creative_id": creative["id"]}, "status": "PAUSED",
        })  # fmt: skip
        for thing in (Ad(ad["id"], api=api), AdSet(group["id"], api=api), campaign):
            thing.api_update(params={"status": "ACTIVE"})
        read = Ad(ad["id"], api=api).api_get(fields=["name", "effective_status", "campaign_id", "creative"])
        assert (read["effective_status"], read["campaign_id"]) == ("ACTIVE", campaign["id"])
        assert read["creative"]["id"] == creative["id"]
        for number in range(5):
            account.create_campaign(params={**CAMPAIGN, "name": str(number)})
        listed = [each["name"] for each in account.get_campaigns(fields=["name"], params={"limit": 2})]
        assert listed == ["4", "3", "2", "1", "0", "Spring"]
        label = account.get_ad_labels(fields=["name"])[0]
        found = account.get_campaigns_by_labels(params={"ad_label_ids": [label["id"]], "operator": "ALL"})
        assert [each["id"] for each in found] == [campaign["id"]]
        campaign.api_delete()
        assert len(account.get_campaigns()) == 5

    await driven(sandbox, work)
    assert sandbox.world.summary()["active_trees"] == 0
    assert len(sandbox.world.objects(level="campaign")) == 6


async def test_media_go_up_through_the_sdk(tmp_path: Path) -> None:
    """An image by its file; a video in chunks by the SDK's own uploader, which resumes."""
    sandbox = MetaSandbox(chunk=1000, transcode=0.0)
    image, film = tmp_path / "a.png", tmp_path / "film.mp4"
    image.write_bytes(b"png")
    film.write_bytes(bytes(2500))

    def work(api: Any, account: AdAccount) -> None:
        picture = AdImage(parent_id=account["id"], api=api)
        picture[AdImage.Field.filename] = str(image)
        picture.remote_create()
        assert picture[AdImage.Field.hash] in {thing.data["hash"] for thing in sandbox.world.objects(level="image")}
        video = AdVideo(parent_id=account["id"], api=api)
        video[AdVideo.Field.filepath] = str(film)
        video.remote_create()
        assert video.api_get(fields=["status", "title"])["status"]["video_status"] == "ready"

    await driven(sandbox, work)
    (video,) = sandbox.world.objects(level="video")
    assert (video.name, video.data["_size"]) == ("film.mp4", 2500)


async def test_insights_and_report_runs_through_the_sdk() -> None:
    """At once and as a run; the SDK's own objects read both."""
    sandbox = MetaSandbox(job_queue=0.0, job_run=0.0)
    sandbox.add_tree(USD, "Old", SystemClock().wall() - 3 * DAY)

    def work(api: Any, account: AdAccount) -> None:
        (row,) = account.get_insights(fields=["spend", "campaign_name"], params={"level": "campaign"})
        assert row["campaign_name"] == "Old"
        run = account.get_insights_async(fields=["spend"], params={"level": "campaign"})
        assert isinstance(run, AdReportRun)
        assert run.api_get()["async_status"] == "Job Completed"
        assert [each["spend"] for each in run.get_insights()] == [row["spend"]]

    await driven(sandbox, work)


async def test_the_sdk_reads_refusals_and_batches() -> None:
    """FacebookRequestError with code, subcode and headers; a batch with one failure."""
    sandbox = MetaSandbox()

    def work(api: Any, account: AdAccount) -> None:
        with pytest.raises(FacebookRequestError) as caught:
            account.create_campaign(params={**CAMPAIGN, "daily_budget": 1})
        error = caught.value
        assert (error.api_error_code(), error.api_error_subcode(), error.http_status()) == (100, 1885272, 400)
        assert error.api_blame_field_specs() == [["daily_budget"]]
        assert "x-app-usage" in {name.lower() for name in error.http_headers()}
        done: list[Any] = []
        failed: list[Any] = []
        batch = api.new_batch()
        for changes in ({}, {"objective": "NOTHING"}):
            account.create_campaign(
                params={**CAMPAIGN, **changes}, batch=batch, success=done.append, failure=failed.append
            )
        batch.execute()
        assert [len(each) for each in (done, failed)] == [1, 1]
        assert done[0].json()["id"]
        assert failed[0].error().api_error_code() == 100

    await driven(sandbox, work)
    assert len(sandbox.world.objects(level="campaign")) == 1


async def test_unsent_requests_of_the_sdk_are_understood_when_something_else_sends_them() -> None:
    """`pending=True` builds, httpx sends: this is how the adapter works."""
    sandbox = MetaSandbox()
    account = AdAccount(f"act_{USD}", api=sdk("http://unused"))
    request = account.create_campaign(params=CAMPAIGN, pending=True)
    async with serve({"meta": sandbox}) as served, httpx.AsyncClient(trust_env=False) as line:
        reply = await line.request(
            request._method, "/".join((served.urls["meta"], "v26.0", *request._path)), data=texts(request._params),
            headers={"authorization": f"Bearer {TOKEN}"},
        )  # fmt: skip
    assert reply.json()["id"] == sandbox.world.objects(level="campaign")[0].id


@pytest.mark.skipif(
    tuple(map(int, version("facebook-business").split("."))) < (26, 0, 3),
    reason="the simulator knows the fields of 26.0.3; the releases before it have fewer, and others",
)
@pytest.mark.parametrize(
    ("sdk_type", "known"),
    [
        (Campaign, CAMPAIGNS.fields),
        (AdSet, ADSETS.fields),
        (Ad, ADS.fields),
        (AdCreative, CREATIVES.fields),
        (AdAccount, ACCOUNT_FIELDS),
    ],
)
def test_the_fields_of_the_simulator_are_the_sdks(sdk_type: Any, known: frozenset[str]) -> None:
    """Nothing is invented but the edges; what the SDK knows is known, but for parts that no adapter reads."""
    theirs = {value for name, value in vars(sdk_type.Field).items() if not name.startswith("_")}
    assert known - theirs <= {"ads", "adsets"}
    assert len(theirs - known) < len(theirs) / 4
