"""Draws docs/services/campaigns.svg: a spec on three simulators, made, changed, put back, switched off.

python docs/_generate/campaigns_picture.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from backstay.ads import Budget, CampaignTree, ConfiguredStatus, Money
from backstay.cli.cast import roles
from backstay.runtime import Runtime
from backstay.sandbox import FaultPlan
from backstay.services.campaigns import CampaignManager, CampaignSet
from backstay.services.campaigns.events import CampaignStepped
from backstay.services.store import MemoryStore
from backstay.testing import VirtualClock
from backstay.testing.clock import run
from backstay.writes.guard import SpendGuard

sys.path.insert(0, str(Path(__file__).parent))  # `drawing` is beside this script, in no package
from drawing import BLUE, GREY, INK, LINE, ORANGE, Panel, dot, grid, page, path, text

TARGET = Path(__file__).resolve().parents[1] / "services" / "campaigns.svg"
WIDTH, HEIGHT = 760, 430
ON = {"tiktok": "TikTok", "meta": "Meta", "google_ads": "Google Ads"}
COLOURS = {"create": GREY, "activate": BLUE, "lower": ORANGE, "raise": BLUE, "pause": ORANGE, "somebody": INK}


@dataclass
class Moment:
    """One step, or what somebody else did: where, what, and the sum of all budgets that run afterwards."""

    part: str
    on: str
    what: str
    running: Decimal
    column: int
    """What is done at the same time has one column."""


class Watched:
    """A platform that notes the sum of what runs after each write."""

    def __init__(self, platform: Any, after: Callable[[], Any]) -> None:
        self._platform, self._after = platform, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def set_status(self, *args: Any, **options: Any) -> Any:
        """As the platform does it."""
        answer = await self._platform.set_status(*args, **options)
        await self._after()
        return answer

    async def set_budget(self, *args: Any, **options: Any) -> Any:
        """As the platform does it."""
        answer = await self._platform.set_budget(*args, **options)
        if not options.get("dry_run"):
            await self._after()
        return answer


class Play:
    """Three simulators in virtual time, and what happens on them."""

    def __init__(self) -> None:
        self.clock = VirtualClock(7)
        self.moments: list[Moment] = []
        self.running = Decimal(0)
        self.part = ""
        self.ads: dict[str, Any] = {}
        self.trees: dict[str, CampaignTree] = {}
        self.store = MemoryStore()

    async def prepare(self) -> None:
        """Adapters on simulators, and a tree in the words of each."""
        runtime = Runtime.in_memory(clock=self.clock, listeners=(), guard=SpendGuard.unlimited())
        found = roles(7, {"": FaultPlan()}, ON)
        for name in ON:
            member = found[name].enter(runtime)
            self.trees[name] = await member.samples.tree(member.ads, name="Spring sale")
            self.ads[name] = Watched(member.ads, self.summed)

    async def summed(self) -> None:
        """The budgets of all campaigns that run now."""
        total = Decimal(0)
        for ads in self.ads.values():
            async for each in ads.list_campaigns(max_age=0.0, max_stale=0.0):
                if each.status.configured is ConfiguredStatus.ACTIVE:
                    total += each.budget.amount.amount
        self.running = total

    def manager(self, **amounts: int) -> CampaignManager:
        """Of the spec with these budgets."""
        trees = {
            name: tree.but(campaign=tree.campaign.but(budget=Budget.daily(Money(amounts[name], "USD"))))
            for name, tree in self.trees.items()
        }
        spec = CampaignSet.of("spring", {"sale": trees}, status=ConfiguredStatus.ACTIVE)
        return CampaignManager(spec, on=self.ads, store=self.store, tell=self.told)

    def told(self, event: object) -> None:
        """A step was carried out."""
        if isinstance(event, CampaignStepped):
            what, on = event.step.split(" ")[0], event.target.partition("@")[2]
            self.moments.append(Moment(self.part, on, what, self.running, len(self.moments)))

    async def main(self) -> None:
        """The four parts."""
        await self.prepare()
        self.part = "the spec is applied"
        await self.manager(tiktok=100, meta=100, google_ads=100).apply()
        self.part = "money is moved"
        manager = self.manager(tiktok=150, meta=60, google_ads=90)
        await manager.apply()
        self.part = "drift is put back"
        await self.outside("meta", 140)
        await manager.apply()
        self.part = "all off"
        await manager.pause_all()
        self.moments += [Moment(self.part, on, "pause", self.running, column=len(self.moments)) for on in ON]

    async def outside(self, on: str, amount: int) -> None:
        """Somebody sets a budget by hand."""
        (live,) = [each async for each in self.ads[on].list_campaigns(max_age=0.0)]
        await self.ads[on].set_budget(
            live.ref, Budget(amount=Money(amount, "USD"), period=live.budget.period), expect=live
        )
        self.moments.append(Moment(self.part, on, "somebody", self.running, len(self.moments)))


def played() -> list[Moment]:
    """All that happens, in its order."""
    play = Play()
    run(play.main(), play.clock)
    return play.moments


def columns(moments: list[Moment]) -> int:
    """How many there are."""
    return moments[-1].column + 1


def lanes(moments: list[Moment]) -> list[str]:
    """One lane a platform, one mark a step."""
    panel = Panel(112, 84, WIDTH - 112 - 26, 120, (0, columns(moments)), (-0.5, 2.5))
    drawn = [
        text(24, 30, "One spec on three platforms, step by step", size=15, bold=True),
        text(24, 52, "Grey: made, paused. Blue: more may be spent. Orange: less. Black: somebody else.", fill=GREY),
    ]
    for row, label in enumerate(ON.values()):
        (left, y), (right, _) = panel.at(0, 2 - row), panel.at(columns(moments), 2 - row)
        drawn.append(path([(left, y), (right, y)], f'stroke="{LINE}" stroke-width="1" fill="none"'))
        drawn.append(text(24, y + 4, label))
    for each in moments:
        x, y = panel.at(each.column + 0.5, 2 - list(ON).index(each.on))
        drawn.append(dot((x, y), f'fill="{COLOURS[each.what]}"', 6))
        drawn.append(text(x, y - 11, each.what, size=10, fill=COLOURS[each.what], anchor="middle"))
    return drawn + parts(moments, panel)


def parts(moments: list[Moment], panel: Panel) -> list[str]:
    """Thin lines between the parts, and their names."""
    drawn = []
    for number, each in enumerate(moments):
        if number and each.part == moments[number - 1].part:
            continue
        x, _ = panel.at(each.column, 0)
        drawn.append(path([(x, 68), (x, HEIGHT - 40)], f'stroke="{LINE}" stroke-width="1" fill="none"'))
        drawn.append(text(x + 5, 76, each.part, size=11, fill=GREY))
    return drawn


def sums(moments: list[Moment]) -> list[str]:
    """What all running budgets add up to after each step."""
    panel = Panel(112, 272, WIDTH - 112 - 26, 116, (0, columns(moments)), (0, 400))
    drawn = [
        text(24, 248, "Daily budgets that run, in USD: what gives comes before what gets", size=15, bold=True),
        *grid(panel, (), (0, 100, 200, 300, 400), lambda y: f"{y:g}"),
    ]
    line = [panel.at(0, 0)]
    for each in moments:
        before = line[-1][1]
        x, y = panel.at(each.column + 0.5, float(each.running))
        line += [(x, before), (x, y)]
    line.append((panel.at(columns(moments), 0)[0], line[-1][1]))
    drawn.append(path(line, f'stroke="{BLUE}" stroke-width="2.2" fill="none"'))
    total = [panel.at(0, 300), panel.at(columns(moments), 300)]
    drawn.append(path(total, f'stroke="{ORANGE}" stroke-width="1.3" stroke-dasharray="4 3" fill="none"'))
    drawn.append(text(WIDTH - 26, HEIGHT - 12, "dashed: what the spec adds up to", size=11, fill=GREY, anchor="end"))
    return drawn


def picture() -> str:
    """The whole drawing."""
    moments = played()
    return page(WIDTH, HEIGHT, "A spec on three platforms, step by step", [*lanes(moments), *sums(moments)])


if __name__ == "__main__":
    TARGET.write_text(picture(), "utf8")
    print(TARGET)
