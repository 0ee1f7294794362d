"""How a policy refuses a bad setting: the field, its value and the cure, always in the same words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum
from typing import NoReturn

from backstay.errors import InvalidRequestError


def refuse(field: str, value: object, cure: str) -> NoReturn:
    """Raise InvalidRequestError for one setting; `cure` completes the sentence "give ..."."""
    message = f"{field} cannot be {value!r}"
    raise InvalidRequestError(message, field=field, value=value, hint=f"give {cure}")


def above(field: str, value: float, low: float) -> None:
    """Refuse what is not a finite number greater than `low`."""
    if not (_is_number(value) and value > low):
        refuse(field, value, f"a number greater than {low:g}")


def within(field: str, value: float, low: float, high: float = math.inf) -> None:
    """Refuse what is not a finite number from `low` to `high`, both included."""
    if not (_is_number(value) and low <= value <= high):
        limit = f"a number from {low:g} to {high:g}" if high < math.inf else f"a number of at least {low:g}"
        refuse(field, value, limit)


def not_negative(field: str, value: float) -> None:
    """Refuse what is not a finite number of at least zero."""
    within(field, value, 0.0)


def whole(field: str, value: int, low: int, high: float = math.inf) -> None:
    """Refuse what is not a whole number from `low` to `high`, both included."""
    if not (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
        limit = f"a whole number from {low} to {high:g}" if high < math.inf else f"a whole number >= {low}"
        refuse(field, value, limit)


def text(field: str, value: object) -> None:
    """Refuse what is not a text with something in it."""
    if not (isinstance(value, str) and value.strip()):
        refuse(field, value, "a text that is not empty")


def one_of(field: str, value: object, known: Iterable[object]) -> None:
    """Refuse what is none of some words, a list or an object in their place included."""
    words = tuple(known)
    if value not in words:  # a tuple compares, where a set would ask a list for its hash
        refuse(field, value, f"one of {', '.join(map(str, words))}")


def need(field: str, value: object, kind: type) -> None:
    """Refuse what is not of the kind that a method takes."""
    if isinstance(value, kind):
        return
    cure = f"pass one of {', '.join(map(str, kind))}" if issubclass(kind, Enum) else f"pass a {kind.__name__}"
    raise InvalidRequestError(
        f"{field} is of type {type(value).__name__}, a {kind.__name__} is wanted", field=field, value=value, hint=cure
    )


def called(field: str, value: object) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        refuse(field, value, "a function of the call's arguments")


def _is_number(value: object) -> bool:
    """Whether it is a finite int or float; True and False are no numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
