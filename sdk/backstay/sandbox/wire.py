"""What goes over a simulator's wire: one request, one reply, without any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any


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


def multipart(request: Request) -> tuple[dict[str, str], dict[str, Part]]:
    """The fields and the files of a multipart form; both empty when the body is something else."""
    kind = request.headers.get("content-type", "")
    fields: dict[str, str] = {}
    files: dict[str, Part] = {}
    if not kind.lower().startswith("multipart/form-data"):
        return fields, files
    message: Any = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body)
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content: bytes = part.get_payload(decode=True) or b""
        filename = part.get_filename()
        if filename is None:
            fields[str(name)] = content.decode("utf-8", "replace")
        else:
            files[str(name)] = Part(filename, content)
    return fields, files
