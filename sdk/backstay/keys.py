"""Names for things: cache keys, payload hashes, fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from backstay.auth import fingerprint as fingerprint  # noqa: PLC0414 - handed on: whoever makes keys looks here
from backstay.codec import canonical
from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.values import UNSET, origin, qualified

PAYLOAD_VERSION: Final = "1"

SHORT: Final = 24
"""Characters of numbers that stand in a key as they are; a text may be a secret and is always hashed."""
_SMALL: Final = 10**20
_HARMLESS: Final = frozenset({int, float, bool, type(None)})


def cache_key(
    vendor: str, account: str, fingerprint: str, operation: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> str:
    """The key of a read: two tenants never share one, equal arguments always do, in this process and the next.

    Raises:
        InvalidRequestError: an argument is of a type whose equality we do not know.
    """
    if len(args) == 1 and not kwargs and type(args[0]) is int and -_SMALL < args[0] < _SMALL:  # the quick way
        return f"{vendor}/{account}/{fingerprint}/{operation}/i{args[0]};"
    named = [f"{name}={_text(kwargs[name])}" for name in sorted(kwargs)] if kwargs else ()
    asked = "\n".join([*map(_text, args), *named])
    if len(asked) <= SHORT and not kwargs and all(type(value) in _HARMLESS for value in args):
        return f"{vendor}/{account}/{fingerprint}/{operation}/{asked}"
    digest = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f"{vendor}/{account}/{fingerprint}/{operation}/{digest}"


def payload_hash(operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The versioned hash of what the caller set."""
    text = canonical([operation, list(args), kwargs])
    return f"{PAYLOAD_VERSION}:{hashlib.sha256(text.encode()).hexdigest()}"


def _text(value: Any) -> str:
    """A text that tells values apart: each begins with its kind and says where it ends."""
    write = _WRITE.get(type(value))
    if write is None:
        write = _WRITE[type(value)] = _writer(type(value))
    return write(value)


def _writer(cls: type[Any]) -> Callable[[Any], str]:
    """How values of a class are written that is not one of Python's own."""
    if issubclass(cls, Enum):
        return _enum
    for base, write in _BASES:
        if issubclass(cls, base):
            return write
    if is_dataclass(cls):
        kind, names = f"o{qualified(cls)}", tuple(item.name for item in fields(cls) if item.compare)
        return lambda value: _parts(kind, [_text(getattr(value, name)) for name in names])
    raise InvalidRequestError(
        f"a {cls.__name__} cannot be part of a cache key", field="arguments", value=cls.__name__,
        hint="use text, numbers, Decimal, Money, dates, enums, models, dataclasses, or lists and dicts of them",
    )  # fmt: skip


def _parts(kind: str, parts: list[str]) -> str:
    return f"{kind}{len(parts)}({','.join(parts)})"


def _str(value: str) -> str:
    return f"s{len(value)}:{value}"


def _enum(value: Enum) -> str:
    return _str(str.__str__(value)) if isinstance(value, str) else f"e{qualified(type(value))}.{value.name};"


def _decimal(value: Decimal) -> str:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return f"d{value};"
    figures = "".join(map(str, digits)).lstrip("0")
    kept = figures.rstrip("0")
    return f"d{'-' * sign}{kept}e{exponent + len(figures) - len(kept)};" if kept else "d0;"


def _moment(value: datetime) -> str:
    return f"t{(value if value.tzinfo is None else value.astimezone(UTC)).isoformat()};"


def _model(value: BaseModel) -> str:
    given = [f"{name}={_text(item)}" for name, item in value.__dict__.items() if item is not UNSET]
    return _parts(f"m{qualified(origin(type(value)))}", given)


def _mapping(value: Mapping[Any, Any]) -> str:
    return _parts("{", sorted(f"{_text(key)}={_text(item)}" for key, item in value.items()))


def _sequence(value: Any) -> str:
    return _parts("[", [_text(item) for item in value])


_BASES: Final[tuple[tuple[type[Any], Callable[[Any], str]], ...]] = (
    (str, _str),
    (BaseModel, _model),
    (Mapping, _mapping),
    (datetime, _moment),
    (tuple, _sequence),
)
_WRITE: Final[dict[type[Any], Callable[[Any], str]]] = {
    str: _str,
    type(None): lambda _: "n;",
    bool: lambda value: "b1;" if value else "b0;",
    int: lambda value: f"i{value};",
    float: lambda value: f"f{value!r};",
    Decimal: _decimal,
    Money: lambda value: f"${_decimal(value.amount)}{value.currency};",
    datetime: _moment,
    date: lambda value: f"D{value.isoformat()};",
    timedelta: lambda value: f"T{value.total_seconds()!r};",
    ZoneInfo: lambda value: f"z{value.key};",
    bytes: lambda value: f"x{value.hex()};",
    list: _sequence,
    tuple: _sequence,
    set: lambda value: _parts("<", sorted(_text(item) for item in value)),
    frozenset: lambda value: _parts("<", sorted(_text(item) for item in value)),
    dict: _mapping,
}
