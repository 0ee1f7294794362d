"""A campaign service's bad day, played on the sandbox: what `backstay demo` runs and what a reader can copy.

The service builds campaign trees from a spec, activates them, watches them and steers their budgets, while answers are
lost, limits are hit and the vendor is away for minutes. It is written as a service should be: every write has a key,
a failed step is tried again later under the same key, and stale answers are shown but never acted on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backstay.ads import (
    AdGroupSpec,
    AdSpec,
    Budget,
    BuiltTree,
    CampaignSpec,
    CampaignTree,
    Compliance,
    Creative,
    CreativeKind,
    GroupTree,
    IdentityRef,
    MediaKind,
    MediaRef,
    MediaUpload,
    Money,
    Objective,
    OptimizationGoal,
    Targeting,
)
from backstay.errors import BackstayError
from backstay.events import Event
from backstay.writes.tree import activate_tree

if TYPE_CHECKING:
    from backstay.ads import AdPlatform, Campaign
    from backstay.clock import Clock
    from backstay.runtime import Runtime

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the day is, in seconds of its clock."""

    length: float = 7_200.0
    trees: int = 8
    every: float = 700.0
    """Between two new trees."""
    look: float = 45.0
    """Between two looks at the dashboard."""
    steer: float = 400.0
    """Between two changes of budgets."""
    again: float = 60.0
    """Until a failed step is tried again."""


UNITED_STATES: Final = "6252001"
"""The vendor's location id (GeoNames')."""

VIRTUAL: Final = Pace()
REAL: Final = Pace(length=14.0, trees=3, every=1.5, look=0.4, steer=1.5, again=0.7)


WORTH_ANOTHER_TRY: Final = frozenset({"UNKNOWN_OUTCOME", "TOKEN_EXPIRED"})
"""Not retryable by themselves: the one is looked up by the next call, the other ends when somebody re-authorises."""


@dataclass(slots=True)
class Tally:
    """What the service and its adapter did."""

    operations: int = 0
    attempts: int = 0
    retries: int = 0
    stale_served: int = 0
    adopted: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def hear(self, event: Event) -> None:
        """Count what the event stream tells."""
        facts = event.facts()
        if event.name == "retry_attempt":
            self.retries += 1
        elif event.name == "stale_served":
            self.stale_served += 1
        elif event.name == "write_settled" and facts["outcome"] == "adopted":
            self.adopted += 1

    def as_json(self) -> dict[str, Any]:
        """The platform's part of the demo's JSON."""
        return {
            "operations": self.operations,
            "attempts": self.attempts,
            "retries": self.retries,
            "stale_served": self.stale_served,
            "adopted": self.adopted,
            "errors": dict(sorted(self.errors.items())),
        }


async def media(ads: AdPlatform) -> tuple[MediaRef, ...]:
    """A video and its cover; the keys make sure that they are uploaded once, however often this is called."""
    video = MediaUpload(kind=MediaKind.VIDEO, name="spring.mp4", data=b"a video of spring", media_type="video/mp4")
    cover = MediaUpload(kind=MediaKind.IMAGE, name="spring.png", data=b"its cover", media_type="image/png")
    uploaded = await ads.upload_video(video, idempotency_key="demo/video")
    covered = await ads.upload_image(cover, idempotency_key="demo/cover")
    return uploaded.value, covered.value


def tree_spec(number: int, shown: tuple[MediaRef, ...], currency: str = "USD") -> CampaignTree:
    """One campaign with two ad groups of one ad each; the ad groups have the budgets."""

    def group(name: str, amount: str) -> GroupTree:
        creative = Creative(
            kind=CreativeKind.VIDEO,
            texts=(f"Spring sale {number}",),
            media=shown,
            link="https://example.com/spring",
            call_to_action="SHOP_NOW",
            identity=IdentityRef(id="identity-1", kind="CUSTOMIZED_USER"),
        )
        spec = AdGroupSpec(
            name=f"{name} {number}",
            optimization=OptimizationGoal.CLICKS,
            targeting=Targeting(locations=(UNITED_STATES,)),
            budget=Budget.daily(Money(Decimal(amount), currency)),
        )
        return GroupTree(ad_group=spec, ads=(AdSpec(name=f"{name} ad {number}", creative=creative),))

    campaign = CampaignSpec(name=f"Demo {number}", objective=Objective.TRAFFIC, compliance=Compliance.ordinary())
    return CampaignTree(campaign=campaign, groups=(group("young", "50.00"), group("all ages", "60.00")))


class Service:
    """A small campaign service on one platform; it knows no vendor."""

    def __init__(self, ads: AdPlatform, runtime: Runtime, pace: Pace, progress: Progress) -> None:
        self.ads = ads
        self.clock: Clock = runtime.clock
        self.pace = pace
        self.progress = progress
        self.tally = Tally()
        self.running: dict[int, BuiltTree] = {}
        self._began = self.clock.monotonic()

    async def day(self) -> None:
        """Build, watch and steer until the day is over and every tree runs."""
        async with asyncio.TaskGroup() as tasks:
            done = asyncio.Event()
            tasks.create_task(self._watch(done))
            tasks.create_task(self._steer(done))
            await self._build()
            await self._until(self.pace.length)
            done.set()

    async def _build(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(self.pace.trees):
                tasks.create_task(self._tree(number))
                await self.clock.sleep(self.pace.every)

    async def _tree(self, number: int) -> None:
        """Build and activate one tree; whatever fails is tried again under the same key until it is done."""
        while True:
            try:
                self.tally.operations += 1
                spec = tree_spec(number, await media(self.ads))
                built = await self.ads.create_tree(spec, idempotency_key=f"demo/{number}")
                await activate_tree(self.ads, built.value)
            except BackstayError as error:
                self._failed(error)
                if not (error.retryable or error.type in WORTH_ANOTHER_TRY) or self._now() > 2 * self.pace.length:
                    return
                await self.clock.sleep(self.pace.again)
            else:
                self.running[number] = built.value
                self.progress(self._now(), f"tree {number} runs ({built.how})")
                return

    async def _watch(self, done: asyncio.Event) -> None:
        """The dashboard: every look may be answered from the cache or, when the vendor is away, with a stale answer."""
        while not done.is_set():
            for tree in list(self.running.values()):
                await self._asked(self.ads.get_campaign(tree.campaign.ref))
            self.progress(self._now(), "")
            await self.clock.sleep(self.pace.look)

    async def _steer(self, done: asyncio.Event) -> None:
        """Raise an ad group's budget step by step: absolute values, on a live answer only."""
        step = 0
        while not done.is_set():
            await self.clock.sleep(self.pace.steer)
            for tree in list(self.running.values())[:2]:
                step += 1
                await self._asked(self._raise(tree, step))

    async def _raise(self, tree: BuiltTree, step: int) -> Campaign | None:
        live = await self.ads.get_ad_group(tree.groups[0].ad_group.ref, max_age=0, max_stale=0)
        if live.budget is not None and live.budget.amount is not None:
            amount = Money(Decimal(50 + step), live.budget.amount.currency)
            await self.ads.set_budget(live.ref, Budget.daily(amount), expect=live)
        return None

    async def _asked(self, work: Any) -> None:
        self.tally.operations += 1
        try:
            await work
        except BackstayError as error:
            self._failed(error)

    def _failed(self, error: BackstayError) -> None:
        self.tally.errors[error.type] += 1
        self.progress(self._now(), str(error)[:120])

    async def _until(self, moment: float) -> None:
        wait = self._began + moment - self.clock.monotonic()
        if wait > 0.0:
            await self.clock.sleep(wait)

    def _now(self) -> float:
        return self.clock.monotonic() - self._began
