"""From what a model wrote to what a caller can use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.content import Cost, Finish, Message, Role, TextRequest, TextResult, TokenUsage
from backstay.content.settle import UNREADABLE, decoded, repair, repaired, settled
from backstay.errors import (
    BackstayError,
    BadResponseError,
    CreativeRejectedError,
    TooMuchDataError,
    TruncatedOutputError,
)

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
PLAIN = TextRequest.ask("x")
JSON = TextRequest.ask("x", json_schema=SCHEMA)


def said(text: str, finish: Finish = Finish.STOP, **facts: Any) -> TextResult:
    return TextResult(text=text, finish=finish, request_id="r1", **facts)


@pytest.mark.parametrize(
    ("request_", "result", "kind"),
    [
        (PLAIN, said("hi"), None),
        (PLAIN, said("hi", Finish.STOP_SEQUENCE), None),
        (PLAIN, said("", Finish.TOOL_USE), None),
        (JSON, said("", Finish.TOOL_USE), None),
        (JSON, said("wait", Finish.PAUSED), None),
        (PLAIN, said("hm", Finish.UNKNOWN), None),
        (PLAIN, said("hm", Finish.OTHER), None),
        (PLAIN, said("", Finish.REFUSED), CreativeRejectedError),
        (JSON, said("", Finish.REFUSED), CreativeRejectedError),
        (PLAIN.but(allow_refusal=True), said("", Finish.REFUSED), None),
        (PLAIN, said("hi", Finish.LENGTH), TruncatedOutputError),
        (PLAIN.but(allow_truncated=True), said("hi", Finish.LENGTH), None),
        (JSON.but(allow_truncated=True), said('{"n": 1}', Finish.LENGTH), TruncatedOutputError),
        (PLAIN, said("hi", Finish.CONTEXT_EXCEEDED), TooMuchDataError),
        (PLAIN.but(allow_truncated=True), said("hi", Finish.CONTEXT_EXCEEDED), None),
        (JSON, said("no"), BadResponseError),
        (JSON, said('{"n": "1"}'), BadResponseError),
        (JSON, said('{"n": 1}'), None),
    ],
)
def test_every_ending(request_: TextRequest, result: TextResult, kind: type[BackstayError] | None) -> None:
    """An ending that is no answer is a typed error that keeps it, and is never asked for again by itself."""
    if kind is None:
        assert settled(result, request_).text == result.text
        return
    with pytest.raises(kind) as caught:
        settled(result, request_)
    error = caught.value
    assert (error.partial, error.retryable, error.request_ids) == (result, False, ("r1",))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"n": 1}', {"n": 1}),
        (' \n{"n": 1}\n', {"n": 1}),
        ('```json\n{"n": 1}\n```', {"n": 1}),
        ('```\n{"n": 1}\n```\n', {"n": 1}),
        ('Here: {"n": 1}', None),
        ('{"n": 1} and more', None),
        ('```json\n{"n": 1}\n``` and more', None),
        ('{"n": NaN}', None),
        ('{"n": 1', None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_json_is_the_whole_text_or_none(text: str, data: Any) -> None:
    """A fence around everything is taken off; JSON is never picked out of other words."""
    found, wrong = decoded(text, SCHEMA)
    assert (found if not wrong else None) == data
    assert bool(wrong) == (data is None)


def test_a_repair_names_the_fault_and_keeps_the_conversation() -> None:
    """The second request has the bad answer and what is wrong with it, and is otherwise the same."""
    with pytest.raises(BadResponseError) as caught:
        settled(said('{"n": "x"}'), JSON)
    assert caught.value.rule == UNREADABLE
    again = repair(JSON, caught.value)
    assert [message.role for message in again.messages] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert again.messages[1].text == '{"n": "x"}'
    assert "$.n: not of type integer" in again.messages[2].text
    assert again.but(messages=JSON.messages) == JSON


def test_a_repair_of_nothing_sends_no_empty_turn() -> None:
    """A model that said nothing is only told what was wrong; no vendor takes an empty message."""
    with pytest.raises(BadResponseError) as caught:
        settled(said(" "), JSON)
    assert [message.role for message in repair(JSON, caught.value).messages] == [Role.USER, Role.USER]


def test_a_repaired_answer_has_cost_both() -> None:
    """Usage and cost of both answers, and the mark."""
    used = TokenUsage(input_tokens=10, output_tokens=5)
    with pytest.raises(BadResponseError) as caught:
        settled(said("no", usage=used, cost=Cost(amount=Decimal("0.1"))), JSON)
    second = said('{"n": 1}', usage=used, cost=Cost(amount=Decimal("0.2")))
    result = repaired(second, caught.value)
    assert (result.repaired, result.usage.total_tokens) == (True, 30)
    assert result.cost is not None
    assert result.cost.amount == Decimal("0.3")


def test_a_refusal_says_why() -> None:
    """The vendor's category stands in the message."""
    result = said("", Finish.REFUSED, raw={"category": "bio", "type": "refusal"})
    with pytest.raises(CreativeRejectedError, match="bio"):
        settled(result, TextRequest(messages=(Message.user("x"),)))
