"""backstay as its users get it: `Profile()` and nothing but the scenario's facts."""

from __future__ import annotations

from collections.abc import Sequence
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
from backstay.operation import operation
from backstay.policies.effect import Effect
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.taxonomy import Certainty
from benchmarks.faults.drive import Client, Context
from benchmarks.faults.vendors import Request, VendorError

READ_LAG = 0.3


class Bench(Adapter):
    """Two operations of an imagined vendor."""

    vendor = "bench"

    def __init__(self, context: Context, runtime: Runtime) -> None:
        profile = Profile(attempt_timeout=context.attempt_timeout, deadline=context.sla, read_lag=READ_LAG)
        super().__init__(
            credentials=Credentials("a-token-of-the-bench"), account="1", host="bench", profile=profile,
            runtime=runtime, options={},
        )  # fmt: skip
        self.context = context

    def judge(self, error: Exception) -> BackstayError:
        """Names for what the stubs raise."""
        return named(error) or super().judge(error)

    @operation(Effect.READ, hedge=True)
    async def read(self, number: int) -> object:
        """One read."""
        return await self.context.vendor.call(Request(number, "read"))

    @operation(Effect.CREATE, look="look")
    async def create(self, number: int, *, idempotency_key: str) -> object:
        """One create."""
        return await self.context.vendor.call(Request(number, "create"))

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


def backstay(context: Context) -> Client:
    """Our client."""
    runtime = Runtime.in_memory(clock=context.clock, listeners=())
    adapter = Bench(context, runtime)

    async def call(request: Request) -> object:
        if request.op == "create":
            return await adapter.create(request.number, idempotency_key=request.key)
        return await adapter.read(request.number)

    return call


__all__ = ["backstay"]
