"""What callers write: models whose refusals are InvalidRequestError and name the field, the value and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self, get_args

from pydantic import ValidationError

from backstay.errors import InvalidRequestError
from backstay.values import UNSET, Value


class Spec(Value):
    """The base of specs, patches and queries; raises InvalidRequestError where pydantic raises ValidationError."""

    if not TYPE_CHECKING:
        # Hidden from type checkers, which then see the fields as keyword arguments.
        def __init__(self, /, **data: Any) -> None:
            try:
                super().__init__(**data)
            except ValidationError as error:
                raise refused(type(self), error) from None

    def but(self, **changes: Any) -> Self:
        """A copy with other fields, checked again; a field set to UNSET gets its default back."""
        given = {name: self.__dict__[name] for name in self.__pydantic_fields_set__}
        merged = {**given, **changes}
        return type(self)(**{name: value for name, value in merged.items() if value is not UNSET})


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


def _cure(cls: type[Value], path: str, fault: Any) -> str:
    if fault["type"] == "missing":
        return f"give {path}="
    if fault["type"] == "extra_forbidden":
        fields = _fields_at(cls, path.split(".")[:-1])
        near = get_close_matches(path.rpartition(".")[2], fields, n=1)
        if near:
            return f"did you mean {near[0]}?"
        return "put the vendor's own fields into extra=" if "extra" in fields else f"leave {path} out"
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
