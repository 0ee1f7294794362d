"""From our request to the contents and the configuration of a call; in the words of the wire, which the SDK checks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backstay.content.parts import Message, Opaque, Part, Picture, Text, ToolCall, ToolResult
from backstay.content.text import TextRequest
from backstay.content.words import Effort, Role
from backstay.errors import InvalidRequestError

Json = Any

SIGNED: Final = "thought_signature"
"""The kind of an Opaque that carries the signature of the part after it."""
UNNAMED: Final = "call-"
"""How the ids begin that we make for calls without one."""
EFFORTS: Final = {Effort.LOW: "LOW", Effort.MEDIUM: "MEDIUM", Effort.HIGH: "HIGH", Effort.MAX: "HIGH"}
_CHOICES: Final = {"auto": "AUTO", "any": "ANY", "none": "NONE"}


def contents_of(messages: Sequence[Message]) -> list[dict[str, Json]]:
    """The conversation."""
    names = {part.id: part.name for turn in messages for part in turn.parts if isinstance(part, ToolCall)}
    return [_content(turn, names) for turn in messages]


def _content(turn: Message, names: Mapping[str, str]) -> dict[str, Json]:
    parts: list[dict[str, Json]] = []
    signature: str | None = None
    for each in turn.parts:
        if isinstance(each, Opaque) and each.kind == SIGNED:
            signature = str(each.raw.get("thoughtSignature"))
            continue
        told = _part(each, names)
        parts.append(told if signature is None else {**told, "thoughtSignature": signature})
        signature = None
    if signature is not None:
        parts.append({"text": "", "thoughtSignature": signature})
    return {"role": "model" if turn.role is Role.ASSISTANT else "user", "parts": parts}


def _part(part: Part, names: Mapping[str, str]) -> dict[str, Json]:
    match part:
        case Text():
            return {"text": part.text}
        case Picture():
            return picture(part)
        case ToolCall():
            return {"functionCall": {**_own_id(part.id), "name": part.name, "args": dict(part.input)}}
        case ToolResult():
            told = {"name": _named(part, names), "response": _response(part)}
            return {"functionResponse": {**_own_id(part.call_id), **told}}
        case Opaque():
            return dict(part.raw)


def _named(part: ToolResult, names: Mapping[str, str]) -> str:
    if part.call_id not in names:
        raise InvalidRequestError(
            "a result belongs to no call of this conversation", field="messages.call_id", value=part.call_id,
            hint="send the answer with its tool calls back before their results",
        )  # fmt: skip
    return names[part.call_id]


def _own_id(name: str) -> dict[str, Json]:
    """A call's id, where it has one that is not of our making: older models give none."""
    return {} if name.startswith(UNNAMED) else {"id": name}


def _response(part: ToolResult) -> dict[str, Json]:
    return {"error" if part.is_error else "result": part.content}


def picture(part: Picture) -> dict[str, Json]:
    """A picture, by bytes or by address."""
    if part.url is not None:
        return {"fileData": {"fileUri": part.url, "mimeType": part.media_type}}
    if not part.data:
        raise InvalidRequestError(
            "a picture needs bytes or a url", field="messages.data", value=None, hint="give one of them"
        )
    return {"inlineData": {"mimeType": part.media_type, "data": base64.b64encode(part.data).decode()}}


def config_of(request: TextRequest, max_tokens: int) -> dict[str, Json]:
    """The configuration, by the SDK's names."""
    config: dict[str, Json] = {"max_output_tokens": max_tokens}
    if request.system is not None:
        config["system_instruction"] = {"parts": [{"text": request.system}]}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.stop:
        config["stop_sequences"] = list(request.stop)
    if request.effort is not None:
        config["thinking_config"] = {"thinking_level": EFFORTS[request.effort]}
    if request.json_schema is not None:
        config |= {"response_mime_type": "application/json", "response_json_schema": dict(request.json_schema)}
    return config | _tools(request)


def _tools(request: TextRequest) -> dict[str, Json]:
    if not request.tools:
        return {}
    declared = [
        {"name": tool.name, "description": tool.description, "parameters_json_schema": dict(tool.input_schema)}
        for tool in request.tools
    ]
    found: dict[str, Json] = {"tools": [{"function_declarations": declared}]}
    choice = request.tool_choice
    if choice is not None:
        mode: dict[str, Json] = {"mode": _CHOICES.get(choice, "ANY")}
        if choice not in _CHOICES:
            mode["allowed_function_names"] = [choice]
        found["tool_config"] = {"function_calling_config": mode}
    return found


_WIRE: Final = {"system_instruction": "systemInstruction", "tools": "tools", "tool_config": "toolConfig"}
_INNER: Final = {
    "max_output_tokens": "maxOutputTokens", "temperature": "temperature", "stop_sequences": "stopSequences",
    "thinking_config": "thinkingConfig", "response_mime_type": "responseMimeType",
    "response_json_schema": "responseJsonSchema", "response_modalities": "responseModalities",
    "image_config": "imageConfig",
}  # fmt: skip


def check_extra(config: Mapping[str, Json], extra: Mapping[str, Json]) -> None:
    """Refuse what a common field says already, at the top and inside of `generationConfig`."""
    taken = {"contents", *(_WIRE[name] for name in config if name in _WIRE)}
    inner = extra.get("generationConfig")
    doubled = [name for name in extra if name in taken]
    if isinstance(inner, Mapping):
        taken = {_INNER[name] for name in config if name in _INNER}
        doubled += [f"generationConfig.{name}" for name in inner if name in taken]
    for name in doubled:
        raise InvalidRequestError(
            f"{name} is in extra and also comes from a common field", field=f"extra.{name}", value=name,
            hint="set it by the common field only",
        )  # fmt: skip


def counted(request: TextRequest, contents: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """What the token count is given: it takes no system prompt and no tools, so they go in as words."""
    words = [request.system] if request.system is not None else []
    words += [f"{tool.name} {tool.description} {dict(tool.input_schema)}" for tool in request.tools]
    return [{"role": "user", "parts": [{"text": word} for word in words]}, *contents] if words else contents


__all__ = ["SIGNED", "UNNAMED", "check_extra", "config_of", "contents_of", "counted", "picture"]
