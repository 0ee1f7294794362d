"""An answer as a stream: pieces of text, each an answer of its own kind; how it ended stands in the last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.sandbox.content import Chunk
from backstay.sandbox.wire import event

Json = Any

PIECE: Final = 24
"""Characters of a piece."""


def chunks(whole: Mapping[str, Json], pace: float) -> list[Chunk]:
    """The pieces with the seconds before each; `pace` is the time between two."""
    listed = whole.get("candidates")
    if not listed:
        return [(0.0, event(dict(whole)))]
    first = listed[0]
    pieces = [piece for part in first.get("content", {}).get("parts") or [] for piece in _cut(part)]
    head = {name: value for name, value in whole.items() if name not in {"candidates", "usageMetadata"}}
    asked = {"promptTokenCount": whole["usageMetadata"]["promptTokenCount"]}
    told = [
        {"candidates": [{"content": {"parts": [piece], "role": "model"}, "index": 0}], "usageMetadata": asked, **head}
        for piece in pieces
    ]
    ending = {name: value for name, value in first.items() if name != "content"}
    last = {"candidates": [ending], "usageMetadata": whole["usageMetadata"], **head}
    return [(pace if number else 0.0, event(each)) for number, each in enumerate([*told, last])]


def error_event(body: Mapping[str, Json]) -> bytes:
    """The event of an error in the middle of a stream."""
    return event(dict(body))


def _cut(part: Mapping[str, Json]) -> list[dict[str, Json]]:
    if set(part) - {"text", "thought"} or not part.get("text"):
        return [dict(part)]
    text = str(part["text"])
    return [{**part, "text": text[start : start + PIECE]} for start in range(0, len(text), PIECE)]


__all__ = ["chunks", "error_event"]
