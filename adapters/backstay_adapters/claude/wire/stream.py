"""A message that comes in events: pieces for the reader, and the whole message at the end.

Order: message_start, then for each block its start, deltas and stop, then message_delta (how it ended, what it used)
and message_stop. `ping` comes at any time; events that are not known are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backstay.content.parts import Opaque, ToolCall
from backstay.content.text import TextDelta
from backstay.content.usage import TokenUsage
from backstay_adapters.claude.wire.read import part
from backstay_adapters.claude.wire.usage import usage_of

Json = Any


class Assembly:
    """One message under way."""

    def __init__(self) -> None:
        self.message: dict[str, Json] = {}
        """As the API would have sent it in one piece."""
        self.ended = False
        """Whether the vendor said that it was the end: without that it is not."""
        self._blocks: dict[int, dict[str, Json]] = {}
        self._inputs: dict[int, list[str]] = {}
        self._used: TokenUsage | None = None

    def take(self, event: Mapping[str, Json]) -> TextDelta | None:
        """One event; the piece that it gives the reader, if any."""
        match event.get("type"):
            case "message_start":
                self.message = dict(event.get("message") or {})
                self._used = usage_of(self.message.get("usage"))
            case "content_block_start":
                self._blocks[self._index(event)] = dict(event.get("content_block") or {})
            case "content_block_delta":
                return self._delta(self._index(event), event.get("delta") or {})
            case "content_block_stop":
                return self._block(self._index(event))
            case "message_delta":
                return self._tail(event)
            case "message_stop":
                self.ended = True
        return None

    def whole(self) -> dict[str, Json]:
        """The message as one."""
        content = [block for _, block in sorted(self._blocks.items())]
        return {**self.message, "content": content}

    def _index(self, event: Mapping[str, Json]) -> int:
        index = event.get("index")
        return index if isinstance(index, int) else len(self._blocks)

    def _delta(self, index: int, delta: Mapping[str, Json]) -> TextDelta | None:
        block = self._blocks.setdefault(index, {"type": "text", "text": ""})
        match delta.get("type"):
            case "text_delta":
                text = str(delta.get("text") or "")
                block["text"] = str(block.get("text") or "") + text
                return self._piece(text=text)
            case "input_json_delta":
                self._inputs.setdefault(index, []).append(str(delta.get("partial_json") or ""))
            case "thinking_delta":
                text = str(delta.get("thinking") or "")
                block["thinking"] = str(block.get("thinking") or "") + text
                return self._piece(thinking=text)
            case "signature_delta":
                block["signature"] = delta.get("signature")
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or []), delta.get("citation")]
            case "compaction_delta":
                block["content"] = delta.get("content")
        return None

    def _block(self, index: int) -> TextDelta | None:
        block = self._blocks.get(index)
        if block is None or block.get("type") == "text":
            return None
        if index in self._inputs:
            block["input"] = _input("".join(self._inputs.pop(index)))
        made = part(block)
        return self._piece(part=made) if isinstance(made, ToolCall | Opaque) else None

    def _piece(self, **what: Any) -> TextDelta:
        """A piece; the first one also says what the request has used: before it nothing was given to the reader."""
        used, self._used = self._used, None
        return TextDelta(usage=used, **what)

    def _tail(self, event: Mapping[str, Json]) -> TextDelta:
        ending = event.get("delta") or {}
        self.message |= {name: value for name, value in ending.items() if value is not None}
        used = {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
        self.message["usage"] = {**(self.message.get("usage") or {}), **used}
        return TextDelta(usage=usage_of(self.message["usage"]))


def _input(text: str) -> Json:
    """A tool's arguments; None where they were cut, so that nobody carries them out."""
    if not text:
        return {}
    try:
        return json.loads(text)
    except ValueError:
        return None


__all__ = ["Assembly"]
