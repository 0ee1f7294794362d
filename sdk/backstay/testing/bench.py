"""A bench for an ad platform's adapter: its simulator, a virtual clock, and ways to make things go wrong.

An adapter's tests give the conformance suite one of these and nothing else; see `backstay.testing.conformance`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from backstay.ads import (
    AdGroupSpec,
    AdPlatform,
    AdSpec,
    Budget,
    CampaignSpec,
    CampaignTree,
    Compliance,
    Creative,
    CreativeKind,
    GroupTree,
    IdentityRef,
    MediaKind,
    MediaUpload,
    Money,
    Objective,
    OptimizationGoal,
    Status,
    Targeting,
)
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import Fault, FaultPlan, FaultRule, Reply, Request, SimTransport, Simulator
from backstay.sandbox.world import World
from backstay.testing.clock import VirtualClock, run

T = TypeVar("T")

Make = Callable[[Runtime, SimTransport], AdPlatform]


@dataclass(frozen=True, slots=True)
class VendorError:
    """An answer of the vendor's, and what the adapter must make of it."""

    body: bytes
    type: str
    retryable: bool
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None


class _Scripted:
    """A simulator that has one answer to everything."""

    faults: FaultPlan | None = None

    def __init__(self, honest: Simulator, error: VendorError) -> None:
        self.vendor = honest.vendor
        self.world = honest.world
        self._honest = honest
        self._reply = Reply(error.status, {"content-type": "application/json", **error.headers}, error.body)

    def operation(self, request: Request) -> str:
        """See `Simulator`."""
        return self._honest.operation(request)

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """See `Simulator`."""
        del request, now, fault
        return self._reply

    def reset(self) -> None:
        """See `Simulator`."""


class Bench:
    """One world, one clock, and adapters on it; each `adapter()` is a new process's with nothing remembered."""

    def __init__(
        self,
        simulator: Simulator,
        make: Make,
        *,
        currency: str = "USD",
        locations: tuple[str, ...] = ("6252001",),
        extra: Mapping[str, Any] | None = None,
        statuses: Callable[[], Iterable[Status]] = tuple,
        errors: Sequence[VendorError] = (),
        seed: int = 0,
    ) -> None:
        self.simulator = simulator
        self.make = make
        self.currency = currency
        self.locations = locations
        self.extra = dict(extra or {})
        """A field of the vendor's own that a campaign may carry, for the round trip of `extra`."""
        self.statuses = statuses
        """A status for each word that the vendor knows."""
        self.errors = tuple(errors)
        self.clock = VirtualClock(seed)
        self.transport = SimTransport(simulator, self.clock)
        self.events: list[Event] = []
        self.runtime = self.new_runtime()

    @property
    def world(self) -> World:
        """What really happened."""
        return self.simulator.world

    def new_runtime(self) -> Runtime:
        """A process of its own: nothing shared but the world and the clock."""
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        return self.runtime

    def adapter(self) -> AdPlatform:
        """An adapter in a new process."""
        return self.make(self.new_runtime(), self.transport)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in virtual time."""
        return run(work, self.clock)

    def break_with(self, *rules: FaultRule, seed: int = 0) -> None:
        """From now on these things go wrong."""
        self.simulator.faults = FaultPlan(rules, seed)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.simulator.faults = FaultPlan()

    @contextlib.contextmanager
    def answering(self, error: VendorError) -> Iterator[None]:
        """Inside the block the vendor answers everything with this."""
        honest = self.transport.simulator
        self.transport.simulator = _Scripted(honest, error)
        try:
            yield
        finally:
            self.transport.simulator = honest

    @property
    def sent(self) -> int:
        """Requests that have left so far."""
        return len(self.transport.requests)

    def writes(self) -> int:
        """Requests so far that were no reads."""
        return sum(request.method != "GET" for request in self.transport.requests)

    # Samples --------------------------------------------------------------------------------------------------

    def money(self, amount: str) -> Money:
        """An amount in the account's currency."""
        return Money(Decimal(amount), self.currency)

    def campaign(self, name: str = "Spring sale", **fields: Any) -> CampaignSpec:
        """A campaign that every platform can make."""
        base: dict[str, Any] = {
            "name": name, "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
            "budget": Budget.daily(self.money("100.00")),
        }  # fmt: skip
        return CampaignSpec(**{**base, **fields})

    def group(self, name: str = "Everybody", **fields: Any) -> AdGroupSpec:
        """An ad group under a campaign that has the budget."""
        targeting = Targeting(locations=self.locations)
        base = {"name": name, "optimization": OptimizationGoal.CLICKS, "targeting": targeting}
        return AdGroupSpec(**{**base, **fields})

    async def ad(self, ads: AdPlatform, name: str = "First", **fields: Any) -> AdSpec:
        """An ad with a video, which is uploaded on the way."""
        video = MediaUpload(kind=MediaKind.VIDEO, name="video.mp4", data=b"video", media_type="video/mp4")
        image = MediaUpload(kind=MediaKind.IMAGE, name="cover.png", data=b"cover", media_type="image/png")
        media = (
            (await ads.upload_video(video, idempotency_key="bench/video")).value,
            (await ads.upload_image(image, idempotency_key="bench/cover")).value,
        )
        creative = Creative(
            kind=CreativeKind.VIDEO,
            texts=("Now cheaper",),
            media=media,
            link="https://example.com/",
            call_to_action="SHOP_NOW",
            identity=IdentityRef(id="identity-1", kind="CUSTOMIZED_USER"),
        )
        return AdSpec(**{"name": name, "creative": creative, **fields})

    async def tree(self, ads: AdPlatform) -> CampaignTree:
        """A campaign with two ad groups of one ad each."""
        groups = [
            GroupTree(ad_group=self.group(name), ads=(await self.ad(ads, f"{name} ad"),)) for name in ("One", "Two")
        ]
        return CampaignTree(campaign=self.campaign(), groups=tuple(groups))
