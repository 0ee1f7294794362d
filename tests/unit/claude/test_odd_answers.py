"""Nulls in Claude's answers: a text that is null is no text, and not the word "None"."""

from __future__ import annotations

from backstay_adapters.claude.wire import read
from backstay_adapters.claude.wire.stream import Assembly


def test_a_text_that_is_null_is_empty() -> None:
    """In a whole answer."""
    data = {"id": "msg_1", "content": [{"type": "text", "text": None}, {"type": "text", "text": "Sails."}]}
    assert read.message(data, request_id=None, prices=None).text == "Sails."


def test_a_piece_that_is_null_is_empty() -> None:
    """In a stream: neither the block that begins with null nor a delta that is null adds a word."""
    made = Assembly()
    made.take({"type": "message_start", "message": {"id": "msg_1"}})
    made.take({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": None}})
    for text in (None, "Sails."):
        made.take({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
    made.take({"type": "content_block_start", "index": 1, "content_block": {"type": "thinking", "thinking": None}})
    piece = made.take(
        {"type": "content_block_delta", "index": 1, "delta": {"type": "thinking_delta", "thinking": None}}
    )
    assert piece is not None
    assert piece.thinking == ""
    whole = made.whole()
    assert read.message(whole, request_id=None, prices=None).text == "Sails."
    assert whole["content"][1]["thinking"] == ""
