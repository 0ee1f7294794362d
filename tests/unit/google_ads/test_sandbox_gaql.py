"""GAQL in Google Ads' simulator: what a query means, and the vendor's own error for one that is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay_adapters.google_ads.sandbox.failure import Refusal
from backstay_adapters.google_ads.sandbox.gaql import parse
from backstay_adapters.google_ads.sandbox.gaql.dates import during, segments
from tests.unit.google_ads.desk import Desk, RefusedError


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Four campaigns: two paused, one active with an ad, one removed. Nobody changes them."""
    made = Desk()
    made.campaign("Alpha")
    made.campaign("Beta 100%", network_settings={"target_google_search": True})
    made.tree("O'Neil \\ Söhne")
    made.remove("campaign", made.campaign("Gone"))
    made.campaign("gamma_1", campaign_budget=made.budget(amount_micros=9_000_000))
    return made


def names(desk: Desk, where: str, rest: str = "") -> list[str]:
    """The names of the campaigns for which a condition holds."""
    query = f"SELECT campaign.name FROM campaign WHERE {where} {rest}"
    return [each.campaign.name for each in desk.rows(query)]


CONDITIONS: list[tuple[str, list[str]]] = [
    ("campaign.name = 'Alpha'", ["Alpha"]),
    ('campaign.name = "Alpha"', ["Alpha"]),
    ("campaign.name = 'alpha'", []),
    ("campaign.name = 'O\\'Neil \\\\ Söhne'", ["O'Neil \\ Söhne"]),
    ("campaign.name != 'Alpha' AND campaign.status != 'REMOVED'", ["Beta 100%", "O'Neil \\ Söhne", "gamma_1"]),
    ("campaign.status = ENABLED", ["O'Neil \\ Söhne"]),
    ("campaign.status IN ('ENABLED', 'REMOVED')", ["O'Neil \\ Söhne", "Gone"]),
    ("campaign.status NOT IN (ENABLED, REMOVED, PAUSED)", []),
    ("campaign.name LIKE '%eta%'", ["Beta 100%"]),
    ("campaign.name LIKE 'Beta 100[%]'", ["Beta 100%"]),
    ("campaign.name LIKE 'gamma_1'", ["gamma_1"]),
    ("campaign.name LIKE 'gamma[_]1'", ["gamma_1"]),
    ("campaign.name NOT LIKE '%a%'", ["O'Neil \\ Söhne", "Gone"]),
    ("campaign.name REGEXP_MATCH '.*[0-9]'", ["gamma_1"]),
    ("campaign.name NOT REGEXP_MATCH '[A-Z].*'", ["gamma_1"]),
    ("campaign_budget.amount_micros < 10000000", ["gamma_1"]),
    ("campaign_budget.amount_micros >= 50000000 AND campaign.status = 'PAUSED'", ["Alpha", "Beta 100%"]),
    ("campaign_budget.explicitly_shared = FALSE AND campaign.name = 'Alpha'", ["Alpha"]),
    ("campaign_budget.explicitly_shared = TRUE", []),
    ("campaign.end_date_time IS NULL AND campaign.name = 'Alpha'", ["Alpha"]),
    ("campaign.end_date_time IS NOT NULL", []),
    ("campaign.start_date_time BETWEEN '2026-01-01' AND '2026-01-02' AND campaign.name = 'Alpha'", ["Alpha"]),
    ("campaign.network_settings.target_google_search = true", ["Beta 100%"]),
    ("campaign.labels CONTAINS ANY ('customers/1/labels/1')", []),
    ("campaign.labels CONTAINS NONE ('customers/1/labels/1') AND campaign.name = 'Alpha'", ["Alpha"]),
    ("campaign.id > 0 AND campaign.name = 'Alpha'", ["Alpha"]),
]


@pytest.mark.parametrize(("where", "found"), CONDITIONS, ids=lambda value: str(value)[:60])
def test_conditions(desk: Desk, where: str, found: list[str]) -> None:
    """Every operator, with rows that it must leave out."""
    assert names(desk, where) == found


def test_order_limit_and_case_of_keywords(desk: Desk) -> None:
    """Keywords come in any case; the order may go down; the limit cuts after the order."""
    query = "select campaign.name from campaign where campaign.status = 'PAUSED' order by campaign.name desc limit 2"
    assert [each.campaign.name for each in desk.rows(query)] == ["gamma_1", "Beta 100%"]
    several = "ORDER BY campaign_budget.amount_micros ASC, campaign.name DESC"
    assert names(desk, "campaign.status = 'PAUSED'", several) == ["gamma_1", "Beta 100%", "Alpha"]


def test_removed_ones_are_listed_unless_one_says_otherwise(desk: Desk) -> None:
    """As the vendor has it: forgetting the condition shows the dead."""
    assert "Gone" in [each.campaign.name for each in desk.rows("SELECT campaign.name FROM campaign")]


def test_a_row_holds_what_was_chosen_and_the_resource_names(desk: Desk) -> None:
    """Nothing else; with omit_unselected_resource_names not even those."""
    query = "SELECT campaign.name, campaign_budget.amount_micros FROM campaign WHERE campaign.name = 'Alpha'"
    row = desk.rows(query)[0]
    assert {field.name for field, _ in row.ListFields()} == {"campaign", "campaign_budget"}
    assert {field.name for field, _ in row.campaign.ListFields()} == {"resource_name", "name"}
    bare = desk.rows(f"{query} PARAMETERS omit_unselected_resource_names = true")[0]
    assert {field.name for field, _ in bare.campaign.ListFields()} == {"name"}


WRONG: list[tuple[str, str]] = [
    ("", "EXPECTED_SELECT"),
    ("FROM campaign", "EXPECTED_SELECT"),
    ("SELECT", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id, FROM campaign", "BAD_FIELD_NAME"),
    ("SELECT campaign.id campaign", "EXPECTED_FROM"),
    ("SELECT campaign.id FROM", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id FROM kampagne", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
    ("SELECT change_event.user_email FROM change_event", "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE"),
    ("SELECT campaign.budget FROM campaign", "UNRECOGNIZED_FIELD"),
    ("SELECT campaign FROM campaign", "UNRECOGNIZED_FIELD"),
    ("SELECT campaign.network_settings FROM campaign", "PROHIBITED_FIELD_IN_SELECT_CLAUSE"),
    ("SELECT campaign.id FROM campaign WHERE", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id FROM campaign WHERE campaign.foo = 1", "UNRECOGNIZED_FIELD"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id == 1", "BAD_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id IS 1", "BAD_OPERATOR"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id SOUNDS 1", "BAD_OPERATOR"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = 'a'", "BAD_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = 12a", "BAD_NUMBER"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = (1, 2)", "EXPECTED_SINGLE_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id IN 1", "EXPECTED_LIST"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id IN ()", "PROHIBITED_EMPTY_LIST_IN_CONDITION"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id IN (1, 'a')", "PROHIBITED_VALUE_COMBINATION_IN_LIST"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id IN (1, 2", "UNEXPECTED_END_OF_QUERY"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE '1'", "OPERATOR_FIELD_MISMATCH"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name > 'a'", "OPERATOR_FIELD_MISMATCH"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name = Alpha", "INVALID_STRING_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name LIKE 5", "INVALID_STRING_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name REGEXP_MATCH '('", "BAD_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.status = 'RUNNING'", "BAD_ENUM_CONSTANT"),
    ("SELECT campaign.id FROM campaign WHERE campaign.status > 'PAUSED'", "OPERATOR_FIELD_MISMATCH"),
    ("SELECT campaign.id FROM campaign WHERE campaign_budget.explicitly_shared = 1", "BAD_VALUE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.labels = 'x'", "OPERATOR_FIELD_MISMATCH"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name = 'x", "STRING_NOT_TERMINATED"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name = 'x\ny'", "PROHIBITED_NEWLINE_IN_STRING"),
    ("SELECT campaign.id FROM campaign WHERE campaign.name = 'a\\q'", "BAD_ESCAPE_SEQUENCE"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = 1 OR campaign.id = 2", "UNEXPECTED_INPUT"),
    ("SELECT campaign.id FROM campaign WHERE campaign.id = 1 campaign.id = 2", "UNEXPECTED_INPUT"),
    ("SELECT campaign.id FROM campaign; DROP TABLE campaign", "UNEXPECTED_INPUT"),
    ("SELECT campaign.id ö FROM campaign", "BAD_SYMBOL"),
    ("SELECT campaign.id FROM campaign ORDER campaign.id", "EXPECTED_BY"),
    ("SELECT campaign.id FROM campaign LIMIT ten", "BAD_LIMIT_VALUE"),
    ("SELECT campaign.id FROM campaign LIMIT 0", "LIMIT_VALUE_TOO_LOW"),
    ("SELECT campaign.id FROM campaign PARAMETERS colour = true", "BAD_PARAMETER_NAME"),
    ("SELECT campaign.id FROM campaign PARAMETERS include_drafts = maybe", "BAD_PARAMETER_VALUE"),
    ("SELECT ad_group.id FROM campaign", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
    ("SELECT campaign.id FROM campaign WHERE ad_group.id = 1", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
    ("SELECT campaign.id, segments.date FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.device = 'MOBILE'",
     "EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.date = '2026-1-1'", "INVALID_DATE_FORMAT"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.date DURING LAST_YEAR", "INVALID_VALUE_WITH_DURING_OPERATOR"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.date BETWEEN '2026-01-01'", "EXPECTED_AND"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.date BETWEEN AND '2026-01-01'",
     "EXPECTED_VALUE_WITH_BETWEEN_OPERATOR"),
    ("SELECT metrics.clicks FROM campaign WHERE segments.date BETWEEN '2026-01-02' AND '2026-01-01'",
     "DATE_RANGE_TOO_NARROW"),
    ("SELECT metrics.video_views FROM campaign", "UNRECOGNIZED_FIELD"),
    ("SELECT metrics.search_impression_share FROM campaign", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
    ("SELECT metrics.clicks, segments.product_brand FROM campaign", "PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE"),
    ("SELECT metrics.clicks FROM label", "PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "member"), WRONG, ids=lambda value: str(value)[:70])
def test_a_wrong_query_gets_the_vendors_own_error(desk: Desk, query: str, member: str) -> None:
    """The member of QueryError, and a text that says what is wrong."""
    with pytest.raises(RefusedError) as caught:
        desk.rows(query)
    assert caught.value.codes == [f"query_error.{member}"]
    assert caught.value.failure.errors[0].message.startswith("Error in query: ")


def test_too_many_values_are_refused(desk: Desk) -> None:
    """A filter has at most 20,000 values."""
    many = ", ".join("1" for _ in range(20_001))
    with pytest.raises(RefusedError, match="FILTER_HAS_TOO_MANY_VALUES"):
        desk.rows(f"SELECT campaign.id FROM campaign WHERE campaign.id IN ({many})")


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_query_or_a_refusal(text: str) -> None:
    """The parser never fails in another way, whatever it is given."""
    for query in (text, f"SELECT campaign.id FROM campaign WHERE {text}", f"SELECT {text} FROM campaign"):
        try:
            parse(query)
        except Refusal as refused:
            assert refused.problems[0].family == "query_error"


@given(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=40))
@settings(max_examples=200, deadline=None)
def test_an_escaped_name_finds_itself(text: str) -> None:
    """Quotes and backslashes escaped with a backslash come back as they were."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"SELECT campaign.id FROM campaign WHERE campaign.name = '{escaped}'")
    assert query.where[0].values[0].text == text


RANGES: list[tuple[str, str, str]] = [
    ("TODAY", "2026-03-11", "2026-03-11"),
    ("YESTERDAY", "2026-03-10", "2026-03-10"),
    ("LAST_7_DAYS", "2026-03-04", "2026-03-10"),
    ("LAST_14_DAYS", "2026-02-25", "2026-03-10"),
    ("LAST_30_DAYS", "2026-02-09", "2026-03-10"),
    ("THIS_WEEK_MON_TODAY", "2026-03-09", "2026-03-11"),
    ("THIS_WEEK_SUN_TODAY", "2026-03-08", "2026-03-11"),
    ("LAST_WEEK_MON_SUN", "2026-03-02", "2026-03-08"),
    ("LAST_WEEK_SUN_SAT", "2026-03-01", "2026-03-07"),
    ("LAST_BUSINESS_WEEK", "2026-03-02", "2026-03-06"),
    ("THIS_MONTH", "2026-03-01", "2026-03-11"),
    ("LAST_MONTH", "2026-02-01", "2026-02-28"),
]


@pytest.mark.parametrize(("word", "first", "last"), RANGES)
def test_named_ranges(word: str, first: str, last: str) -> None:
    """Seen from a Wednesday; ranges of "last" days leave today out."""
    assert [each.isoformat() for each in during(word.lower(), date(2026, 3, 11))] == [first, last]


def test_a_day_has_its_names_in_every_segment() -> None:
    """Weeks begin on Monday, months and quarters with their first day."""
    assert segments(date(2026, 5, 13), 7) == {
        "date": "2026-05-13", "week": "2026-05-11", "month": "2026-05-01", "quarter": "2026-04-01", "year": 2026,
        "day_of_week": "WEDNESDAY", "hour": 7, "device": "MOBILE", "ad_network_type": "SEARCH",
    }  # fmt: skip


def test_the_query_comes_apart_into_its_clauses() -> None:
    """All clauses at once."""
    query: Any = parse(
        "SELECT campaign.id FROM campaign WHERE campaign.id > 1 AND campaign.name NOT IN ('a', 'b') "
        "ORDER BY campaign.id DESC, campaign.name LIMIT 3 PARAMETERS include_drafts=false"
    )
    assert (query.select, query.resource, query.limit) == (["campaign.id"], "campaign", 3)
    assert [(each.field, each.operator) for each in query.where] == [("campaign.id", ">"), ("campaign.name", "NOT IN")]
    assert query.order == [("campaign.id", True), ("campaign.name", False)]
    assert query.parameters == {"include_drafts": False}
