"""The in-process shell for vendors' SDKs that run on httpx2: as `SimTransport`, with that library's objects.

claude = Claude("key", transport=SimTransport2(simulator, clock))
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2

from backstay.sandbox.inprocess import InProcess


class SimTransport2(InProcess, httpx2.AsyncBaseTransport):
    """A transport to one simulator."""

    library = httpx2

    def body(self, pieces: Callable[[], AsyncIterator[bytes]]) -> httpx2.AsyncByteStream:
        """See `InProcess.body`."""
        return _Body(pieces)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, pieces: Callable[[], AsyncIterator[bytes]]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()


__all__ = ["SimTransport2"]
