"""What the simulated model says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.writer import tokens_of, write_json, write_text
from backstay_adapters.claude.sandbox.settings import Said
from backstay_adapters.claude.wire.write import texts

Json = Any

TOKEN_BYTES: Final = 4


def input_tokens(body: Mapping[str, Json]) -> int:
    """About how many tokens a request has."""
    names = ("messages", "system", "tools")
    return tokens_of(json.dumps([body.get(name) for name in names if name in body], ensure_ascii=False))


def message(body: Mapping[str, Json], said: Said | None, seed: int, ids: tuple[str, int]) -> dict[str, Json]:
    """The message of a request; `said` is what the model is made to say. `ids` are the message's id and a number."""
    said = said or Said()
    name, number = ids
    blocks = [dict(each) for each in said.content] if said.content is not None else _blocks(body, said, seed, number)
    stop, sequence = _cut(blocks, body)
    reason = said.stop_reason or stop
    used = {"input_tokens": input_tokens(body), "output_tokens": max(1, sum(_tokens(each) for each in blocks))}
    return {
        "id": name,
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": sequence,
        "stop_details": None if said.stop_details is None else dict(said.stop_details),
        "usage": {
            "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, **used, "service_tier": "standard",
            **said.usage,
        },
    }  # fmt: skip


def _blocks(body: Mapping[str, Json], said: Said, seed: int, number: int) -> list[dict[str, Json]]:
    prompt = texts(body["messages"])
    if said.text is not None:
        return [{"type": "text", "text": said.text}] if said.text else []
    called = _called(body)
    if called is not None:
        value = write_json(called.get("input_schema") or {"type": "object"}, prompt, seed)
        name = f"toolu_{bits(seed, 'tool', number):020x}"
        return [{"type": "tool_use", "id": name, "name": called.get("name"), "input": value}]
    wanted = (body.get("output_config") or {}).get("format")
    if wanted:
        return [{"type": "text", "text": json.dumps(write_json(wanted.get("schema") or {}, prompt, seed))}]
    return [{"type": "text", "text": write_text(prompt, seed)}]


def _called(body: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The tool that the model calls: one, unless it has just been answered."""
    tools, choice = body.get("tools") or [], body.get("tool_choice") or {"type": "auto"}
    last = body["messages"][-1].get("content")
    answered = isinstance(last, list) and any(each.get("type") == "tool_result" for each in last)
    if not tools or choice.get("type") == "none" or answered:
        return None
    return next((tool for tool in tools if tool.get("name") == choice.get("name")), tools[0])  # type: ignore[no-any-return]


def _cut(blocks: list[dict[str, Json]], body: Mapping[str, Json]) -> tuple[str, str | None]:
    """Cut the text at a stop sequence or at `max_tokens`; how the message ends, and at which sequence."""
    if any(each.get("type") == "tool_use" for each in blocks):
        return "tool_use", None
    for block in blocks:
        text = block.get("text", "") if block.get("type") == "text" else ""
        found = [each for each in body.get("stop_sequences") or [] if each in text]
        if found:
            block["text"] = text[: min(text.index(each) for each in found)]
            return "stop_sequence", min(found, key=text.index)
        if tokens_of(text) > body["max_tokens"]:
            block["text"] = text.encode()[: body["max_tokens"] * TOKEN_BYTES].decode("utf-8", "ignore")
            return "max_tokens", None
    return "end_turn", None


def _tokens(block: Mapping[str, Json]) -> int:
    return tokens_of(json.dumps(block.get("input")) if "input" in block else str(block.get("text", "")))


__all__ = ["input_tokens", "message"]
