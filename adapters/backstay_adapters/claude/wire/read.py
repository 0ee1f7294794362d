"""From the API's answers to ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from backstay.content.models import ModelInfo, ModelList, ModelState, TokenCount
from backstay.content.parts import Opaque, Part, Text, ToolCall
from backstay.content.text import TextResult
from backstay.content.words import Finish
from backstay.content_adapter import Answers
from backstay.cost import PriceTable
from backstay_adapters.claude.prices import successor
from backstay_adapters.claude.wire.usage import cost_of, usage_of

Json = Any

ANSWERS: Final = Answers("claude")
reading, unreadable = ANSWERS.reading, ANSWERS.unreadable

FINISHES: Final[Mapping[str, Finish]] = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOL_USE,
    "pause_turn": Finish.PAUSED,
    "refusal": Finish.REFUSED,
    "model_context_window_exceeded": Finish.CONTEXT_EXCEEDED,
}
_READ: Final = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_details", "usage"}
)  # fmt: skip


def finish_of(word: object) -> Finish:
    """Our word for a stop reason; UNKNOWN for one that the vendor invented since."""
    return FINISHES.get(word, Finish.UNKNOWN) if isinstance(word, str) else Finish.UNKNOWN


def message(data: Json, *, request_id: str | None, prices: PriceTable | None) -> TextResult:
    """A whole message; raises BadResponseError where it is none."""
    with reading("a message", data):
        return _message(data, request_id, prices)


def _message(data: Json, request_id: str | None, prices: PriceTable | None) -> TextResult:
    if not isinstance(data, Mapping) or not data.get("id") or not isinstance(data.get("content"), list):
        raise unreadable("a message", data)
    parts = tuple(part(each) for each in data["content"] if isinstance(each, Mapping))
    told, model = data.get("usage"), str(data.get("model") or "")
    usage = usage_of(told)
    finish = finish_of(data.get("stop_reason"))
    if finish is Finish.LENGTH:  # a call that was cut must not be carried out
        parts = tuple(each for each in parts if not isinstance(each, ToolCall))
    return TextResult(
        text="".join(each.text for each in parts if isinstance(each, Text)),
        parts=parts,
        finish=finish,
        raw_finish=None if data.get("stop_reason") is None else str(data["stop_reason"]),
        usage=usage,
        cost=cost_of(usage, told, model, prices),
        model=model,
        request_id=request_id,
        raw={name: value for name, value in (data.get("stop_details") or {}).items() if value is not None},
        extra={"id": data["id"], **{name: value for name, value in data.items() if name not in _READ and value}},
    )


def part(block: Mapping[str, Json]) -> Part:
    """One block of an answer; what is not ours goes back to the vendor unchanged."""
    kind = block.get("type")
    if kind == "text" and not block.get("citations"):
        return Text(text=str(block.get("text") or ""))
    if kind == "tool_use" and isinstance(block.get("input"), Mapping):
        return ToolCall(id=str(block.get("id")), name=str(block.get("name")), input=block["input"])
    if kind == "text":
        return Text(text=str(block.get("text") or ""))
    return Opaque(kind=str(kind), raw=block)


def token_count(data: Json, model: str) -> TokenCount:
    """The answer of the token count."""
    count = data.get("input_tokens") if isinstance(data, Mapping) else None
    if not isinstance(count, int):
        raise unreadable("a token count", data)
    return TokenCount(input_tokens=count, model=model)


def models(data: Json) -> ModelList:
    """The vendor's models, newest first as it lists them."""
    listed = data.get("data") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise unreadable("a list of models", data)
    with reading("a list of models", data):
        return ModelList(models=tuple(_model(each) for each in listed if isinstance(each, Mapping) and each.get("id")))


def _model(told: Mapping[str, Json]) -> ModelInfo:
    return ModelInfo(
        id=str(told["id"]),
        name=str(told.get("display_name") or ""),
        state=ModelState.of(told.get("lifecycle")),
        retires_at=_moment(told.get("retires_at")),
        successor=successor(str(told["id"])),
        context_tokens=told.get("max_input_tokens"),
        max_output_tokens=told.get("max_tokens"),
        extra={name: told[name] for name in ("created_at", "deprecated_at", "line") if told.get(name)},
    )


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


__all__ = ["ANSWERS", "FINISHES", "finish_of", "message", "models", "part", "reading", "token_count", "unreadable"]
