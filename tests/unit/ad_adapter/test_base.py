"""What all ad platforms share, on a vendor in memory: lists, changes in steps, dry runs, uploads, reports."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backstay.ad_adapter import AdAdapter, compare, flag, parts, same, variable
from backstay.ads import (
    AdGroupSpec,
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
    MediaUpload,
    MetricsQuery,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Query,
    Ref,
    ReportState,
)
from backstay.errors import (
    InvalidRequestError,
    NotFoundError,
    NotReadyError,
    PermissionDeniedError,
    PlatformServiceError,
    TooMuchDataError,
    UnsupportedCapabilityError,
)
from backstay.runtime import Runtime
from backstay.testing.clock import VirtualClock, run
from backstay.writes.marker import mark, token
from backstay.writes.reconcile import Seen
from tests.support.kiosk import FLAGS, Kiosk

T = TypeVar("T")

SPEC = CampaignSpec(name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary())
GROUP = AdGroupSpec(name="All", optimization=OptimizationGoal.CLICKS, budget=Budget.daily(Money.of("5 EUR")))
AD = AdSpec(name="First", creative=Creative(kind=CreativeKind.IMAGE))
TREE = CampaignTree(campaign=SPEC, groups=(GroupTree(ad_group=GROUP, ads=(AD, AD.but(name="Second"))),))
TEN_DAYS = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2026, 1, 1), date(2026, 1, 10)))


class Stage:
    """A kiosk on a clock of its own."""

    def __init__(self, **facts: Any) -> None:
        self.clock = VirtualClock()
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=())
        self.ads = Kiosk(self.runtime, **facts)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return run(work, self.clock)

    def made(self, count: int) -> list[Ref]:
        """Campaigns C0, C1, ... that were there before."""
        for number in range(count):
            name = mark(f"C{number}", token("meta", "1", "create_campaign", f"k{number}"))
            self.ads.rows[str(number + 1)] = {"level": Level.CAMPAIGN, "name": name, "status": "paused"}
        return [Ref(Platform.META, "1", Level.CAMPAIGN, id_) for id_ in self.ads.rows]


@pytest.fixture
def stage() -> Stage:
    return Stage()


# Hooks ----------------------------------------------------------------------------------------------------------------


def test_a_vendor_without_all_hooks_is_no_adapter() -> None:
    """What is missing is named when the adapter is made, not when it is first needed."""

    class Half(AdAdapter):
        vendor = "half"

    with pytest.raises(TypeError, match="_draft_campaign"):
        Half(credentials=None, account="1", host="", profile=None, runtime=None, options={})  # type: ignore[abstract, arg-type]


def test_a_vendor_with_all_hooks_is_an_ad_platform(stage: Stage) -> None:
    """The base speaks the whole protocol."""
    assert isinstance(stage.ads, AdPlatform)


def test_a_capability_without_its_hook_is_our_fault_and_named() -> None:
    """A flag that is on and a hook that is not written."""
    stage = Stage(flags=(Capability.BALANCE,))
    with pytest.raises(Exception, match="_read_balance"):
        stage.run(stage.ads.get_balance())


@pytest.mark.parametrize("operation", ["get_balance", "upload_image", "upload_video", "start_report"])
def test_what_is_off_is_refused_before_the_vendor_is_asked(operation: str) -> None:
    """Each capability guards its operation, and says which one is missing."""
    stage = Stage(flags=())
    media = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"a")
    calls = {
        "get_balance": stage.ads.get_balance,
        "upload_image": lambda: stage.ads.upload_image(media, idempotency_key="k"),
        "upload_video": lambda: stage.ads.upload_video(media, idempotency_key="k"),
        "start_report": lambda: stage.ads.start_report(TEN_DAYS),
    }
    with pytest.raises(UnsupportedCapabilityError) as caught:
        stage.run(calls[operation]())
    assert caught.value.field == "capability"


# Reading --------------------------------------------------------------------------------------------------------------


def test_several_lists_are_one(stage: Stage) -> None:
    """Two lists of two pages each come as one, with one total, and go on from a cursor in the middle."""
    refs = stage.made(7)

    async def main() -> None:
        pages = [page async for page in stage.ads.list_campaigns(Query(page_size=2), max_age=0).pages()]
        found = [item.ref for page in pages for item in page.items]
        assert sorted(found) == sorted(refs)
        assert pages[-1].total == 7
        rest = await stage.ads.list_campaigns(Query(page_size=2), cursor=pages[1].cursor, max_age=0)
        assert [item.ref for item in rest] == found[len(pages[0].items) + len(pages[1].items) :]

    stage.run(main())


def test_a_page_too_large_is_asked_for_in_smaller_ones(stage: Stage) -> None:
    """The vendor says that it is too much: half of it, from the same place; nothing is lost."""
    refs = stage.made(9)
    stage.ads.fits_on_a_page = 10
    stage.ads.sizes.clear()
    found = stage.run(stage.ads.list_campaigns(max_age=0).all())
    assert {item.ref for item in found} == set(refs)
    assert stage.ads.sizes == [40, 20, 10, 10]


def test_a_page_that_stays_too_large_is_an_error(stage: Stage) -> None:
    """Halving ends."""
    stage.made(1)
    stage.ads.fits_on_a_page = 2
    with pytest.raises(TooMuchDataError):
        stage.run(stage.ads.list_campaigns(max_age=0).all())


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (Query(), 3),
        (Query(name="C1"), 1),
        (Query(name="C"), 0),
        (Query(name_contains="C"), 3),
        (Query(ids=("1", "3")), 2),
        (Query(ids=("9",)), 0),
        (Query(statuses=(ConfiguredStatus.PAUSED,)), 3),
        (Query(statuses=(ConfiguredStatus.ACTIVE,)), 0),
        (Query(objectives=(Objective.SALES,)), 0),
    ],
)
def test_filters_hold_exactly_though_the_vendor_has_none(stage: Stage, query: Query, count: int) -> None:
    """The kiosk gives everything; what does not fit is left out."""
    stage.made(3)
    assert len(stage.run(stage.ads.list_campaigns(query, max_age=0).all())) == count


def test_lists_of_a_parent_and_since_a_time_are_exact(stage: Stage) -> None:
    """What is under another campaign, or older, is left out."""

    async def main() -> None:
        one, two = [
            (await stage.ads.create_campaign(SPEC.but(name=name), idempotency_key=name)).value.ref for name in "ab"
        ]
        group = (await stage.ads.create_ad_group(one, GROUP, idempotency_key="g")).value
        await stage.ads.create_ad_group(two, GROUP, idempotency_key="h")
        under = await stage.ads.list_ad_groups(Query(parent=one), max_age=0)
        assert [each.ref for each in under] == [group.ref]
        assert group.created_at is not None
        late = Query(created_since=group.created_at + timedelta(seconds=1))
        assert [each.campaign for each in await stage.ads.list_ad_groups(late, max_age=0)] == [two]

    stage.run(main())


def test_an_object_that_a_node_does_not_know_is_looked_for_elsewhere(stage: Stage) -> None:
    """NOT_FOUND of the first place is no answer; of all places it is."""
    (ref,) = stage.made(1)

    async def main() -> None:
        assert (await stage.ads.get_campaign(ref, max_age=0)).ref == ref
        with pytest.raises(NotFoundError):
            await stage.ads.get_campaign(ref.at(Level.CAMPAIGN, "99"))

    stage.run(main())


@pytest.mark.parametrize("wrong", ["account", "level", "planned"])
def test_refs_of_others_are_refused_before_anything_is_sent(stage: Stage, wrong: str) -> None:
    """Another account's, another level's, and one that only a dry run knows."""
    (ref,) = stage.made(1)
    refs = {
        "account": Ref(ref.platform, "2", ref.level, ref.id), "level": ref.at(Level.AD, ref.id),
        "planned": ref.at(Level.CAMPAIGN, "planned-abc"),
    }  # fmt: skip

    async def main() -> None:
        for call in (
            stage.ads.get_campaign(refs[wrong]),
            stage.ads.update_campaign(refs[wrong], CampaignPatch(name="x")),
        ):
            with pytest.raises(InvalidRequestError) as caught:
                await call
            assert caught.value.field == "ref"
            assert caught.value.hint

    stage.run(main())
    assert stage.ads.sizes == []


# What another process has made ------------------------------------------------------------------------------------


def another(stage: Stage, runtime: Runtime, **facts: Any) -> Kiosk:
    """The same kiosk, seen by a process that remembers nothing."""
    twin = Kiosk(runtime, **facts)
    twin.rows = stage.ads.rows
    return twin


def test_a_journal_that_forgets_is_made_up_for_by_a_look(stage: Stage) -> None:
    """A vendor that takes a name twice would make a second object under the same key."""

    async def main() -> None:
        first = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        twin = another(stage, Runtime.in_memory(clock=stage.clock, listeners=()))
        again = await twin.create_campaign(SPEC, idempotency_key="k")
        assert (again.how, again.value.ref, twin.sent) == ("adopted", first.value.ref, [])
        fresh = await twin.create_campaign(SPEC, idempotency_key="other")
        assert fresh.how == "created"

    stage.run(main())


def test_a_vendor_that_refuses_a_second_name_is_not_asked_first(stage: Stage) -> None:
    """It says so itself, and then the object is adopted; here the kiosk only claims to."""

    async def main() -> None:
        await stage.ads.create_campaign(SPEC, idempotency_key="k")
        flags = (*FLAGS, Capability.NAME_UNIQUE)
        twin = another(stage, Runtime.in_memory(clock=stage.clock, listeners=()), flags=flags)
        assert (await twin.create_campaign(SPEC, idempotency_key="k")).how == "created"

    stage.run(main())


def test_a_durable_journal_costs_no_look(stage: Stage, tmp_path: Path) -> None:
    """It knows the keys of all processes that share it."""
    counts = []

    async def main() -> None:
        for state in (None, tmp_path):
            options: dict[str, Any] = {"clock": stage.clock, "listeners": ()}
            runtime = Runtime.in_memory(**options) if state is None else Runtime(state=state, **options)
            kiosk = Kiosk(runtime)
            await kiosk.create_campaign(SPEC, idempotency_key="k")
            counts.append(len(kiosk.sizes))
            await runtime.aclose()

    stage.run(main())
    assert counts[1] < counts[0]


# Changing -------------------------------------------------------------------------------------------------------------


def test_a_change_of_two_requests_says_which_part_has_arrived(stage: Stage) -> None:
    """The budget's request is taken and not carried out: it is pending, the name is applied."""
    (ref,) = stage.made(1)
    stage.ads.deaf = {"budget"}
    patch = CampaignPatch(name="Later", budget=Budget.daily(Money.of("5 EUR")))
    stage.ads.rows[ref.id]["budget"] = Budget.daily(Money.of("9 EUR"))
    updated = stage.run(stage.ads.update_campaign(ref, patch))
    assert (updated.applied, updated.pending) == (("name",), ("budget",))
    assert updated.value.name == "Later"


def test_a_deleted_object_is_gone(stage: Stage) -> None:
    """After DELETE nothing is there to read, and that is success."""
    (ref,) = stage.made(1)
    updated = stage.run(stage.ads.set_status(ref, ConfiguredStatus.DELETED))
    assert updated.applied == ("status",)
    assert updated.value.status.configured is ConfiguredStatus.DELETED
    assert stage.ads.rows == {}


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (50, 50.0, True), (50, "50", True), ([1, 2], [2, 1], True), ((1, 2), [2, 1], True), (50, 51, False),
        ([1], [1, 1], False), ("a", "A", False), (None, 0, False),
    ],
)  # fmt: skip
def test_values_are_equal_as_vendors_mean_it(left: object, right: object, equal: bool) -> None:
    """Numbers in any dress, lists in any order; nothing else."""
    assert same(left, right) is equal


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        ({"name": "b", "budget": 5}, Seen.WANTED), ({"name": "b", "budget": None}, Seen.WANTED),
        ({"name": "a", "budget": 4}, Seen.BEFORE), ({"name": "b", "budget": 4}, Seen.OTHER),
        ({"name": "c", "budget": 5}, Seen.OTHER),
    ],
)  # fmt: skip
def test_a_read_shows_a_change_as_wanted_as_before_or_neither(now: dict[str, object], seen: Seen) -> None:
    """Half a change is neither; what is not shown does not count against it."""
    assert compare({"name": "b", "budget": 5}, {"name": "a", "budget": 4}, now) is seen


@pytest.mark.parametrize(
    ("wanted", "before", "now", "tells_it"),
    [
        ({"name": "b"}, {"name": "a"}, {"name": "b"}, True),
        ({"name": "b"}, {"name": "a"}, {"name": "a"}, True),
        ({"suffix": "x"}, {}, {}, False),
        ({"suffix": "x", "name": "b"}, {"name": "a"}, {"name": "b"}, True),
        ({"suffix": "x", "name": "a"}, {"name": "a"}, {"name": "a"}, False),
        ({"end": None}, {"end": "2026-01-01"}, {}, True),
        ({"end": None}, {}, {}, False),
        ({}, {}, {}, False),
    ],
)
def test_only_a_field_that_is_shown_and_was_another_one_tells_of_a_change(
    wanted: dict[str, object], before: dict[str, object], now: dict[str, object], tells_it: bool
) -> None:
    """All else leaves open whether a lost change has happened, so it is sent again."""
    assert parts.tells(wanted, before, now) is tells_it


# Dry runs -------------------------------------------------------------------------------------------------------------


def test_a_dry_run_changes_neither_the_world_nor_the_journal(stage: Stage) -> None:
    """Creates of each level, a tree, a switch, a budget: all planned, nothing written; where it can, it is checked."""
    (ref,) = stage.made(1)
    stage.ads.rows[ref.id]["budget"] = Budget.daily(Money.of("9 EUR"))
    rows, sent = repr(stage.ads.rows), len(stage.ads.sent)
    journal = [(record.key, record.state) for record in stage.run(stage.runtime.journal.records())]

    async def main() -> None:
        ads, budget = stage.ads, Budget.daily(Money.of("5 EUR"))
        campaign = await ads.create_campaign(SPEC, idempotency_key="dry", dry_run=True)
        group = await ads.create_ad_group(ref, GROUP, idempotency_key="dry", dry_run=True)
        tree = await ads.create_tree(TREE, idempotency_key="dry", dry_run=True)
        live = await ads.get_campaign(ref, max_age=0)
        money = await ads.set_budget(ref, budget, expect=live, dry_run=True)
        off = await ads.set_status(ref, ConfiguredStatus.DELETED, dry_run=True)
        assert [made.how for made in (campaign, group, tree)] == ["planned"] * 3
        assert campaign.value.status.configured is ConfiguredStatus.PAUSED
        assert (group.value.campaign, group.value.extra["shelf"]) == (ref, "ad_group")
        assert [request["make"] for request in tree.plan] == ["campaign", "ad_group", "ad", "ad"]
        assert tree.plan[1]["row"]["parent"] == tree.value.campaign.ref.id
        assert (money.pending, money.plan) == (("budget",), ({"set": "budget", "to": budget},))
        assert (off.pending, off.plan) == (("status",), ({"set": "status", "to": "deleted"},))

    stage.run(main())
    assert (repr(stage.ads.rows), len(stage.ads.sent)) == (rows, sent)
    assert [(record.key, record.state) for record in stage.run(stage.runtime.journal.records())] == journal
    assert len(stage.ads.checked) == 5


def test_a_dry_run_shows_the_very_request_that_is_sent(stage: Stage) -> None:
    """The plan of a create is its request."""

    async def main() -> None:
        planned = await stage.ads.create_campaign(SPEC, idempotency_key="k", dry_run=True)
        made = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert made.how == "created"
        assert list(planned.plan) == stage.ads.sent
        assert planned.value.key_token == made.value.key_token

    stage.run(main())


def test_what_the_vendor_refuses_in_a_check_is_raised(stage: Stage) -> None:
    """With VALIDATE_ONLY the dry run fails as the write would."""
    stage.ads.refuses = InvalidRequestError("too small", field="budget", value=1, hint="more")
    with pytest.raises(InvalidRequestError, match="too small"):
        stage.run(stage.ads.create_campaign(SPEC, idempotency_key="k", dry_run=True))


def test_without_validate_only_a_dry_run_asks_nobody() -> None:
    """The local plan is all there is."""
    stage = Stage(flags=())
    planned = stage.run(stage.ads.create_campaign(SPEC, idempotency_key="k", dry_run=True))
    assert planned.plan
    assert stage.ads.checked == []


@pytest.mark.parametrize("key", ["", "  ", "x" * 201])
def test_a_dry_run_refuses_a_bad_key_too(stage: Stage, key: str) -> None:
    """What the write would refuse locally, its dry run refuses."""
    with pytest.raises(InvalidRequestError) as caught:
        stage.run(stage.ads.create_campaign(SPEC, idempotency_key=key, dry_run=True))
    assert caught.value.field == "idempotency_key"


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(("length", "fits"), [(196, True), (197, False)])
def test_a_trees_key_leaves_room_for_its_parts(stage: Stage, length: int, fits: bool, dry_run: bool) -> None:
    """The parts' keys are longer (`/0/1`); one that would be refused later is refused before the campaign is made."""
    build = stage.ads.create_tree(TREE, idempotency_key="k" * length, dry_run=dry_run)
    if fits:
        assert len(stage.run(build).value.groups[0].ads) == 2
        return
    with pytest.raises(InvalidRequestError) as caught:
        stage.run(build)
    assert caught.value.field == "idempotency_key"
    assert stage.ads.sent == []


# Uploads --------------------------------------------------------------------------------------------------------------


def test_a_file_carries_its_marker_within_the_vendors_limit(stage: Stage) -> None:
    """The ending stays, the name is cut, and the key decides the marker."""
    media = MediaUpload(kind=MediaKind.IMAGE, name=f"{'long' * 15}.png", data=b"a")

    async def main() -> None:
        first = await stage.ads.upload_image(media, idempotency_key="one")
        second = await stage.ads.upload_image(media, idempotency_key="two")
        assert first.value.id != second.value.id
        for name in (first.value.id, second.value.id):
            assert len(name) <= stage.ads.name_limit
            assert name.endswith(".png")

    stage.run(main())


def test_a_video_that_is_never_ready_is_named(stage: Stage) -> None:
    """After two minutes of looking the caller is told to come back with the same key."""
    media = MediaUpload(kind=MediaKind.VIDEO, name="a.mp4", data=b"a")

    async def main() -> None:
        with pytest.raises(NotReadyError) as caught:
            await stage.ads.upload_video(media, idempotency_key="k")
        assert "same key" in (caught.value.hint or "")
        with pytest.raises(InvalidRequestError) as wrong:
            await stage.ads.upload_image(media, idempotency_key="k")
        assert wrong.value.hint == "use upload_video"

    stage.run(main())


# Reports --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [None, 10, 9, 3, 1])
def test_a_report_too_large_is_asked_for_in_halves(stage: Stage, limit: int | None) -> None:
    """Each day comes once, whatever the vendor finds too large."""
    stage.ads.days_in_an_answer = limit
    report = stage.run(stage.ads.get_metrics(TEN_DAYS))
    assert [row.day for row in report.rows] == list(TEN_DAYS.days)
    assert report.missing_days == ()
    assert report.final


def test_a_total_too_large_is_run_as_a_job(stage: Stage) -> None:
    """Totals are not halved: they would not add up."""
    stage.ads.days_in_an_answer = 0
    report = stage.run(stage.ads.get_metrics(TEN_DAYS.but(daily=False)))
    assert len(report.rows) == 10
    assert report.served.source == "live"


@pytest.mark.parametrize("state", [ReportState.FAILED, ReportState.EXPIRED, ReportState.RUNNING])
def test_a_job_that_does_not_end_well_says_so(stage: Stage, state: ReportState) -> None:
    """Failed, expired, or not done in half an hour."""
    stage.ads.days_in_an_answer, stage.ads.job_states = 0, [state]
    with pytest.raises(TooMuchDataError, match="as a job"):
        stage.run(stage.ads.get_metrics(TEN_DAYS.but(daily=False)))


def test_a_job_whose_failure_may_pass_is_begun_again(stage: Stage) -> None:
    """At most three times; what is raised in the end is the vendor's reason."""
    stage.ads.days_in_an_answer = 0
    failed, done = ReportState.FAILED, ReportState.DONE

    async def main() -> None:
        stage.ads.job_states = [failed, failed, done]
        stage.ads.job_errors = [PlatformServiceError("busy") for _ in range(4)]  # asked for twice each time
        assert (await stage.ads.get_metrics(TEN_DAYS.but(daily=False))).rows
        stage.ads.job_states = [failed]
        stage.ads.job_errors = [PlatformServiceError("busy") for _ in range(12)]
        with pytest.raises(PlatformServiceError):
            await stage.ads.get_metrics(TEN_DAYS.but(daily=False), max_age=0)
        assert len(stage.ads.job_errors) == 12 - 3 * 2

    stage.run(main())


def test_a_job_that_the_vendor_refuses_for_good_is_not_begun_again(stage: Stage) -> None:
    """And the caller hears why, from the polled job as well."""
    stage.ads.days_in_an_answer, stage.ads.job_states = 0, [ReportState.FAILED]
    stage.ads.job_errors = [PermissionDeniedError("no"), PermissionDeniedError("no"), PermissionDeniedError("no")]

    async def main() -> None:
        with pytest.raises(PermissionDeniedError):
            await stage.ads.get_metrics(TEN_DAYS.but(daily=False))
        job = await stage.ads.poll_report(await stage.ads.start_report(TEN_DAYS))
        assert job.state is ReportState.FAILED
        assert job.extra["error"]["type"] == "PERMISSION_DENIED"

    stage.run(main())
    assert stage.ads.job_errors == []


def test_without_jobs_too_much_is_too_much() -> None:
    """The vendor's own error comes out."""
    stage = Stage(flags=())
    stage.ads.days_in_an_answer = 0
    with pytest.raises(TooMuchDataError, match="reduce"):
        stage.run(stage.ads.get_metrics(TEN_DAYS))


def test_a_jobs_rows_are_read_page_by_page(stage: Stage) -> None:
    """And not before it is done."""

    async def main() -> None:
        job = await stage.ads.start_report(TEN_DAYS)
        with pytest.raises(NotReadyError):
            await stage.ads.fetch_report(job).all()
        running = await stage.ads.poll_report(job)
        assert (running.state, running.percent, running.finished) == (ReportState.RUNNING, 50, False)
        done = await stage.ads.poll_report(job)
        assert [row.day for row in await stage.ads.fetch_report(done)] == list(TEN_DAYS.days)

    stage.run(main())


# The environment ------------------------------------------------------------------------------------------------------


def test_a_missing_variable_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to export, and what to do instead."""
    monkeypatch.delenv("KIOSK_TOKEN", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        variable("KIOSK_TOKEN", "pass it to Kiosk(token)")
    assert (caught.value.field, caught.value.hint) == (
        "KIOSK_TOKEN",
        "export KIOSK_TOKEN=..., or pass it to Kiosk(token)",
    )
    monkeypatch.setenv("KIOSK_TOKEN", "t")
    assert variable("KIOSK_TOKEN", "") == "t"


@pytest.mark.parametrize(("text", "on"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)])
def test_a_flag_says_yes_or_no(monkeypatch: pytest.MonkeyPatch, text: str, on: bool) -> None:
    """Anything but a yes is a no."""
    monkeypatch.setenv("KIOSK_FLAG", text)
    assert flag("KIOSK_FLAG") is on
