"""Split: where creates go and stay, whose objects are whose, and what is made of several answers."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backstay.ads import (
    AccountStatus,
    AdGroupSpec,
    AdPatch,
    AdPlatform,
    AdSpec,
    Budget,
    CampaignPatch,
    CampaignSpec,
    CampaignTree,
    Capability,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DateRange,
    GroupTree,
    Level,
    MediaKind,
    MediaRef,
    MediaUpload,
    MetricsQuery,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Query,
    Ref,
    ReportState,
    add_rows,
)
from backstay.compose import Split, Weights
from backstay.compose.rules import Rule
from backstay.errors import (
    ConnectionFailedError,
    IdempotencyConflictError,
    InvalidRequestError,
    UnknownOutcomeError,
    UnsupportedCapabilityError,
)
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, run
from backstay.testing.samples import Samples
from backstay.writes.guard import SpendGuard
from backstay.writes.journal import State
from backstay.writes.tree import activate_tree
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
from tests.support.kiosk import FLAGS, Kiosk

T = TypeVar("T")

SPEC = CampaignSpec(name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary())
GROUP = AdGroupSpec(name="All", optimization=OptimizationGoal.CLICKS, budget=Budget.daily(Money.of("5 EUR")))
IMAGE = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"a")
AD = AdSpec(name="First", creative=Creative(kind=CreativeKind.IMAGE))
TREE = CampaignTree(campaign=SPEC, groups=(GroupTree(ad_group=GROUP, ads=(AD,)),))
TWO_DAYS = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2026, 1, 1), date(2026, 1, 2)))
HALVES = Weights({"one": 1, "two": 1})


class Stage:
    """Two kiosks, accounts 1 and 2, on one runtime."""

    def __init__(self, **facts: Any) -> None:
        self.clock = VirtualClock()
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())
        self.one, self.two = Kiosk(self.runtime, "1"), Kiosk(self.runtime, "2", **facts)

    def split(self, rule: Rule | Weights = HALVES, **arguments: Any) -> Split:
        return Split({"one": self.one, "two": self.two}, rule, name="test", **arguments)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return run(work, self.clock)

    def made(self) -> tuple[int, int]:
        return len(self.one.sent), len(self.two.sent)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_split_is_an_ad_platform(stage: Stage) -> None:
    """Services take it where they take a member."""
    split = stage.split()
    assert isinstance(split, AdPlatform)
    assert "two" in repr(split)


# Rules ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "low", "high"),
    [
        ({"a": 1, "b": 1}, 0.45, 0.55),
        ({"a": 3, "b": 1}, 0.70, 0.80),
        ({"a": 1, "b": 0}, 1.0, 1.0),
        ({"a": 1}, 1.0, 1.0),
    ],
)
def test_weights_divide_the_keys(shares: Mapping[str, float], low: float, high: float) -> None:
    """As many of 4,000 keys go to a as its share says."""
    weights = Weights(shares)
    part = sum(weights.pick(f"key/{number}") == "a" for number in range(4_000)) / 4_000
    assert low <= part <= high


def test_a_key_falls_the_same_way_everywhere() -> None:
    """The hash is stable: another order of the members, another process."""
    assert [Weights({"a": 1, "b": 1}).pick(str(number)) for number in range(8)] == list("aabaabba")
    assert all(
        Weights({"a": 1, "b": 2}).pick(str(number)) == Weights({"b": 2, "a": 1}).pick(str(number))
        for number in range(100)
    )


@pytest.mark.parametrize(
    "shares", [{}, {"a": 0}, {"a": -1, "b": 2}, {"a": float("nan")}, {"a": float("inf")}, {"a": True}, {"a": "1"}]
)
def test_what_is_no_share_is_refused(shares: Any) -> None:
    """Nothing, less than nothing, and what is no number."""
    with pytest.raises(InvalidRequestError) as caught:
        Weights(shares)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"members": {}}, "members"), ({"name": ""}, "name"), ({"name": " "}, "name"),
        ({"rule": Weights({"three": 1})}, "rule.shares"), ({"rule": "one"}, "rule"),
    ],
)  # fmt: skip
def test_a_split_that_cannot_work_is_refused(stage: Stage, arguments: dict[str, Any], field: str) -> None:
    """No members, no name, weights of strangers, no rule."""
    good: dict[str, Any] = {"members": {"one": stage.one}, "rule": Weights({"one": 1}), "name": "test"}
    with pytest.raises(InvalidRequestError) as caught:
        Split(**{**good, **arguments})
    assert caught.value.field == field


def test_one_account_twice_is_refused(stage: Stage) -> None:
    """Everything would be listed and counted twice."""
    with pytest.raises(InvalidRequestError, match="one account"):
        Split({"one": stage.one, "again": Kiosk(stage.runtime, "1")}, Weights({"one": 1}), name="test")


def test_members_of_several_runtimes_need_a_word(stage: Stage) -> None:
    """Which journal keeps the routes is the caller's to say."""
    stranger = Kiosk(Runtime.in_memory(clock=stage.clock, listeners=()), "3")
    members = {"one": stage.one, "three": stranger}
    with pytest.raises(InvalidRequestError) as caught:
        Split(members, Weights({"one": 1}), name="test")
    assert caught.value.field == "runtime"
    Split(members, Weights({"one": 1}), name="test", runtime=stage.runtime)


# Routes ---------------------------------------------------------------------------------------------------------------


def test_a_key_goes_the_same_way_after_the_rule_has_changed(stage: Stage) -> None:
    """The route is in the journal; weights of 0 do not move it, and neither does another split of the name."""

    async def main() -> None:
        first = await stage.split(Weights({"one": 1, "two": 0})).create_campaign(SPEC, idempotency_key="k")
        second = await stage.split(Weights({"one": 0, "two": 1})).create_campaign(SPEC, idempotency_key="k")
        other = await stage.split(Weights({"one": 0, "two": 1})).create_campaign(SPEC, idempotency_key="other")
        assert second.value.ref == first.value.ref
        assert (second.how, other.value.ref.account_id) == ("replayed", "2")
        assert await stage.split().route("k") == "one"
        assert await stage.split().route("unused") is None

    stage.run(main())
    assert stage.made() == (1, 1)


def test_a_route_outlives_the_process(stage: Stage, tmp_path: Path) -> None:
    """Another process with the same state folder and another rule sends the key the same way."""

    async def main() -> None:
        for rule in ("two", "one"):
            runtime = Runtime(state=tmp_path, clock=stage.clock, listeners=())
            one, two = Kiosk(runtime, "1"), Kiosk(runtime, "2")
            split = Split({"one": one, "two": two}, lambda _, name=rule: name, name="test")  # type: ignore[misc]
            planned = await split.create_campaign(SPEC, idempotency_key="k", dry_run=True)
            assert planned.value.ref.account_id == "2"
            if rule == "two":
                await split.create_campaign(SPEC, idempotency_key="k")
            assert await split.route("k") == "two"
            await split.aclose()
            await runtime.aclose()

    stage.run(main())


def test_a_rule_sees_the_spec_or_the_tree(stage: Stage) -> None:
    """A function of the caller's decides by what is created."""
    seen: list[str] = []

    def rule(what: CampaignSpec | CampaignTree) -> str:
        seen.append(type(what).__name__)
        spec = what.campaign if isinstance(what, CampaignTree) else what
        return "two" if spec.objective is Objective.SALES else "one"

    async def main() -> None:
        split = stage.split(rule)
        campaign = await split.create_campaign(SPEC.but(objective=Objective.SALES), idempotency_key="a")
        tree = await split.create_tree(TREE, idempotency_key="b")
        again = await split.create_tree(TREE, idempotency_key="b")
        assert [each.value.ref.account_id for each in (campaign,)] == ["2"]
        assert tree.value.groups[0].ads[0].ref.account_id == "1"
        assert again.how == "replayed"

    stage.run(main())
    assert seen == ["CampaignSpec", "CampaignTree"]


def test_a_rule_that_names_nobody_leaves_the_key_free(stage: Stage) -> None:
    """Nothing is sent and nothing is written down; a better rule may take the key."""

    async def main() -> None:
        with pytest.raises(InvalidRequestError) as caught:
            await stage.split(lambda _: "nobody").create_campaign(SPEC, idempotency_key="k")
        assert caught.value.field == "rule"
        assert "one, two" in (caught.value.hint or "")
        assert await stage.split().route("k") is None
        await stage.split(lambda _: "two").create_campaign(SPEC, idempotency_key="k")

    stage.run(main())
    assert stage.made() == (0, 1)


def test_a_key_of_a_member_that_left_is_not_used_elsewhere(stage: Stage) -> None:
    """It may have made something there."""

    async def main() -> None:
        await stage.split(lambda _: "two").create_campaign(SPEC, idempotency_key="k")
        alone = Split({"one": stage.one}, Weights({"one": 1}), name="test")
        with pytest.raises(InvalidRequestError, match="no member now") as caught:
            await alone.create_campaign(SPEC, idempotency_key="k")
        assert caught.value.rule == "split.gone"

    stage.run(main())
    assert stage.made() == (0, 1)


def test_of_many_tasks_with_one_key_the_first_choice_holds(stage: Stage) -> None:
    """The rule changes its mind with each call; the objects do not."""
    import asyncio

    turns = iter(["one", "two"] * 10)

    async def main() -> set[Ref]:
        split = stage.split(lambda _: next(turns))
        made = await asyncio.gather(*(split.create_campaign(SPEC, idempotency_key="k") for _ in range(8)))
        return {each.value.ref for each in made}

    assert len(stage.run(main())) == 1
    assert sum(stage.made()) == 1


def test_another_payload_under_the_key_is_a_conflict(stage: Stage) -> None:
    """The member's own record says so: the route alone would not."""

    async def main() -> None:
        split = stage.split()
        await split.create_campaign(SPEC, idempotency_key="k")
        with pytest.raises(IdempotencyConflictError):
            await split.create_campaign(SPEC.but(name="Summer"), idempotency_key="k")

    stage.run(main())


@pytest.mark.parametrize("certainty", [Certainty.UNKNOWN, Certainty.NOT_SENT])
def test_a_create_that_failed_is_never_moved(stage: Stage, certainty: Certainty) -> None:
    """Not after an unknown outcome, and not after a certain failure: the same key asks the same member again."""
    stage.one.refuses = ConnectionFailedError("away", certainty=certainty)

    async def main() -> None:
        split = stage.split(Weights({"one": 1, "two": 0}))
        with pytest.raises((ConnectionFailedError, UnknownOutcomeError)):
            await split.create_campaign(SPEC, idempotency_key="k", max_attempts=1)
        stage.one.refuses = None
        made = await stage.split(Weights({"one": 0, "two": 1})).create_campaign(SPEC, idempotency_key="k")
        assert made.value.ref.account_id == "1"

    stage.run(main())
    assert stage.made() == (1, 0)


def test_a_dry_run_writes_down_no_route(stage: Stage) -> None:
    """It shows the requests of the member that the key would go to, or went to."""

    async def main() -> None:
        planned = await stage.split(lambda _: "two").create_tree(TREE, idempotency_key="k", dry_run=True)
        assert planned.value.campaign.ref.account_id == "2"
        assert await stage.split().route("k") is None
        await stage.split(lambda _: "one").create_tree(TREE, idempotency_key="k")
        planned = await stage.split(lambda _: "two").create_tree(TREE, idempotency_key="k", dry_run=True)
        assert planned.value.campaign.ref.account_id == "1"

    stage.run(main())
    assert stage.made() == (3, 0)


# Objects --------------------------------------------------------------------------------------------------------------


def test_what_exists_is_handled_where_it_is(stage: Stage) -> None:
    """Reads, changes, switches and further creates go by the ref; a stranger's ref is refused."""

    async def main() -> None:
        split = stage.split(lambda _: "two")
        campaign = (await split.create_campaign(SPEC, idempotency_key="c")).value
        group = (await split.create_ad_group(campaign.ref, GROUP, idempotency_key="g")).value
        ad = (await split.create_ad(group.ref, AD, idempotency_key="a")).value
        assert {each.ref.account_id for each in (campaign, group, ad)} == {"2"}
        assert (await split.get_campaign(campaign.ref, max_age=0)).ref == campaign.ref
        assert (await split.get_ad_group(group.ref, max_age=0)).ref == group.ref
        assert (await split.get_ad(ad.ref, max_age=0)).ref == ad.ref
        assert (await split.update_campaign(campaign.ref, CampaignPatch(name="Later"))).value.name == "Later"
        live = await split.get_ad_group(group.ref, max_age=0)
        more = await split.set_budget(group.ref, Budget.daily(Money.of("7 EUR")), expect=live)
        assert more.applied == ("budget",)
        off = await split.set_status(ad.ref, ConfiguredStatus.DELETED)
        assert off.applied == ("status",)
        stranger = Ref(Platform.META, "3", Level.CAMPAIGN, "1")
        assert (split.owns(ad.ref), split.owns(stranger), split.member_of(ad.ref)) == (True, False, stage.two)
        for call in (split.get_campaign(stranger), split.set_status(stranger, ConfiguredStatus.PAUSED)):
            with pytest.raises(InvalidRequestError, match="of no member"):
                await call

    stage.run(main())
    assert not stage.one.sent


def test_lists_and_look_ups_run_over_all_members(stage: Stage) -> None:
    """Each item once, each from its own account; a cursor goes on in the middle; a parent names one member."""

    async def main() -> None:
        split = stage.split(lambda what: "one" if what.name < "C3" else "two")  # type: ignore[union-attr]
        made = [
            (await split.create_campaign(SPEC.but(name=f"C{number}"), idempotency_key=f"k{number}")).value.ref
            for number in range(6)
        ]
        pages = split.list_campaigns(Query(page_size=1), max_age=0)
        found = [item.ref async for item in pages]
        assert sorted(found) == sorted(made)
        assert [ref.account_id for ref in found] == ["1", "1", "1", "2", "2", "2"]
        half = split.list_campaigns(Query(page_size=1), max_age=0)
        async for item in half:
            if item.ref == found[3]:
                break
        rest = await split.list_campaigns(Query(page_size=1), cursor=half.cursor, max_age=0)
        assert [item.ref for item in rest] == found[4:]
        with pytest.raises(InvalidRequestError, match="another query"):
            split.list_campaigns(cursor=half.cursor)
        assert await split.find_by_key(Level.CAMPAIGN, "k4") == (made[4],)
        group = (await split.create_ad_group(made[0], GROUP, idempotency_key="g")).value
        assert [each.ref for each in await split.list_ad_groups(Query(parent=made[0]), max_age=0)] == [group.ref]
        assert await split.list_ads(Query(parent=made[5]), max_age=0) == ()

    stage.run(main())


def test_an_upload_goes_to_all_and_each_ad_gets_its_own_members_copy(stage: Stage) -> None:
    """The file of the other account would be refused; a file uploaded elsewhere is taken as it is."""

    async def main() -> None:
        split = stage.split(lambda _: "two")
        image = await split.upload_image(IMAGE, idempotency_key="i")
        again = await split.upload_image(IMAGE, idempotency_key="i")
        assert (image.how, again.how) == ("created", "replayed")
        assert list(stage.one.uploads) != list(stage.two.uploads)
        own = MediaRef(kind=MediaKind.IMAGE, id="own")
        creative = Creative(kind=CreativeKind.IMAGE, media=(image.value, own))
        campaign = (await split.create_campaign(SPEC, idempotency_key="c")).value
        group = (await split.create_ad_group(campaign.ref, GROUP, idempotency_key="g")).value
        ad = await split.create_ad(group.ref, AD.but(creative=creative), idempotency_key="a")
        await split.update_ad(ad.value.ref, AdPatch(name="New", creative=creative))
        assert stage.two.media == [*stage.two.uploads, "own"] * 2
        three = Split({"three": Kiosk(stage.runtime, "3"), "two": stage.two}, Weights({"three": 1}), name="other")
        with pytest.raises(InvalidRequestError, match="never uploaded to 'three'"):
            await three.create_tree(
                TREE.but(groups=(GroupTree(ad_group=GROUP, ads=(AD.but(creative=creative),)),)), idempotency_key="t"
            )

    stage.run(main())


def test_specs_are_put_into_a_members_own_words(stage: Stage) -> None:
    """`adapt` is applied to each part of a tree on its way, and must give the same kind of spec back."""

    async def main() -> None:
        split = stage.split(lambda _: "two", adapt={"two": lambda spec: spec.but(name=f"{spec.name} (2)")})
        built = (await split.create_tree(TREE, idempotency_key="t")).value
        assert [built.campaign.name, built.groups[0].ad_group.name, built.groups[0].ads[0].name] == [
            "Spring (2)", "All (2)", "First (2)",
        ]  # fmt: skip
        wrong = stage.split(lambda _: "two", adapt={"two": lambda _: AD})
        with pytest.raises(InvalidRequestError) as caught:
            await wrong.create_campaign(SPEC, idempotency_key="w")
        assert caught.value.field == "adapt.two"

    stage.run(main())


# Several answers as one -----------------------------------------------------------------------------------------------


def test_what_one_member_lacks_the_split_lacks(stage: Stage) -> None:
    """The intersection, with the members that lack it; refused before anything is sent."""
    stage = Stage(flags=[flag for flag in FLAGS if flag not in {Capability.DELETE, Capability.IMAGE_UPLOAD}])
    split = stage.split()
    assert Capability.DELETE not in split.capabilities
    assert Capability.VALIDATE_ONLY in split.capabilities
    assert split.lacking(Capability.DELETE) == ("two",)
    assert split.lacking(Capability.ARCHIVE) == ("one", "two")
    assert "two lacks it" in split.capabilities.reasons[Capability.DELETE]
    ref = Ref(Platform.META, "1", Level.CAMPAIGN, "1")
    for call in (split.set_status(ref, ConfiguredStatus.DELETED), split.upload_image(IMAGE, idempotency_key="i")):
        with pytest.raises(UnsupportedCapabilityError, match="lacks"):
            stage.run(call)
    assert stage.made() == (0, 0)
    assert not stage.one.uploads


def test_accounts_are_one_where_they_agree(stage: Stage) -> None:
    """One currency, one zone; what differs is refused by name, not added."""

    async def main() -> None:
        split = stage.split()
        account = await split.get_account()
        assert (account.currency, account.ref.account_id, account.status) == ("EUR", "test", AccountStatus.UNKNOWN)
        assert account.extra["members"] == {"one": "meta/1/account/1", "two": "meta/2/account/2"}
        assert account.served.source == "live"
        stage.two.money = "USD"
        with pytest.raises(InvalidRequestError, match="no common currency") as caught:
            await split.get_account(max_age=0)
        assert "two: USD" in str(caught.value.value)

    stage.run(main())


def test_metrics_are_laid_beside_each_other(stage: Stage) -> None:
    """All rows; a common basis if there is one; rows of two currencies refuse to be added."""

    async def main() -> None:
        split = stage.split()
        report = await split.get_metrics(TWO_DAYS)
        assert [row.ref.account_id for row in report.rows] == ["1", "1", "2", "2"]
        assert report.basis is not None
        assert add_rows(report.rows).spend == Money.of("4 EUR")
        only = await split.get_metrics(TWO_DAYS.but(refs=(Ref(Platform.META, "2", Level.CAMPAIGN, "1"),)))
        assert {row.ref.account_id for row in only.rows} == {"2"}

    stage.run(main())


def test_days_that_one_member_lacks_are_named_beside_it(stage: Stage) -> None:
    """A day is missing when no row speaks of it; whose rows are missing is in `extra`."""
    stage.two.silent = {date(2026, 1, 2)}
    report = stage.run(stage.split().get_metrics(TWO_DAYS))
    assert report.missing_days == ()
    assert report.extra["missing_days"] == {"one": (), "two": (date(2026, 1, 2),)}


def test_metrics_counted_differently_have_no_common_basis(stage: Stage) -> None:
    """And their rows do not add up."""
    stage.two.money, stage.two.events = "USD", ("purchase",)
    report = stage.run(stage.split().get_metrics(TWO_DAYS))
    assert report.basis is None
    with pytest.raises(InvalidRequestError, match="unequal basis"):
        add_rows(report.rows)


def test_a_report_job_is_done_when_all_are(stage: Stage) -> None:
    """Its id holds the members' jobs, so that another process goes on with it."""
    stage.two.job_states = [ReportState.RUNNING, ReportState.RUNNING, ReportState.DONE]

    async def main() -> None:
        job = await stage.split().start_report(TWO_DAYS)
        states = [job.state]
        while not job.finished:
            job = await stage.split().poll_report(job)
            states.append(job.state)
        assert states == [ReportState.QUEUED, ReportState.RUNNING, ReportState.RUNNING, ReportState.DONE]
        rows = await stage.split().fetch_report(job)
        assert [row.ref.account_id for row in rows] == ["1", "1", "2", "2"]
        with pytest.raises(InvalidRequestError) as caught:
            await stage.split().poll_report(job.model_copy(update={"id": "task-1"}))
        assert caught.value.field == "job"

    stage.run(main())


def test_a_report_job_has_failed_when_one_has(stage: Stage) -> None:
    """Half a report is none."""
    stage.two.job_states = [ReportState.FAILED]

    async def main() -> None:
        split = stage.split()
        job = await split.poll_report(await split.start_report(TWO_DAYS))
        assert job.state is ReportState.FAILED

    stage.run(main())


def test_an_error_of_one_member_names_it(stage: Stage) -> None:
    """Half an answer is none; the note says whose error it is."""
    stage.two.fits_on_a_page = 0
    with pytest.raises(Exception, match="too many") as caught:
        stage.run(stage.split().find_by_key(Level.CAMPAIGN, "k"))
    assert caught.value.__notes__ == ["member 'two' of a split"]


def test_options_and_lifetime_reach_all_members(stage: Stage) -> None:
    """A copy has other options; closing closes all."""

    async def main() -> None:
        async with stage.split() as split:
            with pytest.raises(InvalidRequestError, match="no option"):
                split.with_options(dedline=1)  # type: ignore[call-arg]
            stage.one.refuses = stage.two.refuses = ConnectionFailedError("away", certainty=Certainty.NOT_SENT)
            quick = split.with_options(max_attempts=1)
            with pytest.raises(ConnectionFailedError) as caught:
                await quick.create_campaign(SPEC, idempotency_key="k")
            assert len(caught.value.attempts) == 1
        with pytest.raises(InvalidRequestError, match="closed"):
            await split.get_account(max_age=0)

    stage.run(main())


def test_two_platforms_are_one(stage: Stage) -> None:
    """A real adapter beside the kiosk: each object names its own platform, the whole is a split."""
    sandbox = SimTransport(TikTokSandbox(), stage.clock)
    tiktok = TikTokAds(ADVERTISERS[0], TOKEN, runtime=stage.runtime, transport=sandbox, tier="ultimate")
    budget = Budget.daily(Money.of("100 USD"))

    async def main() -> None:
        split = Split(
            {"kiosk": stage.one, "tiktok": tiktok},
            lambda what: "tiktok" if what.budget else "kiosk",  # type: ignore[union-attr]
            name="both",
        )
        assert (split.platform, split.capabilities.platform) == (Platform.SPLIT, Platform.SPLIT)
        assert split.lacking(Capability.BALANCE) == ("kiosk",)
        spec = SPEC.but(budget=budget)
        made = [
            (await split.create_campaign(each, idempotency_key=each.name)).value.ref
            for each in (SPEC, spec.but(name="Summer"))
        ]
        assert [ref.platform for ref in made] == [Platform.META, Platform.TIKTOK]
        assert [each.ref for each in await split.list_campaigns(max_age=0)] == made
        live = await split.get_campaign(made[1], max_age=0)
        more = await split.set_budget(made[1], Budget.daily(Money.of("120 USD")), expect=live)
        assert more.value.budget == Budget.daily(Money.of("120 USD"))

    stage.run(main())


def test_splits_may_be_members_of_splits(stage: Stage) -> None:
    """The route of each has its own name; files find their way through both."""

    async def main() -> None:
        inner = stage.split(lambda _: "two")
        outer = Split(
            {"both": inner, "three": Kiosk(stage.runtime, "3")}, lambda _: "both", name="outer", runtime=stage.runtime
        )
        image = (await outer.upload_image(IMAGE, idempotency_key="i")).value
        ad = AD.but(creative=Creative(kind=CreativeKind.IMAGE, media=(image,)))
        tree = TREE.but(groups=(GroupTree(ad_group=GROUP, ads=(ad,)),))
        built = await outer.create_tree(tree, idempotency_key="k")
        assert built.value.campaign.ref.account_id == "2"
        assert stage.two.media == list(stage.two.uploads)
        assert (await outer.route("k"), await inner.route("k")) == ("both", "two")

    stage.run(main())


def test_a_tree_activated_through_a_split_is_active_in_the_journal() -> None:
    """Members share the journal, and it says of each object what became of it."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=(), guard=SpendGuard.unlimited())
    simulator = TikTokSandbox()
    transport = SimTransport(simulator, clock)
    one, other = (
        TikTokAds(each, TOKEN, runtime=runtime, transport=transport, tier="ultimate") for each in ADVERTISERS[:2]
    )
    split = Split({"one": one, "other": other}, Weights({"one": 1}), name="halves")

    async def main() -> set[State]:
        samples = Samples("USD", ("6252001",), {})
        made = await split.create_tree(await samples.tree(split), idempotency_key="spring")
        await activate_tree(split, made.value)
        records = await runtime.journal.records()
        return {record.state for record in records if isinstance(record.value, Ref)}

    assert run(main(), clock) == {State.ACTIVE}
