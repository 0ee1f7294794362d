"""A message as the stream of events that it would have come in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backstay.sandbox.content import Chunk
from backstay.sandbox.wire import event

Json = Any

PIECE: Final = 24
"""Characters of a delta."""


def chunks(message: Mapping[str, Json], pace: float) -> list[Chunk]:
    """The events with the seconds before each; `pace` is the time between two deltas."""
    return [(pace if kind == "content_block_delta" else 0.0, event(data, kind)) for kind, data in _events(message)]


def error_event(body: Mapping[str, Json]) -> bytes:
    """The event of an error in the middle of a stream."""
    return event(dict(body), "error")


def _events(message: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    used = dict(message["usage"])
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    begun["usage"] = {**used, "output_tokens": 1}
    yield _named({"type": "message_start", "message": begun})
    yield _named({"type": "ping"})
    for index, block in enumerate(message["content"]):
        empty, deltas = _parts(block)
        yield _named({"type": "content_block_start", "index": index, "content_block": empty})
        for delta in deltas:
            yield _named({"type": "content_block_delta", "index": index, "delta": delta})
        yield _named({"type": "content_block_stop", "index": index})
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield _named({"type": "message_delta", "delta": ending, "usage": {"output_tokens": used["output_tokens"]}})
    yield _named({"type": "message_stop"})


def _named(data: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    return data["type"], data


def _parts(block: Mapping[str, Json]) -> tuple[dict[str, Json], list[dict[str, Json]]]:
    """A block's beginning, and its deltas."""
    match block.get("type"):
        case "text":
            return {"type": "text", "text": ""}, [
                {"type": "text_delta", "text": part} for part in _pieces(block["text"])
            ]
        case "tool_use":
            text = json.dumps(block["input"])
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", *_pieces(text))]
            return {**block, "input": {}}, deltas
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": part} for part in _pieces(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block.get("signature", "")})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
    return dict(block), []


def _pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


__all__ = ["chunks", "error_event"]
