"""What the simulated model says or draws."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backstay.content.image import Size
from backstay.sandbox.painter import draw
from backstay.sandbox.writer import tokens_of, write_json, write_text
from backstay_adapters.gemini.sandbox.checks import field
from backstay_adapters.gemini.sandbox.settings import Said
from backstay_adapters.gemini.wire.image import RATIOS

Json = Any
Parts = list[dict[str, Json]]

PICTURE_TOKENS: Final = 1_290
TOKEN_BYTES: Final = 4


def input_tokens(body: Mapping[str, Json]) -> int:
    """About how many tokens a request has: its words, 258 for a picture, and its tools."""
    found = 0
    for turn in [field(body, "systemInstruction") or {}, *(body.get("contents") or [])]:
        for part in turn.get("parts") or []:
            found += 258 if field(part, "inlineData") or field(part, "fileData") else tokens_of(json.dumps(part))
    return found + (tokens_of(json.dumps(body["tools"])) if body.get("tools") else 0)


def prompt_of(body: Mapping[str, Json]) -> str:
    """The words of a request."""
    parts = [part for turn in body["contents"] for part in turn.get("parts") or []]
    return "\n".join(str(part["text"]) for part in parts if part.get("text"))


def answer(model: str, body: Mapping[str, Json], said: Said | None, seed: int, response_id: str) -> dict[str, Json]:
    """The whole answer; `said` is what the model is made to say."""
    said = said or Said()
    head = {"modelVersion": model, "responseId": response_id}
    asked = input_tokens(body)
    if said.blocked is not None:
        used = {"promptTokenCount": asked, "totalTokenCount": asked}
        return {"promptFeedback": {"blockReason": said.blocked}, "usageMetadata": used, **head}
    parts = [dict(each) for each in said.parts] if said.parts is not None else _parts(model, body, said, seed)
    finish = said.finish or _cut(parts, body)
    made = sum(_tokens(each) for each in parts)
    candidate: dict[str, Json] = {"finishReason": finish, "index": 0}
    if parts:
        candidate = {"content": {"parts": parts, "role": "model"}, **candidate}
    if said.message is not None:
        candidate["finishMessage"] = said.message
    used = {"promptTokenCount": asked, "candidatesTokenCount": made, "totalTokenCount": asked + made, **said.usage}
    return {"candidates": [candidate], "usageMetadata": used, **head}


def _parts(model: str, body: Mapping[str, Json], said: Said, seed: int) -> Parts:
    prompt, config = prompt_of(body), field(body, "generationConfig")
    if said.text is not None:
        return [{"text": said.text}] if said.text else []
    if model.endswith("-image"):
        return _drawn(prompt, config, seed)
    called = _called(body)
    if called is not None:
        schema = field(called, "parametersJsonSchema") or {"type": "object"}
        return [{"functionCall": {"name": called["name"], "args": write_json(schema, prompt, seed)}}]
    schema = field(config, "responseJsonSchema")
    if schema is not None:
        return [{"text": json.dumps(write_json(schema, prompt, seed))}]
    return [{"text": write_text(prompt, seed)}]


def _drawn(prompt: str, config: Json, seed: int) -> Parts:
    image = field(config, "imageConfig")
    size = Size.of(RATIOS.get(str(field(image, "aspectRatio")), "1024x1024"))
    times = 2 if field(image, "imageSize") == "2K" else 1
    png = draw(prompt, size.width * times, size.height * times, seed)
    return [{"inlineData": {"mimeType": "image/png", "data": base64.b64encode(png).decode()}}]


def _called(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The tool that the model calls: one, unless it has just been answered."""
    declared: Sequence[Mapping[str, Json]] = [
        each for tool in body.get("tools") or [] for each in field(tool, "functionDeclarations") or []
    ]
    choice = field(field(body, "toolConfig"), "functionCallingConfig")
    answered = any(field(part, "functionResponse") for part in body["contents"][-1].get("parts") or [])
    if not declared or field(choice, "mode") == "NONE" or answered:
        return None
    wanted = field(choice, "allowedFunctionNames") or [declared[0]["name"]]
    return next((each for each in declared if each["name"] in wanted), declared[0])


def _cut(parts: Parts, body: Mapping[str, Json]) -> str:
    """Cut the text at a stop sequence or at the bound; how the answer ends."""
    config = field(body, "generationConfig")
    most = field(config, "maxOutputTokens")
    for part in parts:
        text = part.get("text", "")
        for stop in field(config, "stopSequences") or []:
            if stop in text:
                part["text"] = text = text[: text.index(stop)]
        if isinstance(most, int) and tokens_of(text) > most:
            part["text"] = text.encode()[: most * TOKEN_BYTES].decode("utf-8", "ignore")
            return "MAX_TOKENS"
    return "STOP"


def _tokens(part: Mapping[str, Json]) -> int:
    if "inlineData" in part:
        return PICTURE_TOKENS
    return tokens_of(json.dumps(part["functionCall"]) if "functionCall" in part else str(part.get("text", "")))


__all__ = ["answer", "input_tokens", "prompt_of"]
