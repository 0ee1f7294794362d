"""Facts of the vendor's pages that are easily missed: industries, forms, names, lists of ids, and odd answers."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import (
    CampaignPatch,
    Compliance,
    DateRange,
    Level,
    MediaKind,
    MediaUpload,
    MetricsQuery,
    Query,
    SpecialCategory,
)
from backstay.errors import BadResponseError, InvalidRequestError, UnsupportedCapabilityError
from backstay.runtime import Runtime
from backstay.testing.bench import Bench
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import TOKEN, TikTokSandbox
from backstay_adapters.tiktok.wire import read, report
from backstay_adapters.tiktok.wire.money import money_in
from backstay_adapters.tiktok.wire.names import marked
from tests.support.tiktok import adapter, make


@pytest.fixture
def bench() -> Bench:
    return Bench(TikTokSandbox(seed=3), make)


# What is sent -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", [SpecialCategory.POLITICS, SpecialCategory.GAMBLING])
def test_an_industry_that_tiktok_does_not_know_is_refused(bench: Bench, category: SpecialCategory) -> None:
    """`special_industries` is HOUSING, EMPLOYMENT or CREDIT: a declaration is never sent as a word of ours."""
    ads, spec = (
        adapter(bench),
        bench.campaign(compliance=Compliance(special_categories=(category,), eu_political=False)),
    )

    async def main() -> None:
        with pytest.raises(UnsupportedCapabilityError) as caught:
            await ads.create_campaign(spec, idempotency_key="k")
        assert caught.value.field == "compliance.special_categories"
        assert "housing" in (caught.value.hint or "")

    bench.run(main())
    assert bench.writes() == 0


def test_switches_of_an_upload_are_json(bench: Bench) -> None:
    """A form's field is text: `true` and not Python's `True`, lists as JSON."""
    media = MediaUpload(
        kind=MediaKind.VIDEO, name="a.mp4", data=b"video", extra={"flaw_detect": True, "flaw_types": ["A", "B"]}
    )
    bench.run(adapter(bench).upload_video(media, idempotency_key="k"))
    body = next(each.body for each in bench.transport.requests if each.path.endswith("/upload/"))
    assert b"true" in body
    assert b'["A","B"]' in body
    assert b"True" not in body


@pytest.mark.parametrize("name", ["advertiser_id", "upload_type", "file_name", "video_signature"])
def test_a_field_of_an_upload_is_not_said_twice(bench: Bench, name: str) -> None:
    """`extra` can neither move a file into another account nor break its signature."""
    media = MediaUpload(kind=MediaKind.VIDEO, name="a.mp4", data=b"video", extra={name: "other"})
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(adapter(bench).upload_video(media, idempotency_key="k"))
    assert caught.value.field == f"extra.{name}"
    assert bench.writes() == 0


@pytest.mark.parametrize("name", ["x" * 513, "広告" * 129, "spring \N{CHERRY BLOSSOM}", " "])
def test_a_name_without_a_marker_is_checked_as_well(name: str) -> None:
    """512 characters, an East Asian one counts two, no emoji: objects that others made can be renamed, too."""
    with pytest.raises(InvalidRequestError) as caught:
        marked(name, None, "name")
    assert caught.value.field == "name"
    assert caught.value.hint


def test_a_name_without_a_marker_has_all_the_room() -> None:
    """Nothing is added, so all 512 characters are the caller's."""
    assert marked("x" * 512, None, "name") == "x" * 512


def test_more_ids_than_a_filter_takes_are_asked_for_in_parts(bench: Bench) -> None:
    """`filtering.campaign_ids` holds at most 100 of them; one that is named twice is asked for once."""
    ads = adapter(bench)

    async def main() -> None:
        made = [(await ads.create_campaign(bench.campaign(name), idempotency_key=name)).value for name in ("A", "B")]
        ids = (made[0].ref.id, *(str(number) for number in range(1, 150)), made[1].ref.id, made[0].ref.id)
        found = await ads.list_campaigns(Query(ids=ids))
        assert sorted(each.name for each in found) == ["A", "B"]
        assert (await ads.update_campaign(made[0].ref, CampaignPatch(name="C"))).value.name == "C"

    bench.run(main())


def test_smart_plus_ads_are_filtered_by_their_own_ids() -> None:
    """The filter of Smart+ is `smart_plus_ad_ids`; `ad_ids` is the manual flow's."""
    ads = TikTokAds("1", TOKEN, runtime=Runtime.in_memory())
    asked = ads._asks(Level.AD, Query(ids=("7",)))
    assert {each["flow"]: each["filtering"] for each in asked} == {
        "manual": {"ad_ids": ["7"]}, "smart_plus": {"smart_plus_ad_ids": ["7"]},
    }  # fmt: skip


# What is answered ---------------------------------------------------------------------------------------------------

CAMPAIGN: dict[str, Any] = {"campaign_id": "1", "campaign_name": "x", "budget_mode": "BUDGET_MODE_DAY"}


@pytest.mark.parametrize("more", [{"campaign_id": ["1"]}, {"campaign_id": {}}, {"campaign_id": "None"}])
def test_an_id_that_is_none_is_a_bad_answer(more: dict[str, Any]) -> None:
    """A list in its place is a fault of the answer, not of ours."""
    with pytest.raises(BadResponseError) as caught:
        read.campaign({**CAMPAIGN, **more}, "1", "USD")
    assert caught.value.field == "campaign_id"


@pytest.mark.parametrize("value", [{}, [1], "abc", float("nan"), True])
def test_money_that_is_none_is_a_bad_answer(value: object) -> None:
    """And never a refusal of what the caller gave."""
    with pytest.raises(BadResponseError) as caught:
        money_in(value, "USD")
    assert caught.value.rule == "tiktok.wire.money"


def test_nulls_and_odd_lists_do_not_break_a_read() -> None:
    """A name that is null is empty, and what is no text is none."""
    assert read.campaign({**CAMPAIGN, "campaign_name": None}, "1", "USD").name == ""
    assert read.account({"advertiser_id": "1", "currency": "USD", "name": None}).name == ""
    group = {"adgroup_id": "1", "campaign_id": "2", "adgroup_name": None, "age_groups": 5, "location_ids": [None, "6"]}
    found = read.ad_group(group, "1", "USD")
    assert (found.name, found.targeting.age_min, found.targeting.locations) == ("", None, ("6",))
    ad = read.ad({"ad_id": "1", "adgroup_id": "2", "ad_name": None, "image_ids": [None, "", "i"]}, "1")
    assert (ad.name, [each.id for each in ad.creative.media if each.id]) == ("", ["i"])


@pytest.mark.parametrize("value", ["NaN", "Infinity", {}, ["1"]])
def test_a_metric_that_is_no_number_is_a_bad_answer(value: object) -> None:
    """Only "-", null and nothing count as none."""
    query = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2026, 1, 1), date(2026, 1, 2)))
    raw = {"dimensions": {"campaign_id": "1"}, "metrics": {"impressions": value}}
    with pytest.raises(BadResponseError):
        report.row(raw, query, account="1", currency="USD", zone=ZoneInfo("UTC"), today=date(2026, 2, 1))
