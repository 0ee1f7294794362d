"""The frame of error tables: matchers, first match wins, certainty, waits, and readers of odd bodies."""

from __future__ import annotations

import codecs
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import PartialFailureError, RateLimitError
from backstay.table import (
    ANYTHING,
    READABLE,
    ErrorTable,
    Facts,
    Match,
    Row,
    all_of,
    code,
    codes_between,
    excerpt,
    operation,
    pattern,
    plain,
    read_json,
    retry_after,
    status,
    statuses_between,
    subcode,
    text,
    until_utc_midnight,
)
from backstay.taxonomy import Certainty

NOON = 1_700_049_600.0  # Wed, 15 Nov 2023 12:00:00 GMT


def decode(status_: int | None, headers: dict[str, str], body: object, name: str | None) -> Facts:
    """A vendor whose body is its facts."""
    value, whole = read_json(body)
    told = value if isinstance(value, dict) else {}
    return Facts(
        status=status_, headers=headers, code=told.get("code"), message=told.get("message", ""), operation=name,
        readable=whole and bool(told), items=told.get("items", {}), request_ids=("r1",),
    )  # fmt: skip


def table(*rows: Row) -> ErrorTable:
    """A table of these rows and an explicit last one."""
    return ErrorTable("acme", decode, (*rows, Row("acme.last", ANYTHING, "BAD_RESPONSE")))


FACTS = Facts(status=429, code=7, subcode="x", message="You DON\u2019T have Too Many rights", operation="list")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (code(7), True),
        (code(8, 9), False),
        (code(None), False),
        (codes_between(7, 7), True),
        (codes_between(8, 10), False),
        (subcode("x"), True),
        (subcode("y"), False),
        (text("nothing", "too many"), True),
        (text("don't have"), True),
        (text("too few"), False),
        (pattern(r"\btoo\b.*rights$"), True),
        (pattern(r"^rights"), False),
        (status(429), True),
        (status(500), False),
        (statuses_between(400, 499), True),
        (statuses_between(500, 599), False),
        (operation("list"), True),
        (operation("create"), False),
        (READABLE, False),
        (~READABLE, True),
        (code(7) & text("many"), True),
        (code(8) & text("many"), False),
        (code(8) | text("many"), True),
        (code(8) | text("few"), False),
        (all_of(code(7), status(429), text("many")), True),
        (all_of(code(7), status(429), text("few")), False),
        (ANYTHING, True),
    ],
)
def test_a_matcher_says_what_it_reads_like(match: Match, expected: bool) -> None:
    """Each word of the table's language tests the one fact that it names, and operators join them."""
    assert match(FACTS) is expected


def test_a_text_code_is_never_in_a_range_of_numbers() -> None:
    """Vendors whose codes are words do not fall into numeric ranges."""
    assert not codes_between(0, 99)(Facts(code="7"))


def test_the_first_matching_row_wins_even_where_rows_are_looked_up_by_code() -> None:
    """Skipping rows of other codes does not change the order of the rest."""
    rows = table(
        Row("a", text("gone"), "NOT_FOUND"),
        Row("b", code(1), "CONFLICT"),
        Row("c", code(1) & text("late"), "TOKEN_EXPIRED"),
        Row("d", code(1, 2) | status(400), "VALIDATION_FAILED"),
    )
    answers = [(1, "gone"), (1, "late"), (2, ""), (3, "gone"), (3, "")]
    rules = [rows.verdict(Facts(code=number, message=said, status=200)).rule for number, said in answers]
    assert rules == ["a", "b", "d", "a", "acme.last"]
    assert rows.verdict(Facts(code=9, status=400)).rule == "d"


@given(
    number=st.sampled_from([None, 1, 2, 3, "word"]),
    said=st.sampled_from(["", "gone", "late"]),
    http=st.sampled_from([None, 200, 400, 500]),
)
def test_the_index_by_code_is_invisible(number: int | str | None, said: str, http: int | None) -> None:
    """A table finds the row that a plain walk over all rows finds."""
    rows = table(
        Row("a", code(1) & text("gone"), "NOT_FOUND"),
        Row("b", ~code(1) & text("late"), "CONFLICT"),
        Row("c", code(1, "word") | code(None), "TOKEN_EXPIRED"),
        Row("d", code(2) | status(400), "VALIDATION_FAILED"),
    )
    facts = Facts(code=number, message=said, status=http)
    assert rows.verdict(facts).rule == next(row.rule for row in rows.rows if row.match(facts))


def test_a_row_takes_from_the_taxonomy_what_it_does_not_say() -> None:
    """Code, retryable, certainty and action are the type's; the row's own words go before them."""
    rows = table(
        Row("plain", code(1), "CONFLICT"),
        Row("own", code(2), "CONFLICT", retryable=True, certainty=Certainty.UNKNOWN, wait=3, scope="app", hint="h"),
    )
    first, second = rows.verdict(Facts(code=1)), rows.verdict(Facts(code=2))
    assert (first.type, first.code, first.retryable, first.certainty) == ("CONFLICT", "1004", False, Certainty.REFUSED)
    assert first.action == "Read the object again, then decide"
    assert (second.retryable, second.certainty, second.retry_after) == (True, Certainty.UNKNOWN, 3)
    assert (second.scope, second.hint) == ("app", "h")


@pytest.mark.parametrize(
    ("http", "expected"),
    [(200, "refused"), (400, "refused"), (None, "refused"), (408, "unknown"), (500, "unknown"), (503, "unknown")],
)
def test_a_refusal_inside_a_server_error_proves_nothing(http: int | None, expected: str) -> None:
    """A decoded refusal is REFUSED, except in a 5xx or 408."""
    assert table(Row("a", code(1), "CONFLICT")).verdict(Facts(code=1, status=http)).certainty.value == expected


def test_a_rows_own_certainty_stands_in_a_server_error() -> None:
    """Where the vendor's words prove a refusal, the row may say so."""
    rows = table(Row("a", code(1), "CONFLICT", certainty=Certainty.REFUSED))
    assert rows.verdict(Facts(code=1, status=503)).certainty is Certainty.REFUSED


def test_the_header_beats_the_rows_wait_and_only_where_waiting_helps() -> None:
    """Retry-After is the vendor's newest word; a permanent refusal has no wait."""
    rows = table(
        Row("rate", code(1), "API_RATE_LIMIT", wait=300.0),
        Row("asked", code(2), "API_RATE_LIMIT", wait=lambda facts: float(len(facts.message))),
        Row("wrong", code(3), "VALIDATION_FAILED"),
    )
    header = {"retry-after": "7"}
    assert rows.verdict(Facts(code=1)).retry_after == 300.0
    assert rows.verdict(Facts(code=1, headers=header)).retry_after == 7.0
    assert rows.verdict(Facts(code=1, headers={"retry-after": "-7"})).retry_after == 300.0
    assert rows.verdict(Facts(code=2, message="four")).retry_after == 4.0
    assert rows.verdict(Facts(code=3, headers=header)).retry_after is None


def test_classify_reads_headers_of_any_case_and_takes_the_time_as_an_argument() -> None:
    """The command line hands in headers as people write them."""
    rows = table(Row("rate", code(1), "API_RATE_LIMIT"))
    headers = {"Retry-After": "Wed, 15 Nov 2023 12:00:30 GMT"}
    found = rows.classify(429, headers, b'{"code": 1}', now=NOON)
    assert found is not None
    assert found.retry_after == 30.0
    assert rows.classify(200, {}, b'{"id": 1}') is None


def test_what_people_read_may_differ_from_what_is_matched() -> None:
    """A text in the user's language is shown in place of the message, and matchers never see it; so is the field."""
    rows = table(Row("words", text("too much"), "TOO_MUCH_DATA"), Row("rest", ANYTHING, "VALIDATION_FAILED"))
    facts = Facts(message="Invalid parameter", shown="Zu viel: too much", blamed="daily_budget")
    error = rows.error(facts)
    assert (error.type, error.vendor_message, error.field) == ("VALIDATION_FAILED", "Zu viel: too much", "daily_budget")
    assert rows.error(Facts(message="too much")).type == "TOO_MUCH_DATA"


def test_an_error_carries_the_facts() -> None:
    """The class is the type's, and nothing that the vendor said is lost."""
    rows = table(Row("rate", code(1), "API_RATE_LIMIT", wait=2.0, scope="app", hint="slow down"))
    facts = Facts(
        status=200, code=1, subcode=5, message="busy; access_token=abcdefgh", operation="list", request_ids=("r1",)
    )
    error = rows.error(facts)
    assert isinstance(error, RateLimitError)
    assert (error.vendor, error.operation, error.status, error.request_ids) == ("acme", "list", 200, ("r1",))
    assert (error.vendor_code, error.vendor_subcode, error.rule, error.scope) == (1, 5, "rate", "app")
    assert (error.retry_after, error.hint) == (2.0, "slow down")
    assert "abcdefgh" not in str(error)


def test_a_partial_failure_carries_its_items_and_a_success_is_no_error() -> None:
    """Each item of a batch keeps its own verdict."""
    rows = table(Row("part", code(1), "PARTIAL_FAILURE"))
    error = rows.failure(decode(200, {}, b'{"code": 1, "items": {"a": null, "b": "no"}}', None))
    assert isinstance(error, PartialFailureError)
    assert error.items == {"a": None, "b": "no"}
    assert rows.failure(decode(200, {}, b'{"id": 1}', None)) is None


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ((), "last row"),
        ((Row("a", code(1), "CONFLICT"),), "last row"),
        ((Row("a", code(1), "CONFLICT"), Row("a", ANYTHING, "CONFLICT")), "unique"),
        ((Row("a", code(1), "NO_SUCH_TYPE"), Row("b", ANYTHING, "CONFLICT")), "NO_SUCH_TYPE"),
    ],
)
def test_a_faulty_table_is_refused_when_it_is_made(rows: tuple[Row, ...], word: str) -> None:
    """No last row, a name twice, an unknown type: known at import, not at the first outage."""
    with pytest.raises(ValueError, match=word):
        ErrorTable("acme", decode, rows)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "3", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3", "retry-after-ms": "soon"}, 3.0),
        ({"retry-after": "Wed, 15 Nov 2023 12:01:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 15 Nov 2023 12:01:00 -0000"}, 60.0),
        ({"retry-after": "Wed, 15 Nov 2023 11:59:00 GMT"}, None),
        ({"retry-after": "Wed, 15 Nov 2033 11:59:00 GMT"}, None),
        ({"retry-after": "Wed, 99 Foo 2023 12:01:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "1700049600"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "\u0661\u0662"}, None),
        ({"retry-after": "9" * 10_000}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_a_date_or_milliseconds(headers: dict[str, str], expected: float | None) -> None:
    """What is negative, absurd or no wait at all is not believed."""
    assert retry_after(headers, NOON) == expected


def test_a_date_counts_from_the_answers_own_date_where_no_time_is_given() -> None:
    """The vendor's clock and ours may differ; both dates are the vendor's."""
    headers = {"date": "Wed, 15 Nov 2023 12:00:00 GMT", "retry-after": "Wed, 15 Nov 2023 12:00:09 GMT"}
    rows = table(Row("rate", code(1), "API_RATE_LIMIT"))
    assert rows.verdict(Facts(code=1, headers=headers)).retry_after == 9.0
    assert retry_after({"retry-after": headers["retry-after"]}) is None


@given(said=st.text(max_size=80), milliseconds=st.text(max_size=20))
def test_no_header_can_break_the_reader(said: str, milliseconds: str) -> None:
    """Any text gives a sane number of seconds or None."""
    found = retry_after({"retry-after": said, "retry-after-ms": milliseconds, "date": said}, NOON)
    assert found is None or (math.isfinite(found) and 0 <= found <= 7 * 86_400)


@pytest.mark.parametrize(("now", "expected"), [(NOON, 43_200.0), (NOON - 43_200, 86_400.0), (None, None)])
def test_midnight_is_the_next_one_in_utc(now: float | None, expected: float | None) -> None:
    """At midnight itself a whole day is left; without a time nothing is guessed."""
    assert until_utc_midnight(now) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1}', ({"a": 1}, True)),
        ('{"a": 1}', ({"a": 1}, True)),
        ('\ufeff{"a": 1}', ({"a": 1}, True)),
        (codecs.BOM_UTF8 + b'{"a": 1}', ({"a": 1}, True)),
        ('{"a": 1}'.encode("utf-16"), ({"a": 1}, True)),
        ({"a": 1}, ({"a": 1}, True)),
        ('{"a": "\u00e9"}'.encode("latin-1"), ({"a": "\ufffd"}, False)),
        (b"[" * 100_000, (None, False)),
        (b'{"a": ' + b"9" * 5000 + b"}", (None, False)),
        (b'{"a": 1', (None, False)),
        (b"<html>", (None, False)),
        (b"", (None, False)),
        (None, (None, False)),
    ],
)
def test_a_body_is_read_in_whatever_way_it_comes(body: object, expected: tuple[object, bool]) -> None:
    """Marks, encodings and half bodies give a value or none, and say whether anything was lost."""
    assert read_json(body) == expected


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), st.integers(), st.none()))
def test_nothing_that_is_read_raises(body: object) -> None:
    """The readers of bodies take anything."""
    read_json(body)
    json.dumps(excerpt(body)).encode("ascii")
    plain(body).encode("utf-8")


def test_texts_for_people_are_short_clean_and_without_markup() -> None:
    """A page of HTML becomes a line; control characters cannot forge a line of a log."""
    page = b"<html><head><title>502 Bad Gateway</title></head>\r\n<body><hr>nginx</body></html>"
    assert excerpt(page) == "502 Bad Gateway nginx"
    assert plain("a\r\nb\x1b[31m\ud800") == "a b [31m?"
    assert len(plain("x" * 10_000)) == 2000
    assert len(excerpt("y" * 10_000)) == 200
