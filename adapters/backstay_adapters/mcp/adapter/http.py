"""What HTTP has said of each request: the SDK makes "Server returned an error response" of every status."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from backstay.engine.call import note_request_id
from backstay.facts import header_ids, read_json
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.errors import BackstayError

BROKEN: Final = frozenset({401, 403, 408, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""Statuses that say nothing about the protocol: the SDK would take them for the answer of an old server."""
IDS: Final = ("x-request-id", "request-id")


@dataclass(slots=True)
class Heard:
    """What HTTP has said to one request."""

    reached: bool = False
    """Whether the request came as far as the network."""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    failure: BackstayError | None = None
    """Why there was no answer."""
    garbled: bool = False
    """It says success and is no JSON."""
    given_up: bool = False
    """The SDK has waited for an answer in vain: while it opens a session it then tries an older protocol."""
    opening: bool = False
    """It opens a session: then what is broken ends it, and nothing else is under way."""


_hearing: ContextVar[Heard | None] = ContextVar("backstay_mcp_heard", default=None)
hear = _hearing.set
deaf = _hearing.reset


class Ear:
    """Stands between the SDK and the network: adds the credentials, remembers what came, and keeps the session alive.

    A broken connection would end the whole session, with all that is under way in it. Here it is an answer to the one
    request that it has hit.
    """

    def __init__(self, where: str, headers: Callable[[], Awaitable[Mapping[str, str]]]) -> None:
        self._where = where
        self._headers = headers

    async def __call__(self, request: Any, send: Callable[[Any], Awaitable[Any]]) -> Any:
        """Send one request of the SDK's."""
        from backstay import http2

        heard = _hearing.get() or Heard()
        for name, value in (await self._headers()).items():
            request.headers[name] = value
        heard.reached, heard.status, heard.failure, heard.garbled = True, None, None, False
        try:
            response = await send(request)
            status = heard.status = int(response.status_code)
            heard.headers = {name.lower(): value for name, value in response.headers.items()}
            note_request_id(*header_ids(heard.headers, *IDS))
            if status < 300 and "event-stream" in heard.headers.get("content-type", ""):
                return response
            heard.body = await response.aread()
            await response.aclose()
        except asyncio.CancelledError:
            heard.given_up = True
            raise
        except Exception as error:
            heard.failure = http2.translated(error, self._where)
            if heard.failure is None or heard.opening:
                raise
            return http2.reply(request, 503, {"content-type": "text/plain"}, b"")
        if heard.opening and status in BROKEN:
            raise ConnectionError(f"HTTP {status} while a session is opened")
        heard.garbled = status < 300 and status != 202 and _asks(request) and not _is_json(heard.body)
        if heard.garbled:  # the SDK would write it into its log
            return http2.reply(request, 503, {"content-type": "text/plain"}, b"")
        return http2.reply(request, status, heard.headers, heard.body)


def _asks(request: Any) -> bool:
    """Whether it is a request of the protocol's, and no notification."""
    value, _ = read_json(request.content) if request.method == "POST" else (None, False)
    return isinstance(value, dict) and "id" in value


def _is_json(body: bytes) -> bool:
    value, whole = read_json(body)
    return whole and isinstance(value, dict)


def unsent(heard: Heard) -> bool:
    """Whether it is certain that the request has not left."""
    failure = heard.failure
    return not heard.reached or (failure is not None and failure.certainty is Certainty.NOT_SENT)


__all__ = ["Ear", "Heard", "deaf", "hear", "unsent"]
