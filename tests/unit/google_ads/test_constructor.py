"""Arguments and parts of queries that are of the wrong kind: refused with field and cure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from backstay.ads import DateRange, Level, MetricsQuery, Query
from backstay.errors import BadResponseError, InvalidRequestError
from backstay_adapters.google_ads import GoogleAds
from backstay_adapters.google_ads.adapter.reads import conditions
from backstay_adapters.google_ads.wire import report
from backstay_adapters.google_ads.wire.money import number_in, value_in


@pytest.mark.parametrize(
    ("field", "value"),
    [("level", []), ("login_customer_id", "12"), ("linked_customer_id", [])],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_refused(field: str, value: Any) -> None:
    """Before anything is opened or sent."""
    with pytest.raises(InvalidRequestError) as caught:
        GoogleAds("1234567890", "a-token", **{field: value})
    assert (caught.value.field, caught.value.value) == (field, value)
    assert caught.value.hint


def test_a_developer_token_that_is_no_text_is_never_shown() -> None:
    """It would fail as a bare AttributeError at the first call."""
    with pytest.raises(InvalidRequestError) as caught:
        GoogleAds("1234567890", "a-token", developer_token=55555)  # type: ignore[arg-type]  # what is refused
    assert caught.value.field == "developer_token"
    assert "55555" not in str(caught.value)


@pytest.mark.parametrize("extra", [{"fields": 5}, {"where": [5]}, {"where": [""]}, {"fields": {"a": 1}}, {"more": 1}])
def test_parts_of_a_report_that_are_none_are_refused(extra: dict[str, Any]) -> None:
    """Each is named, and never left out or taken letter by letter."""
    query = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2026, 1, 1), date(2026, 1, 2)), extra=extra)
    with pytest.raises(InvalidRequestError) as caught:
        report.check(query)
    assert caught.value.field == f"extra.{next(iter(extra))}"


def test_one_condition_may_come_without_a_list() -> None:
    """As a list of objects takes it."""
    days = DateRange(date(2026, 1, 1), date(2026, 1, 2))
    query = MetricsQuery(
        level=Level.CAMPAIGN, days=days, extra={"where": "campaign.id = 7", "fields": "metrics.ctr"}
    )  # fmt: skip
    assert report.query_text(query, days).endswith("AND campaign.id = 7")
    assert report.fields(query)[-1] == "metrics.ctr"


@pytest.mark.parametrize("where", [5, [5], {"a": 1}])
def test_conditions_of_a_list_that_are_none_are_refused(where: Any) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        conditions(Level.CAMPAIGN, Query(extra={"where": where}))
    assert caught.value.field == "extra.where"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_metric_that_is_no_number_is_a_bad_answer(value: float) -> None:
    """And never a refusal of what the caller gave, nor a NaN among the numbers."""
    for read in (number_in, lambda told: value_in(told, "USD")):
        with pytest.raises(BadResponseError):
            read(value)
    assert number_in(None) == 0
