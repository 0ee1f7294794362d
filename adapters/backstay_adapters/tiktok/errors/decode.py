"""TikTok's envelope `{"code", "message", "request_id", "data"}`, read out of anything that may arrive in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from backstay.table import Facts, excerpt, plain, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER: Final = re.compile(r"\s*-?\d{1,9}\s*", re.ASCII)
_ID: Final = re.compile(r"(?!request_)\w+_id$")
_LISTS: Final = ("error_list", "errors", "failed_list", "fail_list")
"""Where partial successes name their failures: `error_list` is documented, the others are its look-alikes."""


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status: the envelope may come with a 401 as well as with a 200.

    `data` is `{}` where the vendor leaves it out; `readable` means that there is an envelope with a code or, in
    answers that lack one, a message. `headers` have names in lower case. Never raises.
    """
    value, whole = read_json(body)
    envelope = value if isinstance(value, dict) else {}
    code = as_code(envelope.get("code"))
    message = plain(envelope.get("message"))
    data = envelope.get("data")
    return Facts(
        status=status,
        headers=headers,
        code=code,
        message=message or ("" if code is not None else excerpt(body)),
        request_ids=_request_ids(envelope, headers),
        data={} if data is None else data,
        body=body if value is None else value,
        operation=operation,
        # Letters were lost: good enough to name an error, not to hand out as an answer.
        readable=(whole or code != 0) and (code is not None or bool(message)),
        items=_items(data),
    )


def succeeded(facts: Facts) -> bool:
    """Only `code` 0 is success, and only where HTTP agrees and no item of a batch failed."""
    return facts.code == 0 and facts.readable and facts.ok_status and not facts.items


def as_code(value: object) -> int | None:
    """A code as a number; TikTok sends an int, gateways and test doubles also text or a float, never a bool."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _request_ids(envelope: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[str, ...]:
    """The log id for the vendor's support, from the body and the X-TT-LOGID header, each once."""
    found = (plain(envelope.get("request_id"), 128), plain(headers.get("x-tt-logid"), 128))
    return tuple(dict.fromkeys(name for name in found if name))


def _items(data: object) -> dict[str, str | None]:
    """Each item of a batch that failed in part, with its error; `{}` where nothing failed."""
    if not isinstance(data, dict):
        return {}
    failed = {}
    for name in _LISTS:
        entries = data.get(name)
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            item, why = _failure(entry)
            failed[item or f"{name}[{place}]"] = why
    if not failed:
        return {}
    return {**dict.fromkeys(_ids(data)), **failed}


def _failure(entry: object) -> tuple[str | None, str]:
    if not isinstance(entry, dict):
        return None, plain(entry) or "failed"
    item = next((str(value) for name, value in entry.items() if _ID.match(name) and _is_id(value)), None)
    why = plain(entry.get("error_message")) or plain(entry.get("message")) or plain(entry.get("error_msg"))
    return item, why or "failed; the vendor gives no reason"


def _ids(data: Mapping[str, Any]) -> list[str]:
    """The ids that the answer says were asked for or done: `campaign_ids`, `adgroup_ids`, `ad_ids`."""
    lists = (value for name, value in data.items() if name.endswith("_ids") and isinstance(value, list))
    return [str(value) for values in lists for value in values if _is_id(value)]


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and len(str(value)) <= 64
