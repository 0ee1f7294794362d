"""gRPC's shells: every fault as grpc.aio shows it, in virtual time and on real sockets alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from grpc import aio

from backstay.errors import InvalidRequestError
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Request
from backstay.sandbox.rpc import RpcReply, RpcRequest
from backstay.sandbox.rpc_channel import RpcChannel
from backstay.sandbox.rpc_server import serve_rpc
from backstay.testing.clock import VirtualClock, run
from tests.unit.sandbox.toy import Toy

MAKE, LIST = "/toy.Things/Make", "/toy.Things/List"
OWN = (("grpc.use_local_subchannel_pool", 1),)
"""Without it, channels of one process to one address share a connection."""

K = FaultKind
Outcome = tuple[str, str, list[bytes], int]


class RpcToy(Toy):
    """Make makes a thing and echoes; List tells four messages; `no` is refused with a trailer."""

    def operation(self, request: Request) -> str:
        return request.path.removeprefix("/toy.")

    def streams(self, method: str) -> bool:
        return method == LIST

    def prepare(self) -> None:
        pass

    def call(self, rpc: RpcRequest, now: float, fault: Fault | None = None) -> RpcReply:
        if rpc.message == b"no" or (fault is not None and not fault.after_commit):
            return RpcReply((), "FAILED_PRECONDITION", "no", (("why-bin", b"\x00because"), ("request-id", "r1")))
        if rpc.method == LIST:
            return RpcReply((b"1", b"2", b"3", b"4"))
        self.world.create(now, id=str(self.world.next_number()), account="1", level="thing")
        return RpcReply((rpc.message + b"!",), trailing=(("request-id", "r1"),))


async def outcome(toy: RpcToy, channel: Any, method: str, timeout: float | None = None) -> Outcome:
    """The status, its text, the messages, and how many things there are."""
    got: list[bytes] = []
    try:
        if method == LIST:
            async for message in channel.unary_stream(LIST)(b"x", timeout=timeout):
                got.append(message)  # noqa: PERF401 - what came before the break counts
        else:
            got.append(await channel.unary_unary(MAKE)(b"x", timeout=timeout))
    except aio.AioRpcError as error:
        return error.code().name, error.details() or "", got, len(toy.world.objects())
    return "OK", "", got, len(toy.world.objects())


def in_process(rule: FaultRule | None, method: str, timeout: float | None = None) -> tuple[Outcome, bool, float]:
    """A call on the in-process channel: what came of it, whether it left, and how long it took."""
    toy, clock = RpcToy(*([rule] if rule else [])), VirtualClock()
    channel = RpcChannel(toy, clock)
    began = clock.monotonic()
    found = run(outcome(toy, channel, method, timeout), clock)
    return found, bool(channel.requests), clock.monotonic() - began


REMOVED = "Stream removed (Socket closed)"
ALL = [b"1", b"2", b"3", b"4"]
FAULTS: list[tuple[FaultRule | None, tuple[str, str, int], tuple[str, str, list[bytes]]]] = [
    (None, ("OK", "", 1), ("OK", "", ALL)),
    (FaultRule(K.RESET_BEFORE), ("UNAVAILABLE", REMOVED, 0), ("UNAVAILABLE", REMOVED, [])),
    (FaultRule(K.RESET_AFTER), ("UNAVAILABLE", REMOVED, 1), ("UNAVAILABLE", REMOVED, [])),
    (FaultRule(K.HALF_JSON), ("UNAVAILABLE", REMOVED, 1), ("UNAVAILABLE", REMOVED, [b"1", b"2"])),
    (FaultRule(K.HALF_JSON, wrong_length=True), ("UNAVAILABLE", REMOVED, 1), ("UNAVAILABLE", REMOVED, [b"1", b"2"])),
    (FaultRule(K.EMPTY), ("INTERNAL", "unexpected EOS on stream", 1), ("INTERNAL", "unexpected EOS on stream", [])),
    (FaultRule(K.HTTP_5XX, status=503), ("UNAVAILABLE", "Received http2 header with status: 503", 0),
     ("UNAVAILABLE", "Received http2 header with status: 503", [])),
    (FaultRule(K.HTTP_5XX, status=500, after_commit=True), ("UNKNOWN", "Received http2 header with status: 500", 1),
     ("UNKNOWN", "Received http2 header with status: 500", [])),
    (FaultRule(K.HTML, status=502, text="teapot"), ("UNAVAILABLE", "teapot", 0), ("UNAVAILABLE", "teapot", [])),
    (FaultRule(K.VENDOR_ERROR), ("FAILED_PRECONDITION", "no", 0), ("FAILED_PRECONDITION", "no", [])),
    (FaultRule(K.LATENCY, delay=0.02), ("OK", "", 1), ("OK", "", ALL)),
    (FaultRule(K.SLOW_DRIP, delay=0.02), ("OK", "", 1), ("OK", "", ALL)),
    (FaultRule(K.TIMEOUT, after_commit=True), ("DEADLINE_EXCEEDED", "Deadline Exceeded", 1),
     ("DEADLINE_EXCEEDED", "Deadline Exceeded", [])),
    (FaultRule(K.TIMEOUT, after_commit=False), ("DEADLINE_EXCEEDED", "Deadline Exceeded", 0),
     ("DEADLINE_EXCEEDED", "Deadline Exceeded", [])),
]  # fmt: skip


def label(value: object) -> str:
    return f"{value.kind}-{value.status}-{value.after_commit}" if isinstance(value, FaultRule) else ""


@pytest.mark.parametrize(("rule", "unary", "stream"), FAULTS, ids=label)
def test_faults_in_process(rule: FaultRule | None, unary: tuple[str, str, int], stream: Any) -> None:
    """The status, its text, the messages that came and what the vendor has done."""
    code, text, made = unary
    assert in_process(rule, MAKE, 0.3)[0] == (code, text, [b"x!"] if code == "OK" else [], made)
    assert in_process(rule, LIST, 0.3)[0] == (*stream, 0)


async def test_the_same_faults_on_real_sockets() -> None:
    """The loopback server gives what the in-process channel gives: both are checked against one table.

    Each case has a connection of its own; how grpc words a broken one depends on who notices first.
    """
    toy = RpcToy()
    async with serve_rpc(toy) as served:
        for rule, (code, text, made), stream in FAULTS:
            for method in (MAKE, LIST):
                toy.reset()
                toy.faults = FaultPlan([rule]) if rule else None
                wanted = (code, text, [b"x!"] if code == "OK" else [], made) if method == MAKE else (*stream, 0)
                async with aio.insecure_channel(served.target, options=OWN) as channel:
                    found = await outcome(toy, channel, method, 0.15 if "DEADLINE" in code else 5.0)
                assert (found[0], _worded(found[1]), *found[2:]) == wanted, (rule, method)


def _worded(text: str) -> str:
    return REMOVED if text.startswith("Stream removed (") else text


async def test_a_connection_that_is_broken_takes_its_other_calls_along_and_is_made_anew() -> None:
    """As in real life: calls share a connection. The next one opens another."""
    toy = RpcToy(FaultRule(K.LATENCY, delay=5.0, times=1), FaultRule(K.RESET_AFTER, skip=1, times=1))
    async with serve_rpc(toy) as served, aio.insecure_channel(served.target) as channel:
        waiting = asyncio.ensure_future(outcome(toy, channel, MAKE, 4.0))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        assert (await outcome(toy, channel, LIST, 4.0))[0] == "UNAVAILABLE"
        assert (await waiting)[0] == "UNAVAILABLE"
        assert time.monotonic() - began < 2.0
        assert (await outcome(toy, channel, MAKE, 4.0))[0] == "OK"


async def test_connect_refused_breaks_the_connection_on_a_port_that_listens() -> None:
    """Nothing is done; the text is a broken connection's, for a port cannot refuse and listen."""
    toy = RpcToy(FaultRule(K.CONNECT_REFUSED))
    async with serve_rpc(toy) as served, aio.insecure_channel(served.target) as channel:
        code, text, *rest = await outcome(toy, channel, MAKE, 5.0)
        assert (code, _worded(text), *rest) == ("UNAVAILABLE", REMOVED, [], 0)


async def test_a_port_where_nobody_listens_says_what_the_channel_says() -> None:
    """The in-process text of a refused connection is grpc's own."""
    from backstay.sandbox.rpc import REFUSED

    async with serve_rpc(RpcToy()) as served:
        target = served.target
    async with aio.insecure_channel(target) as channel:
        code, text, *_ = await outcome(RpcToy(), channel, MAKE, 2.0)
    assert (code, text) == ("UNAVAILABLE", REFUSED.details.replace("127.0.0.1:443", target))


SENT: list[tuple[FaultRule | None, bool, float]] = [
    (None, True, 0.0),
    (FaultRule(K.CONNECT_REFUSED), False, 0.0),
    (FaultRule(K.CONNECT_REFUSED, delay=3.0), False, 3.0),
    (FaultRule(K.RESET_BEFORE), True, 0.0),
    (FaultRule(K.LATENCY, delay=8.0), True, 8.0),
    (FaultRule(K.SLOW_DRIP, delay=8.0), True, 8.0),
    (FaultRule(K.TIMEOUT), True, 20.0),
    (FaultRule(K.LATENCY, delay=80.0), True, 20.0),
    (FaultRule(K.SLOW_DRIP, delay=80.0), True, 20.0),
]


@pytest.mark.parametrize(("rule", "sent", "took"), SENT, ids=label)
@pytest.mark.parametrize("method", [MAKE, LIST])
def test_time_and_the_sent_mark(rule: FaultRule | None, sent: bool, took: float, method: str) -> None:
    """Virtual seconds are exact, and what never left is known."""
    _, left, seconds = in_process(rule, method, 20.0)
    assert (left, seconds) == (sent, pytest.approx(took))


def test_without_a_deadline_silence_ends_when_the_far_side_gives_up() -> None:
    """After an hour, with UNAVAILABLE."""
    found, _, took = in_process(FaultRule(K.TIMEOUT), MAKE)
    assert (found[0], took) == ("UNAVAILABLE", 3600.0)


def test_the_vendor_acts_although_the_caller_has_left() -> None:
    """A cancelled call and one past its deadline may both have been done."""
    for leave in (True, False):
        toy, clock = RpcToy(FaultRule(K.LATENCY, delay=10.0)), VirtualClock()

        async def main(toy: RpcToy = toy, clock: VirtualClock = clock, leave: bool = leave) -> str:
            call = RpcChannel(toy, clock).unary_unary(MAKE)(b"x", timeout=None if leave else 2.0)
            if leave:
                await clock.sleep(1.0)
                assert call.cancel()
                assert not call.cancel()
            code = await call.code()
            return str(code.name)

        assert run(main(), clock) == ("CANCELLED" if leave else "DEADLINE_EXCEEDED")
        assert len(toy.world.objects()) == 1


Work = Callable[[RpcChannel, VirtualClock], Awaitable[Any]]


def on_channel(work: Work, *rules: FaultRule, **options: Any) -> Any:
    """Run something with a channel in virtual time."""
    clock = VirtualClock()

    async def main() -> Any:
        async with RpcChannel(RpcToy(*rules), clock, **options) as channel:
            return await work(channel, clock)

    return run(main(), clock)


def test_a_call_object_has_all_that_grpcs_has() -> None:
    """Metadata, code, details, times, callbacks; and a failure's trailers, in binary too."""

    async def work(channel: RpcChannel, _: VirtualClock) -> None:
        done: list[object] = []
        call = channel.unary_unary(MAKE)(b"x", timeout=9.0, metadata=(("A", "1"),))
        call.add_done_callback(done.append)
        assert (call.done(), call.cancelled(), call.time_remaining()) == (False, False, 9.0)
        await call.wait_for_connection()
        assert await call == b"x!"
        assert (await call.code(), await call.details()) == (grpc.StatusCode.OK, "")
        assert tuple(await call.trailing_metadata()) == (("request-id", "r1"),)
        assert (tuple(await call.initial_metadata()), await call.debug_error_string()) == ((), "")
        await asyncio.sleep(0)
        assert (done, call.done()) == ([call], True)
        assert channel.requests[0].metadata == {"a": "1"}
        failed = channel.unary_unary(MAKE)(b"no")
        with pytest.raises(aio.AioRpcError) as caught:
            await failed
        assert dict(caught.value.trailing_metadata()) == {"why-bin": b"\x00because", "request-id": "r1"}
        assert await failed.debug_error_string() == "FAILED_PRECONDITION:no"

    on_channel(work)


def test_a_task_that_is_cancelled_cancels_its_call() -> None:
    """CancelledError goes through; the call is CANCELLED; a stream as well."""

    async def work(channel: RpcChannel, clock: VirtualClock) -> None:
        calls = channel.unary_unary(MAKE)(b"x"), channel.unary_stream(LIST)(b"x")
        for call in calls:
            reading = call if hasattr(call, "__await__") else call.read()
            task = asyncio.ensure_future(reading)
            await clock.sleep(1.0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (call.cancelled(), (await call.code()).name) == (True, "CANCELLED")

    on_channel(work, FaultRule(K.LATENCY, delay=50.0))


def test_a_stream_can_be_read_or_iterated_and_ends_once() -> None:
    """`read` gives EOF at the end, again and again; a stream that broke raises before its first message."""

    async def work(channel: RpcChannel, _: VirtualClock) -> None:
        call = channel.unary_stream(LIST)(b"x")
        await call.wait_for_connection()
        assert [await call.read() for _ in range(4)] == ALL
        assert await call.read() is aio.EOF
        assert await call.read() is aio.EOF
        assert (await call.code()) is grpc.StatusCode.OK

    on_channel(work)


def test_a_connection_that_never_was_raises_where_one_waits_for_it() -> None:
    """Streams of the generated clients wait for the connection first."""

    async def work(channel: RpcChannel, _: VirtualClock) -> None:
        for call in (channel.unary_stream(LIST)(b"x"), channel.unary_unary(MAKE)(b"x")):
            with pytest.raises(aio.AioRpcError, match="failed to connect to all addresses"):
                await call.wait_for_connection()
            assert not call.sent

    on_channel(work, FaultRule(K.CONNECT_REFUSED, delay=2.0))


def test_serialisers_metadata_and_interceptors_run_in_their_order() -> None:
    """First the outer interceptor, then the inner one, then the wire; the call's metadata wins."""
    seen: list[str] = []

    class Adds(aio.UnaryUnaryClientInterceptor):
        def __init__(self, name: str) -> None:
            self.name = name

        async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
            seen.append(self.name)
            metadata = aio.Metadata(*(client_call_details.metadata or ()), (self.name, "1"))
            details = client_call_details._replace(metadata=metadata)
            return await continuation(details, request)

    async def work(channel: RpcChannel, _: VirtualClock) -> Any:
        method = channel.unary_unary(MAKE, request_serializer=str.encode, response_deserializer=bytes.decode)
        assert await method("hi", metadata=(("x", "call"),)) == "hi!"
        return channel.requests[0].metadata

    both = [Adds("outer"), Adds("inner")]
    metadata = on_channel(work, interceptors=both, metadata=(("x", "channel"), ("y", "channel")))
    assert seen == ["outer", "inner"]
    assert metadata == {"x": "call", "y": "channel", "outer": "1", "inner": "1"}


def test_a_closed_channel_refuses_calls_and_cancels_those_under_way() -> None:
    """With a grace, those who finish in time do."""
    clock = VirtualClock()

    async def main() -> None:
        channel = RpcChannel(RpcToy(FaultRule(K.LATENCY, delay=5.0)), clock)
        assert channel.get_state() is grpc.ChannelConnectivity.READY
        await channel.channel_ready()
        quick = channel.unary_unary(MAKE)(b"x")
        await channel.close(grace=9.0)
        assert (await quick.code()).name == "OK"
        assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN
        with pytest.raises(aio.UsageError):
            channel.unary_unary(MAKE)(b"x")
        other = RpcChannel(RpcToy(FaultRule(K.TIMEOUT)), clock)
        slow = other.unary_unary(MAKE)(b"x")
        await clock.sleep(1.0)
        await other.close()
        assert (await slow.code()).name == "CANCELLED"

    run(main(), clock)


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0"])
async def test_only_loopback_is_served(host: str) -> None:
    """The refusal names the field and the value."""
    with pytest.raises(InvalidRequestError) as caught:
        await serve_rpc(RpcToy(), host).__aenter__()
    assert (caught.value.field, caught.value.value) == ("host", host)


async def test_a_port_that_is_taken_is_refused() -> None:
    """Two servers on one port would share its calls between their worlds."""
    async with serve_rpc(RpcToy()) as served:
        port = int(served.target.rpartition(":")[2])
        with pytest.raises(InvalidRequestError) as caught:
            await serve_rpc(RpcToy(), port=port).__aenter__()
        assert (caught.value.field, caught.value.value) == ("port", port)


async def test_a_client_that_speaks_tls_only_can_connect() -> None:
    """The certificate is made on the spot, for localhost."""
    async with serve_rpc(RpcToy(), tls=True) as served:
        assert served.tls_target is not None
        assert served.roots is not None
        credentials = grpc.ssl_channel_credentials(served.roots.read_bytes())
        async with aio.secure_channel(served.tls_target, credentials) as channel:
            assert await channel.unary_unary(MAKE)(b"x", timeout=5.0) == b"x!"
    assert not served.roots.exists()
