"""Counting lost answers: what a vendor has done, and whose answer a fault then kept from the caller."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from backstay.sandbox import Fault, FaultKind, FaultPlan, Request

LATE: Final = frozenset({FaultKind.LATENCY, FaultKind.SLOW_DRIP, FaultKind.PARTIAL})
"""Kinds after which there is an answer, perhaps too late."""
ACTING: Final = ("handle", "call")
"""A simulator's methods that act: on HTTP, on gRPC."""


class HeardPlan(FaultPlan):
    """A plan that remembers what struck the request that is on its way."""

    def decide(self, request: Request, now: float, operation: str | None = None) -> Fault | None:
        """See `FaultPlan.decide`."""
        fault = super().decide(request, now, operation)
        _struck.set(fault)
        return fault


_struck: ContextVar[Fault | None] = ContextVar("backstay_struck", default=None)


class Losses:
    """Listens to a simulator."""

    def __init__(self, simulator: Any) -> None:
        self.count = 0
        for name in ACTING:
            if hasattr(simulator, name):
                setattr(simulator, name, self._heard(simulator, getattr(simulator, name)))

    def _heard(self, simulator: Any, act: Any) -> Any:
        def acted(*args: Any, **kwargs: Any) -> Any:
            before, fault = len(simulator.world.log), _struck.get()
            reply = act(*args, **kwargs)
            if len(simulator.world.log) > before and fault is not None and fault.kind not in LATE:
                self.count += 1
            return reply

        return acted


__all__ = ["HeardPlan", "Losses"]
