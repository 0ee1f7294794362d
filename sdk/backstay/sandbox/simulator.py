"""What a simulator is, and what a fault makes of one exchange with it: pure, the same for both shells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Protocol

from backstay.sandbox.faults import WORDED, Fault, FaultKind, FaultPlan
from backstay.sandbox.wire import Reply, Request, json_reply, text_reply
from backstay.sandbox.world import World

SILENCE: Final = 3600.0
"""Seconds after which the far side closes a connection on which it never answers."""

PIECES: Final = 8
"""Into how many pieces a slow body is cut."""

_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1>"
    "<p>The service is being looked after. Please try again later.</p></body></html>"
)
_GATEWAY: Final = {
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Simulator(Protocol):
    """A vendor on its real wire. Pure: time is an argument, ids come from a seeded counter."""

    @property
    def vendor(self) -> str:
        """The vendor's id, such as "tiktok"."""
        ...

    @property
    def world(self) -> World:
        """What exists."""
        ...

    @property
    def faults(self) -> FaultPlan | None:
        """What goes wrong."""
        ...

    @faults.setter
    def faults(self, plan: FaultPlan | None) -> None: ...

    def operation(self, request: Request) -> str:
        """The request's name for fault rules, such as "campaign/create"."""
        ...

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what is asked at `now` (wall seconds) and answer; a WORDED fault is put in the vendor's words."""
        ...

    def reset(self) -> None:
        """Empty the world."""
        ...


class Ending(Enum):
    """How an exchange ends for the client."""

    ANSWER = auto()
    DRIP = auto()
    """The body in pieces, over `Exchange.after` seconds."""
    CUT = auto()
    """Half of the body, then the connection breaks."""
    STALL = auto()
    """Half of the body, then silence."""
    RESET = auto()
    SILENCE = auto()
    REFUSED = auto()
    """No connection: nothing was sent."""


_ENDINGS: Final = {
    FaultKind.SLOW_DRIP: Ending.DRIP,
    FaultKind.TIMEOUT: Ending.SILENCE,
    FaultKind.STALL: Ending.STALL,
    FaultKind.RESET_BEFORE: Ending.RESET,
    FaultKind.RESET_AFTER: Ending.RESET,
    FaultKind.CONNECT_REFUSED: Ending.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request's way: so many seconds until the vendor acts, so many more until the ending."""

    fault: Fault | None
    ending: Ending
    before: float
    after: float

    @property
    def acts(self) -> bool:
        """Whether the vendor sees the request at all."""
        kind = self.fault.kind if self.fault else None
        return (
            kind is None or kind in WORDED or kind is FaultKind.LATENCY or self.fault is None or self.fault.after_commit
        )

    def perform(self, simulator: Simulator, request: Request, now: float) -> Reply:
        """Let the vendor act, if it does, and give what goes back over the line."""
        fault = self.fault
        if fault is not None and fault.kind in WORDED:
            return simulator.handle(request, now, fault)
        honest = simulator.handle(request, now) if self.acts else json_reply({"message": "accepted"})
        return honest if fault is None else _spoiled(fault, honest)


def exchange(simulator: Simulator, request: Request, now: float) -> Exchange:
    """What the simulator's fault plan makes of a request."""
    plan = simulator.faults
    fault = None if plan is None else plan.decide(request, now, simulator.operation(request))
    if fault is None:
        return Exchange(None, Ending.ANSWER, 0.0, 0.0)
    ending = _ENDINGS.get(fault.kind, Ending.ANSWER)
    if fault.kind is FaultKind.HALF_JSON and fault.wrong_length:
        ending = Ending.CUT
    # Half of a late answer's time lies before the act: a caller who gives up may be early or late.
    before = 0.0 if ending is Ending.DRIP else fault.delay / 2
    return Exchange(fault, ending, before, fault.delay - before)


def half(body: bytes) -> bytes:
    """The first half of a body, at least a byte if there is one."""
    return body[: max(1, len(body) // 2)]


def parts(course: Exchange, reply: Reply) -> list[tuple[float, bytes]]:
    """What comes over the line: seconds to wait before each piece, and the piece; half of them where it breaks off."""
    if course.ending is Ending.DRIP:
        drips = [piece for _, piece in reply.chunks] or pieces(reply.body)
        return [(course.after / len(drips), drip) for drip in drips]
    broken = course.ending in {Ending.CUT, Ending.STALL}
    if reply.chunks:
        return list(reply.chunks[: max(1, len(reply.chunks) // 2)] if broken else reply.chunks)
    return [(0.0, half(reply.body) if broken else reply.body)]


def pieces(body: bytes) -> list[bytes]:
    """A body cut for a slow drip."""
    size = max(1, -(-len(body) // PIECES))
    return [body[start : start + size] for start in range(0, len(body), size)]


def _spoiled(fault: Fault, honest: Reply) -> Reply:
    if fault.kind is FaultKind.HTTP_5XX:
        status = fault.status or 503
        return text_reply(fault.text or _GATEWAY.get(status, "Server Error"), status)
    if fault.kind is FaultKind.HTML:
        title = fault.text or ("Maintenance" if fault.status == 200 else "502 Bad Gateway")
        return text_reply(_PAGE.format(title), fault.status or 502, "text/html; charset=utf-8")
    if fault.kind is FaultKind.EMPTY:
        return Reply(fault.status or 200, {"content-type": "application/json"}, b"")
    if fault.kind is FaultKind.HALF_JSON and not fault.wrong_length:
        chunks = honest.chunks[: len(honest.chunks) // 2]  # a stream ends between two events, and looks whole
        body = b"".join(piece for _, piece in chunks) if chunks else half(honest.body)
        return Reply(honest.status, honest.headers, body, chunks)
    return honest
