"""A bench for a content vendor's adapter: its simulator, a virtual clock, and ways to make things go wrong.

An adapter's tests give the conformance suite one of these and nothing else; see `backstay.testing.conformance`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Generic, TypeVar

from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Simulator
from backstay.sandbox.world import World
from backstay.testing.bench import VendorError, answering
from backstay.testing.clock import VirtualClock, run

T = TypeVar("T")
A = TypeVar("A")


class ContentBench(Generic[A]):
    """One world, one clock, and adapters on it; each `adapter()` is a new process's with nothing remembered.

    `make(runtime, transport)` makes the adapter, `shell` joins simulator and adapter (`SimTransport`, `SimTransport2`).
    `rules` are the fault rules by the names that the cases ask for:

        refusal, truncated, bad_json   an answer with 200 that is refused, cut, or no JSON (the simulator's own)
        broken_stream                  the vendor's error in the middle of a stream
        lost_look, job_failed          a look at a job that is lost once, and a job that ends badly (research)

    `generate` names the simulator's operations that write (a glob), `finishes` each word that the vendor ends with.
    """

    def __init__(
        self,
        simulator: Simulator,
        make: Callable[[Runtime, Any], A],
        *,
        shell: Callable[[Any, VirtualClock], Any],
        rules: Mapping[str, FaultRule],
        generate: str = "*",
        finishes: Mapping[str, Any] | None = None,
        errors: Sequence[VendorError] = (),
        seed: int = 0,
    ) -> None:
        self.simulator = simulator
        self.make = make
        self.rules = dict(rules)
        self.generate = generate
        self.finishes = dict(finishes or {})
        """The vendor's words for how a text ended, and ours."""
        self.errors = tuple(errors)
        self.clock = VirtualClock(seed)
        self.transport = shell(simulator, self.clock)
        self.events: list[Event] = []
        self.runtime = self.new_runtime()

    @property
    def world(self) -> World:
        """What really happened: an object for each text or answer that was written, and is billed."""
        return self.simulator.world

    @property
    def written(self) -> int:
        """Texts, pictures or answers that the vendor has made, answered or not."""
        return len(self.world.objects())

    @property
    def sent(self) -> int:
        """Requests that have left so far."""
        return len(self.transport.requests)

    def new_runtime(self) -> Runtime:
        """A process of its own: nothing shared but the world and the clock."""
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        return self.runtime

    def adapter(self) -> A:
        """An adapter in a new process."""
        return self.make(self.new_runtime(), self.transport)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in virtual time."""
        return run(work, self.clock)

    def break_with(self, *rules: FaultRule, seed: int = 0) -> None:
        """From now on these things go wrong."""
        self.simulator.faults = FaultPlan(rules, seed)

    def break_writing(self, kind: FaultKind, **facts: Any) -> None:
        """From now on this goes wrong with what writes; `facts` are further fields of the rule."""
        self.break_with(FaultRule(kind, operation=self.generate, **facts))

    def answering(self, error: VendorError) -> Any:
        """Inside the block the vendor answers everything with this."""
        return answering(self.transport, error)

    def busy(self) -> int:
        """Calls that hold a place now, in all scopes."""
        return sum(scope.bulkhead.in_flight for scope in self.runtime.scopes)


__all__ = ["ContentBench", "VendorError"]
