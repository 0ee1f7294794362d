"""The allowance that the running task is bound to, and the engine's question to it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.engine.call import Call
    from backstay.policies.allowance import Allowance, Refusal

_bound: ContextVar[Allowance | None] = ContextVar("backstay_allowance", default=None)
bound_allowance = _bound.get
bind_allowance = _bound.set
unbind_allowance = _bound.reset


def refused_retry(call: Call, wait: float) -> Refusal | None:
    """Why the work that this call belongs to may not be retried after `wait` seconds; None when it may."""
    allowance = _bound.get()
    return None if allowance is None else allowance.refuses_retry(wait + _lost(call))


def count_retry(call: Call, wait: float) -> None:
    """A retry is made after `wait` seconds."""
    allowance = _bound.get()
    if allowance is not None:
        allowance.retried(wait + _lost(call))


def _lost(call: Call) -> float:
    """Seconds that the failed attempt took, unless it was the first one, which was no retry."""
    return call.timeline[-1].took if call.timeline and call.calls > 1 else 0.0


__all__ = ["bind_allowance", "bound_allowance", "count_retry", "refused_retry", "unbind_allowance"]
