"""Meta's simulator: insights at once and as report runs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Request
from backstay_adapters.meta.sandbox.asked import preset
from tests.unit.meta.sandbox_api import DAY, JPY, NOW, USD, Api, Json, filtering, refused

SPAN: Json = {"time_range": {"since": "2025-12-29", "until": "2025-12-31"}}


def old(**kwargs: Any) -> tuple[Api, list[str]]:
    """Two ads in a tree that has run for three days."""
    api = Api(**kwargs)
    return api, api.sandbox.add_tree(api.account, "Old", NOW - 3 * DAY, ads=2)


def rows(api: Api, **query: Any) -> list[Json]:
    """The rows of the account."""
    body = api.get(f"{api.act}/insights", **query)
    assert "data" in body, body
    found: list[Json] = body["data"]
    return found


# At once ------------------------------------------------------------------------------------------------------


def test_metrics_are_texts_and_days_are_sums() -> None:
    """spend in main units, counts as texts, days from first to last, every level adding up to the account."""
    api, (campaign, adset, *ads) = old()
    (whole,) = rows(api, fields="spend,impressions,account_currency,account_id", **SPAN)
    assert whole["date_start"] == "2025-12-29"
    assert whole["date_stop"] == "2025-12-31"
    assert (whole["account_currency"], whole["account_id"]) == ("USD", USD)
    assert isinstance(whole["impressions"], str)
    for level in ("campaign", "adset", "ad"):
        found = rows(api, level=level, time_increment=1, fields="spend,impressions", **SPAN)
        assert sum(Decimal(row["spend"]) for row in found) == Decimal(whole["spend"])
        assert sum(int(row["impressions"]) for row in found) == int(whole["impressions"])
    per_ad = rows(api, level="ad", fields="ad_id,ad_name,adset_id,campaign_id,campaign_name,objective", **SPAN)
    assert {row["ad_id"] for row in per_ad} == set(ads)
    assert {(row["adset_id"], row["campaign_id"], row["campaign_name"]) for row in per_ad} == {(adset, campaign, "Old")}
    assert {row["objective"] for row in per_ad} == {"OUTCOME_TRAFFIC"}


def test_a_missing_metric_is_an_absent_key() -> None:
    """A rate without a divisor, actions without any: not there, not zero; usual fields without any asked."""
    api, _ = old()
    (row,) = rows(api, fields="impressions,conversions,spend", **SPAN)
    assert "conversions" not in row
    assert set(rows(api, **SPAN)[0]) == {"impressions", "spend", "date_start", "date_stop"}
    assert rows(api, time_range={"since": "2025-12-01", "until": "2025-12-02"}) == []


def test_rates_are_worked_out_from_the_counts() -> None:
    """ctr in percent of all clicks, cpm per thousand, frequency above one; a rate without a divisor is absent."""
    api, _ = old()
    (row,) = rows(api, fields="impressions,clicks,spend,reach,ctr,cpm,cpc,frequency,inline_link_clicks", **SPAN)
    share = Decimal(row["clicks"]) / Decimal(row["impressions"])
    assert Decimal(row["ctr"]) == pytest.approx(share * 100, abs=Decimal("0.000001"))
    assert Decimal(row["cpm"]) == pytest.approx(Decimal(row["spend"]) * 1000 / Decimal(row["impressions"]))
    assert Decimal(row["frequency"]) > 1
    assert int(row["inline_link_clicks"]) < int(row["clicks"])


def test_actions_are_lists_with_families_that_overlap() -> None:
    """purchase, omni_purchase and the pixel's own are the same; windows are keys; dead windows have none."""
    api, _ = old()
    windows = ["7d_click", "1d_view", "7d_view"]
    (row,) = rows(api, fields="actions,action_values,purchase_roas", action_attribution_windows=windows, **SPAN)
    found = {entry["action_type"]: entry for entry in row["actions"]}
    assert found["purchase"]["value"] == found["omni_purchase"]["value"]
    assert set(found["link_click"]) == {"action_type", "value", "7d_click", "1d_view"}
    assert all(entry["value"].isdigit() for entry in row["actions"])
    assert Decimal(row["action_values"][0]["value"]) > 0
    refused(api.get(f"{api.act}/insights", action_attribution_windows=["2d_click"]), 100)


@pytest.mark.parametrize("breakdowns", [["age"], ["gender"], ["country"], ["publisher_platform"], ["age", "gender"]])
def test_breakdowns_split_without_loss(breakdowns: list[str]) -> None:
    """The parts add up to the whole."""
    api, _ = old()
    (whole,) = rows(api, fields="spend,impressions", **SPAN)
    parts = rows(api, fields="spend,impressions", breakdowns=breakdowns, limit=100, **SPAN)
    assert len(parts) > 1
    assert all(set(breakdowns) <= set(row) for row in parts)
    assert sum(Decimal(row["spend"]) for row in parts) == Decimal(whole["spend"])
    assert sum(int(row["impressions"]) for row in parts) == int(whole["impressions"])


def test_days_are_the_accounts_own_and_yen_are_whole() -> None:
    """Tokyo's day begins nine hours earlier."""
    api = Api(JPY)
    api.sandbox.add_tree(JPY, "Old", NOW - 2 * DAY)
    found = rows(api, time_increment=1, date_preset="last_3d", fields="spend")
    assert [row["date_start"] for row in found] == ["2025-12-30", "2025-12-31"]
    assert all(row["spend"].isdigit() for row in found)


@pytest.mark.parametrize(("asked", "slices"), [(1, 3), (2, 2), ("monthly", 1), ("all_days", 1), (90, 1)])
def test_slices(asked: Any, slices: int) -> None:
    """Days, pairs of days, months, all."""
    api, _ = old()
    assert len(rows(api, time_increment=asked, **SPAN)) == slices


def test_objects_have_insights_of_their_own() -> None:
    """A campaign's ads, an ad by itself; another campaign's are not among them."""
    api, (campaign, adset, one, two) = old()
    api.sandbox.add_tree(USD, "Other", NOW - 3 * DAY)
    assert {row["ad_id"] for row in api.get(f"/{campaign}/insights", level="ad", fields="ad_id", **SPAN)["data"]} == {
        one, two,
    }  # fmt: skip
    assert len(api.get(f"/{adset}/insights", **SPAN)["data"]) == 1
    assert api.get(f"/{one}/insights", fields="ad_id", **SPAN)["data"][0]["ad_id"] == one
    assert len(rows(api, level="campaign", **SPAN)) == 2


def test_filters_choose_and_what_is_gone_must_be_asked_for() -> None:
    """By id, by number, by status; deleted campaigns are left out, except of the account's own sum."""
    api, (campaign, *_) = old()
    other = api.sandbox.add_tree(USD, "Other", NOW - 3 * DAY)[0]
    by_id = rows(api, level="campaign", fields="campaign_id", filtering=filtering("campaign.id", "IN", [other]), **SPAN)
    assert [row["campaign_id"] for row in by_id] == [other]
    assert rows(api, level="campaign", filtering=filtering("impressions", "GREATER_THAN", 10**9), **SPAN) == []
    (before,) = rows(api, fields="spend", **SPAN)
    api.delete(f"/{campaign}")
    assert len(rows(api, level="campaign", **SPAN)) == 1
    gone = filtering("campaign.effective_status", "IN", ["DELETED", "ACTIVE"])
    assert len(rows(api, level="campaign", filtering=gone, **SPAN)) == 2
    assert rows(api, fields="spend", **SPAN) == [before]
    assert len(api.get(f"/{campaign}/insights", **SPAN)["data"]) == 1


def test_rows_are_sorted_and_paged() -> None:
    """By a metric, both ways; a cursor goes on where it ended."""
    api, _ = old()
    found = [
        Decimal(row["spend"]) for row in rows(api, level="ad", time_increment=1, sort=["spend_descending"], **SPAN)
    ]
    assert found == sorted(found, reverse=True)
    assert len(found) == 6
    named = rows(api, level="ad", fields="ad_name", sort=["ad_name_ascending"], **SPAN)
    assert [row["ad_name"] for row in named] == ["Old ad 1", "Old ad 2"]
    seen, after = [], None
    while True:
        query = {"after": after} if after else {}
        body = api.get(f"{api.act}/insights", level="ad", time_increment=1, limit=4, **query, **SPAN)
        seen += body["data"]
        if "next" not in body["paging"]:
            break
        after = body["paging"]["cursors"]["after"]
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("query", "code", "subcode", "text"),
    [
        ({"fields": "spend,nope"}, 100, None, "nope is not valid for fields param"),
        ({"level": "planet"}, 100, None, "level must be one of"),
        ({"date_preset": "tomorrow"}, 100, None, "date_preset must be one of"),
        ({"time_range": {"since": "2026-01-02", "until": "2026-01-01"}}, 100, None, "since must not be later"),
        ({"time_range": {"since": "01/01/2026", "until": "2026-01-01"}}, 100, None, "YYYY-MM-DD"),
        ({"time_range": {"since": "2022-01-01", "until": "2022-01-02"}}, 3018, None, "37 months"),
        ({"time_increment": 91}, 100, None, "between 1 and 90"),
        ({"time_increment": "weekly"}, 100, None, "between 1 and 90"),
        ({"breakdowns": ["dma"]}, 100, None, "breakdowns[0] must be one of"),
        ({"breakdowns": ["age", "country"]}, 2, 1504041, "breakdowns"),
        ({"filtering": "[1]"}, 100, None, "filtering[0]"),
    ],
)
def test_insights_that_are_wrong(query: Json, code: int, subcode: int | None, text: str) -> None:
    """At once and as a run: the same refusals, before anything runs."""
    api, _ = old()
    refused(api.get(f"{api.act}/insights", **query), code, subcode, text)
    refused(api.post(f"{api.act}/insights", **query), code, subcode, text)
    assert api.sandbox.world.objects(level="report_run") == []


@pytest.mark.parametrize(
    ("heavy", "status", "text"),
    [((1, None), 500, "reduce the amount of data"), ((100, 1487534), 400, "less data"), ((100, 1504018), 400, "async")],
)
def test_too_much_data_at_once_works_as_a_run(heavy: Any, status: int, text: str) -> None:
    """More rows than the vendor gives in one piece: refused in three ways, fewer days or a run help."""
    api, _ = old(heavy_rows=4, heavy=heavy)
    query: Json = {"level": "ad", "time_increment": 1}
    refused(api.get(f"{api.act}/insights", **query, **SPAN), *heavy, text)
    assert api.reply.status == status
    assert len(rows(api, **query, time_range={"since": "2025-12-30", "until": "2025-12-31"})) == 4
    run = api.post(f"{api.act}/insights", **query, **SPAN)["report_run_id"]
    api.now += 10
    assert len(api.get(f"/{run}/insights", limit=100)["data"]) == 6


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-05-14", "2026-05-14"), ("yesterday", "2026-05-13", "2026-05-13"),
        ("last_7d", "2026-05-07", "2026-05-13"), ("this_month", "2026-05-01", "2026-05-14"),
        ("last_month", "2026-04-01", "2026-04-30"), ("this_quarter", "2026-04-01", "2026-05-14"),
        ("last_quarter", "2026-01-01", "2026-03-31"), ("this_year", "2026-01-01", "2026-05-14"),
        ("last_year", "2025-01-01", "2025-12-31"), ("this_week_mon_today", "2026-05-11", "2026-05-14"),
        ("this_week_sun_today", "2026-05-10", "2026-05-14"), ("last_week_mon_sun", "2026-05-04", "2026-05-10"),
        ("last_week_sun_sat", "2026-05-03", "2026-05-09"), ("maximum", "2023-05-14", "2026-05-14"),
    ],
)  # fmt: skip
def test_presets(name: str, first: str, last: str) -> None:
    """Of a Thursday."""
    assert preset(name, date(2026, 5, 14)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_denied_or_paused_ad_reaches_nothing() -> None:
    """No row for what did not run."""
    api = Api()
    api.tree()
    api.now += 3 * DAY
    assert rows(api, level="ad") == []


# Runs ---------------------------------------------------------------------------------------------------------


def test_a_run_is_started_waited_for_and_read() -> None:
    """Not Started, Started, Running, Completed; rows only then, and as they stood then."""
    api, _ = old(job_queue=2.0, job_run=20.0)
    run = api.post(f"{api.act}/insights", level="campaign", fields="spend", date_preset="today")["report_run_id"]
    seen = []
    for after in (0, 2, 5, 12, 22):
        api.now = NOW + after
        body = api.get(f"/{run}")
        seen.append((body["async_status"], body["async_percent_completion"], body["is_running"]))
        if after < 22:
            refused(api.get(f"/{run}/insights"), 2601, 1815107)
    assert seen == [
        ("Job Not Started", 0, True), ("Job Started", 0, True), ("Job Running", 15, True), ("Job Running", 50, True),
        ("Job Completed", 100, False),
    ]  # fmt: skip
    assert (body["account_id"], body["date_start"], body["date_stop"]) == (USD, "2026-01-01", "2026-01-01")
    assert (body["time_ref"], body["time_completed"]) == (int(NOW), int(NOW) + 22)
    api.now += DAY / 2
    early = api.get(f"/{run}/insights")["data"]
    api.now += DAY / 4
    assert api.get(f"/{run}/insights")["data"] == early


def test_a_run_that_is_too_new_or_too_old_is_not_there() -> None:
    """100/33 for some seconds (a race), and after thirty days."""
    api, _ = old(job_race=3.0)
    run = api.post(f"{api.act}/insights")["report_run_id"]
    refused(api.get(f"/{run}"), 100, 33)
    refused(api.get(f"/{run}/insights"), 100, 33)
    api.now += 3
    assert api.get(f"/{run}", fields="async_status") == {"async_status": "Job Running", "id": run}
    api.now += 31 * DAY
    refused(api.get(f"/{run}"), 100, 33)


def test_a_completed_run_may_say_99_percent_for_a_while() -> None:
    """Both the word and the percent must be looked at."""
    api, _ = old(job_settle=5.0)
    run = api.post(f"{api.act}/insights")["report_run_id"]
    api.now += 10
    body = api.get(f"/{run}")
    assert (body["async_status"], body["async_percent_completion"]) == ("Job Completed", 99)
    refused(api.get(f"/{run}/insights"), 2601, 1815107)
    api.now += 5
    assert api.get(f"/{run}/insights")["data"]


def test_runs_end_as_they_are_told() -> None:
    """The first fails, the second is skipped, the third hangs, the fourth is well."""
    api, _ = old(endings=["Job Failed", "Job Skipped", "Job Running"])
    ids = [api.post(f"{api.act}/insights")["report_run_id"] for _ in range(4)]
    api.now += 3600
    found = [api.get(f"/{run}") for run in ids]
    assert [body["async_status"] for body in found] == ["Job Failed", "Job Skipped", "Job Running", "Job Completed"]
    assert (found[0]["error_code"], found[0]["error_subcode"]) == (-2, 2490547)
    assert {"error_message", "error_user_title", "error_user_msg"} <= set(found[0])
    assert "error_code" not in found[1]
    assert found[2]["async_percent_completion"] == 99
    for run in ids[:3]:
        refused(api.get(f"/{run}/insights"), 2601, 1815107)


def test_older_versions_do_not_say_why_a_run_failed() -> None:
    """v25 and later do."""
    api, _ = old(endings=["Job Failed"])
    api.version = "/v24.0"
    run = api.post(f"{api.act}/insights")["report_run_id"]
    api.now += 60
    assert "error_code" not in api.get(f"/{run}")


def test_a_fault_makes_a_run_fail() -> None:
    """PARTIAL on insights/start: the run is made and ends badly."""
    api, _ = old()
    plan = FaultPlan([FaultRule(FaultKind.PARTIAL, operation="insights/start", times=1)])
    request = Request("POST", f"/v26.0{api.act}/insights", {}, {"authorization": "Bearer sandbox-token"})
    fault = plan.decide(request, NOW, api.sandbox.operation(request))
    assert fault is not None
    api.sandbox.handle(request, NOW, fault)
    (thing,) = api.sandbox.world.objects(level="report_run")
    api.now += 60
    assert api.get(f"/{thing.id}")["async_status"] == "Job Failed"
