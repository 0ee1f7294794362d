"""A stage for tests of MetaAds: its simulator, a clock, and what they make most."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from backstay.ads import (
    AdGroupSpec,
    AdSpec,
    Budget,
    CampaignSpec,
    Compliance,
    Creative,
    CreativeKind,
    Money,
    Objective,
    OptimizationGoal,
    Ref,
    Targeting,
)
from backstay.runtime import Runtime
from backstay.sandbox import FaultPlan, FaultRule, SimTransport
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, MetaSandbox

T = TypeVar("T")
HOME = f"act_{ACCOUNTS[0]}"


def usd(amount: str) -> Money:
    return Money(amount, "USD")


SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=Budget.daily(usd("50"))
)
BARE = SPEC.but(budget=None)
GROUP = AdGroupSpec(
    name="All", optimization=OptimizationGoal.CLICKS, targeting=Targeting(locations=("US",)),
)  # fmt: skip
POST = Creative(kind=CreativeKind.EXISTING_POST, post_id="99_1")
AD = AdSpec(name="First", creative=POST)


class Stage:
    """A simulator, a clock, and adapters on them."""

    def __init__(self, guard: SpendGuard | None = None, **switches: Any) -> None:
        self.clock = VirtualClock(3)
        self.sandbox = MetaSandbox(seed=3, **switches)
        self.transport = SimTransport(self.sandbox, self.clock)
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(), guard=guard or SpendGuard.unlimited())
        self.ads = self.adapter()

    def adapter(self, account: str = ACCOUNTS[0], token: str = TOKEN, **facts: Any) -> MetaAds:
        facts = {"runtime": self.runtime, "transport": self.transport, **facts}
        return MetaAds(account, token, **facts)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return run(work, self.clock)

    def fail(self, *rules: FaultRule) -> None:
        self.sandbox.faults = FaultPlan(rules, 0)

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(request.method, request.path) for request in self.transport.requests]

    @property
    def posts(self) -> int:
        return len([method for method, _ in self.sent if method == "POST"])

    async def group(self) -> Ref:
        """An ad set with a budget of its own."""
        campaign = await self.ads.create_campaign(BARE, idempotency_key="c")
        spec = GROUP.but(budget=Budget.daily(usd("20")))
        return (await self.ads.create_ad_group(campaign.value.ref, spec, idempotency_key="g")).value.ref

    async def ad(self) -> Ref:
        """An ad under it."""
        return (await self.ads.create_ad(await self.group(), AD, idempotency_key="a")).value.ref
