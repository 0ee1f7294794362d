"""What the API refuses: before the model sees anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.facts import read_json
from backstay.sandbox.content import EXPIRED, GOOD
from backstay.sandbox.wire import Request
from backstay_adapters.gemini.sandbox.refusal import Refusal, invalid, reason
from backstay_adapters.gemini.sandbox.settings import MODELS

Json = Any


def field(told: Json, name: str) -> Json:
    """A field by its name in camelCase: the vendor takes it in snake_case as well, and its SDK mixes the two."""
    if not isinstance(told, Mapping):
        return None
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return told.get(name, told.get(snake))


def access(request: Request, keys: Mapping[str, str]) -> None:
    """The key; raises the vendor's refusal."""
    key = request.headers.get("x-goog-api-key") or request.query.get("key", "")
    if not key:
        message = "Method doesn't allow unregistered callers (callers without established identity)."
        raise Refusal(403, "PERMISSION_DENIED", message)
    state = keys.get(key)
    if state == EXPIRED:
        message = "API key expired. Please renew the API key."
        raise Refusal(400, "INVALID_ARGUMENT", message, [reason("API_KEY_INVALID")])
    if state != GOOD:
        message = "API key not valid. Please pass a valid API key."
        raise Refusal(400, "INVALID_ARGUMENT", message, [reason("API_KEY_INVALID")])


def body_of(request: Request) -> dict[str, Json]:
    """The request's JSON."""
    value, whole = read_json(request.body)
    if not isinstance(value, dict) or not whole:
        raise invalid("Invalid JSON payload received. Unexpected end of string.")
    return value


def model_of(name: str, method: str) -> int:
    """The tokens that a model takes; an unknown one and a retired one get the same answer."""
    if name not in MODELS:
        message = (
            f"models/{name} is not found for API version v1beta, or is not supported for {method}. Call "
            "ModelService.ListModels to see the list of available models and their supported methods."
        )
        raise Refusal(404, "NOT_FOUND", message)
    return MODELS[name]


def contents(body: Mapping[str, Json], most: int, tokens: int) -> None:
    """The conversation: there is one, its roles are known, and it is not too long; raises the vendor's refusal."""
    found = body.get("contents")
    if not isinstance(found, list) or not found:
        raise invalid("* GenerateContentRequest.contents: contents is not specified")
    for turn in found:
        if turn.get("role", "user") not in {"user", "model"}:
            raise invalid("Please use a valid role: user, model.")
        if not turn.get("parts"):
            raise invalid("* GenerateContentRequest.contents.parts: must include at least one parts field")
    heat = field(field(body, "generationConfig"), "temperature")
    if isinstance(heat, int | float) and not 0.0 <= heat <= 2.0:
        raise invalid(f"* GenerateContentRequest.generation_config.temperature: {heat} is not in the range [0.0, 2.0]")
    if tokens > most:
        raise invalid(f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({most}).")


__all__ = ["access", "body_of", "contents", "field", "model_of"]
