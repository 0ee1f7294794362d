"""Our gRPC transport: the one module that imports grpc.

It does for gRPC what `backstay.http` does for HTTP: it knows whether a request can have left, gives every call an
explicit deadline, and turns a status that is no success into plain facts for the vendor's table. Vendors' own
interceptors, retries and exceptions have no part in it, and neither have gRPC's transparent retries.

"Never sent" is known, not guessed: a call is made only on a connected channel, so before that nothing has left. From
then on it counts as sent, unless the call itself says otherwise (a simulator's does).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc
from grpc import aio

from backstay.engine.call import current
from backstay.errors import ConnectionFailedError, InvalidRequestError
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.engine.call import Call

Metadata = Sequence[tuple[str, str | bytes]]

DEFAULT_TIMEOUT: Final = 30.0
"""Seconds for a call outside the engine."""
GRACE: Final = 1.0
"""Seconds by which gRPC's own deadline lies behind the attempt's timer: the timer cuts an attempt off and names it, the
deadline tells the server when nobody waits any longer."""
MOMENT: Final = 0.25
"""Seconds that a call waits for a channel that is connecting anew: a little more than the shortest of its pauses."""
PORT: Final = 443

OPTIONS: Final = (
    ("grpc.enable_retries", 0),  # the engine owns retries
    ("grpc.service_config_disable_resolution", 1),  # nor may a DNS record bring any
    ("grpc.use_local_subchannel_pool", 1),  # one adapter, one connection: no other has broken or closed it
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),  # gRPC's own 2 minutes outlast every deadline
    ("grpc.keepalive_time_ms", 300_000),
)


@dataclass(frozen=True, slots=True)
class Status:
    """How a call ended: the status by its name, its text, and the trailing metadata."""

    code: str
    details: str = ""
    trailing: tuple[tuple[str, str | bytes], ...] = ()


class RpcFailed(Exception):  # noqa: N818 - not an error of ours yet: the vendor's table will name it
    """A call ended with another status than OK."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"{status.code}: {status.details}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Received:
    """What a successful call gave."""

    messages: list[Any]
    trailing: tuple[tuple[str, str | bytes], ...]


class Rpc:
    """One channel to one endpoint, kept open; it belongs to the loop that it was made in."""

    def __init__(
        self, endpoint: str, *, channel: aio.Channel | None = None, max_message: int, proxy: str | None = None
    ) -> None:
        self.endpoint = endpoint
        self._own = channel is None
        self._channel = open_channel(endpoint, max_message=max_message, proxy=proxy) if channel is None else channel
        self._methods: dict[str, Any] = {}

    def prepare(
        self, method: str, request: Callable[[Any], bytes], response: Callable[[bytes], Any], *, stream: bool = False
    ) -> None:
        """Make a method known, with its serialiser and deserialiser."""
        make = self._channel.unary_stream if stream else self._channel.unary_unary
        self._methods[method] = make(method, request_serializer=request, response_deserializer=response)

    async def unary(self, method: str, request: Any, metadata: Metadata) -> Received:
        """Call a method that gives one message.

        Raises:
            RpcFailed: the status is not OK.
            ConnectionFailedError: there is no connection, so nothing was sent.
        """
        call = await self._begin(method, request, metadata)
        try:
            message = await call
            return Received([message], _pairs(await call.trailing_metadata()))
        except aio.AioRpcError as error:
            raise RpcFailed(_status(error)) from error
        finally:
            _note(call)

    async def stream(self, method: str, request: Any, metadata: Metadata) -> Received:
        """Call a method that gives many messages and wait for all: half a stream is no answer.

        Raises:
            As `unary`.
        """
        call = await self._begin(method, request, metadata)
        try:
            messages = [message async for message in call]
            return Received(messages, _pairs(await call.trailing_metadata()))
        except aio.AioRpcError as error:
            raise RpcFailed(_status(error)) from error
        finally:
            _note(call)

    async def _begin(self, method: str, request: Any, metadata: Metadata) -> Any:
        running = current()
        if running is not None and running.sent is None:
            running.sent = False
        await self._connected()
        call = self._methods[method](request, timeout=timeout(running), metadata=metadata)
        if running is not None and not hasattr(call, "sent"):
            running.mark_sent()
        return call

    async def _connected(self) -> None:
        """Wait for a connection; a channel that has lost it and tries again gets a moment more."""
        if getattr(self._channel, "played", False):  # a cassette answers
            return
        channel, state = self._channel, self._channel.get_state(try_to_connect=True)
        moment = state is _FAILED
        while state is not grpc.ChannelConnectivity.READY:
            if state is grpc.ChannelConnectivity.SHUTDOWN or (state is _FAILED and not moment):
                raise _unconnected(self.endpoint)
            try:
                # A channel keeps the state of failure until it has a connection again.
                async with asyncio.timeout(MOMENT if state is _FAILED else None):
                    await channel.wait_for_state_change(state)
            except TimeoutError:
                moment = False
            state = channel.get_state(try_to_connect=True)

    async def aclose(self) -> None:
        """Close the channel, unless it was the user's."""
        if self._own:
            await self._channel.close()


_FAILED: Final = grpc.ChannelConnectivity.TRANSIENT_FAILURE


def timeout(running: Call | None) -> float:
    """Seconds that a call may take: what the attempt has and a little more, so that the attempt's timer comes first."""
    if running is None:
        return DEFAULT_TIMEOUT
    left = running.left() - running.reserve
    return max(0.0, min(running.plan.attempt_timeout, left)) + GRACE


def open_channel(endpoint: str, *, max_message: int, proxy: str | None = None) -> aio.Channel:
    """A channel to `host`, `host:port` (TLS) or `http://127.0.0.1:port` (plain, this machine only).

    Raises:
        InvalidRequestError: a plain connection to another machine.
    """
    options: list[tuple[str, int | str]] = [
        *OPTIONS, ("grpc.max_send_message_length", max_message), ("grpc.max_receive_message_length", max_message)
    ]  # fmt: skip
    if proxy is not None:
        options.append(("grpc.http_proxy", proxy))
    plain, host = endpoint.startswith("http://"), endpoint.removeprefix("http://").removeprefix("https://").rstrip("/")
    if not plain:
        target = host if ":" in host else f"{host}:{PORT}"
        return aio.secure_channel(target, grpc.ssl_channel_credentials(), options=options)
    if not is_loopback(host):
        raise InvalidRequestError(
            "a plain connection to another machine would show it the access token", field="endpoint", value=endpoint,
            hint="use https://, or http:// with a loopback address",
        )  # fmt: skip
    return aio.insecure_channel(host, options=[*options, ("grpc.enable_http_proxy", 0)])


def is_loopback(target: str) -> bool:
    """Whether `host:port` is on this machine."""
    host = target.rpartition(":")[0].strip("[]") or target
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _status(error: aio.AioRpcError) -> Status:
    return Status(error.code().name, error.details() or "", _pairs(error.trailing_metadata()))


def _pairs(metadata: Any) -> tuple[tuple[str, str | bytes], ...]:
    return tuple((str(name), value) for name, value in metadata or ())


def _note(call: Any) -> None:
    """Hand on what the call itself says of whether it was sent; grpc's own calls say nothing."""
    running, sent = current(), getattr(call, "sent", None)
    if running is not None and sent:
        running.mark_sent()


def _unconnected(endpoint: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"no connection to {endpoint}", certainty=Certainty.NOT_SENT, rule="transport.connection",
        hint="check the network, the proxy and the certificates: `backstay doctor`",
    )  # fmt: skip


__all__ = ["GRACE", "Metadata", "Received", "Rpc", "RpcFailed", "Status", "is_loopback", "open_channel", "timeout"]
