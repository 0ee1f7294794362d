"""What a row of content vendors is made of: names, times, and what all of them can do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Self, Unpack

from backstay.base import positive
from backstay.compose.steps import Step
from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.protocols import ContentVendor
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions, with_nearer
from backstay.runtime import Runtime, default_runtime

Timeouts = float | Sequence[float | None] | None

SERVED: Final = frozenset({Can.TEXT, Can.IMAGE, Can.RESEARCH})
"""What may be asked of another vendor: it leaves nothing behind. A post or an upload is never moved."""
_LEFT_OUT: Final = frozenset(
    {
        Can.LIST_MODELS, Can.PUBLISH_IMAGE, Can.PUBLISH_CAROUSEL, Can.PUBLISH_REEL, Can.PUBLISH_STORY,
        Can.AI_DISCLOSURE, Can.INSIGHTS, Can.QUOTA, Can.HOST, Can.HOST_DELETE,
    }
)  # fmt: skip


class Row:
    """Content vendors of which something is made: their options, their runtime and their lifetime as one."""

    def __init__(self, vendors: Sequence[ContentVendor], timeout: Timeouts, runtime: Runtime | None) -> None:
        self._row = _row_of(vendors, timeout)
        self._options: Mapping[str, Any] = MappingProxyType({})
        self.runtime: Runtime = runtime or _runtime_of(vendors)
        """Whose clock and listeners it has: the first one's own."""

    def _named(self) -> Mapping[str, ContentVendor]:
        return MappingProxyType({step.name: step.vendor for step in self._row})

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A copy with other options for its calls; a deadline is for all of them together."""
        return with_nearer(self, options)

    async def warm_up(self) -> Self:
        """Connect all of them now."""
        await _all_of(step.vendor.warm_up() for step in self._row)
        return self

    async def aclose(self, grace: float = 5.0) -> None:
        """Close all of them; each lets what was sent finish for `grace` seconds."""
        await _all_of(step.vendor.aclose(grace) for step in self._row)

    async def __aenter__(self) -> Self:
        return await self.warm_up()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(step.name for step in self._row)})"


def _row_of(vendors: Sequence[ContentVendor], timeout: Timeouts) -> tuple[Step, ...]:
    """The steps with their names and times; raises InvalidRequestError for what is no row."""
    if not vendors:
        raise InvalidRequestError("a row of nothing", field="steps", value=(), hint="give at least one adapter")
    for number, vendor in enumerate(vendors):
        if any(vendor is other for other in vendors[:number]):
            raise InvalidRequestError(
                f"step {number} is an earlier one again", field="steps", value=vendor.capabilities.vendor,
                hint="give each adapter once: it asks again by its own profile",
            )  # fmt: skip
    times = _times(timeout, len(vendors))
    return tuple(
        Step(name, vendor, time) for name, vendor, time in zip(_names(vendors), vendors, times, strict=True)
    )  # fmt: skip


def _names(vendors: Iterable[ContentVendor]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for vendor in vendors:
        name = vendor.capabilities.vendor
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def _times(timeout: Timeouts, count: int) -> list[float | None]:
    times = list(timeout) if isinstance(timeout, Sequence) else [timeout] * count
    if len(times) != count:
        raise InvalidRequestError(
            f"{len(times)} timeouts for {count} steps", field="timeout", value=timeout,
            hint="give one for all, or one for each step (None: its own deadline)",
        )  # fmt: skip
    return [None if time is None else positive("timeout", time) for time in times]


def common(row: Sequence[Step], kind: str = "fallback") -> ContentCapabilities:
    """What all steps can do; raises InvalidRequestError where they have nothing in common that can fall over."""
    able = {step.name: step.vendor.capabilities for step in row}
    flags = frozenset.intersection(*(each.flags for each in able.values())) - _LEFT_OUT
    if not flags & SERVED:
        told = "; ".join(f"{name}: {', '.join(sorted(each.flags & SERVED)) or 'none'}" for name, each in able.items())
        raise InvalidRequestError(
            "the steps share neither texts nor pictures nor research", field="steps", value=told,
            hint="put writers with writers; a post or an upload is never moved to another vendor",
        )  # fmt: skip
    reasons = {
        flag: "; ".join(f"{name} lacks it" for name, each in able.items() if flag not in each) or "it is never moved"
        for flag in Can
        if flag not in flags
    }
    return ContentCapabilities.of(f"{kind} ({', '.join(able)})", *flags, reasons=reasons)


def _runtime_of(vendors: Iterable[ContentVendor]) -> Runtime:
    """The first step's own runtime, or the process's."""
    found = (getattr(vendor, "runtime", None) for vendor in vendors)
    return next((each for each in found if isinstance(each, Runtime)), None) or default_runtime()


async def _all_of(works: Iterable[Awaitable[Any]]) -> None:
    """All at the same time; all end before the first error is raised."""
    for answer in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer


__all__ = ["Row", "Timeouts", "common"]
