"""backstay as its users get it: `Profile()` and nothing but the scenario's facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from backstay.auth import Credentials
from backstay.base import Adapter
from backstay.errors import (
    BackstayError,
    ConnectionFailedError,
    PlatformServiceError,
    RateLimitError,
    ServiceUnavailableError,
)
from backstay.operation import NeverSpends, operation, operations_of
from backstay.policies.effect import Effect
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.taxonomy import Certainty
from backstay.testing.invariants import Witness
from benchmarks.faults.drive import Context
from benchmarks.faults.vendors import LostReply, Request, VendorError

Change = Callable[[Profile], Profile]
READ_LAG = 0.3
REST = 120.0
"""Seconds after the last call; then nothing may be left of it."""


class Bench(Adapter):
    """Two operations of an imagined vendor."""

    vendor = "bench"

    def __init__(self, context: Context, runtime: Runtime, change: Change) -> None:
        profile = Profile(attempt_timeout=context.attempt_timeout, deadline=context.sla, read_lag=READ_LAG)
        super().__init__(
            credentials=Credentials("a-token-of-the-bench"), account="1", host="bench", profile=change(profile),
            runtime=runtime, options={},
        )  # fmt: skip
        self.context = context
        self.witness: Witness

    def judge(self, error: Exception) -> BackstayError:
        """Names for what the stubs raise."""
        return named(error) or super().judge(error)

    @operation(Effect.READ, hedge=True)
    async def read(self, number: int) -> object:
        """One read."""
        return await self._seen(number, "read")

    @operation(Effect.CREATE, look="look", spend=NeverSpends("the vendor is imagined"))
    async def create(self, number: int, *, idempotency_key: str) -> object:
        """One create."""
        return await self._seen(number, "create")

    async def _seen(self, number: int, op: str) -> object:
        return await self.witness.attempt(number, lambda: self.context.vendor.call(Request(number, op)))

    async def look(self, number: int, *, idempotency_key: str) -> Sequence[object]:
        """Look for what a lost create made."""
        found = await self.context.vendor.find(Request(number, "create"))
        return [] if found is None else [found]


def named(error: Exception) -> BackstayError | None:
    """An error of ours for one of the stubs'."""
    if not isinstance(error, VendorError):
        return None
    certainty = Certainty.UNKNOWN if error.ambiguous else Certainty.REFUSED
    facts: dict[str, Any] = {"certainty": certainty, "status": error.status or None, "vendor_code": error.code}
    if error.status == 429:
        return RateLimitError(str(error), retry_after=error.retry_after, **facts)
    if error.status == 503:
        kind = ServiceUnavailableError if error.code == "OVERLOADED" else PlatformServiceError
        return kind(str(error), **facts)
    return ConnectionFailedError(str(error), **facts)


class Ours:
    """Our client: calls, and what a witness saw of them."""

    def __init__(self, context: Context, change: Change) -> None:
        self.adapter = Bench(context, Runtime.in_memory(clock=context.clock, listeners=()), change)
        self.context = context
        scope = self.adapter.plan(operations_of(Bench)["read"], {}).scope
        self.witness = self.adapter.witness = Witness(scope, context.clock, self.adapter.judge)

    async def __call__(self, request: Request) -> object:
        """One call, seen from its caller."""
        number, context = request.number, self.context
        deadline = context.clock.monotonic() + context.sla
        self.witness.began(number, deadline=deadline, timeout=context.attempt_timeout)
        try:
            answer = await self._ask(request)
        except BaseException as error:
            self.witness.ended(number, error)
            raise
        self.witness.ended(number, None)
        return answer

    async def _ask(self, request: Request) -> object:
        if request.op == "create":
            return await self.adapter.create(request.number, idempotency_key=request.key)
        return await self.adapter.read(request.number)

    def cancelled(self, request: Request) -> None:
        """Its caller is about to give up."""
        self.witness.cancelled(request.number)

    async def at_rest(self) -> dict[str, Any]:
        """What there is to tell when all is over: how often the breaker opened, and which rules were broken."""
        await asyncio.sleep(REST)
        if isinstance(self.context.vendor, LostReply):
            for key, count in self.context.vendor.objects.items():
                for _ in range(count):
                    self.witness.made(key)
        complaints = self.witness.at_rest()
        return {"trips": self.witness.breaker.trips, "complaints": complaints, "trace": self.witness.digest()}


def backstay(context: Context, change: Change = lambda profile: profile) -> Ours:
    """Our client; `change` is for scans of parameters only."""
    return Ours(context, change)


__all__ = ["Ours", "backstay"]
