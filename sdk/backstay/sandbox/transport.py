"""The in-process shell: an httpx transport that talks to a simulator, on any clock and without sockets.

    client = httpx.AsyncClient(transport=SimTransport(simulator, clock))

The same for httpx2, on which vendors' SDKs run, is in `backstay.sandbox.transport2`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx

from backstay.sandbox.inprocess import SENT, InProcess


class SimTransport(InProcess, httpx.AsyncBaseTransport):
    """A transport to one simulator."""

    library = httpx

    def body(self, pieces: Callable[[], AsyncIterator[bytes]]) -> httpx.AsyncByteStream:
        """See `InProcess.body`."""
        return _Body(pieces)


class _Body(httpx.AsyncByteStream):
    def __init__(self, pieces: Callable[[], AsyncIterator[bytes]]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()


__all__ = ["SENT", "SimTransport"]
