"""Platforms for the tests of services: simulators in virtual time, and numbers that are planted."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from backstay.ads import AdPlatform, CampaignTree, MetricsQuery, MetricsReport, MetricsRow, Money, Ref
from backstay.answer import stamp
from backstay.compose import Split, Weights
from backstay.compose.rules import Rule
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.testing.bench import Bench
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, Account, MetaSandbox
from backstay_adapters.meta.sandbox import TOKEN as META_TOKEN
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TikTokSandbox
from backstay_adapters.tiktok.sandbox import TOKEN as TIKTOK_TOKEN
from tests.support.google import google_bench

T = TypeVar("T")

DAY = 86_400.0


def tiktok_bench(seed: int = 11, **facts: Any) -> Bench:
    """TikTok's manual flow."""
    return Bench(
        TikTokSandbox(seed=seed, **facts),
        lambda runtime, wire: TikTokAds(
            ADVERTISERS[0], TIKTOK_TOKEN, runtime=runtime, transport=wire, tier="ultimate", flow="manual"
        ),
    )  # fmt: skip


def meta_bench(seed: int = 11, **facts: Any) -> Bench:
    """Meta, with room to spend."""
    return Bench(
        MetaSandbox(seed=seed, accounts=(Account(ACCOUNTS[0], spend_cap=100_000_000),), **facts),
        lambda runtime, wire: MetaAds(ACCOUNTS[0], META_TOKEN, runtime=runtime, transport=wire),
        locations=("US",),
    )


BENCHES: dict[str, Callable[[], Bench]] = {
    "tiktok": tiktok_bench, "meta": meta_bench, "google_ads": google_bench,
}  # fmt: skip


class Planted:
    """A platform whose numbers of some objects are those that a test wants; everything else is the platform's own.

    `numbers(ref, row)` gives the row to show.
    """

    def __init__(self, platform: AdPlatform, numbers: Callable[[MetricsRow], MetricsRow]) -> None:
        self._platform = platform
        self._numbers = numbers
        self.source = "live"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def get_metrics(self, query: MetricsQuery, **options: Any) -> MetricsReport:
        """The planted rows, served as the real ones are, or from `source`."""
        report = await self._platform.get_metrics(query, **options)
        rows = tuple(self._numbers(row) for row in report.rows)
        from dataclasses import replace

        served = report.served if self.source == "live" else replace(report.served, source=self.source)  # type: ignore[arg-type]  # a test's choice
        return stamp(report.model_copy(update={"rows": rows}), served)


def rates(by_ref: Mapping[Ref, float], clicks: int = 2_000) -> Callable[[MetricsRow], MetricsRow]:
    """Rows of so many clicks, a conversion rate for each object; days of one object differ a little."""

    def numbers(row: MetricsRow) -> MetricsRow:
        if row.ref not in by_ref or row.day is None:
            return row
        wobble = row.day.toordinal() % 3 - 1
        conversions = round(clicks * by_ref[row.ref]) + wobble
        change = {
            "impressions": clicks * 50, "clicks": clicks, "link_clicks": clicks, "conversions": Decimal(conversions),
            "spend": Money("200.00", row.spend.currency), "revenue": Money(conversions * 20, row.spend.currency),
            "final": True,
        }  # fmt: skip
        return row.model_copy(update=change)

    return numbers


@dataclass
class Place:
    """Where a test runs: named platforms on one clock and in one runtime."""

    benches: dict[str, Bench]
    guard: SpendGuard = field(default_factory=SpendGuard.unlimited)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """One clock for all."""
        self.clock = VirtualClock(5)
        self.wires = {name: self._wire(name, bench) for name, bench in self.benches.items()}
        self.runtime = self.open()

    def _wire(self, name: str, bench: Bench) -> Any:
        if name == "google_ads":
            return bench.simulator.channel(self.clock)  # type: ignore[attr-defined]  # gRPC's shell
        return SimTransport(bench.simulator, self.clock)

    def open(self) -> Runtime:
        """A new process: nothing remembered but the worlds and the time."""
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,), guard=self.guard)
        return self.runtime

    def adapters(self) -> dict[str, AdPlatform]:
        """An adapter for each."""
        return {name: bench.make(self.runtime, self.wires[name]) for name, bench in self.benches.items()}

    def split(self, rule: Rule | Weights, name: str = "tests") -> Split:
        """All of them as one."""
        return Split(self.adapters(), rule, name=name)

    async def tree(self, name: str, ads: AdPlatform, campaign: str) -> CampaignTree:
        """A tree in the words of a platform."""
        return await self.benches[name].tree(ads, name=campaign)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In virtual time."""
        return run(work, self.clock)

    def active(self) -> dict[str, int]:
        """Trees that run, by platform, from the worlds' own logs."""
        return {name: len(bench.world.active_trees()) for name, bench in self.benches.items()}


def place(*names: str, **facts: Any) -> Place:
    """Platforms by name."""
    return Place({name: BENCHES[name]() for name in names}, **facts)
