"""What models are made of: frozen values, the mapping that keeps a vendor's own fields, and the absent value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

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
