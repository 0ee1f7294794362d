"""An adapter's part in what costs money and leaves nothing behind: texts, pictures, research.

Each attempt is written into the ledger. Answers are cached where the operation or the call says for how long. Streams
run through here as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from backstay.engine.call import Call, Plan, current
from backstay.engine.loop import begin
from backstay.engine.stream import Keeper, Streaming, Whole, pieces
from backstay.errors import BackstayError
from backstay.operation import Operation, split_options
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.answer import Source
    from backstay.cost import Cost
    from backstay.ledger import Charge
    from backstay.lifetime import Life
    from backstay.runtime import Runtime

Body = Callable[..., Awaitable[Any]]
Yielding = Callable[..., AsyncGenerator[Any, None]]


class Generates:
    """Mixed into the base of all adapters."""

    vendor: ClassVar[str]
    account: str
    runtime: Runtime
    _life: Life

    if TYPE_CHECKING:  # the base's own

        async def _ready(self) -> None: ...
        def plan(self, operation: Operation, options: Any) -> Plan: ...  # noqa: D102
        def judge(self, error: Exception) -> BackstayError: ...  # noqa: D102
        async def _read(
            self, operation: Operation, plan: Plan, body: Body, args: Any, kwargs: dict[str, Any]
        ) -> Any: ...
        def _served(self, value: Any, call: Call, source: Source, cached: Any) -> Any: ...

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        """What one attempt may cost at most, for budgets and for lost answers; None: nobody can tell beforehand."""
        del operation, args
        return None

    async def _generate(self, operation: Operation, plan: Plan, body: Body, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run a GENERATE: as a read, because it leaves nothing behind, and with its cost in the ledger."""
        self._life.writes += 1
        try:
            return await self._read(operation, plan, self._paid(operation, body), args, kwargs)
        finally:
            self._life.write_done()

    def _paid(self, operation: Operation, body: Body) -> Body:
        async def pay(*args: Any, **kwargs: Any) -> Any:
            charge = self._charge(operation, args)
            try:
                value = await body(*args, **kwargs)
            except BaseException as error:
                charge.failed(self._certainty(error))
                raise
            charge.ended()
            return value

        return pay

    def run_stream(
        self, operation: Operation, body: Yielding, args: tuple[Any, ...], kwargs: dict[str, Any],
        keeper: Keeper[Any, Any],
    ) -> Streaming[Any, Any]:  # fmt: skip
        """Make the stream of a declared operation; see `backstay.operation.streaming`."""
        options, kwargs = split_options(kwargs)
        return Streaming(
            self._streamed(operation, options, self._paid_stream(operation, body), args, kwargs, keeper), keeper
        )

    async def _streamed(
        self, operation: Operation, options: dict[str, Any], body: Yielding, args: Any, kwargs: dict[str, Any],
        keeper: Keeper[Any, Any],
    ) -> AsyncGenerator[Any, None]:  # fmt: skip
        await self._ready()
        plan = self.plan(operation, options)
        if callable(operation.cost):
            plan = replace(plan, cost=operation.cost(*args[1:], **kwargs))
        self._life.writes += 1
        try:
            call = begin(plan)
            async with aclosing(pieces(call, body, args, kwargs, keeper)) as found:
                async for piece in found:
                    yield Whole(self._served(piece.value, call, "live", None)) if isinstance(piece, Whole) else piece
        finally:
            self._life.write_done()

    def _paid_stream(self, operation: Operation, body: Yielding) -> Yielding:
        async def pay(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            charge = self._charge(operation, args)
            try:
                async with aclosing(body(*args, **kwargs)) as found:
                    async for piece in found:
                        yield piece
            except GeneratorExit:  # the reader has left; the vendor goes on writing, and bills it
                charge.failed(Certainty.UNKNOWN)
                raise
            except BaseException as error:
                charge.failed(self._certainty(error))
                raise
            charge.ended()

        return pay

    def _charge(self, operation: Operation, args: tuple[Any, ...]) -> Charge:
        estimate = self.estimate(operation, args[1:])
        charge = self.runtime.ledger.open(self.vendor, self.account, operation.name, estimate)
        call = current()
        if call is not None:
            call.charge = charge
        return charge

    def _certainty(self, error: BaseException) -> Certainty:
        """How sure it is that nothing was done and billed."""
        if isinstance(error, Exception):
            return self.judge(error).certainty
        call = current()
        return Certainty.NOT_SENT if call is not None and call.sent is False else Certainty.UNKNOWN


__all__ = ["Generates"]
