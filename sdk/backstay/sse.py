"""Server-sent events out of bytes, as they come: pure, so that any transport can use it."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.errors import BadResponseError
from backstay.taxonomy import Certainty

MOST = 16 * 1024 * 1024
"""Bytes of one event; one without end must not fill the memory."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name ("message" where it has none) and its data, lines joined."""

    name: str
    data: str


class EventParser:
    """Takes bytes in whatever pieces they come; lines end with CRLF, LF or CR, and comments are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that these bytes complete; raises BadResponseError for one that is too long."""
        whole = self._rest + chunk
        held = b"\r" if whole.endswith(b"\r") else b""  # its LF may come with the next piece
        lines = whole.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        found = [event for line in lines if (event := self._line(line)) is not None]
        if self._size + len(self._rest) > MOST:
            raise BadResponseError(
                f"an event of the stream is longer than {MOST} bytes", certainty=Certainty.UNKNOWN, rule="sse.too_long"
            )
        return found

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._ended()
        name, _, value = line.decode("utf-8", "replace").removeprefix("\ufeff").partition(":")
        self._size += len(line)
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif name == "event":
            self._name = value.removeprefix(" ")
        return None

    def _ended(self) -> ServerEvent | None:
        event = ServerEvent(self._name or "message", "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event


__all__ = ["EventParser", "ServerEvent"]
