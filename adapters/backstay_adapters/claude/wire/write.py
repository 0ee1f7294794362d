"""From our request to the body of the Messages API."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backstay.content.parts import Message, Opaque, Part, Picture, Text, Tool, ToolCall, ToolResult
from backstay.content.text import TextRequest
from backstay.content.words import Effort
from backstay.errors import InvalidRequestError
from backstay.spec import check_extra

Json = Any

EFFORTS: Final = {Effort.LOW: "low", Effort.MEDIUM: "medium", Effort.HIGH: "high", Effort.MAX: "max"}
PICTURES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")


def body_of(request: TextRequest, model: str, max_tokens: int, schema: Mapping[str, Json] | None) -> dict[str, Json]:
    """The body without the caller's own `extra`; raises InvalidRequestError for what the API would refuse."""
    body: dict[str, Json] = {
        "model": model,
        "max_tokens": max_tokens,
        "messages": [message(each) for each in request.messages],
    }
    if request.system is not None:
        body["system"] = request.system
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.end_user is not None:
        body["metadata"] = {"user_id": request.end_user}
    body |= _tools(request)
    config = _output(request, schema)
    if config:
        body["output_config"] = config
    check_extra(body, request.extra)
    return body


def counted(body: Mapping[str, Json]) -> dict[str, Json]:
    """What of a body the token count takes."""
    names = ("model", "messages", "system", "tools", "tool_choice", "output_config")
    return {name: body[name] for name in names if name in body}


def message(turn: Message) -> dict[str, Json]:
    """One turn; results of tools come first, or the API refuses them."""
    blocks = [block(part) for part in turn.parts]
    blocks.sort(key=lambda each: each["type"] != "tool_result")
    return {"role": turn.role.value, "content": blocks}


def block(part: Part) -> dict[str, Json]:
    """One part of a turn."""
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Picture():
            return {"type": "image", "source": _picture(part)}
        case ToolCall():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": dict(part.input)}
        case ToolResult():
            said = {"type": "tool_result", "tool_use_id": part.call_id, "content": part.content}
            return {**said, "is_error": True} if part.is_error else said
        case Opaque():
            return dict(part.raw)


def _picture(part: Picture) -> dict[str, Json]:
    if part.url is not None:
        return {"type": "url", "url": part.url}
    if part.data is None or part.media_type not in PICTURES:
        raise InvalidRequestError(
            "a picture needs bytes of a kind that the API reads, or a url", field="messages.media_type",
            value=part.media_type, hint=f"one of {', '.join(PICTURES)}",
        )  # fmt: skip
    return {"type": "base64", "media_type": part.media_type, "data": base64.b64encode(part.data).decode()}


def _tools(request: TextRequest) -> dict[str, Json]:
    if not request.tools:
        return {}
    found: dict[str, Json] = {"tools": [tool(each) for each in request.tools]}
    if request.tool_choice is not None:
        named = request.tool_choice not in {"auto", "any", "none"}
        found["tool_choice"] = {"type": "tool", "name": request.tool_choice} if named else {"type": request.tool_choice}
    return found


def tool(each: Tool) -> dict[str, Json]:
    """One tool; its own vendor fields (`strict`, `cache_control`) come from its `extra`."""
    told = {"name": each.name, "description": each.description, "input_schema": dict(each.input_schema)}
    check_extra(told, each.extra)
    return {**{name: value for name, value in told.items() if value != ""}, **each.extra}


def _output(request: TextRequest, schema: Mapping[str, Json] | None) -> dict[str, Json]:
    config: dict[str, Json] = {}
    if request.effort is not None:
        config["effort"] = EFFORTS[request.effort]
    if schema is not None:
        config["format"] = {"type": "json_schema", "schema": dict(schema)}
    return config


def texts(messages: Sequence[Mapping[str, Json]]) -> str:
    """The words of some turns on the wire: for those who read requests."""
    found: list[str] = []
    for turn in messages:
        content = turn.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        found += [str(each.get("text", "")) for each in blocks if each.get("type") == "text"]
    return "\n".join(found)


__all__ = ["PICTURES", "block", "body_of", "counted", "message", "texts", "tool"]
