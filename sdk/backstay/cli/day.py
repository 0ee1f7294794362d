"""A campaign service's bad day, played on the sandbox: what `backstay demo` runs and what a reader can copy.

The service builds campaign trees on several platforms through one `Split`, activates them, watches them and steers
their budgets, while answers are lost, limits are hit and vendors are away for minutes. It is written as a service
should be: every write has a key, a failed step is tried again later under the same key, stale answers are shown but
never acted on, and nothing in it knows a vendor.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
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
    Money,
    Objective,
    OptimizationGoal,
)
from backstay.compose import Split
from backstay.errors import BackstayError
from backstay.events import Event
from backstay.writes.tree import activate_tree

if TYPE_CHECKING:
    from backstay.cli.cast import Member
    from backstay.clock import Clock
    from backstay.runtime import Runtime

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the day is, in seconds of its clock."""

    length: float = 7_200.0
    trees: int = 9
    groups: int = 2
    """Ad groups of a tree, with one ad each."""
    every: float = 600.0
    """Between two new trees."""
    look: float = 45.0
    """Between two looks at the dashboard."""
    steer: float = 400.0
    """Between two changes of budgets."""
    again: float = 60.0
    """Until a failed step is tried again."""


VIRTUAL: Final = Pace()
REAL: Final = Pace(length=8.0, trees=3, groups=1, every=0.8, look=0.4, steer=1.5, again=0.4)

WORTH_ANOTHER_TRY: Final = frozenset({"UNKNOWN_OUTCOME", "TOKEN_EXPIRED", "IN_FLIGHT"})
"""Not retryable by themselves: looked up by the next call, or ended when somebody re-authorises."""


@dataclass(slots=True)
class Tally:
    """What the service and an adapter did."""

    operations: int = 0
    attempts: int = 0
    retries: int = 0
    stale_served: int = 0
    adopted: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def hear(self, event: Event) -> None:
        """Count what the event stream tells."""
        if event.name == "retry_attempt":
            self.retries += 1
        elif event.name == "stale_served":
            self.stale_served += 1
        elif event.name == "write_settled" and event.facts()["outcome"] == "adopted":
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


def tree_spec(number: int, groups: int = 2, currency: str = "USD") -> CampaignTree:
    """One campaign with ad groups of one ad each, in words that every platform's member makes its own."""

    def group(name: str) -> GroupTree:
        spec = AdGroupSpec(name=f"{name} {number}", optimization=OptimizationGoal.CLICKS)
        shown = Creative(kind=CreativeKind.RESPONSIVE, texts=(f"Spring sale {number}",), link="https://example.com/")
        return GroupTree(ad_group=spec, ads=(AdSpec(name=f"{name} ad {number}", creative=shown),))

    campaign = CampaignSpec(
        name=f"Demo {number}", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
        budget=Budget.daily(Money(Decimal("100.00"), currency)),
    )  # fmt: skip
    return CampaignTree(campaign=campaign, groups=tuple(map(group, ("young", "all ages")[:groups])))


class Service:
    """A small campaign service on several platforms; it knows no vendor."""

    def __init__(self, members: Mapping[str, Member], runtime: Runtime, pace: Pace, progress: Progress) -> None:
        self.members = dict(members)
        words = {name: member.words for name, member in self.members.items()}
        self.ads = Split(
            {name: member.ads for name, member in self.members.items()}, self.place, name="demo", adapt=words
        )
        self.clock: Clock = runtime.clock
        self.pace = pace
        self.progress = progress
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.running: dict[int, BuiltTree] = {}
        self._began = self.clock.monotonic()
        runtime.events.add(lambda event: self.tallies[event.vendor].hear(event) if event.vendor else None)

    def place(self, what: Any) -> str:
        """The rule of the split: the platforms take turns."""
        campaign = what.campaign if isinstance(what, CampaignTree) else what
        names = sorted(self.members)
        return names[int(campaign.name.split()[-1]) % len(names)]

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
        spec = tree_spec(number, self.pace.groups)
        vendor = self.place(spec)
        while True:
            try:
                self.tallies[vendor].operations += 1
                await self.members[vendor].prepare()
                built = await self.ads.create_tree(spec, idempotency_key=f"demo/{number}")
                await activate_tree(self.ads, built.value)
            except BackstayError as error:
                self._failed(vendor, error)
                if not (error.retryable or error.type in WORTH_ANOTHER_TRY) or self._now() > 2 * self.pace.length:
                    return
                await self.clock.sleep(self.pace.again)
            else:
                self.running[number] = built.value
                self.progress(self._now(), f"tree {number} runs on {vendor} ({built.how})")
                return

    async def _watch(self, done: asyncio.Event) -> None:
        """The dashboard: every look may be answered from the cache or, when the vendor is away, with a stale answer."""
        while not done.is_set():
            for tree in list(self.running.values()):
                await self._asked(tree, self.ads.get_campaign(tree.campaign.ref))
            self.progress(self._now(), "")
            await self.clock.sleep(self.pace.look)

    async def _steer(self, done: asyncio.Event) -> None:
        """Raise budgets step by step: absolute values, on a live answer only."""
        step = 0
        while not done.is_set():
            await self.clock.sleep(self.pace.steer)
            for tree in list(self.running.values())[: len(self.members)]:
                step += 1
                await self._asked(tree, self._raise(tree, step))

    async def _raise(self, tree: BuiltTree, step: int) -> None:
        live = await self.ads.get_campaign(tree.campaign.ref, max_age=0, max_stale=0)
        if live.budget is not None and live.budget.amount is not None:
            amount = Money(Decimal(100 + step), live.budget.amount.currency)
            await self.ads.set_budget(live.ref, Budget.daily(amount), expect=live)

    async def _asked(self, tree: BuiltTree, work: Any) -> None:
        vendor = str(tree.campaign.ref.platform)
        self.tallies[vendor].operations += 1
        try:
            await work
        except BackstayError as error:
            self._failed(vendor, error)

    def _failed(self, vendor: str, error: BackstayError) -> None:
        self.tallies[vendor].errors[error.type] += 1
        self.progress(self._now(), str(error)[:120])

    async def _until(self, moment: float) -> None:
        wait = self._began + moment - self.clock.monotonic()
        if wait > 0.0:
            await self.clock.sleep(wait)

    def _now(self) -> float:
        return self.clock.monotonic() - self._began
