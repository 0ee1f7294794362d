"""The envelope: every answer of the API's logic is HTTP 200 with code, message, request_id and data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from backstay.clock import utc
from backstay.sandbox.wire import Request, multipart

T = TypeVar("T")
Data = dict[str, Any]

TIME: Final = "%Y-%m-%d %H:%M:%S"
DAY: Final = "%Y-%m-%d"
INVALID: Final = 40002


class Refusal(Exception):  # noqa: N818 - the vendor's answer, not an error of ours
    """The vendor says no: a code, a message, and data where the vendor gives some."""

    def __init__(self, code: int, message: str, data: Data | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data or {}


def invalid(message: str) -> Refusal:
    """40002, the code for nearly everything."""
    return Refusal(INVALID, message)


def stamp(seconds: float) -> str:
    """Wall seconds as entity endpoints write them: UTC."""
    return utc(seconds).strftime(TIME)


class Params:
    """A request's parameters, whatever carried them: query (with JSON inside), JSON body, or a form."""

    def __init__(self, request: Request) -> None:
        self.fields, self.files = multipart(request)
        self.data: Mapping[str, Any] = {**request.query, **self.fields, **self._json(request)}

    def _json(self, request: Request) -> Data:
        if request.method == "GET" or self.fields or self.files or not request.body:
            return {}
        try:
            data = json.loads(request.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise Refusal(40000, "Invalid parameters: the request body is not a valid JSON object.")
        return data

    def get(self, name: str) -> Any:
        """A parameter as it came, None when it is missing or empty."""
        value = self.data.get(name)
        return None if value == "" else value

    def need(self, name: str) -> Any:
        """A parameter that must be there."""
        value = self.get(name)
        if value is None:
            message = f"{name}: Missing data for required field."
            raise invalid(message)
        return value

    def text(self, name: str) -> str:
        """A required text."""
        value = self.need(name)
        if not isinstance(value, str):
            message = f"{name}: Not a valid string."
            raise invalid(message)
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self.get(name)
        try:
            number = default if value is None else int(value)
        except (TypeError, ValueError):
            message = f"{name}: Not a valid integer."
            raise invalid(message) from None
        if not low <= number <= high:
            message = f"{name}: Must be greater than or equal to {low} and less than or equal to {high}."
            raise invalid(message)
        return number

    def flag(self, name: str) -> bool:
        """A boolean; texts as a query writes them count."""
        return self.get(name) in {True, "true", "True", "1"}

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        value = self.get(name)
        if value is None and default is None:
            return self.text(name)
        word = default if value is None else value
        if word not in choices:
            message = f"{name}: Must be one of: {', '.join(choices)}."
            raise invalid(message)
        return str(word)

    def _loaded(self, name: str, kind: type[T], what: str) -> T | None:
        value = self.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = ...  # neither list nor object
        if value is not None and not isinstance(value, kind):
            message = f"{name}: Not a valid {what}."
            raise invalid(message)
        return value

    def object(self, name: str) -> Data:
        """An object, in a query as JSON text; empty when missing."""
        found: Data | None = self._loaded(name, dict, "object")
        return found or {}

    def items(self, name: str) -> list[Any]:
        """A list, in a query as JSON text; empty when missing."""
        found: list[Any] | None = self._loaded(name, list, "list")
        return found or []

    def ids(self, name: str, most: int = 20) -> list[str]:
        """Ids, at least one; every id is a string."""
        self.need(name)
        values = self.items(name)
        if not 1 <= len(values) <= most:
            message = f"{name}: Length must be between 1 and {most}."
            raise invalid(message)
        if not all(isinstance(value, str) for value in values):
            message = f"{name}: Not a valid string."
            raise invalid(message)
        return values


def moment(name: str, value: object, form: str = TIME) -> float:
    """Wall seconds of a UTC time as the vendor writes it."""
    try:
        return datetime.strptime(str(value), form).replace(tzinfo=UTC).timestamp()
    except ValueError:
        message = f"{name}: Not a valid datetime, the format is {form}."
        raise invalid(message) from None


def envelope(code: int, message: str, request_id: str, data: object) -> Data:
    """The answer's body."""
    return {"code": code, "message": message, "request_id": request_id, "data": data}
