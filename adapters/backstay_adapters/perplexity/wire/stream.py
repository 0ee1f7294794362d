"""The pieces of a stream, and the answer that they make.

Every event repeats sources, usage and the text so far ("stream_mode: full"); only `delta.content` is new. A stream
ends with an event of the object `chat.completion.done`; `[DONE]` was never recorded and is taken as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from backstay.content.research import ResearchDelta, Source
from backstay_adapters.perplexity.wire.read import reading, sources_of

Json = Any

DONE: Final = "[DONE]"
_OBJECT: Final = "chat.completion.done"
_OPEN: Final = "<think>"
_SHUT: Final = "</think>"


class Assembly:
    """Takes events one after the other."""

    def __init__(self) -> None:
        self.ended = False
        """Whether the vendor said that it was the end: without that it is not."""
        self._last: dict[str, Json] = {}
        self._text: list[str] = []
        self._sources: tuple[Source, ...] = ()
        self._thinking: str | None = ""
        """What may still be thoughts; None once the answer has begun."""

    def take(self, data: str) -> ResearchDelta | None:
        """One event's data; the piece that it gives the reader, if any."""
        if data.strip() == DONE:
            self.ended = True
            return None
        with reading("an event", data):
            return self._event(json.loads(data))

    def whole(self) -> dict[str, Json]:
        """The answer as the API would have sent it in one piece."""
        choice = (self._last.get("choices") or [{}])[0]
        message = {"role": "assistant", "content": "".join(self._text)}
        return {**self._last, "choices": [{**choice, "message": message}]}

    def _event(self, event: Mapping[str, Json]) -> ResearchDelta | None:
        self._last |= {name: value for name, value in event.items() if value is not None}
        choice = (event.get("choices") or [{}])[0]
        # The last event may carry the whole text once more; its delta is then empty.
        new = (choice.get("delta") or {}).get("content") or ""
        self._text.append(new)
        self.ended |= event.get("object") == _OBJECT or event.get("type") == "end_of_stream"
        shown, found = self._shown(new), sources_of(event)
        fresh = found if found != self._sources else ()
        self._sources = found or self._sources
        return ResearchDelta(text=shown, sources=fresh) if shown or fresh else None

    def _shown(self, new: str) -> str:
        """What of a piece belongs to the answer: a reasoning model thinks aloud first."""
        if self._thinking is None:
            return new
        self._thinking += new
        head = self._thinking.lstrip()
        if not head.startswith(_OPEN[: len(head)]):
            shown, self._thinking = self._thinking, None
            return shown
        if _SHUT not in head:
            return ""
        rest = head.partition(_SHUT)[2].lstrip()
        if rest:
            self._thinking = None
        return rest

    def left(self) -> str:
        """What was held back for thoughts and is none."""
        return "" if self._thinking is None or _SHUT in self._thinking else self._thinking


__all__ = ["DONE", "Assembly"]
