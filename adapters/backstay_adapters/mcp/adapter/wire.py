"""The official SDK behind one door: a session that is opened when it is needed and again when it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from backstay.engine.call import current
from backstay.errors import BackstayError, BadResponseError, McpConnectionError, McpTimeoutError
from backstay.taxonomy import Certainty
from backstay_adapters.mcp.adapter.http import BROKEN, Ear, Heard, deaf, hear, unsent
from backstay_adapters.mcp.adapter.keeper import Keeper
from backstay_adapters.mcp.errors import TABLE
from backstay_adapters.mcp.profile import CLOSING, EARLIER
from backstay_adapters.mcp.wire.read import unreadable

if TYPE_CHECKING:
    import ssl

    import httpx2

Json = Any

MOST_PAGES = 100
"""Pages of a list of tools at most: a server whose pages never end must not hold a call."""
CLIENT = ("backstay", "1")
"""Who we say that we are; the version is that of this client, not of the package, so that a release changes nothing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the server is, and how it is talked to."""

    url: str
    command: tuple[str, ...]
    environment: Callable[[], Mapping[str, str]]
    headers: Callable[[], Awaitable[Mapping[str, str]]]
    mode: str
    connect_timeout: float
    transport: httpx2.AsyncBaseTransport | None
    ssl_context: ssl.SSLContext | None
    proxy: str | None


def shown(url: str) -> str:
    """An address for people: what may be a secret in it (user, password, query) is left out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))


class Wire:
    """One server; shared by an adapter and its `with_options` copies."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._where = shown(setting.url) or setting.command[0]
        marks = setting.transport is None or bool(getattr(setting.transport, "marks_sent", False))
        self._marks = bool(setting.url) and marks
        self._opening = asyncio.Lock()
        self._keeper: Keeper[Any] | None = None
        self._client: Any = None

    def load(self) -> None:
        """Import the SDK: nearly a second of CPU, so never on the loop."""
        import mcp.client
        import mcp.client.stdio
        import mcp.client.streamable_http  # noqa: F401 - loaded here, used below

    async def aclose(self) -> None:
        """Say goodbye and close what was opened."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            await keeper.stop(CLOSING)

    # Asking -----------------------------------------------------------------------------------------------------

    async def list_tools(self) -> list[Mapping[str, Json]]:
        """tools/list, all pages."""
        from mcp import types

        found: list[Mapping[str, Json]] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            params = types.PaginatedRequestParams(cursor=cursor)
            async with self._asking("tools/list") as session, asyncio.timeout(_time()):
                listed = await session.list_tools(params=params)
            found += [each.model_dump(by_alias=True, mode="json", exclude_none=True) for each in listed.tools]
            cursor = listed.next_cursor
            if not cursor:
                return found
        raise BadResponseError(
            f"the list of tools has more than {MOST_PAGES} pages", certainty=Certainty.UNKNOWN, rule="mcp.pages"
        )

    async def call(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """tools/call: the raw result. A server that misses a header of the tool's is asked once more, listed anew."""
        try:
            return await self._call(name, arguments)
        except BackstayError as error:
            if error.rule != "mcp.header" or error.certainty is Certainty.UNKNOWN:
                raise
        await self.list_tools()
        return await self._call(name, arguments)

    async def _call(self, name: str, arguments: Mapping[str, Json]) -> Json:
        from pydantic import TypeAdapter

        from mcp import types

        asked = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=dict(arguments)))
        # Not `session.call_tool`: after the answer it may list tools and fail, and then the answer would be lost.
        async with self._asking("tools/call") as session:
            result = await session.send_request(asked, TypeAdapter(dict[str, Any]), _time())
        if result.get("resultType", "complete") != "complete":
            raise TABLE.error(TABLE.decode(200, {}, {"result": result}, "tools/call"))
        return result

    # The session ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _asking(self, operation: str) -> AsyncGenerator[Any, None]:
        """The session for one request, whose failures get our names."""
        call = current()
        if self._marks and call is not None and call.sent is None:
            call.sent = False  # whoever runs out of time while a session is opened has sent nothing
        client = await self._session()
        heard = Heard()
        token = hear(heard)
        try:
            yield client.session
        except BackstayError:
            raise
        except Exception as error:
            named = self._named(error, heard, operation)
            if named.rule in LOST:
                await self._drop(client)
            raise named from error
        finally:
            deaf(token)

    async def _session(self) -> Any:
        async with self._opening:
            if self._keeper is None or not self._keeper.alive:
                self._keeper = Keeper(self._open)
                self._client = await self._opened(self._keeper)
            return self._client

    async def _opened(self, keeper: Keeper[Any]) -> Any:
        """A new session; what fails here has not sent what was asked for."""
        try:
            async with asyncio.timeout(_time()):
                return await keeper.start()
        except BackstayError as error:
            error.certainty = Certainty.NOT_SENT
            raise
        except TimeoutError as error:
            raise McpTimeoutError(
                f"{self._where} did not open a session in time", certainty=Certainty.NOT_SENT, rule="mcp.opening"
            ) from error

    async def _drop(self, client: Any) -> None:
        """Give a session up, unless another call has done so."""
        async with self._opening:
            if self._client is client and self._keeper is not None:
                keeper, self._keeper = self._keeper, None
                await keeper.stop(CLOSING)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[Any, None]:
        """A client of the SDK's, connected; runs in the keeper's task."""
        from mcp import types
        from mcp.client import Client

        heard = Heard(opening=True)
        hear(heard)
        async with self._transport() as transport:
            name, version = CLIENT
            info = types.Implementation(name=name, version=version)
            client = Client(transport, mode=self._setting.mode, cache=None, client_info=info)
            try:
                await client.__aenter__()
            except Exception as error:
                raise self._named(error, heard, "initialize") from error
            heard.opening = False
            try:
                yield client
            finally:
                await client.__aexit__(None, None, None)

    @asynccontextmanager
    async def _transport(self) -> AsyncGenerator[Any, None]:
        at = self._setting
        if at.command:
            from mcp.client.stdio import StdioServerParameters, stdio_client

            command, *more = at.command
            yield stdio_client(StdioServerParameters(command=command, args=more, env=dict(at.environment())))
            return
        from backstay import http2
        from mcp.client.streamable_http import streamable_http_client

        async with http2.client(
            transport=at.transport, ssl_context=at.ssl_context, proxy=at.proxy, connect_timeout=at.connect_timeout,
            around=Ear(self._where, at.headers),
        ) as http:  # fmt: skip
            yield streamable_http_client(at.url, http_client=http)

    # Errors -----------------------------------------------------------------------------------------------------

    def _named(self, error: BaseException, heard: Heard, operation: str) -> BackstayError:
        """Our error for what the SDK raised: what HTTP has said first, then the protocol's own code."""
        from mcp.shared.exceptions import MCPError

        inner = _first(error)
        if isinstance(inner, BackstayError):
            return inner
        if heard.failure is not None:
            return _of_mcp(heard.failure)
        if heard.opening and heard.given_up:
            return self._late(operation)
        if heard.opening and heard.status in BROKEN:
            return TABLE.error(TABLE.decode(heard.status, heard.headers, heard.body, operation))
        if isinstance(inner, MCPError):
            return self._told(inner, heard, operation)
        if isinstance(inner, TimeoutError):
            return self._late(operation)
        if isinstance(inner, OSError | EOFError):
            return McpConnectionError(
                f"the server {self._where} cannot be reached: {type(inner).__name__}", certainty=Certainty.UNKNOWN,
                rule="mcp.connection", hint="check the address or the command",
            )  # fmt: skip
        if isinstance(inner, ValueError):  # pydantic's, of the protocol's own schemas
            return unreadable(f"an answer to {operation}", heard.body.decode("utf-8", "replace"))
        raise error

    def _late(self, operation: str) -> McpTimeoutError:
        return McpTimeoutError(
            f"{self._where} did not answer {operation} in time", certainty=Certainty.UNKNOWN, rule="mcp.timeout"
        )

    def _told(self, error: Any, heard: Heard, operation: str) -> BackstayError:
        body: Any = heard.body
        # Of an empty 404 only the SDK knows whether there was a session that the server has forgotten.
        by_sdk = heard.status is None or (heard.status < 300 and not heard.garbled)
        if by_sdk or error.message == "Session terminated":
            body = {"error": {"code": error.code, "message": error.message, "data": error.data}}
        named = TABLE.error(TABLE.decode(heard.status, heard.headers, body, operation))
        if self._setting.url and unsent(heard):
            named.certainty = Certainty.NOT_SENT
        return named


LOST = frozenset({"mcp.session", "mcp.closed"})
"""Rules of errors after which a session is opened anew."""


def _time() -> float | None:
    """Seconds for one request: a little less than the attempt has."""
    call = current()
    return None if call is None else call.plan.attempt_timeout * (1.0 - EARLIER)


def _first(error: BaseException) -> BaseException:
    """The first exception in a group; task groups raise nothing else."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _of_mcp(found: BackstayError) -> BackstayError:
    """A failure of the network as MCP's."""
    told: dict[str, Any] = {"certainty": found.certainty, "rule": found.rule, "hint": found.hint}
    if found.type == "TIMEOUT":
        return McpTimeoutError(found.message, **told)
    return McpConnectionError(found.message, **told) if found.type == "CONNECTION_FAILED" else found


__all__ = ["CLIENT", "Setting", "Wire", "shown"]
