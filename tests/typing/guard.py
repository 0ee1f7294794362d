"""The spend guard, as type checkers see it."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_type

from backstay import Money, Runtime, SpendGuard
from backstay.operation import NeverSpends
from backstay.writes.guard import Gate, MemoryAudit, Rates


def rules(rates: Rates) -> None:
    """Amounts are Money, shares are Decimal."""
    assert_type(SpendGuard.unlimited(), SpendGuard)
    SpendGuard(per_day=Money("500", "USD"), max_raise=Decimal("0.5"), rates=lambda: rates)
    SpendGuard(per_day=500)  # type: ignore[arg-type]  # no bare numbers
    SpendGuard(per_dya=Money("500", "USD"))  # type: ignore[call-arg]  # misspelled
    NeverSpends()  # type: ignore[call-arg]  # a reason is needed


def runtimes() -> None:
    """Both ways of making one take the same keywords."""
    guard = SpendGuard(total=Money("500", "USD"))
    Runtime(guard=guard, audit=MemoryAudit(), actor="me")
    assert_type(Runtime.in_memory(guard=guard, actor="me").gate, Gate)
