"""Changes by GoogleAds: what they send, what is read of them, and what a lost answer comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backstay.ads import AdGroupPatch, AdPatch, Bid, Budget, Campaign, CampaignPatch, Objective, Query, Schedule
from backstay.errors import InvalidRequestError
from backstay.sandbox import FaultKind
from backstay_adapters.google_ads import GoogleAds
from backstay_adapters.google_ads.adapter import reads
from backstay_adapters.google_ads.sandbox import CUSTOMERS
from tests.support.google import GoogleBench, google_bench, make

C = CUSTOMERS[0]


@pytest.fixture
def bench() -> GoogleBench:
    return google_bench()


def adapter(bench: GoogleBench) -> GoogleAds:
    return make(bench.new_runtime(), bench.transport)


async def campaign(bench: GoogleBench, ads: GoogleAds, **fields: Any) -> Campaign:
    """One to change."""
    return (await ads.create_campaign(bench.campaign().but(**fields), idempotency_key="c")).value


def there(bench: GoogleBench, item: Any) -> Any:
    """The vendor's own resource."""
    (thing,) = (each for each in bench.world.objects(level=item.ref.level.value) if each.id == item.ref.id)
    return thing.data["_pb"]


LOST = (FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER)


@pytest.mark.parametrize("kind", LOST)
def test_a_change_of_what_is_not_read_is_sent_again_when_its_answer_is_lost(
    bench: GoogleBench, kind: FaultKind
) -> None:
    """No read can tell whether it happened: it says the same twice rather than nothing at all."""
    ads = adapter(bench)

    async def main() -> None:
        made = await campaign(bench, ads)
        bench.break_writes(kind, times=1)
        await ads.update_campaign(
            made.ref, CampaignPatch(extra={"network_settings": {"target_partner_search_network": True}})
        )
        assert there(bench, made).network_settings.target_partner_search_network

    bench.run(main())


@pytest.mark.parametrize("kind", LOST)
def test_a_creative_is_changed_in_place(bench: GoogleBench, kind: FaultKind) -> None:
    """The ad stays the same object, and a lost answer does not hide what became of it."""
    ads = adapter(bench)

    async def main() -> None:
        parent = await campaign(bench, ads)
        group = (await ads.create_ad_group(parent.ref, bench.group(), idempotency_key="g")).value
        spec = await bench.ad(ads)
        ad = (await ads.create_ad(group.ref, spec, idempotency_key="a")).value
        other = spec.creative.model_copy(
            update={"headlines": ("New", "Newer", "Newest"), "link": "https://shop.example/new"}
        )
        bench.break_writes(kind, times=1)
        changed = await ads.update_ad(ad.ref, AdPatch(creative=other))
        assert (changed.applied, changed.value.ref) == (("creative",), ad.ref)
        assert changed.value.creative.headlines == other.headlines
        assert changed.value.creative.link == other.link

    bench.run(main())


def test_a_schedule_is_set_and_its_end_is_taken_back(bench: GoogleBench) -> None:
    """In the account's own clock; a start cannot be taken back."""
    ads = adapter(bench)
    start = datetime.fromtimestamp(bench.clock.wall(), UTC).replace(microsecond=0) + timedelta(days=2)
    end = start + timedelta(days=10)

    async def main() -> None:
        made = await campaign(bench, ads, schedule=Schedule(start=start + timedelta(days=1)))
        changed = await ads.update_campaign(made.ref, CampaignPatch(schedule=Schedule(start=start, end=end)))
        assert changed.applied == ("schedule",)
        assert (changed.value.schedule.start, changed.value.schedule.end) == (start, end)
        opened = await ads.update_campaign(made.ref, CampaignPatch(schedule=Schedule(start=start)))
        assert (opened.value.schedule.start, opened.value.schedule.end) == (start, None)
        assert there(bench, made).end_date_time == ""

    bench.run(main())


def test_an_end_whose_removal_is_lost_before_it_arrives_is_removed_all_the_same(bench: GoogleBench) -> None:
    """The look sees the old end."""
    ads = adapter(bench)
    end = datetime.fromtimestamp(bench.clock.wall(), UTC).replace(microsecond=0) + timedelta(days=10)

    async def main() -> None:
        made = await campaign(bench, ads, schedule=Schedule(end=end))
        bench.break_writes(FaultKind.RESET_BEFORE, times=1)
        await ads.update_campaign(made.ref, CampaignPatch(schedule=None))
        assert there(bench, made).end_date_time == ""

    bench.run(main())


def test_a_budget_for_a_lifetime(bench: GoogleBench) -> None:
    """It needs an end, and comes back as what it is; its amount can change, its kind cannot."""
    ads = adapter(bench)
    end = datetime.fromtimestamp(bench.clock.wall(), UTC).replace(microsecond=0) + timedelta(days=10)

    async def main() -> None:
        made = await campaign(bench, ads, budget=Budget.lifetime(bench.money("900")), schedule=Schedule(end=end))
        assert made.budget == Budget.lifetime(bench.money("900"))
        more = Budget.lifetime(bench.money("1000"))
        raised = await ads.set_budget(made.ref, more, expect=await ads.get_campaign(made.ref, max_age=0))
        assert raised.value.budget == more

    bench.run(main())


@pytest.mark.parametrize(
    ("objective", "bid"),
    [
        (Objective.TRAFFIC, Bid.bid_cap),
        (Objective.LEADS, Bid.cost_cap),
        (Objective.SALES, lambda money: Bid.min_roas(money.amount)),
    ],
)
def test_a_campaigns_bid_comes_back_and_changes(bench: GoogleBench, objective: Objective, bid: Any) -> None:
    """Within its strategy."""
    ads = adapter(bench)

    async def main() -> None:
        made = await campaign(bench, ads, objective=objective, bid=bid(bench.money("2")))
        assert made.bid == bid(bench.money("2"))
        other = bid(bench.money("3"))
        changed = await ads.update_campaign(made.ref, CampaignPatch(bid=other))
        assert changed.value.bid == other

    bench.run(main())


def test_a_list_refuses_what_it_does_not_know(bench: GoogleBench) -> None:
    """`extra` of a query has conditions and nothing else."""
    ads = adapter(bench)

    async def main() -> None:
        await campaign(bench, ads)
        found = [each async for each in ads.list_campaigns(Query(extra={"where": ["campaign.status = 'ENABLED'"]}))]
        assert found == []
        with pytest.raises(InvalidRequestError, match="knows no filter"):
            [each async for each in ads.list_campaigns(Query(extra={"filter": "x"}))]

    bench.run(main())


def test_many_ad_groups_are_read_with_their_criteria(bench: GoogleBench) -> None:
    """More than a condition lists by id: a range of ids is asked for, and each has its own."""
    ads = adapter(bench)

    async def main() -> None:
        parent = await campaign(bench, ads)
        for number in range(3):
            spec = bench.group(f"Group {number}").but(extra={"keywords": [{"text": f"word {number}"}]})
            await ads.create_ad_group(parent.ref, spec, idempotency_key=f"g{number}")
        found = [each async for each in ads.list_ad_groups(max_age=0)]
        assert [each.extra["keywords"][0]["text"] for each in found] == ["word 0", "word 1", "word 2"]
        renamed = await ads.update_ad_group(found[0].ref, AdGroupPatch(name="Other"))
        assert renamed.value.name == "Other"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reads, "MOST_IDS", 2)
        bench.run(main())
