"""What the API refuses before it searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.facts import read_json
from backstay.sandbox.content import GOOD
from backstay.sandbox.wire import Request
from backstay_adapters.perplexity.sandbox.refusal import Refusal, bad_key

Json = Any

MODELS: Final = ("sonar", "sonar-pro", "sonar-reasoning-pro", "sonar-deep-research")
RECENCIES: Final = ("hour", "day", "week", "month", "year")
_ORDER: Final = "After the (optional) system message(s), user and assistant roles should be alternating."


def access(request: Request, keys: Mapping[str, str]) -> None:
    """The key; raises the vendor's refusal."""
    if keys.get(request.headers.get("authorization", "").removeprefix("Bearer ")) != GOOD:
        raise bad_key()


def body_of(request: Request) -> dict[str, Json]:
    """The request's JSON."""
    value, whole = read_json(request.body)
    if not isinstance(value, dict) or not whole:
        raise Refusal(400, "bad_request", '["At body -> JSON decode error"]')
    return value


def chat(body: Mapping[str, Json]) -> None:
    """The fields of a question; raises the vendor's refusal."""
    model = body.get("model")
    if model not in MODELS:
        where = "https://docs.perplexity.ai/docs/model-cards"
        message = f"Invalid model '{model}'. Permitted models can be found in the documentation at {where}."
        raise Refusal(400, "invalid_model", message)
    if body.get("max_tokens", 16) < 16:
        raise Refusal(400, "invalid_parameter", f"max_tokens must be at least 16 for {model}.")
    if body.get("search_recency_filter", "day") not in RECENCIES:
        raise Refusal(400, "bad_request", "[\"At body -> search_recency_filter -> Input should be 'hour' or 'day'\"]")
    if len(body.get("search_domain_filter", ())) > 20:
        raise Refusal(400, "invalid_parameter", "search_domain_filter takes at most 20 domains.")
    _turns(body.get("messages") or [])


def _turns(messages: list[Mapping[str, Json]]) -> None:
    roles = [each.get("role") for each in messages]
    while roles and roles[0] == "system":
        roles.pop(0)
    wanted = [("user", "assistant")[number % 2] for number in range(len(roles))]
    if not roles or roles != wanted or roles[-1] != "user":
        raise Refusal(400, "invalid_message", _ORDER)


__all__ = ["MODELS", "access", "body_of", "chat"]
