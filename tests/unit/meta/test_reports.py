"""MetaAds on its simulator: insights at once and as jobs, and limits that are heard."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from backstay.ads import (
    DateRange,
    Level,
    MetricsQuery,
    ReportState,
)
from backstay.ads.parts import AttributionSetting
from backstay.errors import (
    BackstayError,
    InvalidRequestError,
    PlatformServiceError,
    RateLimitError,
    UnsupportedCapabilityError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay_adapters.meta import meta_profile
from backstay_adapters.meta.sandbox import ACCOUNTS
from tests.support.meta import HOME, Stage

# Reports ----------------------------------------------------------------------------------------------------------

WEEK = DateRange(date(2025, 12, 1), date(2025, 12, 7))
DAILY = MetricsQuery(level=Level.CAMPAIGN, days=WEEK)


def delivering(**switches: Any) -> Stage:
    """A world with two campaigns that have run since November."""
    stage = Stage(**switches)
    for name in ("One", "Two"):
        stage.sandbox.add_tree(ACCOUNTS[0], name, 1_761_955_200.0, budget=2_000.0)
    return stage


def test_metrics_are_numbers_of_the_chosen_actions() -> None:
    """Families of actions overlap, so exactly those that are named are added."""
    stage = delivering()

    async def main() -> None:
        assert len((await stage.ads.get_metrics(DAILY)).rows) == 14
        row = (await stage.ads.get_metrics(DAILY.but(daily=False))).rows[0]
        assert row.basis.conversion_events == ("omni_purchase",)
        names = [each["action_type"] for each in row.extra["actions"]]
        assert {"purchase", "omni_purchase"} <= set(names)
        both = await stage.ads.get_metrics(DAILY.but(conversion_events=("purchase", "omni_purchase"), daily=False))
        assert both.rows[0].conversions == 2 * row.conversions > 0
        assert row.link_clicks is not None
        assert row.clicks > row.link_clicks > 0
        assert row.revenue is not None
        assert row.revenue.currency == "USD"

    stage.run(main())


def test_only_the_asked_objects_are_reported() -> None:
    """A filter on the level's own ids."""
    stage = delivering()

    async def main() -> None:
        first = await stage.ads.list_campaigns().first()
        assert first is not None
        report = await stage.ads.get_metrics(DAILY.but(refs=(first.ref,), daily=False))
        assert [each.ref for each in report.rows] == [first.ref]
        account = await stage.ads.get_metrics(MetricsQuery(level=Level.ACCOUNT, days=WEEK, daily=False))
        assert account.rows[0].ref.id == HOME

    stage.run(main())


def test_windows_are_asked_for_and_added() -> None:
    """Those that Meta no longer answers are refused here."""
    stage = delivering()

    async def main() -> None:
        week = DAILY.but(daily=False)
        whole = await stage.ads.get_metrics(week)
        setting = AttributionSetting(click_days=1, view_days=1, engaged_view_days=0)
        narrow = await stage.ads.get_metrics(week.but(attribution=setting))
        assert 0 < narrow.rows[0].conversions < whole.rows[0].conversions
        assert narrow.basis != whole.basis
        with pytest.raises(UnsupportedCapabilityError) as caught:
            await stage.ads.get_metrics(DAILY.but(attribution=AttributionSetting(view_days=7)))
        assert caught.value.field == "attribution.view_days"

    stage.run(main())


@pytest.mark.parametrize("heavy", [(1, None), (100, 1487534), (100, 1504018)])
def test_insights_that_are_too_much_are_split_and_never_asked_again_as_they_were(heavy: tuple[int, int | None]) -> None:
    """By days first; one request each, whichever way the vendor says it."""
    stage = delivering(heavy_rows=8, heavy=heavy)

    async def main() -> None:
        assert len((await stage.ads.get_metrics(DAILY)).rows) == 14

    stage.run(main())
    asked = [request.query["time_range"] for request in stage.transport.requests if request.path.endswith("/insights")]
    assert len(asked) == len(set(asked)) == 3


def test_a_day_that_is_too_much_is_run_as_a_job() -> None:
    """Which is waited for, though it is not found at first, and though 99 percent is not all."""
    stage = delivering(heavy_rows=1, job_race=3.0, job_settle=20.0)

    async def main() -> None:
        day = DateRange(WEEK.first, WEEK.first)
        report = await stage.ads.get_metrics(DAILY.but(days=day))
        assert len(report.rows) == 2

    stage.run(main())


def test_a_run_that_failed_is_started_again() -> None:
    """Twice more at most; the reason is the vendor's own."""
    stage = delivering(heavy_rows=1, endings=["Job Failed", "Job Skipped"])
    day = DAILY.but(days=DateRange(WEEK.first, WEEK.first))

    async def main() -> None:
        assert len((await stage.ads.get_metrics(day)).rows) == 2
        stage.sandbox.endings[:] = ["Job Failed"] * 3
        with pytest.raises(PlatformServiceError) as caught:
            await stage.ads.get_metrics(day, max_age=0)
        assert caught.value.vendor_subcode == 2490547
        stage.sandbox.endings[:] = ["Job Failed"]
        stage.sandbox.switches.job_error = (2, 1504041)
        with pytest.raises(InvalidRequestError):
            await stage.ads.get_metrics(day, max_age=0)
        assert stage.sandbox.endings == []

    stage.run(main())


def test_a_job_can_be_followed_by_hand() -> None:
    """Started, polled, fetched; a failed one says why."""
    stage = delivering(endings=["Job Completed", "Job Failed"])

    async def main() -> None:
        job = await stage.ads.start_report(DAILY)
        assert (await stage.ads.poll_report(job)).state is ReportState.QUEUED
        with pytest.raises(BackstayError):
            await stage.ads.fetch_report(job)
        await stage.clock.sleep(60)
        done = await stage.ads.poll_report(job)
        assert (done.state, done.percent) == (ReportState.DONE, 100)
        assert len(await stage.ads.fetch_report(done)) == 14
        failing = await stage.ads.start_report(DAILY)
        await stage.clock.sleep(60)
        failed = await stage.ads.poll_report(failing)
        assert failed.state is ReportState.FAILED
        assert failed.extra["error"]["type"] == "PLATFORM_SERVICE_ERROR"

    stage.run(main())


# Limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["full", "limited"])
def test_calls_slow_down_before_the_wall(tier: str) -> None:
    """A limited app of 60 points in five minutes is never refused: headers slow it down, or its own count does."""
    stage = Stage(tier="limited")
    ads = stage.adapter(tier=tier, deadline=3600.0)

    async def main() -> None:
        for _ in range(200):
            await ads.get_account(max_age=0, max_stale=0, max_attempts=1)

    stage.run(main())
    assert stage.clock.monotonic() > 600


@pytest.mark.parametrize("caller", ["the same", "a report", "another account"])
@pytest.mark.parametrize(
    ("rule", "wait", "held"),
    [
        (FaultRule(FaultKind.RATE_LIMIT, long=True, times=1), 300.0, {"the same"}),
        (FaultRule(FaultKind.RATE_LIMIT, times=1), 60.0, {"the same", "a report"}),
        (FaultRule(FaultKind.RATE_LIMIT, code=4, times=1), 60.0, {"the same", "a report", "another account"}),
    ],
    ids=["use case", "account", "app"],
)
def test_a_limit_holds_whom_it_concerns(rule: FaultRule, wait: float, held: set[str], caller: str) -> None:
    """80004 holds the account's management calls, 17 the account, 4 the whole app; who is held waits and succeeds."""
    stage = Stage()
    other = stage.adapter(ACCOUNTS[2])

    async def main() -> float:
        await stage.ads.get_account()
        await other.get_account()
        stage.fail(rule)
        with pytest.raises(RateLimitError):
            await stage.ads.get_account(max_age=0, max_stale=0, max_attempts=1)
        calls = {
            "the same": lambda: stage.ads.get_account(max_age=0, max_stale=0, deadline=900),
            "a report": lambda: stage.ads.get_metrics(DAILY, max_age=0, max_stale=0, deadline=900),
            "another account": lambda: other.get_account(max_age=0, max_stale=0, deadline=900),
        }
        before = stage.clock.monotonic()
        await calls[caller]()
        return stage.clock.monotonic() - before

    waited = stage.run(main())
    assert waited == (pytest.approx(wait, rel=0.05) if caller in held else pytest.approx(0.0, abs=3.0))


def test_a_profile_names_its_limits() -> None:
    """Whose they are: app, account, use cases by operation group, one ad set's budget."""
    limits = meta_profile().limits
    assert {name: limit.per for name, limit in limits.items()} == {
        "app": "app", "account": "account", "ads_management": "account", "ads_insights": "account",
        "insights_app": "app", "ad_set_budget": "object",
    }  # fmt: skip
    assert meta_profile("limited").limits["account"].windows == ((48.0, 300.0),)
