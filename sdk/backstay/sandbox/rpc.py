"""gRPC on the frame: what goes over that wire, and what a fault makes of one call; the same for both of its shells.

A simulator that speaks gRPC answers an `RpcRequest` with an `RpcReply`: bytes in, bytes out, no gRPC library. A reply
holds all messages of a stream and how it ends. Fault plans are the frame's own; a call's method is its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from backstay.sandbox.faults import WORDED, Fault, FaultKind
from backstay.sandbox.simulator import Ending, Exchange, Simulator, exchange
from backstay.sandbox.wire import Request

Value = str | bytes
Trailing = tuple[tuple[str, Value], ...]

OK: Final = "OK"


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """A call as the vendor sees it: `/package.Service/Method`, metadata in lower case, one serialised message."""

    method: str
    message: bytes
    metadata: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RpcReply:
    """A whole answer: the messages, then the status by its gRPC name, its text and the trailing metadata."""

    messages: tuple[bytes, ...] = ()
    code: str = OK
    details: str = ""
    trailing: Trailing = ()


class RpcSimulator(Simulator, Protocol):
    """A simulator on gRPC's wire."""

    def call(self, rpc: RpcRequest, now: float, fault: Fault | None = None) -> RpcReply:
        """Do what is asked at `now` (wall seconds); a WORDED fault is put in the vendor's words."""
        ...

    def streams(self, method: str) -> bool:
        """Whether the method answers with a stream."""
        ...

    def prepare(self) -> None:
        """Load what the first call needs; may block, so that a server does it beforehand."""
        ...


# The texts are those of grpcio 1.85, seen on real sockets.
REFUSED: Final = RpcReply(
    code="UNAVAILABLE",
    details="failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:443: "
    "Failed to connect to remote host: Connection refused",
)
BROKEN: Final = RpcReply(code="UNAVAILABLE", details="Stream removed (Socket closed)")
LATE: Final = RpcReply(code="DEADLINE_EXCEEDED", details="Deadline Exceeded")
GONE: Final = RpcReply(code="UNAVAILABLE", details="keepalive watchdog timeout")

# What gRPC makes of an HTTP answer that is none of its own (its http-grpc-status-mapping page).
_STATUSES: Final = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


def course_of(simulator: RpcSimulator, rpc: RpcRequest, now: float) -> Exchange:
    """What the simulator's fault plan makes of a call."""
    course = exchange(simulator, Request("POST", rpc.method), now)
    # A call that stalls is silent to its end: messages that came before do not change what the client sees.
    return replace(course, ending=Ending.SILENCE) if course.ending is Ending.STALL else course


def perform(course: Exchange, simulator: RpcSimulator, rpc: RpcRequest, now: float) -> RpcReply:
    """Let the vendor act, if it does, and give what goes back over the line."""
    fault = course.fault
    if fault is not None and fault.kind in WORDED:
        return simulator.call(rpc, now, fault)
    honest = simulator.call(rpc, now) if course.acts else RpcReply()
    if fault is None or honest.code != OK:
        return honest
    return _spoiled(fault, course.ending, honest, stream=simulator.streams(rpc.method))


def _spoiled(fault: Fault, ending: Ending, honest: RpcReply, *, stream: bool) -> RpcReply:
    if ending is Ending.RESET:
        return BROKEN
    if ending is Ending.SILENCE:
        return GONE
    match fault.kind:
        case FaultKind.HTTP_5XX | FaultKind.HTML:
            status = fault.status or 502
            text = fault.text or f"Received http2 header with status: {status}"
            return RpcReply(code=_STATUSES.get(status, "UNKNOWN"), details=text)
        case FaultKind.HALF_JSON:
            shown = honest.messages[: -(-len(honest.messages) // 2)] if stream else ()
            return replace(BROKEN, messages=shown)
        case FaultKind.EMPTY:
            return RpcReply(code="INTERNAL", details="unexpected EOS on stream")
        case _:
            return honest
