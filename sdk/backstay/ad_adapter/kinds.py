"""Arguments of the wrong kind are refused before anything is sent, with the field, the value and the cure."""

from __future__ import annotations

from enum import Enum

from backstay.errors import InvalidRequestError


def need(field: str, value: object, kind: type) -> None:
    """Refuse what is not of the kind that a method takes.

    Raises:
        InvalidRequestError: naming the field, the value, and what to pass instead.
    """
    if isinstance(value, kind):
        return
    cure = f"pass one of {', '.join(map(str, kind))}" if issubclass(kind, Enum) else f"pass a {kind.__name__}"
    raise InvalidRequestError(
        f"{field} is of type {type(value).__name__}, a {kind.__name__} is wanted", field=field, value=value, hint=cure
    )


__all__ = ["need"]
