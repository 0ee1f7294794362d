"""What calls have cost, by vendor and by the work that they belong to; and bounds that stop before a call.

    with runtime.ledger.budget(money=Money.of("2.50 USD"), retries=20, retry_seconds=60, carousel_id="c1") as work:
        ...
    work.spent, runtime.ledger.total(carousel_id="c1").spent

A call is written down when it ends: with the vendor's own figure, with one computed from what was used, or, where its
outcome is not known, with what it may have cost: that counts as spent.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from backstay.cost import Basis, Cost, add_costs
from backstay.engine.allowance import bind_allowance, bound_allowance, unbind_allowance
from backstay.engine.call import current
from backstay.errors import SpendGuardError
from backstay.events.model import CostRecorded, bind_context, bound
from backstay.policies.allowance import NOTHING, Allowance, AllowanceOptions, Refusal
from backstay.policies.retry import Why
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.clock import Clock
    from backstay.events import Stream
    from backstay.money import Money

KEPT: Final = 10_000
"""Entries that are kept in memory; totals by vendor never end."""

Outcome = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt that may have cost something."""

    at: float
    """Wall seconds."""
    vendor: str
    account: str
    operation: str
    amount: Decimal | None
    """None: nobody knows."""
    currency: str
    basis: Basis
    outcome: Outcome
    """"unknown": its answer was lost, and `amount` is what it may have cost."""
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Total:
    """Sums of entries, all of one currency."""

    currency: str = "USD"
    reported: Decimal = NOTHING
    estimated: Decimal = NOTHING
    lost: Decimal = NOTHING
    """Of calls whose outcome is not known; counted as spent."""
    calls: int = 0
    unpriced: int = 0
    """Calls whose cost nobody knows: they are missing in the sums."""

    @property
    def spent(self) -> Decimal:
        """All of it."""
        return self.reported + self.estimated + self.lost

    def add(self, entry: Entry) -> None:
        """One more."""
        self.calls += 1
        if entry.amount is None:
            self.unpriced += 1
        elif entry.outcome == "unknown":
            self.lost += entry.amount
        elif entry.basis is Basis.REPORTED:
            self.reported += entry.amount
        else:
            self.estimated += entry.amount


class Ledger:
    """The ledger of a process; `runtime.ledger`."""

    def __init__(self, clock: Clock, events: Stream, kept: int = KEPT) -> None:
        self._clock = clock
        self._events = events
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._vendors: dict[tuple[str, str], Total] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The newest entries, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def total(self, currency: str = "USD", **context: Any) -> Total:
        """Sums of the kept entries that bear all these ids of the bound context."""
        total = Total(currency)
        for entry in self.entries:
            if entry.currency == currency and all(entry.context.get(name) == context[name] for name in context):
                total.add(entry)
        return total

    def by_vendor(self) -> Mapping[tuple[str, str], Total]:
        """Sums since the process began, by vendor and currency."""
        with self._lock:
            return dict(self._vendors)

    @contextlib.contextmanager
    def budget(
        self, *, money: Money | None = None, retries: int | None = None, retry_seconds: float | None = None,
        unpriced: bool = False, **context: Any,
    ) -> Iterator[Allowance]:  # fmt: skip
        """Bound the work inside the block, and the ids of `context` with it; budgets nest, and each may refuse.

        A call that could pass the bound is refused before it is sent (SPEND_GUARD); a retry that would, is not made.
        """
        options = AllowanceOptions(
            money=None if money is None else money.amount, currency="USD" if money is None else money.currency,
            retries=retries, retry_seconds=retry_seconds, unpriced=unpriced,
        )  # fmt: skip
        allowance = Allowance(options, bound_allowance())
        token = bind_allowance(allowance)
        try:
            with bind_context(**context):
                yield allowance
        finally:
            unbind_allowance(token)

    def open(self, vendor: str, account: str, operation: str, estimate: Cost | None) -> Charge:
        """Begin an attempt that may cost `estimate` at most (None: nobody knows).

        Raises:
            SpendGuardError: a budget that this work is bound to does not allow it; nothing was sent.
        """
        allowance = bound_allowance()
        told = estimate or Cost.unknown("no estimate")
        if allowance is not None:
            with self._lock:
                refusal = allowance.refuses(told.amount, told.currency)
                if refusal is None:
                    allowance.reserve(told.amount or NOTHING, told.currency)
            if refusal is not None:
                raise _refused(operation, refusal)
        return Charge(self, allowance, Entry(
            self._clock.wall(), vendor, account, operation, told.amount, told.currency, told.basis, "unknown", bound()
        ))  # fmt: skip

    def close(self, charge: Charge, entry: Entry) -> None:
        """Write an ended attempt down."""
        with self._lock:
            if charge.allowance is not None:
                charge.allowance.free(charge.opened.amount or NOTHING, charge.opened.currency)
                charge.allowance.spend(entry.amount or NOTHING, entry.currency)
            self._entries.append(entry)
            self._vendors.setdefault((entry.vendor, entry.currency), Total(entry.currency)).add(entry)
        if self._events.listeners:
            self._events.emit(
                CostRecorded(
                    at=self._clock.wall(), vendor=entry.vendor, function=entry.operation, amount=entry.amount,
                    currency=entry.currency, basis=entry.basis.value, outcome=entry.outcome, context=entry.context,
                )
            )  # fmt: skip


class Charge:
    """One attempt under way; closed once, by `ended` or `failed`."""

    __slots__ = ("_ledger", "_noted", "_open", "allowance", "opened")

    def __init__(self, ledger: Ledger, allowance: Allowance | None, opened: Entry) -> None:
        self._ledger = ledger
        self._noted: list[Cost] = []
        self._open = True
        self.allowance = allowance
        self.opened = opened

    def note(self, cost: Cost) -> None:
        """An answer says, or lets us compute, what it has cost."""
        self._noted.append(cost)

    def ended(self) -> None:
        """It was answered; without a word on its cost, the estimate stands."""
        self._close(self._noted or [self._estimate()], "ok")

    def failed(self, certainty: Certainty) -> None:
        """It failed: surely not done costs what was noted (mostly nothing), unknown counts as spent."""
        if certainty is Certainty.UNKNOWN:
            self._close([*self._noted, self._estimate()], "unknown")
        elif self._noted:
            self._close(self._noted, "failed")
        else:
            self._close([Cost(amount=NOTHING, currency=self.opened.currency)], "failed")

    def _estimate(self) -> Cost:
        opened = self.opened
        # Without an estimate nobody has said in which currency.
        currency = self._noted[0].currency if self._noted and opened.amount is None else opened.currency
        return Cost(amount=opened.amount, currency=currency, basis=opened.basis)

    def _close(self, costs: list[Cost], outcome: Outcome) -> None:
        if not self._open:
            return
        self._open = False
        cost, at = add_costs(costs), self.opened
        self._ledger.close(self, Entry(
            at.at, at.vendor, at.account, at.operation, cost.amount, cost.currency, cost.basis, outcome, at.context
        ))  # fmt: skip


def note_cost(cost: Cost | None) -> None:
    """Tell the ledger what an answer has cost; called by adapters, once for each answer of the vendor's."""
    call = current()
    if cost is not None and call is not None and call.charge is not None:
        call.charge.note(cost)


def _refused(operation: str, refusal: Refusal) -> SpendGuardError:
    return SpendGuardError(
        f"{operation} would come to {refusal.value}, and this work may use {refusal.cap}", field=refusal.field,
        value=refusal.value, cap=refusal.cap, certainty=Certainty.NOT_SENT, rule="ledger.budget", hint=refusal.cure,
        why=Why.GUARD.value,
    )  # fmt: skip


__all__ = ["Charge", "Entry", "Ledger", "Total", "note_cost"]
