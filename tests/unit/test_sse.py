"""Server-sent events: whatever way the bytes are cut, the same events."""

from __future__ import annotations

import pytest

from backstay import sse
from backstay.errors import BadResponseError
from backstay.sse import EventParser, ServerEvent

STREAM = (
    b': ping - now\r\n\r\ndata: {"a": "\xc3\xa9"}\r\n\r\nevent: error\ndata:one\ndata: two\n\nid: 1\r\rdata: last\r\r'
)
WANTED = [ServerEvent("message", '{"a": "\u00e9"}'), ServerEvent("error", "one\ntwo"), ServerEvent("message", "last")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_any_cut_gives_the_same_events(size: int) -> None:
    """Comments are passed over, all three line endings end lines, letters of two bytes may be cut in two."""
    parser, found = EventParser(), list[ServerEvent]()
    for start in range(0, len(STREAM), size):
        found += parser.feed(STREAM[start : start + size])
    assert found + parser.feed(b"x") == WANTED  # a final CR ends its line once more is there


def test_an_event_that_is_cut_off_is_none() -> None:
    """Half of an event is not handed out."""
    assert EventParser().feed(b'data: {"a": 1}\n') == []


@pytest.mark.parametrize("piece", [b"x" * 60, b"data: x\n" * 10])
def test_an_event_without_end_is_refused(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one long line nor many short ones fill the memory."""
    monkeypatch.setattr(sse, "MOST", 50)
    with pytest.raises(BadResponseError) as caught:
        EventParser().feed(piece)
    assert caught.value.rule == "sse.too_long"
