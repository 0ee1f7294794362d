"""What an answer says, in the vendor's words, and the readers that get it out of whatever was sent."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Code = int | str

MAX_MESSAGE: Final = 2000
"""Characters of a vendor's message that are kept."""

MAX_EVENTS: Final = 200_000
"""Bytes of a stream in which the event of an error is looked for."""

MAX_WAIT: Final = 7 * 86_400.0
"""Seconds; a Retry-After beyond a week is a mistake (a date in another unit, say) and is not believed."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{0,9})?", re.ASCII)
_MARKUP: Final = re.compile(r"<[^<>]{0,2000}>")
_QUOTES: Final = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What an answer says, in the vendor's words: the only thing that matchers look at."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    code: Code | None = None
    subcode: Code | None = None
    message: str = ""
    shown: str = ""
    """What people should read where that is not `message`: a vendor's text in the user's language. Never matched."""
    blamed: str | None = None
    """The field of the request that the vendor blames, where it names one."""
    request_ids: tuple[str, ...] = ()
    data: Any = None
    """What the answer carries for the caller; shaped by the vendor."""
    body: Any = None
    """The decoded body, or the raw one where it cannot be decoded."""
    operation: str | None = None
    readable: bool = False
    """Whether the body is what the vendor's API promises, success or error."""
    items: Mapping[str, str | None] = field(default_factory=dict)
    """For batches: each item's id and its error, None where it succeeded."""
    now: float | None = None
    """Wall seconds since 1970 when the answer was read; None: the answer's own Date header counts."""
    said: str = field(init=False, repr=False, compare=False, default="")
    """The message in lower case with plain apostrophes: what text matchers search."""

    def __post_init__(self) -> None:
        """Prepare the message once, not once a row."""
        if self.message:
            object.__setattr__(self, "said", simplified(self.message))

    @property
    def request_id(self) -> str | None:
        """The first of the ids."""
        return self.request_ids[0] if self.request_ids else None

    @property
    def ok_status(self) -> bool:
        """Whether the transport reports success; without a status (gRPC, a bare body) it does not contradict."""
        return self.status is None or 200 <= self.status < 300

    def moment(self) -> float | None:
        """Wall seconds when this was said: `now`, else the answer's Date header, else None."""
        return self.now if self.now is not None else _http_date(self.headers.get("date"))


def retry_after(headers: Mapping[str, str], now: float | Callable[[], float | None] | None = None) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (a number or an HTTP date) asks for; None if absent or absurd.

    `headers` have names in lower case; `now` is wall seconds (or a function that gives them) and only asked for dates.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None and milliseconds <= MAX_WAIT * 1000:
        return milliseconds / 1000
    said = headers.get("retry-after")
    if said is None:
        return None
    seconds = _number(said)
    if seconds is None:
        until, since = _http_date(said), now() if callable(now) else now
        seconds = None if until is None or since is None else until - since
    return seconds if seconds is not None and 0 <= seconds <= MAX_WAIT else None


def header_ids(headers: Mapping[str, str], *names: str, also: object = None, edge: str = "cf-ray") -> tuple[str, ...]:
    """The request's ids in these headers, and `also`; where none is there, that of the network in front of the API."""
    found = [plain(also, 128), *(plain(headers.get(name), 128) for name in names)]
    known = tuple(dict.fromkeys(each for each in found if each))
    behind = plain(headers.get(edge), 128)
    return known or ((behind,) if behind else ())


def until_utc_midnight(now: float | None) -> float | None:
    """Seconds from `now` (wall seconds) to the next 00:00 UTC: when most daily limits start anew."""
    return None if now is None else 86_400 - now % 86_400


def simplified(text: str) -> str:
    """A text as matchers compare it: lower case, plain apostrophes."""
    return text.lower().translate(_QUOTES)


def read_json(body: object) -> tuple[Any, bool]:
    """A body as a JSON value, and whether that could be read without loss; (None, False) if not at all.

    Bytes may be UTF-8, 16 or 32, with a mark or without; where the encoding is broken, what can be saved is read,
    so that an error's code survives. Values that are decoded already pass through.
    """
    if not isinstance(body, (bytes, bytearray, str)):
        return body, body is not None
    try:
        return json.loads(body.lstrip("\ufeff") if isinstance(body, str) else body), True
    except UnicodeDecodeError:
        return read_json(bytes(body).decode("utf-8", "replace"))[0], False  # type: ignore[arg-type]  # only bytes decode
    except (ValueError, RecursionError):
        return None, False


def event_data(body: object) -> object:
    """The data of an error's event, where somebody hands in a piece of a stream; else the body as it is."""
    if not isinstance(body, (bytes, bytearray, str)):
        return body
    head = body[:64] if isinstance(body, str) else bytes(body[:64]).decode("utf-8", "replace")
    if not head.lstrip().startswith(("event:", "data:")):
        return body  # a picture may have megabytes: nothing more is read of it here
    text = body if isinstance(body, str) else body[:MAX_EVENTS].decode("utf-8", "replace")
    found = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return next((data for data in reversed(found) if '"error"' in data), found[-1] if found else body)


def plain(value: object, limit: int = MAX_MESSAGE) -> str:
    """A vendor's text made fit for logs: no control characters, no broken surrogates, at most `limit` characters."""
    if not isinstance(value, str):
        return ""
    cut = value[:limit]
    if cut.isascii() and cut.isprintable():
        return cut
    return _CONTROL.sub(" ", cut.encode("utf-8", "replace").decode()).strip()


def excerpt(body: object, limit: int = 200) -> str:
    """The first words of a body that is not JSON, without markup: for people who read the error."""
    head = bytes(body[: limit * 10]).decode("utf-8", "replace") if isinstance(body, (bytes, bytearray)) else body
    if not isinstance(head, str):
        return ""
    return " ".join(plain(_MARKUP.sub(" ", head[: limit * 10]), limit * 10).split())[:limit]


def _number(said: str | None) -> float | None:
    if said is None or len(said) > 32 or _NUMBER.fullmatch(said.strip()) is None:
        return None
    return float(said)


def _http_date(said: str | None) -> float | None:
    if said is None or len(said) > 64:
        return None
    from datetime import UTC  # here, since few answers carry a date and email.utils is slow to import
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(said)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
