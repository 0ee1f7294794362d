"""What the API refuses: before the model sees anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.facts import read_json
from backstay.sandbox.content import EXPIRED, REVOKED
from backstay.sandbox.wire import Request
from backstay_adapters.claude.sandbox.refusal import Refusal, invalid
from backstay_adapters.claude.sandbox.settings import MODELS, Model

Json = Any

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a request to the Messages API."""
DROPPED: Final = ("temperature", "top_p", "top_k")
"""What current models take no longer (API version 2026-10-21)."""


def access(request: Request, keys: Mapping[str, str]) -> None:
    """The key, by either header, and the version; raises the vendor's refusal."""
    told = request.headers.get("authorization", "")
    key = told.removeprefix("Bearer ") if told else request.headers.get("x-api-key", "")
    if not key:
        raise Refusal(401, "authentication_error", "x-api-key header is required")
    state = keys.get(key)
    if state is None or state == REVOKED:
        message = "Invalid bearer token" if told else "invalid x-api-key"
        raise Refusal(401, "authentication_error", message)
    if state == EXPIRED:
        message = "OAuth token has expired. Please obtain a new token or refresh your existing token."
        raise Refusal(401, "authentication_error", message)
    if not request.headers.get("anthropic-version"):
        raise invalid("anthropic-version: header is required")


def body_of(request: Request) -> dict[str, Json]:
    """The request's JSON."""
    if len(request.body) > LARGEST:
        raise Refusal(413, "request_too_large", "Request exceeds the maximum size", outer=False)
    value, whole = read_json(request.body)
    if not isinstance(value, dict) or not whole:
        raise invalid("The request body is not valid JSON: expected value at line 1 column 1")
    return value


def model_of(body: Mapping[str, Json]) -> Model:
    """The model; an unknown one and a retired one get the same answer."""
    name = body.get("model")
    if not isinstance(name, str):
        raise invalid("model: Field required")
    model = MODELS.get(name)
    if model is None or model.lifecycle == "retired":
        raise Refusal(404, "not_found_error", f"model: {name}")
    return model


def message_request(body: Mapping[str, Json], model: Model, tokens: int) -> None:
    """The fields of a message that is asked for; raises the vendor's refusal."""
    most = body.get("max_tokens")
    if not isinstance(most, int) or most < 0:
        raise invalid("max_tokens: Field required" if most is None else "max_tokens: Input should be at least 0")
    if most > model.most:
        raise invalid(
            f"max_tokens: {most} > {model.most}, which is the maximum allowed number of output tokens for "
            f"{body['model']}"
        )
    for name in DROPPED:
        if name in body:
            raise invalid(f"{name} is deprecated for this model.")
    turns(body)
    if tokens > model.context:
        raise invalid(f"prompt is too long: {tokens} tokens > {model.context} maximum")
    if tokens + most > model.context:
        raise invalid(
            f"input length and `max_tokens` exceed context limit: {tokens} + {most} > {model.context}, "
            "decrease input length or `max_tokens` and try again"
        )


def turns(body: Mapping[str, Json]) -> None:
    """The conversation: there is one, nothing in it is empty, and every tool's call has its result."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid("messages: at least one message is required")
    waiting: list[str] = []
    for number, turn in enumerate(messages):
        blocks = _blocks(turn)
        if not blocks:
            raise invalid(f"messages.{number}: all messages must have non-empty content")
        for place, block in enumerate(blocks):
            if block.get("type") == "text" and not str(block.get("text", "")).strip():
                raise invalid(f"messages.{number}.content.{place}.text: text content blocks must be non-empty")
        answered = {block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"}
        missing = [each for each in waiting if each not in answered]
        if missing:
            raise invalid(
                f"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the "
                "next message."
            )
        waiting = [str(block.get("id")) for block in blocks if block.get("type") == "tool_use"]
    if messages[-1].get("role") == "assistant":
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )


def _blocks(turn: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    content = turn.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


__all__ = ["DROPPED", "LARGEST", "access", "body_of", "message_request", "model_of", "turns"]
