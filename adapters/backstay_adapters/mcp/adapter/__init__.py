"""Tools of MCP servers: the whole adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, Unpack

from backstay.answer import Served, stamp
from backstay.auth import Credentials, Secret
from backstay.clock import utc
from backstay.content.parts import ToolCall, ToolResult
from backstay.content_adapter import ContentAdapter, as_set, variable
from backstay.endpoint import address
from backstay.engine.call import current
from backstay.engine.write import Written
from backstay.errors import BackstayError, InvalidRequestError, NotFoundError, UnsupportedCapabilityError
from backstay.keys import payload_hash
from backstay.operation import CallOptions, NeverSpends, operation
from backstay.policies.effect import Effect
from backstay.policies.retry import Why
from backstay.taxonomy import Certainty
from backstay_adapters.mcp.adapter.capabilities import CAPABILITIES
from backstay_adapters.mcp.adapter.wire import Setting, Wire, shown
from backstay_adapters.mcp.errors import TABLE
from backstay_adapters.mcp.model import ToolAnswer, ToolInfo, ToolList
from backstay_adapters.mcp.profile import TOOLS_STALE, TOOLS_TTL, mcp_profile
from backstay_adapters.mcp.wire import read

if TYPE_CHECKING:
    import httpx2

    from backstay.content.capabilities import ContentCapabilities
    from backstay.profile import Profile
    from backstay.runtime import Runtime

Arguments = Mapping[str, Any]
Look = Callable[["MCPTools", Arguments], Awaitable[ToolAnswer | None]]
"""Looks for what a tool may have done with these arguments; None is proof that it has not."""

ANONYMOUS: Final = "anonymous"
"""The name of the credential of a server that wants none."""
EFFECTS: Final = (Effect.READ, Effect.SET, Effect.CREATE)
MODES: Final = ("auto", "legacy", "2026-07-28")
"""How the protocol's version is agreed on: by asking, by the handshake of before 2026, or as said here."""
UNSEEN: Final = NeverSpends(
    "what a server's tool spends is not told: the guard counts the budgets of ad platforms only"
)


class MCPTools(ContentAdapter):
    """The tools of one MCP server, over streamable HTTP or as a process that talks on its standard streams.

        async with MCPTools("https://tools.example.com/mcp", "a-token") as tools:
            print([tool.name for tool in (await tools.list_tools()).tools])
            answer = await tools.call_tool("wind", {"place": "Kiel"})

    A tool counts as READ, SET or CREATE by its annotations; `trust=False` believes none of them, `effects` names what
    you know better. `looks` has for a tool that may change something each time a function that finds what it has done:
    without one, a lost answer of it is an UnknownOutcomeError. `headers` go with each request.
    """

    vendor = "mcp"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        url: str = "",
        token: str | Secret | None = None,
        *,
        command: Sequence[str] = (),
        environment: Mapping[str, str | Secret] = MappingProxyType({}),
        credentials: Credentials | None = None,
        headers: Mapping[str, str | Secret] = MappingProxyType({}),
        account: str = "default",
        effects: Mapping[str, Effect] = MappingProxyType({}),
        trust: bool = True,
        looks: Mapping[str, Look] = MappingProxyType({}),
        mode: str = "auto",
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        _mappings(effects=effects, looks=looks, headers=headers, environment=environment)
        _check(url, command, effects, mode)
        self._anonymous = token is None and credentials is None
        super().__init__(
            credentials=credentials or Credentials(ANONYMOUS if token is None else token),
            account=account,
            host=shown(url) if url else command[0],
            profile=mcp_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        self._effects = dict(effects)
        self._trust = trust
        self._looks = dict(looks)
        self._more = dict(headers)
        shared = self.runtime
        self._wire = Wire(
            Setting(
                url, tuple(command), lambda: _revealed(environment), self._headers, mode, self.profile.connect_timeout,
                transport, shared.ssl_context, shared.proxy,
            )
        )  # fmt: skip

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from MCP_URL; MCP_TOKEN as set."""
        url = variable("MCP_URL", "pass the address to MCPTools(url)")
        told = as_set(token="MCP_TOKEN")  # noqa: S106 - a variable's name
        return cls(url, **{**told, **arguments})

    async def connect(self) -> None:
        """Import the SDK off the loop; the first call opens the session."""
        await asyncio.to_thread(self._wire.load)

    async def disconnect(self) -> None:
        """Say goodbye to the server."""
        await self._wire.aclose()

    # What callers use -------------------------------------------------------------------------------------------

    @operation(
        Effect.READ, ttl=TOOLS_TTL, max_stale=TOOLS_STALE, kind="mcp_call", group="tools", tags=("tools",)
    )  # fmt: skip
    async def list_tools(self, **_: Unpack[CallOptions]) -> ToolList:
        """What the server offers; kept for five minutes, and for an hour while it is away."""
        listed = await self._wire.list_tools()
        with read.reading("a list of tools", listed):
            found = [read.tool(each) for each in listed]
        return ToolList(tools=tuple(each.model_copy(update={"effect": self._effect(each)}) for each in found))

    async def call_tool(
        self, name: str, arguments: Arguments | None = None, *, idempotency_key: str | None = None,
        allow_error: bool = False, **options: Unpack[CallOptions],
    ) -> ToolAnswer:  # fmt: skip
        """Call a tool, again only where that is safe; `idempotency_key` makes one that changes something act once.

        Raises:
            McpToolError: the tool itself failed; with `allow_error` its answer is given back instead.
            UnknownOutcomeError: it may have changed something, and nobody can say; it was not called again.
            NotFoundError, InvalidRequestError: there is no such tool, or its arguments do not fit.
        """
        given = _given(arguments)
        tool = await self._tool(name, options)
        if tool.effect is Effect.READ:
            answer = await self._asked(name, given, **options)
        elif tool.effect is Effect.SET:
            answer = await self._set(f"{name}#{payload_hash(name, (), given)}", name, given, **options)
        else:
            key = idempotency_key or self.runtime.clock.token()
            answer = self._told(await self._made(name, given, idempotency_key=key, **options))
        if answer.is_error and not allow_error:
            raise _failed(answer, tool.effect)
        return answer

    async def answer(self, call: ToolCall, **options: Unpack[CallOptions]) -> ToolResult:
        """Do what a model wants done, and say it in the model's words, the tool's own failures included.

        The call's id is the idempotency key: a conversation that is carried on twice acts once.
        """
        given = await self.call_tool(call.name, call.input, idempotency_key=call.id, allow_error=True, **options)
        return ToolResult(call_id=call.id, content=given.text, is_error=given.is_error)

    # The three kinds of calls -----------------------------------------------------------------------------------

    @operation(Effect.READ, name="read_tool", kind="mcp_call", group="calls")
    async def _asked(self, name: str, arguments: Arguments, **_: Unpack[CallOptions]) -> ToolAnswer:
        return await self._answered(name, arguments)

    @operation(Effect.SET, name="set_tool", kind="mcp_call", group="calls", spend=UNSEEN)
    async def _set(self, target: str, name: str, arguments: Arguments, **_: Unpack[CallOptions]) -> ToolAnswer:
        del target  # by which equal calls wait for each other
        return self._stamped(await self._answered(name, arguments))

    @operation(
        Effect.CREATE, name="call_tool", kind="mcp_call", group="calls", spend=UNSEEN, look="_look_made",
        payload=("name", "arguments"),
    )  # fmt: skip
    async def _made(
        self, name: str, arguments: Arguments, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[ToolAnswer]:
        del idempotency_key
        return Written(self._stamped(await self._answered(name, arguments)))

    async def _look_made(self, name: str, arguments: Arguments, *, idempotency_key: str) -> Sequence[ToolAnswer]:
        del idempotency_key
        look = self._looks.get(name)
        if look is None:
            raise UnsupportedCapabilityError(
                f"nobody can say whether the tool {name} has been at work", field="looks", value=name,
                hint=f"give MCPTools(looks={{{name!r}: ...}}) a function that finds what it does",
            )  # fmt: skip
        found = await look(self, arguments)
        return () if found is None else (found,)

    async def _answered(self, name: str, arguments: Arguments) -> ToolAnswer:
        """One call. What the tool refused is raised; its own failure is an answer, for it may have done half."""
        result = await self._wire.call(name, arguments)
        failure = TABLE.failure(TABLE.decode(200, {}, {"result": result}, "tools/call"))
        if failure is not None and failure.type != "MCP_TOOL_ERROR":
            raise failure
        return read.answer(name, result)

    # Tools ------------------------------------------------------------------------------------------------------

    async def _tool(self, name: str, options: CallOptions) -> ToolInfo:
        """A tool as the server describes it; asked for anew where it is not in the list that is kept."""
        times: CallOptions = {}
        if "deadline" in options:
            times["deadline"] = options["deadline"]
        listed = await self.list_tools(**times)
        found = listed.named(name)
        if found is None and listed.served.source != "live":
            times["max_age"] = 0.0
            listed = await self.list_tools(**times)
            found = listed.named(name)
        if found is None:
            raise NotFoundError(
                f"the server has no tool {name!r}", field="name", value=name, certainty=Certainty.NOT_SENT,
                vendor=self.vendor, rule="mcp.no_tool",
                hint=f"it has {', '.join(each.name for each in listed.tools[:20]) or 'none'}",
            )  # fmt: skip
        return found

    def _effect(self, tool: ToolInfo) -> Effect:
        return self._effects.get(tool.name) or (tool.effect if self._trust else Effect.CREATE)

    async def _headers(self) -> Mapping[str, str]:
        more = _revealed(self._more)
        return (
            more if self._anonymous else {**more, "authorization": f"Bearer {(await self.credentials.get()).reveal()}"}
        )

    # Answers of writes ------------------------------------------------------------------------------------------

    def _stamped(self, answer: ToolAnswer) -> ToolAnswer:
        """A write's answer with where it came from; reads get theirs from the base."""
        call = current()
        return stamp(
            answer,
            Served(
                source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall()),
                attempts=1 if call is None else call.calls, request_ids=() if call is None else call.request_ids,
                timeline=() if call is None else call.timeline,
            ),
        )  # fmt: skip

    def _told(self, written: Written[ToolAnswer]) -> ToolAnswer:
        """What a call under a key came to: made by it, found, or made by an earlier one."""
        if written.how == "created":
            return written.value
        told = written.value.model_copy(update={"how": written.how})
        now = utc(self.runtime.clock.wall())
        return stamp(told, Served(source="replayed", by=self.vendor, fetched_at=now, attempts=0))


def _check(url: str, command: Sequence[str], effects: Mapping[str, Effect], mode: str) -> None:
    if mode not in MODES:
        raise InvalidRequestError(
            "no such way to agree on the protocol", field="mode", value=mode, hint=f"one of {', '.join(MODES)}"
        )
    if isinstance(command, str | bytes) or not all(isinstance(each, str) for each in command):
        raise InvalidRequestError(
            "a command is a list of texts", field="command", value=type(command).__name__,
            hint='command=("server", "--option"); shlex.split() makes one of a line',
        )  # fmt: skip
    if bool(url) == bool(command):
        raise InvalidRequestError(
            "an MCP server is an address or a command", field="url", value=shown(url),
            hint='MCPTools("https://.../mcp") or MCPTools(command=("server", "--option"))',
        )  # fmt: skip
    if url:
        address("url", url)
    for name, effect in effects.items():
        if effect not in EFFECTS:
            raise InvalidRequestError(
                f"the tool {name} cannot count as {effect}", field="effects", value=effect,
                hint=f"one of {', '.join(each.upper() for each in EFFECTS)}",
            )  # fmt: skip


def _mappings(**told: object) -> None:
    """Refuse settings by name that are no mapping; what is in them may be a secret."""
    for field, value in told.items():
        if not isinstance(value, Mapping):
            raise InvalidRequestError(
                f"{field} are given by name", field=field, value=type(value).__name__,
                hint=f'{field}={{"name": ...}}, or leave it out',
            )  # fmt: skip


def _given(arguments: object) -> dict[str, Any]:
    """A tool's arguments: an object by name, as the protocol has it (`tools/call`, params.arguments)."""
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping) or not all(isinstance(name, str) for name in arguments):
        raise InvalidRequestError(
            "a tool's arguments are an object", field="arguments", value=type(arguments).__name__,
            hint='give them by name: {"place": "Kiel"}',
        )  # fmt: skip
    return dict(arguments)


def _revealed(told: Mapping[str, str | Secret]) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in told.items()}


def _failed(answer: ToolAnswer, effect: Effect) -> BackstayError:
    """The error of a tool that says itself that it failed; its answer is in `.partial`."""
    result = {"isError": True, "content": [dict(block) for block in answer.blocks]}
    error = TABLE.error(TABLE.decode(200, {}, {"result": result}, "tools/call"))
    error.partial, error.why = answer, Why.NOT_RETRYABLE.value
    if effect is Effect.READ:
        error.certainty = Certainty.REFUSED
    return error


__all__ = ["MCPTools"]
