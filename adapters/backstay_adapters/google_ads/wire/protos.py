"""The vendor's generated messages: imported here and nowhere else, and only when an adapter connects.

Importing them takes over a second and 100 MB, so it happens in a thread. Raw protobuf messages are used, not their
proto-plus wrappers, which cost five times the CPU; requests are built from plain mappings, rows become plain mappings.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final

from backstay.errors import InvalidRequestError
from backstay_adapters.google_ads.profile import API_VERSION

Json = Any
Message = Any

ROOT: Final = f"google.ads.googleads.{API_VERSION}"
SERVICE: Final = f"/{ROOT}.services.GoogleAdsService"
FAILURE_SUFFIX: Final = ".errors.googleadsfailure-bin"
DETAILS: Final = "grpc-status-details-bin"

_TEXTS: Final = {"AdTextAsset": "text", "AdImageAsset": "asset", "AdVideoAsset": "asset", "PolicyTopicEntry": "topic"}
"""Messages of which one field says it all."""


class Protos:
    """The messages that the adapter uses, imported."""

    def __init__(self) -> None:
        services: Any = importlib.import_module(f"{ROOT}.services.types.google_ads_service")
        errors: Any = importlib.import_module(f"{ROOT}.errors.types.errors")
        self.Mutate = raw(services.MutateGoogleAdsRequest)
        self.Mutated = raw(services.MutateGoogleAdsResponse)
        self.Search = raw(services.SearchGoogleAdsStreamRequest)
        self.Found = raw(services.SearchGoogleAdsStreamResponse)
        self.Row = raw(services.GoogleAdsRow)
        self.Failure = raw(errors.GoogleAdsFailure)
        self.Status: Any = importlib.import_module("google.rpc.status_pb2").Status
        importlib.import_module("google.rpc.error_details_pb2")  # so that RetryInfo and ErrorInfo can be unpacked
        self.json: Any = importlib.import_module("google.protobuf.json_format")
        self.Damaged: Any = importlib.import_module("google.protobuf.message").DecodeError
        self._readers: dict[tuple[str, ...], Reader] = {}

    def mutate(self, request: Mapping[str, Json], **flags: bool) -> Message:
        """A request from plain mappings; raises InvalidRequestError for a field or a word that v26 does not have."""
        try:
            return self.Mutate(**request, **flags)
        except (TypeError, ValueError) as error:
            raise InvalidRequestError(
                f"Google Ads {API_VERSION} does not take this: {error}", vendor="google_ads", field="extra",
                value=str(error), hint="write extra in the words of the vendor's resource, in snake_case",
            ) from error  # fmt: skip

    def search(self, customer: str, query: str) -> Message:
        """A request for rows."""
        return self.Search(customer_id=customer, query=query)

    def reader(self, fields: tuple[str, ...]) -> Reader:
        """The reader of a query's rows, made once."""
        known = self._readers.get(fields)
        if known is None:
            known = self._readers[fields] = Reader(self.Row.DESCRIPTOR, fields)
        return known

    def failure(self, data: bytes) -> dict[str, Json]:
        """A GoogleAdsFailure as plain JSON; members and families newer than the package by their numbers."""
        return self._failure(self.Failure.FromString(data))

    def _failure(self, message: Message) -> dict[str, Json]:
        found: dict[str, Json] = self.json.MessageToDict(message)
        for told, error in zip(found.get("errors", ()), message.errors, strict=True):
            if not told.get("errorCode"):
                told["errorCode"] = _unknown_code(error.error_code)
        return found

    def partial(self, status: Message) -> dict[str, Json]:
        """The error of a mutate that succeeded in part."""
        told = {"code": status.code, "message": status.message}
        return {**told, "details": [self._detail(each) for each in status.details]}

    def details(self, data: bytes) -> list[dict[str, Json]]:
        """The details of a status: a failure, how long to wait, a reason."""
        return [self._detail(each) for each in self.Status.FromString(data).details]

    def _detail(self, packed: Message) -> dict[str, Json]:
        if packed.type_url.endswith(".GoogleAdsFailure"):  # of any version: they are alike on the wire
            return {"@type": packed.type_url, **self.failure(packed.value)}
        try:
            found: dict[str, Json] = self.json.MessageToDict(packed)
        except (TypeError, self.json.Error):  # a type that this package does not know
            return {"@type": packed.type_url}
        return found


def raw(kind: Any) -> Any:
    """The protobuf class behind a proto-plus one."""
    return type(kind.pb(kind()))


def _unknown_code(message: Message) -> dict[str, Json]:
    unknown: Any = importlib.import_module("google.protobuf.unknown_fields")
    return {f"family_{each.field_number}": each.data for each in unknown.UnknownFieldSet(message)}


class Reader:
    """Turns rows into plain mappings of the fields that a query selects; empty values are left out."""

    __slots__ = ("_fields",)

    def __init__(self, row: Any, fields: Iterable[str]) -> None:
        self._fields = tuple((name, *_access(row, name)) for name in fields)

    def __call__(self, row: Message) -> dict[str, Json]:
        """One row."""
        found: dict[str, Json] = {}
        for name, get, convert in self._fields:
            value = get(row)
            if value:
                found[name] = value if convert is None else convert(value)
        return found


def _access(row: Any, path: str) -> tuple[Callable[[Message], Any], Callable[[Any], Any] | None]:
    """How a field is got out of a row, and what makes a plain value of it."""
    names, message, field = list[str](), row, None
    for part in path.split("."):
        field = message.fields_by_name.get(part) or message.fields_by_name.get(f"{part}_")
        if field is None:
            raise InvalidRequestError(
                f"no field {path}",
                vendor="google_ads",
                field="fields",
                value=path,
                hint="see the vendor's field reference",
            )
        names.append(field.name)
        message = field.message_type
    return attrgetter(".".join(names)), _converter(field)


def _converter(field: Any) -> Callable[[Any], Any] | None:
    one = _plain(field)
    if not field.is_repeated:
        return one
    return tuple if one is None else (lambda values: tuple(one(each) for each in values))


def _plain(field: Any) -> Callable[[Any], Any] | None:
    if field.enum_type is not None:
        known = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: known.get(number, str(number))
    if field.message_type is not None:
        name = _TEXTS.get(field.message_type.name)
        return attrgetter(name) if name is not None else _to_dict
    return None


def _to_dict(message: Message) -> dict[str, Json]:
    plain: Any = importlib.import_module("google.protobuf.json_format")
    found: dict[str, Json] = plain.MessageToDict(message, preserving_proto_field_name=True)
    return found


@functools.cache
def protos() -> Protos:
    """The vendor's messages; the first call takes over a second, so it is made in a thread."""
    return Protos()
