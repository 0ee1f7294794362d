"""Values as text for stores: JSON with tags, no pickle, so that reading a store can run nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from backstay.errors import BackstayError, BadResponseError, InvalidRequestError
from backstay.money import Money
from backstay.values import REGISTRY, UNSET, Value, origin, qualified

if TYPE_CHECKING:
    from pydantic import BaseModel

TAG: Final = "$"
_WIDE: Final = Context(prec=10_000)
"""Digits that two numbers may need to be told apart."""
_OURS: Final = ("backstay.", "backstay_adapters.")
"""Modules that may be imported to read a value back; a store's text must not import anything else."""


def encode(value: object) -> str:
    """Text that `decode` turns back into an equal value.

    Takes answers and other models of ours, tuples, lists, dicts with text keys, Money, Decimal, datetime, date, time,
    timedelta, zones, bytes and plain JSON values; raises InvalidRequestError for any other type. Where an answer was
    served from is not kept: it belongs to the reading, not to the value.
    """
    return json.dumps(_pack(value), separators=(",", ":"), ensure_ascii=False, default=_bytes)


def canonical(value: object) -> str:
    """One text for all equal values, to be hashed.

    Neither the order of keys, nor 50 or 50.00, nor the zone in which a moment is written makes a difference, nor a
    field that has its default: a new field of a later version changes no hash. Bytes stand there as their SHA-256.
    """
    return _CANONICAL.encode(_canonical(value))


def decode(text: str) -> Any:
    """The value; raises BadResponseError if the text is damaged or of a model that no longer fits."""
    try:
        return json.loads(text, object_hook=_unpack)
    except (BackstayError, ValueError, TypeError, KeyError, ArithmeticError, ImportError) as error:
        raise _damaged(error, text) from error


def register(cls: type[Any], name: str, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
    """Teach the codec one more exact type; `pack` gives something that it knows."""
    _PACK[cls] = lambda value: {TAG: name, "v": _pack(pack(value))}
    _UNPACK[name] = unpack


def _pack(value: Any) -> Any:
    pack = _PACK.get(type(value))
    if pack is not None:
        return pack(value)
    if isinstance(value, Value):
        return _pack_model(value)
    for cls, packer in _BY_BASE:
        if isinstance(value, cls):
            return packer(value)
    raise _unknown(type(value).__name__)


def _unknown(kind: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"a {kind} cannot be stored", field="value", value=kind,
        hint="use answers, tuples, lists, dicts with text keys, Money, Decimal, datetime, bytes or plain JSON values",
    )  # fmt: skip


def _pack_clock(value: time) -> dict[str, Any]:
    if value.tzinfo is not None:  # without a day a zone has no offset, so it would be lost
        raise _unknown("time with a zone")
    return {TAG: "time", "v": value.isoformat()}


def _same(value: Any) -> Any:
    return value


def _bytes(value: bytes) -> dict[str, Any]:
    return {TAG: "bytes", "v": base64.b64encode(value).decode()}


def _digest(value: bytes) -> dict[str, Any]:
    """Media can be large; what counts is whether they are the same."""
    return {TAG: "sha256", "v": hashlib.sha256(value).hexdigest()}


def _pack_model(model: BaseModel) -> dict[str, Any]:
    fields = {name: _pack(value) for name, value in model.__dict__.items() if value is not UNSET}
    return {TAG: "model", "n": qualified(origin(type(model))), "v": fields}


def _pack_dict(value: Mapping[Any, Any]) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise InvalidRequestError(
                "a dict with other than text keys cannot be stored", field="key", value=key, hint="use str keys"
            )
    packed = {str(key): _pack(item) for key, item in value.items()}
    return {TAG: "dict", "v": [[key, item] for key, item in packed.items()]} if TAG in packed else packed


def _pack_time(value: datetime) -> dict[str, Any]:
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    return {TAG: "datetime", "v": value.isoformat(), "z": zone}


def _unpack(found: dict[str, Any]) -> Any:
    tag = found.get(TAG)
    if tag is None:
        return found
    if tag == "model":
        return _class(found["n"])(**found["v"])
    if tag == "datetime":
        moment = datetime.fromisoformat(found["v"])
        return moment if found["z"] is None else _at_home(moment, ZoneInfo(found["z"]))
    return _UNPACK[tag](found["v"])


def _at_home(moment: datetime, zone: ZoneInfo) -> datetime:
    """The same hour on the wall of its zone, be it one that comes twice or never; else the same instant."""
    for fold in (0, 1):
        found = moment.replace(tzinfo=zone, fold=fold)
        if found.utcoffset() == moment.utcoffset():
            return found
    return moment.astimezone(zone)


def _canonical(value: Any) -> Any:
    """As `_canon(_pack(value))`, but fields of models that have their defaults are passed over, not packed."""
    way = _CANON.get(type(value))
    if way is None:
        way = _CANON[type(value)] = _canonical_model if isinstance(value, Value) else _by_packing
    return way(value)


def _by_packing(value: Any) -> Any:
    return _canon(_pack(value))


def _canonical_dict(value: dict[Any, Any]) -> Any:
    if TAG in value or not all(type(key) is str for key in value):
        return _by_packing(value)
    return {name: _canonical(item) for name, item in value.items()}


def _canonical_model(model: Value) -> dict[str, Any]:
    name = qualified(origin(type(model)))
    given = model.__dict__
    usual, plain = _defaults(name), _plain_defaults(name)
    told = {
        field: _canonical(item)
        for field, item in given.items()
        if item is not UNSET and item is not plain.get(field, UNSET)
    }
    kept = {field: item for field, item in told.items() if field not in usual or usual[field] != item}
    return {TAG: "model", "n": name, "v": kept}


def _canon(packed: Any) -> Any:
    if isinstance(packed, list):
        return [_canon(item) for item in packed]
    if not isinstance(packed, dict):
        return packed
    tag = packed.get(TAG)
    if tag == "decimal":
        return _canonical_decimal(Decimal(packed["v"]))
    if tag == "money":
        return _canonical_money(Money.of(packed["v"]))
    if tag == "datetime":
        return _canonical_time(datetime.fromisoformat(packed["v"]))
    if tag == "model":
        usual, given = _defaults(packed["n"]), {name: _canon(item) for name, item in packed["v"].items()}
        kept = {name: item for name, item in given.items() if name not in usual or usual[name] != item}
        return {TAG: tag, "n": packed["n"], "v": kept}
    if tag == "dict":
        return {TAG: tag, "v": sorted((_canon(pair) for pair in packed["v"]), key=lambda pair: str(pair[0]))}
    return {name: _canon(item) for name, item in packed.items()}


def _shortest(number: Decimal) -> str:
    return str(number.normalize(_WIDE)) if number else "0"


def _canonical_decimal(number: Decimal) -> dict[str, Any]:
    return {TAG: "decimal", "v": _shortest(number)}


def _canonical_money(money: Money) -> dict[str, Any]:
    return {TAG: "money", "v": f"{_shortest(money.amount)} {money.currency}"}


def _canonical_time(moment: datetime) -> dict[str, Any]:
    instant = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return {TAG: "datetime", "v": instant.isoformat()}


@functools.cache
def _defaults(name: str) -> dict[str, Any]:
    """A model's defaults in canonical form."""
    return {field: _canon(_pack(usual)) for field, usual in _plain_defaults(name).items()}


@functools.cache
def _plain_defaults(name: str) -> dict[str, Any]:
    """A model's defaults, but for UNSET."""
    found = {
        field: facts.get_default(call_default_factory=True, validated_data={})
        for field, facts in _class(name).model_fields.items()
        if not facts.is_required()
    }
    return {field: usual for field, usual in found.items() if usual is not UNSET}


def _class(name: str) -> type[BaseModel]:
    if name not in REGISTRY and name.startswith(_OURS):
        importlib.import_module(name.rpartition(".")[0])
    return REGISTRY[name]


def _damaged(error: Exception, text: str) -> BadResponseError:
    return BadResponseError(
        f"a stored value cannot be read: {type(error).__name__}", field="text", value=f"{len(text)} characters",
        hint="drop the entry and ask the vendor; if it is a model of yours, import its module first",
    )  # fmt: skip


_PACK: Final[dict[type, Callable[[Any], Any]]] = {
    type(None): _same,
    bool: _same,
    int: _same,
    float: _same,
    str: _same,
    list: lambda value: [_pack(item) for item in value],
    dict: _pack_dict,
    tuple: lambda value: {TAG: "tuple", "v": [_pack(item) for item in value]},
    Decimal: lambda value: {TAG: "decimal", "v": str(value)},
    Money: lambda value: {TAG: "money", "v": str(value)},
    datetime: _pack_time,
    date: lambda value: {TAG: "date", "v": value.isoformat()},
    time: _pack_clock,
    timedelta: lambda value: {TAG: "span", "v": value // timedelta(microseconds=1)},
    bytes: _same,  # written by `_bytes` or `_digest`
    ZoneInfo: lambda value: {TAG: "zone", "v": value.key},
}
_BY_BASE: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = ((str, str), (Mapping, _pack_dict))
"""Text enums are stored as their text, which they equal; read-only mappings as dicts."""
_CANON: Final[dict[type, Callable[[Any], Any]]] = {  # and what is met later on
    type(None): _same,
    bool: _same,
    int: _same,
    float: _same,
    str: _same,
    list: lambda value: [_canonical(item) for item in value],
    tuple: lambda value: {TAG: "tuple", "v": [_canonical(item) for item in value]},
    dict: _canonical_dict,
    Decimal: _canonical_decimal,
    Money: _canonical_money,
    datetime: _canonical_time,
}
_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, default=_digest)
_UNPACK: Final[dict[str, Callable[[Any], Any]]] = {
    "tuple": tuple,
    "decimal": Decimal,
    "time": time.fromisoformat,
    "span": lambda value: timedelta(microseconds=value),
    "money": Money.of,
    "date": date.fromisoformat,
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "zone": ZoneInfo,
    "dict": dict,
}
