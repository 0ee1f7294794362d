"""Sets of campaigns on simulators, and managers that come and go."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

import pytest

from backstay.ads import AdSpec, Budget, Campaign, CampaignTree, ConfiguredStatus, GroupTree, Money, Ref
from backstay.errors import PermissionDeniedError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.services.campaigns import CampaignManager, CampaignSet, Target
from backstay.services.store import MemoryStore
from backstay.writes.guard import SpendGuard
from tests.support.services import Place, place

T = TypeVar("T")
VENDORS = [("tiktok",), ("meta",), ("google_ads",), ("tiktok", "meta", "google_ads")]
everywhere = pytest.mark.parametrize("names", VENDORS, ids="+".join)
Wanted = Literal[ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED]
ACTIVE: Final = ConfiguredStatus.ACTIVE
PAUSED: Final = ConfiguredStatus.PAUSED


class Death(BaseException):
    """The process ends here."""


class Watched:
    """A platform that notes every write, and dies before or after the one that it was told."""

    WRITES = (
        "create_tree", "create_campaign", "create_ad_group", "create_ad", "set_status", "set_budget",
        "update_campaign", "update_ad_group", "update_ad",
    )  # fmt: skip

    def __init__(self, stage: Stage, platform: Any) -> None:
        self._stage, self._platform = stage, platform

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._platform, name)
        return self._counted(name, found) if name in self.WRITES else found

    def _counted(self, name: str, write: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*args: Any, dry_run: bool = False, **options: Any) -> Any:
            if dry_run:
                return await write(*args, dry_run=True, **options)
            stage = self._stage
            if stage.die_before == len(stage.writes):
                raise Death
            try:
                answer = await write(*args, **options)
            finally:
                await stage.after()
            stage.writes.append(name)
            if stage.die_after == len(stage.writes):
                raise Death
            return answer

        return counted


class Stage:
    """One set of one campaign on each of some platforms."""

    def __init__(self, names: tuple[str, ...], guard: SpendGuard | None = None) -> None:
        self.names = names
        self.place: Place = place(*names, **({} if guard is None else {"guard": guard}))
        self.store = MemoryStore()
        self.trees: dict[str, CampaignTree] = {}
        self.writes: list[str] = []
        self.die_before: int | None = None
        self.die_after: int | None = None
        self.ads: dict[str, Any] = {}
        self.after: Callable[[], Coroutine[Any, Any, None]] = _nothing
        """What a test does after each write, whatever became of it."""

    def play(self, work: Coroutine[Any, Any, T]) -> T:
        """In virtual time."""
        return self.place.run(work)

    async def prepared(self) -> None:
        """A tree in the words of each platform."""
        for name, ads in self.place.adapters().items():
            self.trees[name] = await self.place.tree(name, ads, "Spring")

    def open(self, spec: CampaignSet | None = None, **facts: Any) -> CampaignManager:
        """A new process."""
        self.place.open()
        self.ads = {name: Watched(self, ads) for name, ads in self.place.adapters().items()}
        wanted: CampaignSet = spec or self.spec()
        return CampaignManager(wanted, on=self.ads, store=self.store, **facts)

    def spec(self, status: Wanted = ACTIVE, **changes: Any) -> CampaignSet:
        """The set, with changes of every campaign's own fields."""
        trees = {
            name: tree.but(campaign=tree.campaign.but(**changes)) if changes else tree
            for name, tree in self.trees.items()
        }
        return CampaignSet.of("set", {"spring": trees}, status=status)

    def changed(self, change: Callable[[str, Target], Target]) -> CampaignSet:
        """The set with each target changed."""
        return CampaignSet(id="set", targets=tuple(change(target.on, target) for target in self.spec().targets))

    # What really is -----------------------------------------------------------------------------------------------

    async def campaigns(self) -> list[Campaign]:
        """All campaigns of all worlds, in the order of the names."""
        return [each for name in self.names for each in await self.listed(name)]

    async def listed(self, name: str) -> list[Campaign]:
        """One platform's campaigns, live."""
        ads: Any = self.place.adapters()[name]
        return [each async for each in ads.list_campaigns(max_age=0.0, max_stale=0.0)]

    async def objects(self) -> list[tuple[int, int, int]]:
        """How many campaigns, ad groups and ads each platform has."""
        found = []
        for name, ads in self.place.adapters().items():
            groups = [each async for each in ads.list_ad_groups(max_age=0.0, max_stale=0.0)]
            shown = [each async for each in ads.list_ads(max_age=0.0, max_stale=0.0)]
            found.append((len(await self.listed(name)), len(groups), len(shown)))
        return found

    async def budgets(self) -> list[Decimal]:
        """Of the campaigns."""
        found = [each.budget for each in await self.campaigns()]
        return [each.amount.amount for each in found if each is not None and each.amount is not None]

    @property
    def active(self) -> list[int]:
        """Trees that run, by platform, from the worlds' own logs."""
        return list(self.place.active().values())

    # What goes wrong ----------------------------------------------------------------------------------------------

    def breaks(self, name: str, kind: FaultKind, **facts: Any) -> None:
        """From now on this goes wrong on one platform."""
        self.place.benches[name].simulator.faults = FaultPlan((FaultRule(kind, **facts),), 0)

    def loses(self, name: str, kind: FaultKind = FaultKind.RESET_AFTER, **facts: Any) -> None:
        """From now on the answers of writes are lost on one platform."""
        self.place.benches[name].break_writes(kind, **facts)

    def refuses(self, name: str, write: str) -> None:
        """The present process may not do this on one platform; dry runs do not know."""
        platform = self.ads[name]._platform
        real = getattr(platform, write)

        async def refused(*args: Any, dry_run: bool = False, **options: Any) -> Any:
            if dry_run:
                return await real(*args, dry_run=True, **options)
            message = "no right to do this"
            raise PermissionDeniedError(message)

        setattr(platform, write, refused)

    def dies_within(self, name: str, write: str, side: str, number: int) -> None:
        """The present process ends before or after so many of these single creates of a tree."""
        platform, seen = self.ads[name]._platform, [0]
        real = getattr(platform, write)

        async def dying(*args: Any, dry_run: bool = False, **options: Any) -> Any:
            if dry_run:
                return await real(*args, dry_run=True, **options)
            seen[0] += 1
            if seen[0] == number and side == "before":
                raise Death
            answer = await real(*args, **options)
            if seen[0] == number:
                raise Death
            return answer

        setattr(platform, write, dying)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        for bench in self.place.benches.values():
            bench.heal()

    async def outside(self, name: str, work: Callable[[Any, Ref], Coroutine[Any, Any, Any]]) -> None:
        """Somebody else works on the campaign of one platform."""
        (campaign,) = await self.listed(name)
        await work(self.place.adapters()[name], campaign.ref)


async def _nothing() -> None:
    """Nothing."""


def daily(amount: str) -> Budget:
    """So many dollars a day."""
    return Budget.daily(Money(amount, "USD"))


def with_group(target: Target, name: str) -> Target:
    """One ad group more, like the first one."""
    first = target.tree.groups[0]
    group = GroupTree(ad_group=first.ad_group.but(name=name), ads=tuple(_named(ad, f"{name} ad") for ad in first.ads))
    return target.but(tree=target.tree.but(groups=(*target.tree.groups, group)))


def with_ad(target: Target, name: str) -> Target:
    """One ad more in the first ad group, like its first one."""
    first, *others = target.tree.groups
    group = first.but(ads=(*first.ads, _named(first.ads[0], name)))
    return target.but(tree=target.tree.but(groups=(group, *others)))


def _named(ad: AdSpec, name: str) -> AdSpec:
    return ad.but(name=name)
