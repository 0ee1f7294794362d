"""A text that comes in pieces, each an answer of its own kind: pieces for the reader, and the whole at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backstay.content.parts import Opaque, Text, ToolCall
from backstay.content.text import TextDelta
from backstay_adapters.gemini.wire.read import candidate, ending, parts_of, read_part
from backstay_adapters.gemini.wire.usage import usage_of

Json = Any


class Assembly:
    """One text under way."""

    def __init__(self) -> None:
        self._whole: dict[str, Json] = {}
        self._candidate: dict[str, Json] = {}
        self._parts: list[dict[str, Json]] = []

    @property
    def ended(self) -> bool:
        """Whether the vendor said how it ended: without that it has not."""
        return ending(self.whole())[0] is not None

    def take(self, chunk: Mapping[str, Json]) -> Iterator[TextDelta]:
        """One piece of the vendor's; what it gives the reader."""
        parts = parts_of(chunk)
        for told in parts:
            yield from self._part(dict(told))
        self._whole |= {name: value for name, value in chunk.items() if name != "candidates"}
        self._candidate |= {name: value for name, value in candidate(chunk).items() if name != "content"}
        if chunk.get("usageMetadata"):
            yield TextDelta(usage=usage_of(chunk["usageMetadata"]))

    def whole(self) -> dict[str, Json]:
        """The answer as one."""
        if not self._candidate and not self._parts:
            return dict(self._whole)
        content = {"role": "model", "parts": self._parts}
        return {**self._whole, "candidates": [{**self._candidate, "content": content}]}

    def _part(self, told: dict[str, Json]) -> Iterator[TextDelta]:
        last = self._parts[-1] if self._parts else {}
        if _joins(last, told):
            last["text"] = str(last["text"]) + str(told["text"])
        else:
            self._parts.append(told)
        if told.get("thought"):
            yield TextDelta(thinking=str(told.get("text") or ""))
            return
        for part in read_part(told, len(self._parts) - 1):
            if isinstance(part, Text):
                yield TextDelta(text=part.text)
            elif isinstance(part, ToolCall | Opaque):
                yield TextDelta(part=part)


def _joins(last: Mapping[str, Json], told: Mapping[str, Json]) -> bool:
    """Whether a piece goes on with the part before it: words with words, thoughts with thoughts, and no signature."""
    plain = set(told) | set(last) <= {"text", "thought"}
    return plain and "text" in last and "text" in told and last.get("thought") == told.get("thought")


__all__ = ["Assembly"]
