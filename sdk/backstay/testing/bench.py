"""A bench for an ad platform's adapter: its simulator, a virtual clock, and ways to make things go wrong.

An adapter's tests give the conformance suite one of these and nothing else; see `backstay.testing.conformance`. It
knows no wire: `shell` joins a simulator to the adapter (an HTTP transport, a gRPC channel), and `write` says by which
fields of a fault rule the vendor's writes are known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar

from backstay.ads import AdPlatform, Level, Status
from backstay.clock import Clock
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport, Simulator
from backstay.sandbox.rpc import RpcReply
from backstay.sandbox.world import World
from backstay.testing.clock import VirtualClock, run
from backstay.testing.samples import Fields, Samples
from backstay.writes.guard import SpendGuard

T = TypeVar("T")

POSTS: Final = MappingProxyType({"method": "POST"})
"""How most HTTP vendors' writes are known."""


class Shell(Protocol):
    """What joins an adapter to a simulator: `SimTransport`, `RpcChannel`."""

    simulator: Any
    requests: list[Any]
    """Every request that left, in its order."""


Make = Callable[[Runtime, Any], AdPlatform]
"""Makes an adapter on a runtime and a shell."""


@dataclass(frozen=True, slots=True)
class VendorError:
    """An answer of the vendor's, and what the adapter must make of it."""

    body: bytes
    type: str
    retryable: bool
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    rpc: RpcReply | None = None
    """The answer on gRPC's wire, instead of body, status and headers."""
    ask: Callable[[Any], Awaitable[Any]] | None = None
    """What is asked when it comes; None reads the account."""


class _Scripted:
    """A simulator that has one answer to everything."""

    faults: FaultPlan | None = None

    def __init__(self, honest: Any, error: VendorError) -> None:
        self.vendor = honest.vendor
        self.world = honest.world
        self._honest = honest
        self._error = error

    def operation(self, request: Request) -> str:
        """See `Simulator`."""
        return str(self._honest.operation(request))

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """See `Simulator`."""
        del request, now, fault
        headers = {"content-type": "application/json", **self._error.headers}
        return Reply(self._error.status, headers, self._error.body)

    def call(self, rpc: object, now: float, fault: Fault | None = None) -> RpcReply:
        """See `RpcSimulator`."""
        del rpc, now, fault
        return self._error.rpc or RpcReply()

    def streams(self, method: str) -> bool:
        """See `RpcSimulator`."""
        return bool(self._honest.streams(method))

    def reset(self) -> None:
        """See `Simulator`."""


class Bench(Samples):
    """One world, one clock, and adapters on it; each `adapter()` is a new process's with nothing remembered."""

    def __init__(
        self,
        simulator: Simulator,
        make: Make,
        *,
        shell: Callable[[Any, Clock], Shell] = SimTransport,
        write: Mapping[str, str] = POSTS,
        currency: str = "USD",
        locations: tuple[str, ...] = ("6252001",),
        fields: Fields | None = None,
        extra: Mapping[str, Any] | None = None,
        scheduled: Level = Level.AD_GROUP,
        statuses: Callable[[], Iterable[Status]] = tuple,
        errors: Sequence[VendorError] = (),
        further_writes: Mapping[str, Callable[[Any, Any], Awaitable[Any]]] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(currency, locations, fields or {})
        self.simulator = simulator
        self.make = make
        self.write = dict(write)
        """Fields of `FaultRule` that match writes and nothing else."""
        self.extra = dict(extra or {})
        """A field of the vendor's own that a campaign may carry, for the round trip of `extra`."""
        self.scheduled = scheduled
        """The level that has start and end."""
        self.statuses = statuses
        """A status for each word that the vendor knows."""
        self.errors = tuple(errors)
        self.clock = VirtualClock(seed)
        self.transport: Any = shell(simulator, self.clock)
        self.events: list[Event] = []
        self.guard: SpendGuard | None = SpendGuard.unlimited()
        """The spend guard of the processes to come."""
        self.further_writes = dict(further_writes or {})
        """Writes that only this vendor has, by any name: a call of each, with the adapter and the tree of C15."""
        self.runtime = self.new_runtime()

    @property
    def world(self) -> World:
        """What really happened."""
        return self.simulator.world

    def new_runtime(self) -> Runtime:
        """A process of its own: nothing shared but the world and the clock."""
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,), guard=self.guard)
        return self.runtime

    def adapter(self) -> AdPlatform:
        """An adapter in a new process."""
        return self.make(self.new_runtime(), self.transport)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in virtual time."""
        return run(work, self.clock)

    def break_with(self, *rules: FaultRule, seed: int = 0) -> None:
        """From now on these things go wrong."""
        self.simulator.faults = FaultPlan(rules, seed)

    def break_writes(self, kind: FaultKind, **facts: Any) -> None:
        """From now on this goes wrong with writes; `facts` are further fields of the rule."""
        self.break_with(FaultRule(kind, **{**self.write, **facts}))

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.simulator.faults = FaultPlan()

    def answering(self, error: VendorError) -> contextlib.AbstractContextManager[None]:
        """Inside the block the vendor answers everything with this."""
        return answering(self.transport, error)

    @property
    def sent(self) -> int:
        """Requests that have left so far."""
        return len(self.transport.requests)

    def writes(self) -> int:
        """Requests so far that were no reads."""
        rule = FaultRule(FaultKind.LATENCY, **self.write)  # type: ignore[arg-type]  # a vendor's own choice of fields
        asked = [_as_request(each) for each in self.transport.requests]
        return sum(rule.matches(each, self.simulator.operation(each), 0.0) for each in asked)


@contextlib.contextmanager
def answering(shell: Shell, error: VendorError) -> Iterator[None]:
    """Inside the block the simulator behind a shell answers everything with this."""
    honest = shell.simulator
    shell.simulator = _Scripted(honest, error)
    try:
        yield
    finally:
        shell.simulator = honest


def _as_request(sent: Any) -> Request:
    """A call on gRPC's wire, as fault plans see it."""
    return sent if isinstance(sent, Request) else Request("POST", sent.method)


__all__ = ["Bench", "Make", "Shell", "VendorError", "answering"]
