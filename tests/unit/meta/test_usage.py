"""Meta's usage headers: every entry counts, percent of each, minutes of use cases and seconds of accounts."""

from __future__ import annotations

import json

import pytest

from backstay_adapters.meta.wire.usage import Usage, of_account, read_usage


def use_cases(**of: list[dict[str, object]]) -> dict[str, str]:
    """The header of use cases."""
    return {"x-business-use-case-usage": json.dumps({name.lstrip("_"): entries for name, entries in of.items()})}


def test_the_apps_hour_is_as_used_as_its_worst_part() -> None:
    """Calls, time and CPU time are limits of their own."""
    headers = {"x-app-usage": '{"call_count": 28, "total_time": 25, "total_cputime": 91}'}
    assert read_usage(headers) == (Usage("app", 0.91),)


def test_an_accounts_reset_is_in_seconds_and_counts_once_it_is_full() -> None:
    """Before that the header names the time too, but nothing is closed."""
    text = '{"acc_id_util_pct": %s, "reset_time_duration": 100, "ads_api_access_tier": "standard_access"}'
    (calm,) = read_usage({"x-ad-account-usage": text % "9.67"})
    (full,) = read_usage({"x-ad-account-usage": text % "100"})
    assert calm == Usage("account", pytest.approx(0.0967), tier="standard_access")
    assert full == Usage("account", 1.0, 100.0, tier="standard_access")


def test_a_use_cases_wait_is_in_minutes() -> None:
    """`estimated_time_to_regain_access` 19 is 1,140 seconds."""
    entry = {"type": "ads_management", "call_count": 95, "total_cputime": 20, "total_time": 20,
             "estimated_time_to_regain_access": 19, "ads_api_access_tier": "development_access"}  # fmt: skip
    assert read_usage(use_cases(_7=[entry])) == (
        Usage("ads_management", 0.95, 1140.0, of="7", tier="development_access"),
    )


def test_all_entries_of_all_ids_are_read() -> None:
    """Reading the first one only misses the limit that is near."""
    headers = use_cases(
        _7=[{"type": "ads_management", "call_count": 1}, {"type": "ads_insights", "call_count": 99}],
        _8=[{"type": "ads_insights", "total_time": 50}],
    )
    found = [(usage.of, usage.limit, usage.used) for usage in read_usage(headers)]
    assert found == [("7", "ads_management", 0.01), ("7", "ads_insights", 0.99), ("8", "ads_insights", 0.5)]


def test_the_throttle_of_insights_names_app_and_account() -> None:
    """Two percentages in one header."""
    text = '{"app_id_util_pct": 100, "acc_id_util_pct": 10, "ads_api_access_tier": "standard_access"}'
    found = read_usage({"x-fb-ads-insights-throttle": text})
    assert found == (Usage("insights_app", 1.0), Usage("ads_insights", 0.1))


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "null", "7", '{"call_count": "x"}', '{"call_count": null}', '{"call_count": -5}',
     '{"call_count": true}', '{"acc_id_util_pct": NaN}', '{"7": "x"}', '{"7": ["x", 3, null]}', '{"7": null}',
     '{"app_id_util_pct": 1e999}', "[" * 60_000],
)  # fmt: skip
@pytest.mark.parametrize(
    "name", ["x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle"]
)
def test_a_header_that_cannot_be_read_says_nothing(name: str, text: str) -> None:
    """No usage, no wait, no exception."""
    assert all((usage.used, usage.wait) == (0.0, None) for usage in read_usage({name: text}))


def test_other_headers_are_none_of_them() -> None:
    """A page's usage concerns nobody here."""
    assert read_usage({"x-page-usage": '{"call_count": 100}', "content-type": "application/json"}) == ()


def test_an_accounts_own_entries_count_before_those_of_others() -> None:
    """Of several statements about a limit the worst one; of other ids only where there is none of its own."""
    usages = (
        Usage("app", 0.2), Usage("ads_insights", 0.9, of="8"), Usage("ads_insights", 0.3, of="7"),
        Usage("ads_insights", 0.4, of="7"), Usage("ads_management", 0.5, of="8"), Usage("ads_management", 0.6, of="9"),
    )  # fmt: skip
    found = of_account(usages, "7")
    assert {name: usage.used for name, usage in found.items()} == {
        "app": 0.2, "ads_insights": 0.4, "ads_management": 0.6,
    }  # fmt: skip
