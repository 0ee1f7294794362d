"""What a gRPC cassette holds, as plain JSON: messages by their fields, failures in the trailers decoded, all scrubbed.

Nothing of a request's metadata is kept: that is where the credentials travel. Protobuf's own JSON is used, so a person
can read a cassette and its diff.
"""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backstay.clock import SystemClock, utc
from backstay.redact import scrub
from backstay.testing.scrubbing import scrubbed

Json = Any
Deserialize = Callable[[bytes], Any]
Trailing = tuple[tuple[str, str | bytes], ...]

DETAILS: Final = "grpc-status-details-bin"
STATUS: Final = "google.rpc.Status"
BYTES: Final = "base64"
"""The key of what is no message that anybody here can read."""


class MissingInteraction(AssertionError):  # noqa: N818 - names what is missing
    """A call was made that the cassette does not hold."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended."""

    code: str = "OK"
    details: str = ""
    trailing: Trailing = ()


@dataclass(slots=True)
class Tape:
    """The calls of one cassette, in their order."""

    exchanges: list[dict[str, Json]] = field(default_factory=list)
    unplayed: list[dict[str, Json]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Tape:
        """A recorded one."""
        found: list[dict[str, Json]] = json.loads(path.read_text("utf8"))["interactions"]
        return cls(found, list(found))

    def write(self, path: Path, source: str) -> None:
        """Keep it, with where and when it was recorded."""
        head = {"recorded_from": source, "recorded_at": utc(SystemClock().wall()).isoformat(timespec="seconds")}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps({**head, "interactions": self.exchanges}, indent=1, ensure_ascii=False) + "\n", "utf8"
        )

    def add(self, method: str, request: Any, messages: Sequence[Any], end: Ending) -> dict[str, Json]:
        """Write a call down."""
        exchange: dict[str, Json] = {
            "method": method, "request": told(request), "response": [told(each) for each in messages],
            "status": end.code, "details": scrub(end.details), "trailing": trailers_told(end.trailing),
        }  # fmt: skip
        self.exchanges.append(exchange)
        return exchange

    def take(self, method: str, request: Any) -> dict[str, Json]:
        """The next recorded call of this method with this request; raises MissingInteraction."""
        asked = told(request)
        for number, each in enumerate(self.unplayed):
            if each["method"] == method and each["request"] == asked:
                return self.unplayed.pop(number)
        shown = json.dumps(asked, ensure_ascii=False)[:500]
        message = f"no such call is left on the cassette: {method} {shown}"
        raise MissingInteraction(message)


# Messages ---------------------------------------------------------------------------------------------------------


def told(message: Any) -> Json:
    """A message as JSON, without secrets."""
    if isinstance(message, bytes):
        return {BYTES: base64.b64encode(message).decode()}
    return scrubbed(_json().MessageToDict(_protobuf(message), preserving_proto_field_name=True))


def untold(value: Json, deserialize: Deserialize | None) -> Any:
    """The message again, of the class that the caller's deserialiser gives."""
    if isinstance(value, Mapping) and set(value) == {BYTES}:
        raw = base64.b64decode(value[BYTES])
        return raw if deserialize is None else deserialize(raw)
    message = deserialize(b"") if deserialize is not None else None
    _json().ParseDict(value, _protobuf(message))
    return message


def _protobuf(message: Any) -> Any:
    """The protobuf message behind proto-plus's wrapper, or the message itself."""
    return message if hasattr(message, "DESCRIPTOR") else type(message).pb(message)


def _json() -> Any:
    return importlib.import_module("google.protobuf.json_format")


# Trailers ---------------------------------------------------------------------------------------------------------


def trailers_told(trailing: Trailing) -> list[list[Json]]:
    """Trailing metadata: texts as they are, messages as JSON, other bytes in base64."""
    kinds = _kinds(trailing)
    return [[name, _value_told(name, value, kinds)] for name, value in trailing]


def trailers(told_trailing: Sequence[Sequence[Json]]) -> Trailing:
    """The same back."""
    return tuple((name, _value(value)) for name, value in told_trailing)


def _value_told(name: str, value: str | bytes, kinds: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return scrub(value)
    kind = kinds.get(name)
    if kind is None:
        return {BYTES: base64.b64encode(value).decode()}
    message = _class(kind).FromString(value)
    return {"@type": kind, **scrubbed(_json().MessageToDict(message, preserving_proto_field_name=True))}


def _value(value: Json) -> str | bytes:
    if isinstance(value, str):
        return value
    if BYTES in value:
        return base64.b64decode(value[BYTES])
    message = _class(value["@type"])()
    _json().ParseDict({name: each for name, each in value.items() if name != "@type"}, message)
    return bytes(message.SerializeToString(deterministic=True))


def _kinds(trailing: Trailing) -> dict[str, str]:
    """The types of the binary entries: a status says its details' types, and vendors name entries after one of them."""
    found: dict[str, str] = {}
    for name, value in trailing:
        if name == DETAILS and isinstance(value, bytes):
            found[name] = STATUS
            types = (each.type_url.rpartition("/")[2] for each in _class(STATUS).FromString(value).details)
            found |= {f"{kind.lower()}-bin": kind for kind in types}
    return found


def _class(kind: str) -> Any:
    """The message class of a full name; the vendor's package has made it known by now."""
    pool: Any = importlib.import_module("google.protobuf.descriptor_pool")
    factory: Any = importlib.import_module("google.protobuf.message_factory")
    if kind == STATUS:
        importlib.import_module("google.rpc.status_pb2")
        importlib.import_module("google.rpc.error_details_pb2")
    return factory.GetMessageClass(pool.Default().FindMessageTypeByName(kind))
