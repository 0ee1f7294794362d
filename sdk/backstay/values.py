"""What models are made of: frozen values, the mapping that keeps a vendor's own fields, and the absent value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NoReturn, ParamSpec, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

P = ParamSpec("P")
M = TypeVar("M")

_new = object.__new__
_set = object.__setattr__

REGISTRY: Final[dict[str, type[BaseModel]]] = {}
"""Every Value by its qualified name: what the codec can read back."""


class Unset(Enum):
    """The type of UNSET."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""Not given: leave the field as it is. None clears it."""


class Word(StrEnum):
    """Common words for vendors' words; every vocabulary has an UNKNOWN."""

    @classmethod
    def of(cls, text: str | None) -> Self:
        """The member, or UNKNOWN for a word that a vendor invented since; the raw text belongs in `raw` or `extra`."""
        known = cls._value2member_map_.get(text)
        return known if isinstance(known, cls) else cls["UNKNOWN"]


class FrozenDict(dict[str, Any]):
    """A dict that refuses changes, since answers are shared by cache and callers. Values inside are the vendor's."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        message = "an answer's mapping is read-only; copy it with dict(...) first"
        raise TypeError(message)

    if not TYPE_CHECKING:  # type checkers know it as a dict that a Mapping annotation hides
        __setitem__ = __delitem__ = update = clear = pop = popitem = setdefault = __ior__ = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenDict:
        # Pydantic copies a default each time; the empty one needs no copy.
        return FrozenDict(deepcopy(dict(self), memo)) if self else self


EMPTY: Final = FrozenDict()


def freeze(value: object) -> FrozenDict:
    """A read-only copy of a mapping with text keys."""
    if type(value) is FrozenDict:
        return value
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        message = "a mapping with text keys is expected"
        raise ValueError(message)
    return FrozenDict(value)


Extra = Annotated[
    Mapping[str, Any],
    PlainValidator(freeze, json_schema_input_type=dict[str, Any]),
    PlainSerializer(dict, return_type=dict[str, Any]),
]
"""A vendor's own fields: read, the raw remainder; written, merged last into the request."""


class Value(BaseModel):
    """The base of all models: frozen, compared and hashed by content; mappings do not count for the hash."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, protected_namespaces=(), defer_build=True
    )

    _unhashed: ClassVar[frozenset[str]] = frozenset({"extra", "raw"})

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Make the class known to the codec; parametrised generics are known by their origin."""
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__pydantic_generic_metadata__["origin"] is None:
            REGISTRY[qualified(cls)] = cls

    def __hash__(self) -> int:
        unhashed = self._unhashed
        return hash((origin(type(self)), *(item for name, item in self.__dict__.items() if name not in unhashed)))


def origin(cls: type[BaseModel]) -> type[BaseModel]:
    """The class itself, or the generic that it is a parametrised form of."""
    return cls.__pydantic_generic_metadata__["origin"] or cls


def qualified(cls: type) -> str:
    """The name under which the codec stores a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def unchecked(model: Callable[P, M]) -> Callable[P, M]:
    """A model's constructor without pydantic's checks, a fifth of its cost: type checkers see the same parameters.

    For readers of a vendor's answers that have made each value themselves; whatever comes from outside as it is must
    pass the checks. All fields count as set. A test builds everything anew with the checks and compares.
    """
    cls: Any = model
    usual: dict[str, Any] = {}
    told: set[str] = set()

    def make(*_: P.args, **values: P.kwargs) -> M:
        if not told:
            told.update(cls.model_fields)
            usual.update({name: _usual(field) for name, field in cls.model_fields.items()})
        made: M = _new(cls)
        _set(made, "__dict__", {**usual, **values})  # in the order of the fields: a model's hash depends on it
        _set(made, "__pydantic_fields_set__", told)
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made

    return make


def _usual(field: Any) -> Any:
    return None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
