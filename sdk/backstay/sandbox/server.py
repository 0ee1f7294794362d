"""The loopback shell: simulators behind a real socket, for benchmarks, conformance runs and users.

    async with serve({"tiktok": TikTokSandbox()}) as served:
        ads = TikTokAds(..., base_url=served.urls["tiktok"])

Resets, silence, slow drips and half bodies are real. One difference: a refused connection cannot be played on a port
that listens, so CONNECT_REFUSED breaks the connection before anything is read from it. `/_sandbox/` administers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from backstay.clock import Clock, SystemClock
from backstay.errors import InvalidRequestError
from backstay.policies.settings import above, refuse
from backstay.sandbox import admin
from backstay.sandbox.simulator import Ending, Exchange, Simulator, exchange, parts
from backstay.sandbox.wire import Reply, Request

if TYPE_CHECKING:
    from aiohttp import web

MAX_UPLOAD: Final = 512 * 1024 * 1024
"""Bytes of a request at most: the largest video that a platform takes."""

ADMIN: Final = "/_sandbox/"


@dataclass(frozen=True, slots=True)
class Served:
    """Where the simulators listen."""

    host: str
    port: int
    urls: Mapping[str, str]
    """The base address of each vendor."""
    shell: Shell

    @property
    def admin_url(self) -> str:
        """Where the world is shown and faults are set."""
        return f"http://{_literal(self.host)}:{self.port}{ADMIN}"


class Shell:
    """Plays exchanges over aiohttp's server."""

    def __init__(self, simulators: Mapping[str, Simulator], clock: Clock) -> None:
        self.simulators = simulators
        self.clock = clock
        self.offset = 0.0
        """Seconds by which the simulators' time runs ahead (`POST /_sandbox/advance`)."""
        self.rpcs: dict[str, str] = {}
        """Where vendors that speak gRPC listen, `host:port` by name; `GET /_sandbox/` tells it."""
        self.ending = False
        """Whether the server is being closed: those who wait for an answer that never comes are let go."""

    def now(self) -> float:
        """The simulators' wall time."""
        return self.clock.wall() + self.offset

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request."""
        from aiohttp import web

        if request.path.startswith(ADMIN):
            return _plain(await self._admin(request))
        found = self._route(request.path)
        if found is None:
            known = ", ".join(f"/{name}/" for name in self.simulators)
            return web.Response(status=404, text=f"no simulator here; the vendors are under {known}")
        simulator, prefix = found
        return await self._play(request, simulator, await _request(request, prefix))

    def _route(self, path: str) -> tuple[Simulator, str] | None:
        first = path.lstrip("/").split("/", 1)[0]
        if first in self.simulators:
            return self.simulators[first], f"/{first}"
        return (next(iter(self.simulators.values())), "") if len(self.simulators) == 1 else None

    async def _play(self, request: web.Request, simulator: Simulator, asked: Request) -> web.StreamResponse:
        course = exchange(simulator, asked, self.now())
        await self.clock.sleep(course.before)
        if course.ending is Ending.REFUSED:
            return _break(request)
        reply = course.perform(simulator, asked, self.now())
        if course.ending is Ending.SILENCE:
            await self._silence(request)
            return _break(request)
        if course.ending is not Ending.DRIP:
            await self.clock.sleep(course.after)
        if course.ending is Ending.RESET:
            return _break(request)
        return await self._answer(request, course, reply)

    async def _silence(self, request: web.Request) -> None:
        while not (self.ending or request.transport is None or request.transport.is_closing()):
            await self.clock.sleep(0.05)

    async def _answer(self, request: web.Request, course: Exchange, reply: Reply) -> web.StreamResponse:
        if course.ending is Ending.ANSWER and not reply.chunks:
            return _plain(reply)
        from aiohttp import web

        response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
        if not reply.chunks:
            response.content_length = len(reply.body)
        await response.prepare(request)
        for delay, part in parts(course, reply):
            await self.clock.sleep(delay)
            if request.transport is None or request.transport.is_closing():
                return response  # nobody reads it any more
            await response.write(part)
        if course.ending is Ending.STALL:
            await self._silence(request)
        if course.ending in {Ending.CUT, Ending.STALL}:
            await self.clock.sleep(0)
            return _close(request, response)
        await response.write_eof()
        return response

    async def _admin(self, request: web.Request) -> Reply:
        body = await request.read()
        if request.path == f"{ADMIN}advance" and request.method == "POST":
            return self._advance(body)
        asked = Request(request.method, request.path.removeprefix(ADMIN).strip("/"), dict(request.query), {}, body)
        return admin.handle(self.simulators, asked, self.now(), self.rpcs)

    def _advance(self, body: bytes) -> Reply:
        try:
            seconds = json.loads(body or b"{}").get("seconds")
            above("seconds", seconds, 0.0)
        except (ValueError, AttributeError):
            return admin.refused("seconds", body.decode("utf-8", "replace"), 'send {"seconds": 3600}')
        except InvalidRequestError as error:
            return admin.refused("seconds", error.value, error.hint)
        self.offset += float(seconds)
        return admin.shown({"now": self.now(), "ahead": self.offset})


@contextlib.asynccontextmanager
async def serve(
    simulators: Mapping[str, Simulator],
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
) -> AsyncIterator[Served]:
    """Serve simulators on one loopback port until the block is left; port 0 takes a free one.

    A vendor's paths begin with its name (`/tiktok/open_api/...`); a single vendor also answers at the root.

    Raises:
        InvalidRequestError: for an address that other machines can reach, or without a simulator.
    """
    from aiohttp import web

    _check(simulators, host)
    real: Clock = SystemClock()  # pyright: ignore[reportAssignmentType]  # its bound built-ins are no methods to pyright
    shell = Shell(MappingProxyType(dict(simulators)), clock or real)
    app = web.Application(client_max_size=MAX_UPLOAD)
    app.router.add_route("*", "/{tail:.*}", shell.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = int(runner.addresses[0][1])
        base = f"http://{_literal(host)}:{bound}"
        yield Served(host, bound, MappingProxyType({name: f"{base}/{name}" for name in simulators}), shell)
    finally:
        shell.ending = True
        await runner.cleanup()


def _check(simulators: Mapping[str, Simulator], host: str) -> None:
    if not simulators:
        refuse("simulators", dict(simulators), 'at least one, such as {"tiktok": TikTokSandbox()}')
    check_host(host)


def check_host(host: str) -> None:
    """Refuse an address that other machines can reach."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        refuse("host", host, "a loopback address (127.0.0.1, ::1 or localhost): the sandbox has no protection")


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _request(request: web.Request, prefix: str) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers["x-forwarded-prefix"] = prefix
    path = request.raw_path.split("?", 1)[0].removeprefix(prefix)
    return Request(request.method, path, dict(request.query), headers, await request.read())


def _plain(reply: Reply) -> web.Response:
    from aiohttp import web

    return web.Response(status=reply.status, headers=dict(reply.headers), body=reply.body)


def _break(request: web.Request) -> web.Response:
    """A hard reset: what has been written is thrown away and the client gets RST."""
    from aiohttp import web

    line = request.transport
    if line is not None:
        made = line.get_extra_info("socket")
        if made is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(line, asyncio.WriteTransport):
            line.abort()
    return web.Response()


def _close(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The end of a connection before the end of its body."""
    if request.transport is not None:
        request.transport.close()
    return response
