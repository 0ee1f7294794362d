"""From a server's results to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.content.parts import Tool
from backstay.content_adapter import Answers
from backstay.policies.effect import Effect
from backstay_adapters.mcp.model import ToolAnswer, ToolInfo

Json = Any

ANSWERS: Final = Answers("mcp")
reading, unreadable = ANSWERS.reading, ANSWERS.unreadable

_TOOL: Final = frozenset({"name", "title", "description", "inputSchema", "outputSchema", "annotations"})
_RESULT: Final = frozenset({"content", "structuredContent", "isError", "resultType", "_meta"})
_STAMP: Final = "io.modelcontextprotocol/serverInfo"


def tool(told: Mapping[str, Json]) -> ToolInfo:
    """One tool of a listing; its effect by the server's own hints."""
    hints = told.get("annotations") or {}
    more = {name: value for name, value in told.items() if name not in _TOOL}
    described = Tool(
        name=str(told["name"]),
        description=str(told.get("description") or ""),
        input_schema=told.get("inputSchema") or {"type": "object"},
        extra={},
    )
    return ToolInfo(
        tool=described,
        title=str(told.get("title") or hints.get("title") or ""),
        effect=effect_of(hints),
        output_schema=told.get("outputSchema") or {},
        annotations={**hints, **({"more": more} if more else {})},
    )


def effect_of(hints: Mapping[str, Json]) -> Effect:
    """What the hints say; without a word a tool may change something each time that it is called."""
    if hints.get("readOnlyHint") is True:
        return Effect.READ
    return Effect.SET if hints.get("idempotentHint") is True else Effect.CREATE


def answer(name: str, result: Json) -> ToolAnswer:
    """What a tool has answered, an error of its own included; raises BadResponseError where it is no answer."""
    with reading("a tool's answer", result):
        if not isinstance(result["content"], list):
            raise unreadable("a tool's answer", result)
        blocks = tuple(dict(block) for block in result["content"])
        return ToolAnswer(
            name=name,
            text="\n".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text"),
            data=result.get("structuredContent"),
            blocks=blocks,
            is_error=bool(result.get("isError")),
            extra=_more(result),
        )


def _more(result: Mapping[str, Json]) -> dict[str, Json]:
    """What is not ours; the server's name, which is in each answer, is left out."""
    meta = {name: value for name, value in (result.get("_meta") or {}).items() if name != _STAMP}
    told = {name: value for name, value in result.items() if name not in _RESULT and value}
    return {**told, **({"_meta": meta} if meta else {})}


__all__ = ["ANSWERS", "answer", "effect_of", "reading", "tool", "unreadable"]
