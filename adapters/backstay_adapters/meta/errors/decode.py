"""Meta's error envelope, read out of anything that may arrive in its place.

`{"error": {"message", "type", "code", "error_subcode", "is_transient", "error_user_title", "error_user_msg",
"error_data", "fbtrace_id"}}` comes with any HTTP status, 200 included; every key may be absent. A failed report run
says `error_code` and its siblings beside `async_status`; a batch is a list whose items have envelopes of their own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from backstay.table import Facts, excerpt, plain, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_NUMBER: Final = re.compile(r"\s*-?\d{1,12}\s*", re.ASCII)
REPORT_ENDED: Final = ("Job Failed", "Job Skipped")
"""What `async_status` says of a report run that will never have rows."""


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success and None for everything else; for a batch it is the facts of its items, None for
    an item that was not run.
    """
    if is_sdk_error(body):
        return decode_sdk_error(body, operation)
    value, whole = read_json(body)
    if isinstance(value, list):
        return _batch(status, headers, value, operation, whole=whole)
    envelope = error_of(value, status)
    good = isinstance(value, dict) or value is True
    if envelope is None:
        return Facts(
            status=status,
            headers=headers,
            message="" if good else excerpt(body),
            request_ids=request_ids({}, headers),
            data=value if good else None,
            body=body if value is None else value,
            operation=operation,
            # Letters were lost: good enough to name an error, not to hand out as an answer.
            readable=good and whole,
        )
    return Facts(
        status=status,
        headers=headers,
        code=as_code(envelope.get("code")),
        subcode=as_code(envelope.get("error_subcode")),
        message=plain(envelope.get("message")),
        shown=shown(envelope),
        blamed=blamed(envelope.get("error_data")),
        request_ids=request_ids(envelope, headers),
        body=value,
        operation=operation,
        readable=good and (whole or bool(envelope)),
    )


def succeeded(facts: Facts) -> bool:
    """A 2xx that can be read, holds no error, was not refused by `"success": false`, and has no failed item."""
    refused = isinstance(facts.data, dict) and facts.data.get("success") is False
    return facts.readable and facts.ok_status and facts.data is not None and not refused and not facts.items


def error_of(value: Json, status: int | None) -> Mapping[str, Json] | None:
    """The error of an answer; None where it holds none, `{}` where it holds one that says nothing."""
    if not isinstance(value, dict):
        return None
    if "error" in value:
        told = value["error"]
        return told if isinstance(told, dict) else {"message": told if isinstance(told, str) else ""}
    if value.get("async_status") in REPORT_ENDED:
        return _report_error(value)
    # Seen without its wrapper (airbyte's fixtures); a success may have a `code` of its own, so the rest must fit too.
    bare = as_code(value.get("code")) is not None and isinstance(value.get("message"), str)
    failed = status is None or not 200 <= status < 300
    return value if bare and (failed or str(value.get("type", "")).endswith("Exception")) else None


def written(facts: Facts) -> Mapping[str, Json] | None:
    """What a write answered whose reading back failed: it was carried out. None for every other answer.

    A POST with `fields` writes, then reads; an error of the read has the write's own answer in `original_response`
    (vendor's page "Advanced Uses", Read-After-Write).
    """
    said = (error_of(facts.body, facts.status) or {}).get("original_response")
    return said if isinstance(said, dict) else None


def _report_error(value: Mapping[str, Json]) -> dict[str, Json]:
    """A report run's own names (v25 and later), as the envelope has them."""
    names = {"error_code": "code", "error_message": "message"}
    return {names.get(name, name): said for name, said in value.items() if name.startswith("error")}


def as_code(value: object) -> int | None:
    """A code as a number; Meta sends an int, gateways and test doubles also text or a float, never a bool."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def shown(told: Mapping[str, Json]) -> str:
    """What the vendor wants people to read, in their language: often the only reason behind "Invalid parameter"."""
    parts = [plain(told.get(name), 500).strip() for name in ("error_user_title", "error_user_msg")]
    text = ": ".join(part.rstrip(".:") if number == 0 else part for number, part in enumerate(parts) if part)
    message = plain(told.get("message"))
    return f"{text} ({message})" if text and message and message not in text else text


def blamed(data: object) -> str | None:
    """The field that `error_data` blames: an object, or JSON in a text, in two shapes."""
    value = read_json(data)[0] if isinstance(data, str) else data
    if not isinstance(value, dict):
        return None
    specs = value.get("blame_field_specs")
    first = specs[0] if isinstance(specs, list) and specs else value.get("blame_field")
    path = first if isinstance(first, list) else [first]
    names = [str(part) for part in path if isinstance(part, str | int) and not isinstance(part, bool)]
    return plain(".".join(names), 200) or None


def request_ids(told: Mapping[str, Json], headers: Mapping[str, str]) -> tuple[str, ...]:
    """What the vendor's support asks for, each once: the trace id of the body or of its header, else the debug id."""
    trace = told.get("fbtrace_id"), headers.get("x-fb-trace-id"), headers.get("x-fb-request-id")
    found = [plain(name, 128) for name in trace] if any(trace) else [plain(headers.get("x-fb-debug"), 128)]
    return tuple(dict.fromkeys(name for name in found if name))


# A batch --------------------------------------------------------------------------------------------------------


def _batch(
    status: int | None, headers: Mapping[str, str], value: list[Json], operation: str | None, *, whole: bool
) -> Facts:  # fmt: skip
    items = tuple(_item(each, operation) for each in value)
    failed = {str(place): _why(item) for place, item in enumerate(items)}
    return Facts(
        status=status,
        headers=headers,
        request_ids=request_ids({}, headers),
        data=items,
        body=value,
        operation=operation,
        readable=whole,
        items=failed if any(failed.values()) else {},
    )


def _item(value: Json, operation: str | None) -> Facts | None:
    """One item: a code, its own headers as a list of names and values, and its body as text."""
    if not isinstance(value, dict):
        return None
    listed = value.get("headers")
    pairs = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    headers = {str(each.get("name")).lower(): str(each.get("value")) for each in pairs}
    inner = value.get("body")
    inner = "" if isinstance(inner, list) else inner  # a batch within a batch there is not
    return decode(as_code(value.get("code")), headers, inner, operation)


def _why(item: Facts | None) -> str | None:
    """Why an item failed; None where it succeeded."""
    if item is None:
        return "not run, or its outcome is not known"
    if succeeded(item):
        return None
    code = "" if item.code is None else f"({item.code}{'' if item.subcode is None else f'/{item.subcode}'}) "
    return code + (item.shown or item.message or "the vendor gives no reason")


# The vendor's SDK -----------------------------------------------------------------------------------------------


def is_sdk_error(error: object) -> bool:
    """Whether it is facebook-business's FacebookRequestError; by its name, since nothing here imports that SDK."""
    return any(
        kind.__name__ == "FacebookRequestError" and kind.__module__.partition(".")[0] == "facebook_business"
        for kind in type(error).__mro__
    )


def decode_sdk_error(error: Any, operation: str | None = None) -> Facts:
    """The facts in an exception that a call of the vendor's own SDK raised."""
    headers = error.http_headers() or {}
    low = {str(name).lower(): str(said) for name, said in dict(headers).items()}
    body = error.body()
    text: object = json.dumps(body) if isinstance(body, dict | list) else body
    found = error.http_status()
    return decode(found if isinstance(found, int) else None, low, text, operation)
