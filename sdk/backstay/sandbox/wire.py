"""What goes over a simulator's wire: one request, one reply, without any HTTP library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the vendor sees it; `path` keeps its trailing slash, header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    chunks: tuple[tuple[float, bytes], ...] = ()
    """For an answer that comes piece by piece: seconds before each piece, and the piece. `body` is all of them."""


def stream_reply(chunks: Iterable[tuple[float, bytes]], status: int = 200, **headers: str) -> Reply:
    """An answer that comes piece by piece, as server-sent events unless `content_type` says otherwise."""
    parts = tuple(chunks)
    named = {"content_type": "text/event-stream; charset=utf-8", **headers}
    lower = {name.replace("_", "-"): value for name, value in named.items()}
    return Reply(status, lower, b"".join(part for _, part in parts), parts)


def event(data: object, name: str | None = None) -> bytes:
    """One server-sent event: its data as JSON, or a text as it is."""
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    head = f"event: {name}\n" if name else ""
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"{head}{lines}\n".encode()


def json_reply(body: object, status: int = 200, **headers: str) -> Reply:
    """A JSON answer; keywords become headers, with `-` for `_`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Reply(status, {"content-type": "application/json; charset=utf-8", **named}, text.encode())


def text_reply(text: str, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Reply:
    """An answer in plain text, or in the given content type."""
    return Reply(status, {"content-type": kind}, text.encode())


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a multipart form."""

    filename: str
    content: bytes


_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ESCAPES: Final = {"%22": '"', "%0D": "\r", "%0A": "\n", '\\"': '"', "\\\\": "\\"}


def multipart(request: Request) -> tuple[dict[str, str], dict[str, Part]]:
    """The fields and the files of a multipart form, byte for byte; both empty when the body is something else.

    Parts are cut at the boundary and nowhere else: clients label files with any content type, `multipart/form-data`
    included, and a parser of mail would look inside.
    """
    fields: dict[str, str] = {}
    files: dict[str, Part] = {}
    for name, part in form_parts(request):
        if isinstance(part, Part):
            files[name] = part
        else:
            fields[name] = part
    return fields, files


def form_parts(request: Request) -> Iterator[tuple[str, Part | str]]:
    """The parts of a multipart form in their order: names may come more than once, as `image[]` does."""
    kind = request.headers.get("content-type", "")
    found = _BOUNDARY.search(kind)
    if found is None or not kind.lower().startswith("multipart/form-data"):
        return
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + (found[1] or found[2]).encode())
    for piece in pieces[1:-1]:  # before the first boundary and after the last one there is nothing
        head, _, content = piece.partition(b"\r\n\r\n")
        about = {name.lower(): _unescaped(value) for name, value in _PARAMETER.findall(head.decode("utf-8", "replace"))}
        if "filename" in about:
            yield about.get("name", ""), Part(about["filename"], content)
        elif "name" in about:
            yield about["name"], content.decode("utf-8", "replace")


def _unescaped(value: str) -> str:
    for escape, sign in _ESCAPES.items():
        value = value.replace(escape, sign)
    return value
