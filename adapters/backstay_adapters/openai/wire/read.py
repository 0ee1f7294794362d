"""From the API's answers to ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from backstay.content.models import ModelInfo, ModelList, ModelState
from backstay.content_adapter import Answers
from backstay_adapters.openai.models import sunset

Json = Any

ANSWERS: Final = Answers("openai")
reading, unreadable = ANSWERS.reading, ANSWERS.unreadable

_READ: Final = frozenset({"data", "usage", "model"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of an answer: its bytes, or where they can be fetched for about an hour."""

    data: bytes | None
    url: str | None
    revised_prompt: str | None

    @property
    def expires_at(self) -> datetime | None:
        """When its address ceases to work, where the address itself says so (Azure's `se`)."""
        told = parse_qs(urlsplit(self.url or "").query).get("se", [""])[0]
        try:
            return datetime.fromisoformat(told) if told else None
        except ValueError:
            return None


def drawn(data: Json) -> tuple[Drawn, ...]:
    """The pictures of an answer; raises BadResponseError where there is none, or one that cannot be read."""
    listed = data.get("data") if isinstance(data, Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise unreadable("pictures", data)
    with reading("pictures", data):
        return tuple(_drawn(each, data) for each in listed)


def _drawn(told: Mapping[str, Json], data: Json) -> Drawn:
    text, url = told.get("b64_json"), told.get("url")
    if not text and not (isinstance(url, str) and url):
        raise unreadable("pictures: one has neither bytes nor an address", data)
    try:
        found = base64.b64decode(text, validate=True) if text else None
    except (binascii.Error, TypeError, ValueError) as error:
        raise unreadable("pictures: one is no base64", data) from error
    revised = told.get("revised_prompt")
    return Drawn(found, None if found else url, revised if isinstance(revised, str) else None)


def rest(data: Mapping[str, Json]) -> dict[str, Json]:
    """What else the answer says: size, quality, background ..."""
    return {name: value for name, value in data.items() if name not in _READ and value is not None}


def models(data: Json, today: date) -> ModelList:
    """The vendor's models, with the day they end where the vendor or our table knows it."""
    listed = data.get("data") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise unreadable("a list of models", data)
    with reading("a list of models", data):
        rows = [each for each in listed if isinstance(each, Mapping) and each.get("id")]
        rows.sort(key=lambda each: -int(each.get("created") or 0))
        return ModelList(models=tuple(_model(each, today) for each in rows))


def _model(told: Mapping[str, Json], today: date) -> ModelInfo:
    end, last = sunset(str(told["id"])), _day(told.get("shutdown_date"))
    last = last or (end.last_day if end is not None else None)
    state = ModelState.ACTIVE if last is None else ModelState.RETIRED if last < today else ModelState.DEPRECATED
    return ModelInfo(
        id=str(told["id"]),
        state=state,
        retires_at=None if last is None else datetime.combine(last, time(), UTC),
        successor=None if end is None else end.successor,
        extra={name: told[name] for name in ("created", "owned_by") if told.get(name)},
    )


def _day(text: object) -> date | None:
    try:
        return datetime.fromisoformat(text).date() if isinstance(text, str) else None
    except ValueError:
        return None


__all__ = ["Drawn", "drawn", "models", "reading", "rest", "unreadable"]
