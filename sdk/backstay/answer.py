"""Every answer says where it came from: `.served` on frozen models, outside of equality, hash and dumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self, TypeVar

from backstay.errors import Attempt, StaleInputError
from backstay.values import EMPTY, Extra, Value, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

Source = Literal["live", "cache", "stale", "replayed"]
A = TypeVar("A", bound="Answer")


@dataclass(frozen=True, slots=True)
class Served:
    """Where an answer came from, and what it took to get it."""

    source: Source
    by: str = ""
    """The adapter or the step of a composition that gave it."""
    hedged: bool = False
    fetched_at: datetime | None = None
    """When the vendor said it, in UTC."""
    age: float = 0.0
    """Seconds between then and the time it was served."""
    attempts: int = 1
    request_ids: tuple[str, ...] = ()
    cause: str | None = None
    """The type of the error because of which the answer is stale, or is another step's than the first."""
    timeline: tuple[Attempt, ...] = ()
    """The attempts that failed before this answer came."""


UNSERVED: Final = Served(source="stale", age=float("inf"), attempts=0, cause="NOT_SERVED")
"""Of an answer that no adapter gave: made by hand or read from a file. Nobody vouches for it, so it counts as stale."""

_new = object.__new__
_set = object.__setattr__


class Answer(Value):
    """The base of every answer. `served` lives in a slot beside pydantic's own state, so nothing else sees it."""

    __slots__ = ("_served",)

    # Not annotated: pydantic would take that for a private attribute, which counts for equality.

    _carries: ClassVar[tuple[str, ...]] = ()
    """Fields that hold answers given by the same call: they are served as the whole is."""

    extra: Extra = EMPTY
    """The vendor's fields that have no common name."""

    @property
    def served(self) -> Served:
        """Where this answer came from: live, cache, stale or replayed, and since when."""
        try:
            served: Served = _slot(self)
        except AttributeError:
            return UNSERVED
        return served

    def __copy__(self) -> Self:
        return _carry(self, super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return _carry(self, super().__deepcopy__(memo))

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), "served": self.served}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        served = state.pop("served")
        super().__setstate__(state)
        if served is not UNSERVED and served != UNSERVED:
            _set(self, "_served", served)

    def __reduce__(self) -> tuple[Any, ...]:
        # A parametrised generic made inside a function cannot be found by its name.
        cls = type(self)
        return _blank, (origin(cls), cls.__pydantic_generic_metadata__["args"]), self.__getstate__()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return self.__reduce__()


_slot = Answer.__dict__["_served"].__get__


def with_served(answer: A, served: Served) -> A:
    """A shallow copy that says where it came from; the original, perhaps shared by a cache, stays as it is."""
    copy = _new(answer.__class__)
    values = answer.__dict__  # shared: nothing changes the fields of what is frozen
    if answer._carries:  # noqa: SLF001 - our own class
        values = values.copy()
        for name in answer._carries:  # noqa: SLF001 - our own class
            values[name] = _each(values[name], with_served, served)
    _set(copy, "__dict__", values)
    _set(copy, "__pydantic_fields_set__", answer.__pydantic_fields_set__)
    _set(copy, "__pydantic_extra__", answer.__pydantic_extra__)
    _set(copy, "__pydantic_private__", answer.__pydantic_private__)
    _set(copy, "_served", served)
    return copy


def stamp(answer: A, served: Served) -> A:
    """Say on an object that nobody shares yet where it came from, without a copy; returns the object."""
    _set(answer, "_served", served)
    for name in answer._carries:  # noqa: SLF001 - our own class
        _each(answer.__dict__[name], stamp, served)
    return answer


def hand_out(answer: A, served: Served) -> A:
    """As `stamp`, on a new whole: parts that somebody has already, because a cache shares them, are copied."""
    _set(answer, "_served", served)
    values: dict[str, Any] = vars(answer)
    for name in answer._carries:  # noqa: SLF001 - our own class
        values[name] = _each(values[name], _own, served)
    return answer


def _own(part: Answer, served: Served) -> Answer:
    if getattr(part, "_served", None) is not None:
        return with_served(part, served)
    if part._carries:  # noqa: SLF001 - our own class
        return hand_out(part, served)
    _set(part, "_served", served)
    return part


def is_stale(answer: Answer) -> bool:
    """Whether it may be shown but not acted on: served after an error, or given by no adapter."""
    return answer.served.source == "stale"


def oldest(served: Sequence[Served]) -> Served:
    """Of an answer made of several: as live as its least live part."""
    order = ("stale", "cache", "replayed", "live")
    return min(served, key=lambda each: (order.index(each.source), -each.age))


def require_live(value: A, field: str = "expect") -> A:
    """The value, if the vendor itself has just said it; raises StaleInputError otherwise."""
    served = value.served
    if served.source == "live":
        return value
    raise StaleInputError(
        f"{field} was served from {served.source}{f' after {served.cause}' if served.cause else ''}",
        field=field,
        value=served.source,
        hint="read it again with max_age=0, max_stale=0 and pass that answer",
    )


def _each(part: Any, mark: Callable[[Any, Served], Any], served: Served) -> Any:
    if type(part) is tuple:
        return tuple([mark(item, served) if isinstance(item, Answer) else _each(item, mark, served) for item in part])
    return mark(part, served) if isinstance(part, Answer) else part


def _carry(old: A, new: A) -> A:
    served = old.served
    if served is not UNSERVED:
        _set(new, "_served", served)
    return new


def _blank(cls: Any, args: tuple[Any, ...]) -> Any:
    cls = cls[args] if args else cls
    return _new(cls)
