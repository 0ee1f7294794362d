"""What a vendor's SDK runs on: the user's client of httpx2, or one of ours with the runtime's TLS context and proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backstay.errors import InvalidRequestError

if TYPE_CHECKING:
    import httpx2

    from backstay.base import Adapter


class Network:
    """The HTTP client under an SDK; made when the SDK is, since importing httpx2 takes its time."""

    __slots__ = ("_http", "_theirs", "_transport", "connect_timeout", "proxy", "ssl_context")

    def __init__(
        self, adapter: Adapter, client: httpx2.AsyncClient | None, transport: httpx2.AsyncBaseTransport | None
    ) -> None:
        self.connect_timeout = adapter.profile.connect_timeout
        self.ssl_context, self.proxy = adapter.runtime.ssl_context, adapter.runtime.proxy
        self._theirs, self._transport = client, transport
        self._http: Any = None

    @property
    def ours(self) -> bool:
        """Whether the client is one of ours, to be closed with the adapter."""
        return self._theirs is None

    def open(self, **facts: Any) -> httpx2.AsyncClient:
        """The client; `facts` are further ones of `backstay.http2.client`.

        Raises:
            InvalidRequestError: the user's is no client of httpx2.
        """
        from backstay import http2

        if self._theirs is not None and not http2.is_client(self._theirs):
            raise InvalidRequestError(
                "the SDK runs on httpx2, and its clients do not mix with httpx's", field="client",
                value=type(self._theirs).__name__, hint="pass an httpx2.AsyncClient, or leave it out",
            )  # fmt: skip
        self._http = self._theirs or http2.client(
            transport=self._transport, ssl_context=self.ssl_context, proxy=self.proxy,
            connect_timeout=self.connect_timeout, **facts,
        )  # fmt: skip
        client: httpx2.AsyncClient = self._http
        return client

    def timeout(self) -> httpx2.Timeout:
        """For the SDK's own option: the attempt's, and a little more; see `backstay.http2.timeout`."""
        from backstay import http2

        return http2.timeout(self.connect_timeout)

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        if self._http is not None and self.ours:
            await self._http.aclose()


__all__ = ["Network"]
