"""What simulated models write: from the prompt and a seed, so that the same question has the same answer.

Texts are plain sentences about the prompt's own words; JSON fits the schema that was asked for, or comes close.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from backstay.content.jsonschema import resolved
from backstay.sandbox.draws import bits

_WORD: Final = re.compile(r"[^\W\d_]{4,}", re.UNICODE)
_TOPIC: Final = re.compile(r"^Topic: (.+)$", re.MULTILINE)
_DULL: Final = frozenset(
    {
        "about", "answer", "carousel", "from", "give", "have", "instagram", "json", "make", "only", "please", "post",
        "slide", "slides", "that", "their", "these", "this", "with", "word", "words", "write", "your",
    }
)  # fmt: skip
_BOUND: Final = re.compile(r"\b(m(?:ax|in)(?:Items|Length|imum)): (-?\d{1,9})\b")
_SHAPES: Final = (
    "{0} is easier to see once {1} is clear.",
    "Most people meet {0} first, and {1} later.",
    "Think of {0} as a way to keep {1} small.",
    "What changes with {0} is not {1} but the order of things.",
    "{0} pays off where {1} costs the most.",
    "Start with {0}; {1} can wait.",
)
SHORT: Final = 30
"""Characters of a text in which no sentence fits: there is a word in it."""
_STEP: Final = 2
"""Levels of optional fields that are filled: a schema may refer to itself without end."""


def tokens_of(text: str) -> int:
    """About how many tokens a text has: four bytes each."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def topics(prompt: str) -> list[str]:
    """The telling words of a prompt, in its order; where a line of it names the topic, of that line."""
    named = _TOPIC.search(prompt)
    prompt = named[1] if named else prompt
    found = dict.fromkeys(word for word in _WORD.findall(prompt) if word.lower() not in _DULL)
    return list(found) or ["sailing", "wind"]


def write_text(prompt: str, seed: int, sentences: int = 3) -> str:
    """Some sentences about the prompt's words."""
    words = topics(prompt)
    made = []
    for number in range(sentences):
        draw = bits(seed, "sentence", prompt, number)
        first, second = words[draw % len(words)], words[(draw >> 16) % len(words)]
        text = _SHAPES[(draw >> 32) % len(_SHAPES)].format(first, second)
        made.append(text[0].upper() + text[1:])
    return " ".join(made)


def write_json(schema: Mapping[str, Any], prompt: str, seed: int) -> Any:
    """A value of a schema; texts are sentences about the prompt."""
    return _value(schema, schema, prompt, seed, ("$",))


def _value(schema: Any, root: Mapping[str, Any], prompt: str, seed: int, path: tuple[str, ...]) -> Any:
    if not isinstance(schema, Mapping):
        return write_text(prompt, seed, 1)
    schema = {**_described(schema), **schema}
    if "$ref" in schema:
        return _value(resolved(str(schema["$ref"]), root), root, prompt, seed, path)
    draw = bits(seed, "json", prompt, *path)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][draw % len(schema["enum"])]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return _value(schema[word][0], root, prompt, seed, (*path, word))
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            return _object(schema, root, prompt, seed, path)
        case "array":
            return _array(schema, root, prompt, seed, path)
        case "integer" | "number":
            return _number(schema, draw, whole=kind == "integer")
        case "boolean":
            return bool(draw % 2)
        case "null":
            return None
    return _text(schema, prompt, seed, path)


def _described(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds that stand in the description, where an API takes them nowhere else: "{minItems: 3, maxLength: 40}"."""
    found = _BOUND.findall(str(schema.get("description", "")))
    return {name: int(number) for name, number in found}


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], prompt: str, seed: int, path: tuple[str, ...]) -> Any:
    fields, required = schema.get("properties", {}), schema.get("required", ())
    deep = sum(step.startswith(".") for step in path) >= _STEP
    wanted = [name for name in fields if name in required or not deep]
    return {name: _value(fields[name], root, prompt, seed, (*path, f".{name}")) for name in wanted}


def _array(schema: Mapping[str, Any], root: Mapping[str, Any], prompt: str, seed: int, path: tuple[str, ...]) -> Any:
    least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 100))
    asked = re.search(r"\b(\d{1,2})\b", prompt)  # "8 slides"
    count = max(least, min(most, int(asked[1]) if asked else max(least, 3)))
    return [_value(schema.get("items", {}), root, prompt, seed, (*path, str(number))) for number in range(count)]


def _number(schema: Mapping[str, Any], draw: int, *, whole: bool) -> int | float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 9))
    step = 1 if whole else 0.5
    floor = low + (step if "exclusiveMinimum" in schema else 0)
    room = max(0, int((high - (step if "exclusiveMaximum" in schema else 0) - floor) / step))
    value = floor + step * (draw % (room + 1))
    return int(value) if whole else float(value)


def _text(schema: Mapping[str, Any], prompt: str, seed: int, path: tuple[str, ...]) -> str:
    most, words = int(schema.get("maxLength", 400)), topics(prompt)
    own = bits(seed, *path) % 1_000_003
    said = words[own % len(words)] if most <= SHORT else write_text(prompt, own, 1)
    while len(said) < int(schema.get("minLength", 0)):
        said = f"{said} {said}"
    return said[:most]


__all__ = ["tokens_of", "topics", "write_json", "write_text"]
