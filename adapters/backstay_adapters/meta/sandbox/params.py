"""A request's parameters, whatever carried them: query, form, JSON body or multipart; lists and objects are JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from backstay.clock import utc
from backstay.sandbox.wire import Request, multipart
from backstay_adapters.meta.sandbox.refusal import Data, Refused, missing, param

T = TypeVar("T")


class Params:
    """What was asked with."""

    def __init__(self, request: Request) -> None:
        self.fields, self.files = multipart(request)
        self.data: Mapping[str, Any] = {**request.query, **self.fields, **self._body(request)}

    def _body(self, request: Request) -> Data:
        if request.method == "GET" or self.fields or self.files or not request.body:
            return {}
        if "json" in request.headers.get("content-type", ""):
            return self._json(request.body)
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))

    def _json(self, body: bytes) -> Data:
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise Refused(100, message="(#100) Failed to parse the request body as JSON")
        return data

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> Any:
        """A parameter as it came, None when it is missing or empty."""
        value = self.data.get(name)
        return None if value == "" else value

    def value(self, name: str) -> Any:
        """A parameter as it is stored: JSON where it is JSON, a text otherwise."""
        value = self.data.get(name)
        if isinstance(value, str) and (value[:1] in {"{", "["} or value in {"true", "false"}):
            return self._loaded(name, object, "a JSON value")
        return value

    def need(self, name: str) -> Any:
        """A parameter that must be there."""
        value = self.get(name)
        if value is None:
            raise missing(name)
        return value

    def text(self, name: str) -> str:
        """A required text; numbers of a JSON body count as one."""
        value = self.need(name)
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise param(f"Param {name} must be a string")
        return str(value)

    def whole(self, name: str) -> int | None:
        """A whole number of at least 0; None when it is missing."""
        value = self.get(name)
        if value is None:
            return None
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise param(f"Param {name} must be an integer")
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.get(name)
        if value is None:
            return default
        if value not in {True, False, "true", "false", "1", "0", "True", "False"}:
            raise param(f"Param {name} must be a boolean")
        return value in {True, "true", "True", "1"}

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        word = self.text(name) if default is None else str(self.get(name) or default)
        if word not in choices:
            raise param(f"Param {name} must be one of {{{', '.join(choices)}}}")
        return word

    def _loaded(self, name: str, kind: type[T], what: str) -> T | None:
        value = self.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = ...  # neither list nor object
        if value is ... or (value is not None and not isinstance(value, kind)):
            raise param(f"Param {name} must be {what}.")
        return value

    def object(self, name: str) -> Data:
        """An object; empty when missing."""
        found: Data | None = self._loaded(name, dict, "a JSON object")
        return found or {}

    def items(self, name: str) -> list[Any]:
        """A list: as JSON, or words between commas; empty when missing."""
        value = self.get(name)
        if isinstance(value, str) and not value.startswith("["):
            return [each.strip() for each in value.split(",") if each.strip()]
        found: list[Any] | None = self._loaded(name, list, "an array")
        return found or []

    def choices(self, name: str, among: tuple[str, ...]) -> list[str]:
        """Some of some words."""
        words = self.items(name)
        for index, word in enumerate(words):
            if word not in among:
                raise param(f"Param {name}[{index}] must be one of {{{', '.join(among)}}}")
        return [str(word) for word in words]

    def moment(self, name: str, zone: str) -> float | None:
        """Wall seconds of a time; None when it is missing or 0 (never)."""
        value = self.get(name)
        if value in {None, "0", 0}:
            return None
        return read_time(name, value, zone)


def read_time(name: str, value: object, zone: str) -> float:
    """Wall seconds of a time as Graph takes it: seconds, or ISO 8601; without an offset it is the account's own."""
    text = str(value)
    if text.isdigit():
        return float(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise param(f"Param {name} must be a valid date/time string or an unix timestamp") from None
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).timestamp()


def read_day(name: str, value: object) -> date:
    """A day as reports take it."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise param(f"Param {name} must be a date in the form YYYY-MM-DD") from None


def stamp(seconds: float, zone: str) -> str:
    """Wall seconds as Graph writes them: in the account's zone, the offset without a colon."""
    return utc(seconds).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S%z")
