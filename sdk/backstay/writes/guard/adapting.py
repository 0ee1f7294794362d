"""An adapter's part in the spend guard: every write says how it can spend, and passes the gate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from backstay.engine.call import enter, leave
from backstay.engine.loop import begin
from backstay.errors import InternalError
from backstay.operation import NeverSpends, Operation, arguments
from backstay.policies.effect import Effect
from backstay.writes.guard.gate import Act

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from backstay.engine.call import Plan
    from backstay.runtime import Runtime
    from backstay.writes.guard.gate import Passage
    from backstay.writes.guard.spending import Spending

JUDGED: Final = frozenset({Effect.SET, Effect.DELETE, Effect.CREATE, Effect.PUBLISH})
"""What changes something at a vendor. What GENERATE costs is the matter of the cost ledger."""


class Guarded:
    """Mixed into the base of all adapters."""

    vendor: ClassVar[str]
    account: str
    runtime: Runtime

    def __init_subclass__(cls, **facts: Any) -> None:
        """A write that does not say how it can spend is refused before there is an adapter of it."""
        super().__init_subclass__(**facts)
        for own in vars(cls).values():
            declared = getattr(own, "__backstay_operation__", None)
            if isinstance(declared, Operation):
                check_declared(declared)

    def _passing(
        self, operation: Operation, plan: Plan, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> AbstractAsyncContextManager[Passage]:
        """The way of one write through the gate; see `backstay.writes.guard.gate`."""
        declared = check_declared(operation)
        asked = _asked(operation, body, args, kwargs)
        pausing = bool(operation.pausing and operation.pausing(*args[1:], **kwargs))
        spending: Callable[[], Awaitable[Spending]] | None = None
        if isinstance(declared, str):
            spending = partial(_read, plan, getattr(self, declared), args[1:], kwargs)
        return self.runtime.gate.passing(
            Act(
                self.vendor, self.account, operation.name, operation.effect.value, plan.deadline, plan.read_lag,
                kwargs.get("idempotency_key"), pausing=pausing, asked=asked, spending=spending,
            )
        )  # fmt: skip


async def _read(plan: Plan, says: Callable[..., Awaitable[Spending]], args: Any, kwargs: Mapping[str, Any]) -> Spending:
    """What the adapter says, read within the time that the write has."""
    token = enter(begin(plan))
    try:
        return await says(*args, **kwargs)
    finally:
        leave(token)


def check_declared(operation: Operation) -> str | NeverSpends | None:
    """How a write can spend.

    Raises:
        InternalError: it does not say.
    """
    if operation.spend is None and operation.effect in JUDGED:
        raise InternalError(
            f"{operation.name} writes and does not say how it can spend", operation=operation.name, field="spend",
            rule="guard.undeclared",
            hint='declare @operation(..., spend="_spend_of_it") with a method that gives a Spending, '
            'or spend=NeverSpends("why")',
        )  # fmt: skip
    return operation.spend


def _asked(
    operation: Operation, body: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The caller's arguments by name, for the audit record."""
    given = arguments(body, args, kwargs)
    names = operation.payload or tuple(given)
    return {name: given[name] for name in names if name != "idempotency_key" and name in given}
