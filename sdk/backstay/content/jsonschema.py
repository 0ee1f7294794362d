"""JSON schemas: the part of the language that models are given, checked without a library.

A keyword that this module does not know is refused when the request is made: a check that is silently left out would
be worse than none. Words that only describe (`title`, `description`, `format` ...) check nothing, as the standard says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from backstay.errors import InvalidRequestError

DESCRIBING: Final = frozenset(
    {
        "$anchor", "$comment", "$defs", "$id", "$schema", "contentEncoding", "contentMediaType", "default",
        "definitions", "deprecated", "description", "discriminator", "examples", "format", "readOnly", "title",
        "writeOnly",
    }
)  # fmt: skip
DEEPEST: Final = 100
"""Levels of schema that are followed: one that refers to itself without taking a step would never end."""

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: _number(value) and float(value).is_integer(),
    "number": lambda value: _number(value),  # noqa: PLW0108 - defined below
}
Faults = Iterator[str]
Check = Callable[[Any, Any, Mapping[str, Any], "_Walk"], Faults]


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that cannot be checked; raises InvalidRequestError naming the place and the keyword."""
    for path, part in _schemas(schema, "json_schema", 0):
        if not isinstance(part, Mapping | bool):
            raise _refused(path, part, "a schema is an object, true or false")
        for word, value in part.items() if isinstance(part, Mapping) else ():
            if word not in _CHECKS and word not in DESCRIBING:
                raise _refused(f"{path}.{word}", value, f"leave {word} out: it would not be checked")
        _check_words(path, part if isinstance(part, Mapping) else {}, schema)


def faults(value: Any, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with a value, each as "path: fault"; empty when it fits."""
    walk = _Walk(schema)
    return tuple(walk.look(value, schema, "$", 0))


class _Walk:
    """One value against one schema."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root = root
        self.path = "$"
        self.depth = 0

    def look(self, value: Any, schema: Any, path: str, depth: int) -> Faults:
        """Faults of a value at a path."""
        if depth > DEEPEST:
            yield f"{path}: nested too deeply"
            return
        if isinstance(schema, bool):
            if not schema:
                yield f"{path}: nothing is allowed here"
            return
        for word, wanted in schema.items():
            check = _CHECKS.get(word)
            if check is not None:
                self.path, self.depth = path, depth
                yield from check(value, wanted, schema, self)

    def fits(self, value: Any, schema: Any, path: str, depth: int) -> bool:
        """Whether a value has no fault."""
        return next(self.look(value, schema, path, depth + 1), None) is None


def resolved(reference: str, root: Mapping[str, Any]) -> Any:
    """What `#/$defs/Name` stands for; None where nothing is there."""
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/") if reference.strip("#/") else ():
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if reference.startswith("#") else None


def _schemas(schema: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """A schema and all in it."""
    if depth > DEEPEST:
        raise _refused(path, "...", "nest it less deeply")
    yield path, schema
    if not isinstance(schema, Mapping):
        return
    for word in ("additionalProperties", "items", "not", "propertyNames", "contains"):
        if word in schema:
            yield from _schemas(schema[word], f"{path}.{word}", depth + 1)
    for word in ("anyOf", "allOf", "oneOf", "prefixItems"):
        for index, part in enumerate(schema.get(word, ())):
            yield from _schemas(part, f"{path}.{word}[{index}]", depth + 1)
    for word in ("properties", "patternProperties", "$defs", "definitions"):
        inner = schema.get(word, {})
        for name, part in inner.items() if isinstance(inner, Mapping) else ():
            yield from _schemas(part, f"{path}.{word}.{name}", depth + 1)


def _check_words(path: str, part: Mapping[str, Any], root: Mapping[str, Any]) -> None:
    kinds = part.get("type", ())
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        if kind not in _TYPES:
            raise _refused(f"{path}.type", kind, f"one of {', '.join(sorted(_TYPES))}")
    if "$ref" in part and resolved(str(part["$ref"]), root) is None:
        raise _refused(f"{path}.$ref", part["$ref"], 'refer to a part of the same schema, such as "#/$defs/Slide"')
    for pattern in (*([part["pattern"]] if "pattern" in part else ()), *part.get("patternProperties", ())):
        try:
            re.compile(pattern)
        except (re.error, TypeError):
            raise _refused(f"{path}.pattern", pattern, "a regular expression that Python can read") from None


def _refused(path: str, value: object, cure: str) -> InvalidRequestError:
    return InvalidRequestError(f"{path} cannot be {value!r}", field=path, value=value, hint=cure)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(a: Any, b: Any) -> bool:
    """Equal as JSON is: true is not 1."""
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _type(value: Any, wanted: Any, _: Mapping[str, Any], walk: _Walk) -> Faults:
    kinds = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    if not any(_TYPES[kind](value) for kind in kinds):
        yield f"{walk.path}: not of type {' or '.join(kinds)}"


def _enum(value: Any, wanted: Sequence[Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    if not any(_equal(value, each) for each in wanted):
        yield f"{walk.path}: not one of {list(wanted)!r}"


def _const(value: Any, wanted: Any, schema: Mapping[str, Any], walk: _Walk) -> Faults:
    yield from _enum(value, (wanted,), schema, walk)


def _properties(value: Any, wanted: Mapping[str, Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    for name, schema in wanted.items() if isinstance(value, Mapping) else ():
        if name in value:
            yield from walk.look(value[name], schema, f"{path}.{name}", depth + 1)


def _required(value: Any, wanted: Sequence[str], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path = walk.path
    for name in wanted if isinstance(value, Mapping) else ():
        if name not in value:
            yield f"{path}.{name}: missing"


def _additional(value: Any, wanted: Any, schema: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    patterns = schema.get("patternProperties", {})
    for name, item in value.items() if isinstance(value, Mapping) else ():
        if name in schema.get("properties", {}) or any(re.search(pattern, name) for pattern in patterns):
            continue
        if wanted is False:
            yield f"{path}.{name}: not expected"
        else:
            yield from walk.look(item, wanted, f"{path}.{name}", depth + 1)


def _patterned(value: Any, wanted: Mapping[str, Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    for name, item in value.items() if isinstance(value, Mapping) else ():
        for pattern, schema in wanted.items():
            if re.search(pattern, name):
                yield from walk.look(item, schema, f"{path}.{name}", depth + 1)


def _names(value: Any, wanted: Any, _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    for name in value if isinstance(value, Mapping) else ():
        yield from walk.look(name, wanted, f"{path}.{name} (its name)", depth + 1)


def _items(value: Any, wanted: Any, schema: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth, first = walk.path, walk.depth, len(schema.get("prefixItems", ()))
    for index, item in enumerate(value) if isinstance(value, list) else ():
        if index >= first:
            yield from walk.look(item, wanted, f"{path}[{index}]", depth + 1)


def _prefix(value: Any, wanted: Sequence[Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    for index, (item, schema) in enumerate(zip(value, wanted, strict=False)) if isinstance(value, list) else ():
        yield from walk.look(item, schema, f"{path}[{index}]", depth + 1)


def _unique(value: Any, wanted: Any, _: Mapping[str, Any], walk: _Walk) -> Faults:
    items = value if wanted and isinstance(value, list) else []
    if any(_equal(a, b) for index, a in enumerate(items) for b in items[:index]):
        yield f"{walk.path}: two items are equal"


def _any(value: Any, wanted: Sequence[Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    if not any(walk.fits(value, schema, path, depth) for schema in wanted):
        yield f"{path}: fits none of {len(wanted)} forms"


def _one(value: Any, wanted: Sequence[Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    fitting = sum(walk.fits(value, schema, path, depth) for schema in wanted)
    if fitting != 1:
        yield f"{path}: fits {fitting} of {len(wanted)} forms, not exactly one"


def _all(value: Any, wanted: Sequence[Any], _: Mapping[str, Any], walk: _Walk) -> Faults:
    path, depth = walk.path, walk.depth
    for schema in wanted:
        yield from walk.look(value, schema, path, depth + 1)


def _not(value: Any, wanted: Any, _: Mapping[str, Any], walk: _Walk) -> Faults:
    path = walk.path
    if walk.fits(value, wanted, path, walk.depth):
        yield f"{path}: of a form that is not allowed"


def _ref(value: Any, wanted: str, _: Mapping[str, Any], walk: _Walk) -> Faults:
    yield from walk.look(value, resolved(wanted, walk.root), walk.path, walk.depth + 1)


def _limit(measure: Callable[[Any], float | None], bad: Callable[[float, Any], bool], words: str) -> Check:
    """A bound on a number that is measured of a value; None where there is nothing to measure."""

    def check(value: Any, wanted: Any, _: Mapping[str, Any], walk: _Walk) -> Faults:
        measured = measure(value)
        if measured is not None and bad(measured, wanted):
            yield f"{walk.path}: {words} {wanted}"

    return check


def _length(kind: type[str | list[Any] | dict[str, Any]]) -> Callable[[Any], float | None]:
    return lambda value: len(value) if isinstance(value, kind) else None


def _amount(value: Any) -> float | None:
    return value if _number(value) else None


def _pattern(value: Any, wanted: str, _: Mapping[str, Any], walk: _Walk) -> Faults:
    if isinstance(value, str) and not re.search(wanted, value):
        yield f"{walk.path}: does not match {wanted!r}"


_CHECKS: Final[Mapping[str, Check]] = {
    "$ref": _ref, "type": _type, "enum": _enum, "const": _const, "properties": _properties, "required": _required,
    "additionalProperties": _additional, "patternProperties": _patterned, "propertyNames": _names, "items": _items,
    "prefixItems": _prefix, "uniqueItems": _unique, "anyOf": _any, "oneOf": _one, "allOf": _all, "not": _not,
    "pattern": _pattern,
    "minLength": _limit(_length(str), lambda n, low: n < low, "shorter than"),
    "maxLength": _limit(_length(str), lambda n, high: n > high, "longer than"),
    "minItems": _limit(_length(list), lambda n, low: n < low, "fewer items than"),
    "maxItems": _limit(_length(list), lambda n, high: n > high, "more items than"),
    "minProperties": _limit(_length(dict), lambda n, low: n < low, "fewer fields than"),
    "maxProperties": _limit(_length(dict), lambda n, high: n > high, "more fields than"),
    "minimum": _limit(_amount, lambda n, low: n < low, "less than"),
    "maximum": _limit(_amount, lambda n, high: n > high, "more than"),
    "exclusiveMinimum": _limit(_amount, lambda n, low: n <= low, "not more than"),
    "exclusiveMaximum": _limit(_amount, lambda n, high: n >= high, "not less than"),
    "multipleOf": _limit(_amount, lambda n, step: bool(n % step), "no multiple of"),
}  # fmt: skip

__all__ = ["check_schema", "faults", "resolved"]
