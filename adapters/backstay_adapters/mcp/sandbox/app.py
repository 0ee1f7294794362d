"""The simulator itself: a small MCP server over streamable HTTP, of today's protocol or of the one with sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

from backstay.facts import read_json
from backstay.policies.settings import refuse
from backstay.sandbox.content import GOOD, ContentSandbox, Settings, early, streamed, whole
from backstay.sandbox.draws import bits
from backstay.sandbox.faults import Fault
from backstay.sandbox.wire import Reply, Request
from backstay.sandbox.wire import event as sse
from backstay.sandbox.world import World
from backstay_adapters.mcp.sandbox import tools
from backstay_adapters.mcp.sandbox.refusal import CODES, TOOL_ERRORS, Page, Refusal, bad_token, words

Json = Any

KEY: Final = "sandbox-mcp-token"
MODERN: Final = "2026-07-28"
SESSIONS: Final = "2025-11-25"
PAGE: Final = 3
"""Tools on a page of the list."""
_SERVER: Final = {"name": "harbour", "version": "1"}


class MCPSandbox(ContentSandbox):
    """An MCP server for tests: a harbour with a few tools.

    `era` is the protocol: MODERN (each request stands alone, plain JSON) or SESSIONS (a handshake, a session's id,
    answers as streams); `stateless` leaves the id out, as servers behind a load balancer do. A VENDOR_ERROR has an
    `error` of `refusal.NAMES`; "session" makes it forget its sessions. See `ContentSandbox` for the rest.
    """

    vendor = "mcp"
    KEY = KEY

    def __init__(
        self, world: World | None = None, *, era: str = MODERN, stateless: bool = False, **settings: Unpack[Settings]
    ) -> None:
        if era not in {MODERN, SESSIONS}:
            refuse("era", era, f"{MODERN} or {SESSIONS}")
        self.era = era
        self.stateless = stateless or era == MODERN
        super().__init__(world, **settings)

    def begin(self) -> None:
        """See `ContentSandbox.begin`."""
        super().begin()
        self.sessions: set[str] = set()
        self.calls = 0
        """Tools that were called, whatever became of the answer."""

    def operation(self, request: Request) -> str:
        """The protocol's method, such as "tools/list"; of a tool's call with its name: "tools/call/wind"."""
        told = _message(request)
        method = str(told.get("method") or request.method.lower())
        params = told.get("params")
        return f"{method}/{params.get('name')}" if method == "tools/call" and isinstance(params, dict) else method

    def answer(self, request: Request, now: float, fault: Fault | None, request_id: str) -> Reply:
        """See `ContentSandbox.answer`."""
        broken = None if fault is None else words(fault)
        if fault is not None and fault.error == "session":
            self.sessions.clear()
        told = _message(request)
        if isinstance(broken, Refusal):
            broken.id = told.get("id")
        early(fault, broken)
        self._access(request)
        if request.method != "POST":
            return self._other(request, request_id)
        session = self._session(request, told)
        try:
            result = self._result(told, now, fault)
        except Refusal as refusal:
            refusal.id = told.get("id")
            raise
        if "id" not in told:
            raise Page(202, "accepted", "")
        made = {"jsonrpc": "2.0", "id": told["id"], "result": result}
        headers = {"x-request-id": request_id, **session}
        if self.era == MODERN:
            return whole(made, headers, broken)
        error = None if broken is None else sse(broken.body(request_id), "message")
        return streamed([(0.0, b": harbour\n\n"), (self.pace, sse(made, "message"))], headers, error)

    def _access(self, request: Request) -> None:
        state = self.keys.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if state != GOOD:
            raise bad_token(expired=state is not None)

    def _other(self, request: Request, request_id: str) -> Reply:
        """The end of a session; no stream of the server's own is offered."""
        if request.method != "DELETE":
            raise Page(405, "method", "Method Not Allowed")
        self.sessions.discard(request.headers.get("mcp-session-id", ""))
        return whole({}, {"x-request-id": request_id}, None)

    def _session(self, request: Request, told: Mapping[str, Json]) -> dict[str, str]:
        """The headers that name the session; raises what a server says that does not know it."""
        if self.stateless:
            return {}
        name = request.headers.get("mcp-session-id", "")
        if told.get("method") == "initialize":
            name = f"{bits(self.world.seed, 'session', self.requests):032x}"
            self.sessions.add(name)
        elif told.get("method") == "server/discover":
            return {}
        elif name not in self.sessions:
            raise Refusal(404, CODES["session"][1], "Session not found")
        return {"mcp-session-id": name}

    def _result(self, told: Mapping[str, Json], now: float, fault: Fault | None) -> Json:
        params = told.get("params") or {}
        match told.get("method"), self.era:
            case "server/discover", "2026-07-28":
                return self._modern({"supportedVersions": [MODERN], "capabilities": {"tools": {}}})
            case "initialize", "2025-11-25":
                return {"protocolVersion": SESSIONS, "capabilities": {"tools": {}}, "serverInfo": _SERVER}
            case "tools/list", _:
                return self._listed(params)
            case "tools/call", _:
                return self._called(params, now, fault)
            case method, _ if isinstance(method, str) and method.startswith("notifications/"):
                return {}
            case method, _:
                raise Refusal(404 if self.era == MODERN else 400, -32601, f"Method not found: {method}")

    def _listed(self, params: Mapping[str, Json]) -> Json:
        start = int(params.get("cursor") or 0)
        more = {"nextCursor": str(start + PAGE)} if start + PAGE < len(tools.TOOLS) else {}
        return self._modern({"tools": [dict(each) for each in tools.TOOLS[start : start + PAGE]], **more})

    def _called(self, params: Mapping[str, Json], now: float, fault: Fault | None) -> Json:
        name, arguments = str(params.get("name")), params.get("arguments") or {}
        told = "" if fault is None else fault.error or ""
        trouble = TOOL_ERRORS[told].format(name=name) if told in TOOL_ERRORS else tools.wrong(name, arguments)
        if told == "input":
            return {"resultType": "input_required", "inputRequests": {}, "requestState": "half-way"}
        if trouble is not None:
            return self._modern({"content": [{"type": "text", "text": trouble}], "isError": True})
        self.calls += 1
        text, data = tools.run(self.world, name, arguments, now)
        structured = {} if data is None else {"structuredContent": data}
        return self._modern({"content": [{"type": "text", "text": text}], "isError": False, **structured})

    def _modern(self, result: dict[str, Json]) -> dict[str, Json]:
        """A result with what only today's protocol adds."""
        if self.era != MODERN:
            return result
        cached = {} if "content" in result else {"cacheScope": "private", "ttlMs": 0}
        meta = {"_meta": {"io.modelcontextprotocol/serverInfo": _SERVER}}
        return {**result, **cached, "resultType": "complete", **meta}


def _message(request: Request) -> Mapping[str, Json]:
    value, _ = read_json(request.body)
    return value if isinstance(value, dict) else {}


__all__ = ["KEY", "MODERN", "SESSIONS", "MCPSandbox"]
