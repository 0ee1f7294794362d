"""What a letter may hold of a call: the part that is shown, and the part from which it can be made again.

Names are vouched for, values are not. Parameters of operations and fields of our own models are known names; keys of a
mapping must be in the allow-list; what an adapter read from its vendor (an answer) keeps its keys. A text is kept only
if nothing in it looks like a credential. What is not kept is hidden in the one part, and takes the other one away.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from backstay.answer import Answer, Served, with_served
from backstay.auth import Secret
from backstay.codec import canonical, decode, encode
from backstay.errors import BackstayError, BadResponseError, InvalidRequestError
from backstay.facts import plain
from backstay.money import Money
from backstay.redact import FIELDS, HIDDEN, scrub, secret_name
from backstay.values import UNSET, Value, qualified

LONGEST: Final = 20_000
"""Characters of a text that are kept; a longer one is content and belongs elsewhere."""
_HARMLESS: Final = (bool, int, float, type(None))
_AS_TEXT: Final = (Money, Decimal, date, UUID, ZoneInfo)  # a datetime is a date
_OURS: Final = ("backstay.", "backstay_adapters.")


@dataclass(slots=True)
class View:
    """Shows a call's arguments and remembers what had to be hidden."""

    allow: frozenset[str] = FIELDS
    hidden: list[str] = field(default_factory=list)
    """Where something was hidden, and why: `spec.extra.pin is not in the allow-list`. Never what it was."""

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of an operation: their names are known, since somebody declared them."""
        return {name: self._named(name, value, name) for name, value in given.items()}

    def mapping(self, given: Mapping[Any, Any], path: str = "", *, known: bool = False) -> dict[str, Any]:
        """A mapping by allow-list; `known` where its keys are a vendor's own."""
        shown: dict[str, Any] = {}
        for key, value in given.items():
            name = plain(scrub(str(key)), 100)
            where = f"{path}.{name}" if path else name
            if known or name in self.allow:
                shown[name] = self._named(name, value, where, known=known)
            else:
                shown[name] = self._hide(f"{where} is not in the allow-list")
        return shown

    def text(self, value: str, path: str) -> str:
        """A text without what looks like a credential, and not longer than a page."""
        if len(value) > LONGEST:
            return self._hide(f"{path} has {len(value)} characters")
        clean = scrub(value)
        if clean != value:
            self.hidden.append(f"{path} holds what looks like a credential")
        return plain(clean, LONGEST)

    def value(self, value: Any, path: str, *, known: bool = False) -> Any:
        """Any value as plain JSON."""
        if isinstance(value, str):
            return self.text(str(value), path)
        if isinstance(value, _HARMLESS):
            return value
        if isinstance(value, _AS_TEXT):
            return value.isoformat() if isinstance(value, datetime) else str(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._hide(f"{path} has {len(value)} bytes, which are not kept", f"{HIDDEN} ({len(value)} bytes)")
        if isinstance(value, Enum):
            return self.value(value.value, path)
        return self._inside(value, path, known=known)

    def _inside(self, value: Any, path: str, *, known: bool) -> Any:
        if isinstance(value, Secret):
            return self._hide(f"{path} is a credential")
        if isinstance(value, Value):
            theirs = known or isinstance(value, Answer)
            parts = {name: part for name, part in value.__dict__.items() if part is not UNSET}
            return {name: self.value(part, f"{path}.{name}", known=theirs) for name, part in parts.items()}
        if is_dataclass(value) and not isinstance(value, type):
            names = [item.name for item in fields(value)]
            return {name: self.value(getattr(value, name), f"{path}.{name}", known=known) for name in names}
        if isinstance(value, Mapping):
            return self.mapping(value, path, known=known)
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(part, f"{path}[{number}]", known=known) for number, part in enumerate(value)]
        return self._hide(f"{path} is a {type(value).__name__}, which cannot be kept")

    def _named(self, name: str, value: Any, path: str, *, known: bool = False) -> Any:
        if value is not None and not isinstance(value, bool) and secret_name(name, self.allow):
            return self._hide(f"{path} has a credential's name")
        return self.value(value, path, known=known)

    def _hide(self, why: str, instead: str = HIDDEN) -> str:
        self.hidden.append(why)
        return instead


def pack(method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """A call as text; raises InvalidRequestError for arguments that the codec does not know.

    Words (text enums) stay words and live answers stay live: both are noted beside the arguments.
    """
    places = dict(_places(args, kwargs))
    words = {place: qualified(type(value)) for place, value in places.items() if isinstance(value, StrEnum)}
    live = {
        place: {"by": value.served.by, "at": value.served.fetched_at, "ids": value.served.request_ids}
        for place, value in places.items()
        if isinstance(value, Answer) and value.served.source == "live"
    }
    text = encode({"method": method, "args": tuple(args), "kwargs": dict(kwargs), "words": words, "live": live})
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequestError("a text with half a character cannot be stored", field="arguments") from None
    return text


def unpack(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """The method's name, its arguments and keywords; raises BadResponseError for a damaged text."""
    found = decode(text)
    try:
        args, kwargs = list(found["args"]), dict(found["kwargs"])
        for place, name in found["words"].items():
            _replace(args, kwargs, place, lambda value, name=name: _word(name)(value))
        for place, said in found["live"].items():
            _replace(args, kwargs, place, lambda value, said=said: _alive(value, said))
        return found["method"], tuple(args), kwargs
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ImportError) as error:
        raise BadResponseError(
            f"the call of a letter cannot be read: {type(error).__name__}", field="call",
            hint="discard the letter and make the call anew",
        ) from error  # fmt: skip


def pack_answer(answer: Any) -> str | None:
    """What an object was before a change, as text; None where it holds what looks like a credential."""
    for kept in (answer, answer.model_copy(update={"extra": {}})) if isinstance(answer, Answer) else ():
        view = View()
        view.value(kept, "before")
        if not view.hidden:
            return encode(kept)
    return None


def unpack_answer(text: str | None) -> Any:
    """What `pack_answer` gave."""
    return None if text is None else decode(text)


def digest(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """Names what a call asks for; what its caller has seen before (answers) does not count. None: it has no name."""
    asked = [value for value in args if not isinstance(value, Answer)]
    named = {name: value for name, value in kwargs.items() if not isinstance(value, Answer)}
    try:
        return hashlib.sha256(canonical([asked, named]).encode()).hexdigest()[:32]
    except (BackstayError, UnicodeEncodeError, ValueError):
        return None


def _places(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((str(number), value) for number, value in enumerate(args))
    yield from kwargs.items()


def _replace(args: list[Any], kwargs: dict[str, Any], place: str, make: Any) -> None:
    if place.isdecimal():
        args[int(place)] = make(args[int(place)])
    else:
        kwargs[place] = make(kwargs[place])


def _word(name: str) -> type[StrEnum]:
    """A vocabulary of ours by its name; a user's own stays text, since a letter must not import anything else."""
    module, _, attribute = name.rpartition(".")
    if not name.startswith(_OURS):
        return str  # type: ignore[return-value]  # a text that its enum equals
    found = getattr(importlib.import_module(module), attribute)
    if not (isinstance(found, type) and issubclass(found, StrEnum)):
        raise TypeError(name)
    return found


def _alive(answer: Answer, said: Mapping[str, Any]) -> Answer:
    served = Served(source="live", by=said["by"], fetched_at=said["at"], request_ids=tuple(said["ids"]))
    return with_served(answer, served)


__all__ = ["View", "digest", "pack", "pack_answer", "unpack", "unpack_answer"]
