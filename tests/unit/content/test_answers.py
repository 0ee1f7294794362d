"""How content adapters read answers: opened by a table, read under a watch, and cut streams."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.content_adapter import Answers, opened
from backstay.errors import BadResponseError, ServiceUnavailableError
from backstay.table import ANYTHING, ErrorTable, Facts, Row, header_ids, holds_data
from backstay.taxonomy import Certainty

ANSWERS = Answers("toy")
TABLE = ErrorTable(
    "toy", lambda status, headers, body, operation: Facts(status), (Row("toy.any", ANYTHING, "SERVICE_UNAVAILABLE"),),
    succeeded=holds_data,
)  # fmt: skip


@pytest.mark.parametrize("trouble", [KeyError("x"), IndexError("x"), TypeError("x"), ValueError("x"), AttributeError()])
def test_another_shape_is_a_bad_response(trouble: Exception) -> None:
    """The error says what came and not what it said."""
    with pytest.raises(BadResponseError) as caught, ANSWERS.reading("an answer", {"words": "hush", "id": 1}):
        raise trouble
    assert caught.value.message == "the answer is not an answer, but an object of id, words"
    assert (caught.value.rule, caught.value.certainty) == ("toy.unreadable", Certainty.UNKNOWN)
    assert ANSWERS.unreadable("a list", "hush").message == "the answer is not a list, but str"


def test_a_fault_of_ours_is_not_called_the_vendors() -> None:
    """What no answer can cause goes through."""
    with pytest.raises(AssertionError), ANSWERS.reading("an answer", {}):
        raise AssertionError


def test_a_cut_stream_has_its_request() -> None:
    """Where the vendor has named one."""
    assert ANSWERS.cut("r1").request_ids == ("r1",)
    assert (ANSWERS.cut(None).request_ids, ANSWERS.cut(None).rule) == ((), "toy.stream_cut")


@pytest.mark.parametrize(
    "facts",
    [Facts(200), Facts(200, data={}), Facts(500, data={}, readable=True), Facts(200, readable=True)],
    ids=["nothing", "half", "a status", "no data"],
)
def test_what_is_no_success_is_raised(facts: Facts) -> None:
    """By the vendor's table."""
    with pytest.raises(ServiceUnavailableError):
        opened(TABLE, facts)


def test_a_success_is_handed_on() -> None:
    """As it is."""
    facts = Facts(200, data={}, readable=True, request_ids=("a", "b"))
    assert opened(TABLE, facts) is facts
    assert (facts.request_id, Facts().request_id) == ("a", None)


@pytest.mark.parametrize(
    ("headers", "also", "ids"),
    [
        ({"x-id": "1", "y-id": "2", "cf-ray": "9"}, "0", ("0", "1", "2")),
        ({"x-id": "1", "y-id": "1"}, None, ("1",)),
        ({"cf-ray": "9"}, 7, ("9",)),
        ({}, None, ()),
    ],
)
def test_ids_are_read_from_headers(headers: dict[str, str], also: Any, ids: tuple[str, ...]) -> None:
    """Each once; that of the network in front only where no other is there."""
    assert header_ids(headers, "x-id", "y-id", also=also) == ids
