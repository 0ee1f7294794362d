"""Which field of a file a refusal is about, where the refused value does not know the field that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.spec import kinds
from backstay.values import Value


def field_of(error: InvalidRequestError, cls: type[Value], given: Mapping[str, Any]) -> str | None:
    """The path in `given` of a money that is none, or of a field that a part lacks; None where it is not told."""
    if error.field == "money":
        return next((path for path, value in _moneys(cls, given) if value == error.value), None)
    if error.value is not None or not error.field or error.field.partition(".")[0] in cls.model_fields:
        return None
    name = error.field.partition(".")[0]
    lacking = [at for at, part, data in _parts(cls, given) if at and name in part.model_fields and name not in data]
    return f"{lacking[0]}.{error.field}" if len(set(lacking)) == 1 else None


def _moneys(cls: type[Value], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for at, part, data in _parts(cls, given):
        for name, field in part.model_fields.items():
            if Money in set(kinds(field.annotation)) and name in data and _no_money(data[name], field.annotation):
                yield f"{at}.{name}" if at else name, data[name]


def _no_money(value: object, annotation: Any) -> bool:
    return type(None) not in get_args(annotation) if value is None else not isinstance(value, Money)


def _parts(cls: type[Value], given: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, type[Value], Any]]:
    """A model's mapping and those of the models in it, in the order in which they are read."""
    for name, field in cls.model_fields.items():
        for place, data in _mappings(given.get(name), f"{at}.{name}" if at else name):
            for inner in kinds(field.annotation):
                if isinstance(inner, type) and issubclass(inner, Value):
                    yield from _parts(inner, data, place)
    yield at, cls, given


def _mappings(value: object, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield at, value
    for n, each in enumerate(value if isinstance(value, list | tuple) else ()):
        yield from _mappings(each, f"{at}.{n}")
