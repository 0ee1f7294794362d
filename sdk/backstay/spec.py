"""What callers write: models whose refusals are InvalidRequestError and name the field, the value and the cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self, get_args

from pydantic import ValidationError

from backstay.errors import InvalidRequestError
from backstay.values import UNSET, Value

UNFIT: Final = (
    InvalidRequestError, ValidationError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError,
)  # fmt: skip
"""What the making of our models raises when an answer has another shape inside than it should."""


class SpecPart(Value):
    """The base of what specs are made of, some of it read as well; refuses as `Spec` does where a caller makes one.

    Inside of another model pydantic checks it by itself, so that the refusal names the whole path.
    """

    if not TYPE_CHECKING:
        # Hidden from type checkers, which then see the fields as keyword arguments.
        def __init__(self, /, **data: Any) -> None:
            _fill(self, data)

        __init__.__pydantic_base_init__ = True  # pydantic's own mark: a model inside of another one is not made by this


class Spec(Value):
    """The base of specs, patches and queries; raises InvalidRequestError where pydantic raises ValidationError."""

    if not TYPE_CHECKING:
        # As above, but not marked: what is inside of a spec is refused by it.
        def __init__(self, /, **data: Any) -> None:
            _fill(self, data)

    def but(self, **changes: Any) -> Self:
        """A copy with other fields, checked again; a field set to UNSET gets its default back."""
        given = {name: self.__dict__[name] for name in self.__pydantic_fields_set__}
        merged = {**given, **changes}
        return type(self)(**{name: value for name, value in merged.items() if value is not UNSET})


def _fill(model: Value, data: dict[str, Any]) -> None:
    """Give a new model its fields, checked.

    Raises:
        InvalidRequestError: one of them is not what it should be.
    """
    try:
        Value.__init__(model, **_without_booleans(type(model), data))
    except ValidationError as error:
        raise refused(type(model), error) from None


def refused(cls: type[Value], error: ValidationError) -> InvalidRequestError:
    """Our error for pydantic's: all faults in the message, the first one's field, value and cure."""
    faults = error.errors(include_url=False, include_context=True)
    first = faults[0]
    path = ".".join(str(part) for part in first["loc"]) or cls.__name__
    text = "; ".join(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults)
    value = None if first["type"] == "missing" else first["input"]
    return InvalidRequestError(f"{cls.__name__}: {text}", field=path, value=value, hint=_cure(cls, path, first))


def each_refused(cls: type[Value], error: ValidationError) -> list[InvalidRequestError]:
    """One error of ours for each fault that pydantic has found."""
    return [
        InvalidRequestError(
            f"{path}: {fault['msg']}", field=path, hint=_cure(cls, path, fault),
            value=None if fault["type"] == "missing" else fault["input"],
        )
        for fault in error.errors(include_url=False, include_context=True)
        if (path := ".".join(str(part) for part in fault["loc"]) or cls.__name__)
    ]  # fmt: skip


def _without_booleans(cls: type[Value], data: dict[str, Any]) -> dict[str, Any]:
    """Pydantic takes true for 1: where a number is meant, it becomes the word, which is refused at its field."""
    known = {name: told for name, told in data.items() if name in cls.model_fields}
    said = {name: new for name, told in known.items() if (new := _numbers(cls, name, told)) is not told}
    return {**data, **said} if said else data


def _numbers(cls: type[Value], name: str, told: Any) -> Any:
    """What a field is given, without booleans for numbers; as it was where there is none."""
    if isinstance(told, dict):
        part = _part(cls, name)
        return told if part is None else _without_booleans(part, told)
    if isinstance(told, list | tuple) and any(isinstance(each, dict) for each in told):
        return [_numbers(cls, name, each) for each in told]
    return _worded(told) if _booleans(told) and _numeric(cls, name) else told


@cache
def _part(cls: type[Value], name: str) -> type[SpecPart] | None:
    """The part that a field holds, or each entry of it; None where it holds another thing or one of several."""
    types = [each for each in kinds(cls.model_fields[name].annotation) if isinstance(each, type)]
    parts = [each for each in types if issubclass(each, SpecPart)]
    return parts[0] if len(parts) == 1 else None


def _booleans(told: object) -> bool:
    return any(map(_booleans, told)) if isinstance(told, list | tuple) else isinstance(told, bool)


def _worded(told: Any) -> Any:
    if isinstance(told, list | tuple):
        return [_worded(each) for each in told]
    return str(told).lower() if isinstance(told, bool) else told


@cache
def _numeric(cls: type[Value], name: str) -> bool:
    """Whether a field holds numbers or times, and nothing that may be a boolean."""
    named = set(kinds(cls.model_fields[name].annotation))
    return bool(named & {int, float, Decimal, timedelta}) and not named & {bool, str, Any, object}


def kinds(annotation: Any) -> Iterator[Any]:
    """All that an annotation names: types, what they are made of, and what else stands in it."""
    yield annotation
    for part in get_args(annotation):
        if part.__hash__ is not None:
            yield from kinds(part)


def _cure(cls: type[Value], path: str, fault: Any) -> str:
    if fault["type"] == "missing":
        return f"give {path}="
    if fault["type"] == "extra_forbidden":
        fields = _fields_at(cls, path.split(".")[:-1])
        near = get_close_matches(path.rpartition(".")[2], fields, n=1)
        if near:
            return f"did you mean {near[0]}?"
        return "put the vendor's own fields into extra=" if "extra" in fields else f"leave {path} out"
    if fault["type"].endswith("_parsing") and fault["input"] in ("true", "false"):
        return "write a number, such as 1"
    if fault["type"] == "enum":
        return f"one of {fault['ctx']['expected']}"
    if fault["type"] == "timezone_aware":
        return "give the time a zone, for example tzinfo=UTC"
    return f"change {path}: {fault['msg']}"


def _fields_at(cls: type[Value], path: list[str]) -> list[str]:
    """The names that a model, or the model in a field of it, knows."""
    if not path:
        return list(cls.model_fields)
    field = cls.model_fields.get(path[0])
    told = () if field is None else (field.annotation, *get_args(field.annotation))
    inner = next((each for each in told if isinstance(each, type) and issubclass(each, Value)), None)
    return [] if inner is None else _fields_at(inner, path[1:])


def check_extra(common_vendor_fields: Mapping[str, Any] | frozenset[str], extra: Mapping[str, Any]) -> None:
    """Refuse vendor fields in `extra` that the common model has set already: two sources of one value."""
    for name in extra:
        if name in common_vendor_fields:
            raise InvalidRequestError(
                f"{name} is in extra and also comes from a common field",
                field=f"extra.{name}", value=extra[name], hint="set it by the common field only",
            )  # fmt: skip


def merge_extra(request: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The request with the caller's own vendor fields added last; raises InvalidRequestError for a doubled one."""
    check_extra(request, extra)
    return {**request, **extra}
