"""Meta's simulator: limits that grow with calls and errors, refuse, and recover with time; headers tell of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay_adapters.meta.errors import TABLE
from backstay_adapters.meta.sandbox.usage import TIERS, Hour, Score
from backstay_adapters.meta.wire.usage import read_usage
from tests.unit.meta.sandbox_api import CAMPAIGN, JPY, NOW, USD, Api, Json, refused


def usage(api: Api, name: str = "x-ad-account-usage") -> Json:
    """A usage header of the last answer."""
    found: Json = json.loads(api.reply.headers[name])
    return found


def use_case(api: Api, kind: str = "ads_management") -> Json:
    """An entry of the header of use cases."""
    return next(row for row in usage(api, "x-business-use-case-usage")[api.account] if row["type"] == kind)


# Headers ------------------------------------------------------------------------------------------------------


def test_usage_grows_with_calls_and_decays() -> None:
    """A read is one point and a write three, of sixty; the score empties in five minutes."""
    api = Api(tier="limited")
    api.get(api.act)
    assert usage(api)["acc_id_util_pct"] == pytest.approx(1.67)
    api.campaign()
    assert usage(api)["acc_id_util_pct"] == pytest.approx(6.67)
    api.now += 10
    api.get(api.act)
    assert usage(api)["acc_id_util_pct"] == pytest.approx(5.0)
    assert usage(api)["ads_api_access_tier"] == "development_access"
    assert 0 < usage(api)["reset_time_duration"] <= 300


def test_usage_grows_with_errors() -> None:
    """A mistake of the caller's costs a call more in the hour's count; one of the vendor's does not."""
    good, bad = Api(tier="limited"), Api(tier="limited")
    for _ in range(30):
        good.get(good.act)
        refused(bad.get(bad.act, fields="nope"), 100)
        good.now += 6
        bad.now += 6
    assert use_case(good)["call_count"] == 10
    assert use_case(bad)["call_count"] == 20


def test_use_cases_are_counted_apart_and_by_account() -> None:
    """Insights and management have limits of their own; accounts too; the app's hour is everybody's."""
    api = Api(tier="limited", users=1)
    for _ in range(6):
        api.get(f"{api.act}/insights")
    other = Api(JPY, api.sandbox)
    other.get(other.act)
    assert [row["type"] for row in usage(other, "x-business-use-case-usage")[JPY]] == ["ads_management"]
    api.get(api.act)
    assert use_case(api, "ads_insights")["call_count"] == 1
    assert use_case(api)["call_count"] == 0
    assert usage(api, "x-app-usage")["call_count"] == 4
    assert usage(api, "x-app-usage")["total_cputime"] > 10
    assert usage(api, "x-fb-ads-insights-throttle")["acc_id_util_pct"] == 1
    api.get("/me")
    assert "x-ad-account-usage" not in api.reply.headers


def test_active_ads_widen_the_limit() -> None:
    """Forty calls an hour more for each of them."""
    assert TIERS["limited"].hourly("ads_management", 0) == 300
    assert TIERS["limited"].hourly("ads_management", 3) == 420
    assert TIERS["full"].hourly("ads_insights", 1) == 190_400
    api = Api(tier="limited")
    api.sandbox.add_tree(USD, "Old", NOW, ads=10)
    for _ in range(35):
        api.get(api.act)
        api.now += 6
    assert use_case(api)["call_count"] == 5


def test_our_own_reader_understands_the_headers() -> None:
    """What the adapter's limiter reads is what the simulator counts."""
    api = Api(tier="limited")
    for _ in range(9):
        api.campaign()
    found = {each.limit: each for each in read_usage(api.reply.headers)}
    assert found["account"].used == pytest.approx(0.45, abs=0.01)
    assert found["ads_management"].used == pytest.approx(0.06)  # the processor's share is the larger one
    assert found["ads_management"].of == USD
    assert found["app"].used < 0.01


def test_without_a_tier_nothing_is_refused() -> None:
    """The headers count all the same."""
    api = Api()
    for _ in range(200):
        api.campaign()
    assert usage(api)["acc_id_util_pct"] > 5


# Walls --------------------------------------------------------------------------------------------------------


def drive(api: Api, calls: int, every: float = 0.0, **query: Any) -> list[Json]:
    """So many reads; the errors among the answers."""
    errors = []
    for _ in range(calls):
        body = api.get(f"{api.act}/{'insights' if query else 'campaigns'}", **query)
        if "error" in body:
            errors.append(body["error"])
        api.now += every
    return errors


@pytest.mark.parametrize("pair", [(17, 2446079), (613, 1487742)])
def test_a_full_score_blocks_and_recovers(pair: Any) -> None:
    """Sixty points, then a block of five minutes, told in the header; afterwards calls pass."""
    api = Api(tier="limited", score_error=pair)
    assert drive(api, 60) == []
    refused(api.get(api.act), *pair)
    assert usage(api)["acc_id_util_pct"] == 100
    assert usage(api)["reset_time_duration"] == 300
    verdict = TABLE.classify(api.reply.status, api.reply.headers, json.loads(api.reply.body), None)
    assert verdict is not None
    assert verdict.type == "API_RATE_LIMIT"
    api.now += 301
    assert "error" not in api.get(api.act)


def test_calls_during_a_block_lengthen_it() -> None:
    """Who hammers waits longer; who keeps still is let in after the time that was told."""
    api = Api(tier="limited")
    drive(api, 61)
    api.now += 299
    refused(api.get(api.act), 17, 2446079)
    api.now += 299
    refused(api.get(api.act), 17, 2446079)
    api.now += 301
    assert "error" not in api.get(api.act)


def test_a_full_hour_says_in_minutes_when_it_ends() -> None:
    """80004 after three hundred calls; the promise holds, and one minute earlier it does not."""
    api = Api(tier="limited")
    errors = drive(api, 301, every=6.0)
    assert [(each["code"], each["error_subcode"]) for each in errors] == [(80004, 2446079)]
    minutes = use_case(api)["estimated_time_to_regain_access"]
    assert 25 <= minutes <= 60
    api.now += (minutes - 2) * 60
    refused(api.get(api.act), 80004, 2446079)
    api.now += 3 * 60
    assert "error" not in api.get(api.act)


def test_insights_have_a_wall_of_their_own() -> None:
    """80000 after six hundred calls; management still works."""
    api = Api(tier="limited")
    errors = drive(api, 601, every=5.0, fields="spend")
    assert {(each["code"], each["error_subcode"]) for each in errors} == {(80000, 2446079)}
    assert use_case(api, "ads_insights")["estimated_time_to_regain_access"] >= 1
    assert "error" not in api.get(api.act)


def test_the_apps_wall_stands_for_every_account() -> None:
    """Two hundred calls a user and hour: 4, HTTP 403, without a time; gone when the hour has passed."""
    api = Api(tier="full", users=1)
    assert drive(api, 200) == []
    refused(api.get(api.act), 4)
    assert api.reply.status == 403
    other = Api(JPY, api.sandbox)
    refused(other.get(other.act), 4)
    assert usage(other, "x-app-usage")["call_count"] >= 100
    api.now += 3600
    assert "error" not in api.get(api.act)


def test_a_hundred_writes_a_second() -> None:
    """The next one is 613/5044001; the next second is free."""
    api = Api(tier="full")
    for _ in range(100):
        api.campaign()
    refused(api.post(f"{api.act}/campaigns", **CAMPAIGN), 613, 5044001)
    assert "error" not in api.get(api.act)
    api.now += 1
    assert api.campaign()


def test_a_refused_call_does_nothing() -> None:
    """A throttled create makes no object."""
    api = Api(tier="limited")
    drive(api, 61)
    refused(api.post(f"{api.act}/campaigns", **CAMPAIGN), 17, 2446079)
    assert not api.sandbox.world.objects()


# An ad set's budget -------------------------------------------------------------------------------------------


def adset(api: Api) -> str:
    """An ad set with a budget of its own."""
    return api.adset(api.campaign(daily_budget="", is_adset_budget_sharing_enabled=False), daily_budget=2000)


def test_an_ad_sets_budget_changes_four_times_an_hour() -> None:
    """The fifth is 613/1487632 and changes nothing; campaigns have no such limit; an hour later it goes on."""
    api = Api()
    id_ = adset(api)
    for number in range(4):
        assert api.post(f"/{id_}", daily_budget=3000 + number) == {"success": True}
        api.now += 600
    refused(api.post(f"/{id_}", daily_budget=9000, name="new"), 613, 1487632)
    assert api.get(f"/{id_}", fields="daily_budget,name") == {"daily_budget": "3003", "name": "Everybody", "id": id_}
    assert api.post(f"/{id_}", name="new") == {"success": True}
    api.now += 1201
    assert api.post(f"/{id_}", daily_budget=9000) == {"success": True}
    campaign = api.campaign()
    assert all(api.post(f"/{campaign}", daily_budget=6000 + n) == {"success": True} for n in range(9))


@pytest.mark.parametrize(("counts", "allowed"), [(False, 10), (True, 4)])
def test_the_same_budget_again_may_count(counts: bool, allowed: int) -> None:
    """It is not known whether it does; it can be set."""
    api = Api(same_budget_counts=counts)
    id_ = adset(api)
    answers = [api.post(f"/{id_}", daily_budget=2000) for _ in range(10)]
    assert sum("error" not in body for body in answers) == allowed


def test_a_dry_run_of_a_budget_is_not_counted() -> None:
    """validate_only leaves the four changes alone."""
    api = Api()
    id_ = adset(api)
    for number in range(9):
        body = api.post(f"/{id_}", daily_budget=3000 + number, execution_options=["validate_only"])
        assert body == {"success": True}
    assert api.post(f"/{id_}", daily_budget=3000) == {"success": True}


# Parts --------------------------------------------------------------------------------------------------------


def test_an_hour_forgets_minute_by_minute() -> None:
    """Sums of the last sixty minutes, and when enough of them will be gone."""
    hour = Hour()
    for minute in range(60):
        hour.add(NOW + 60 * minute, 5)
    now = NOW + 59 * 60
    assert hour.total(now) == 300
    assert hour.minutes_until(now, 300) == 0
    assert hour.minutes_until(now, 299) == 1
    assert hour.minutes_until(now, 290) == 2
    assert hour.total(now + 30 * 60) == 150
    assert hour.total(now + 3600) == 0


def test_a_score_drains_evenly() -> None:
    """A full one is empty after five minutes."""
    score = Score()
    for _ in range(60):
        assert score.add(0.0, 1, TIERS["limited"])
    assert score.level(150.0, 60) == pytest.approx(30.0)
    assert score.level(300.0, 60) == 0.0
