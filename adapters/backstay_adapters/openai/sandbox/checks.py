"""What the API refuses: before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from backstay.content.pictures import sniff
from backstay.facts import read_json
from backstay.sandbox.content import EXPIRED, GOOD
from backstay.sandbox.wire import Part, Request, form_parts
from backstay_adapters.openai.models import MODELS, RETIRED, plain_name
from backstay_adapters.openai.sandbox.refusal import Refusal, invalid

Json = Any

FIELDS: Final = frozenset(
    {
        "model", "prompt", "n", "size", "quality", "background", "output_format", "output_compression", "moderation",
        "safety_identifier", "user", "images", "input_fidelity", "complexity", "frame_count", "frame_duration_ms",
    }
)  # fmt: skip
LONGEST_PROMPT: Final = 32_000


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be drawn."""

    body: Mapping[str, Json]
    sources: int = 0

    @property
    def model(self) -> str:
        """Who draws."""
        return str(self.body["model"])

    @property
    def count(self) -> int:
        """How many pictures."""
        return int(self.body.get("n") or 1)


def access(request: Request, keys: Mapping[str, str]) -> None:
    """The key; raises the vendor's refusal."""
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not key:
        message = "You didn't provide an API key. You need to provide your API key in an Authorization header."
        raise Refusal(401, "invalid_request_error", message)
    state = keys.get(key)
    if state == EXPIRED:
        raise Refusal(401, "invalid_request_error", "Your API key has expired.", "expired_api_key")
    if state != GOOD:
        shown = f"{key[:4]}{'*' * 8}{key[-4:]}"
        message = f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com."
        raise Refusal(401, "invalid_request_error", message, "invalid_api_key")


def order_of(request: Request, *, edit: bool) -> Order:
    """What a request asks for; raises the vendor's refusal."""
    body, files = _form(request) if _is_form(request) else (_json(request), [])
    for name in body:
        if name not in FIELDS:
            raise invalid(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    _check_model(body)
    _check_fields(body)
    sources = len(files) or len(body.get("images") or ())
    if edit and not sources:
        raise invalid("Missing required parameter: 'image'.", "missing_required_parameter", "image")
    for number, file in enumerate(files):
        if sniff(file.content) is None:
            where = f"images[{number}].image_url"
            raise Refusal(400, "image_generation_user_error", "Invalid image data.", "invalid_image_file", param=where)
    return Order(body, sources)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def _json(request: Request) -> dict[str, Json]:
    value, whole = read_json(request.body)
    if not isinstance(value, dict) or not whole:
        raise invalid("We could not parse the JSON body of your request.", None, None)
    return value


def _form(request: Request) -> tuple[dict[str, Json], list[Part]]:
    body: dict[str, Json] = {}
    files: list[Part] = []
    for name, part in form_parts(request):
        if isinstance(part, str):
            body[name] = int(part) if name == "n" and part.isdigit() else part
        elif name in {"image", "image[]"}:
            files.append(part)
    return body, files


def _check_model(body: Mapping[str, Json]) -> None:
    model = body.get("model")
    if not isinstance(model, str):
        raise invalid("Missing required parameter: 'model'.", "missing_required_parameter", "model")
    if plain_name(model) in RETIRED or plain_name(model) not in MODELS:
        message = f"The model '{model}' does not exist."
        raise Refusal(404, "invalid_request_error", message, "model_not_found", param="model")


def _check_fields(body: Mapping[str, Json]) -> None:
    prompt, count = body.get("prompt"), body.get("n", 1)
    if not isinstance(prompt, str) or not prompt:
        raise invalid("Missing required parameter: 'prompt'.", "missing_required_parameter", "prompt")
    if len(prompt) > LONGEST_PROMPT:
        message = f"Invalid 'prompt': string too long. Expected a string with maximum length {LONGEST_PROMPT}."
        raise invalid(message, "string_above_max_length", "prompt")
    if not isinstance(count, int) or not 1 <= count <= 10:
        raise invalid("Invalid 'n': integer above maximum value.", "integer_above_max_value", "n")
    facts = MODELS[plain_name(str(body["model"]))]
    _one_of(body, "quality", (*facts.qualities, "auto"))
    _one_of(body, "output_format", facts.formats)
    if facts.sizes is not None:
        _one_of(body, "size", (*facts.sizes, "auto"))
    if body.get("background") == "transparent" and body.get("output_format", "png") not in {"png", "webp"}:
        raise invalid("Transparent background is not supported for this format.", "invalid_value", "background")


def _one_of(body: Mapping[str, Json], name: str, choices: tuple[str, ...]) -> None:
    value = body.get(name)
    if value is not None and value not in choices:
        shown = ", ".join(f"'{choice}'" for choice in choices)
        raise invalid(f"Invalid value: '{value}'. Supported values are: {shown}.", "invalid_value", name)


__all__ = ["Order", "access", "order_of"]
