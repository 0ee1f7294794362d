"""`backstay demo`: the bad day, its progress, its table and its verdict. `ok` comes from the world's own log."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from backstay.cli.day import REAL, VIRTUAL, Pace, Progress, Service
from backstay.clock import Clock, SystemClock
from backstay.money import Money
from backstay.runtime import Runtime
from backstay.sandbox import FaultPlan, SimTransport, World, calm, serve, storm
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard

if TYPE_CHECKING:
    from backstay.ads import AdPlatform

ADVERTISER: Final = "7000000000001"
PLANS: Final = {"calm": calm, "storm": storm}
REAL_TIMEOUT: Final = 1.0
REAL_LAG: Final = 1.0
CAPS: Final = SpendGuard(per_call=Money("150", "USD"), total=Money("2000", "USD"))
"""The day needs less than 1,600 USD; a slip of a digit would need more."""


def _vendor() -> tuple[Any, Any, Any]:
    """The adapter and its simulator, found by name: the sdk imports no vendor."""
    folder = importlib.import_module("backstay_adapters.tiktok")
    sandbox = importlib.import_module("backstay_adapters.tiktok.sandbox")
    return folder.TikTokAds, folder.tiktok_profile, sandbox


def play(seed: int, faults: str, *, real: bool, progress: Progress) -> dict[str, Any]:
    """Play the day and judge it; the result is the demo's JSON."""
    wall = SystemClock()
    began = wall.monotonic()
    if real:
        result = asyncio.run(_over_sockets(seed, faults, progress))
    else:
        clock = VirtualClock(seed)
        result = run(_in_process(seed, faults, clock, progress), clock)
    return {"seed": seed, "faults": faults, "seconds": round(wall.monotonic() - began, 3), **result}


async def _in_process(seed: int, faults: str, clock: Clock, progress: Progress) -> dict[str, Any]:
    adapter, _, sandbox = _vendor()
    simulator = sandbox.TikTokSandbox(seed=seed, faults=PLANS[faults](seed))
    advertiser, token = _account(sandbox)
    runtime = Runtime.in_memory(clock=clock, listeners=(), guard=CAPS)
    ads = adapter(advertiser, token, runtime=runtime, transport=SimTransport(simulator, clock), tier="ultimate")
    return await _play(ads, runtime, simulator.world, VIRTUAL, progress)


async def _over_sockets(seed: int, faults: str, progress: Progress) -> dict[str, Any]:
    adapter, profile, sandbox = _vendor()
    clock = SystemClock(seed)
    simulator = sandbox.TikTokSandbox(seed=seed, faults=shortened(PLANS[faults](seed), REAL.length / VIRTUAL.length))
    advertiser, token = _account(sandbox)
    runtime = Runtime.in_memory(clock=clock, listeners=(), guard=CAPS)
    short = profile("ultimate").with_(attempt_timeout=REAL_TIMEOUT, deadline=8.0, read_lag=REAL_LAG)
    async with serve({"tiktok": simulator}) as served:
        ads = adapter(advertiser, token, runtime=runtime, base_url=served.urls["tiktok"], profile=short)
        return await _play(ads, runtime, simulator.world, REAL, progress)


def _account(sandbox: Any) -> tuple[str, str]:
    """The sandbox's own advertiser and token."""
    return sandbox.ADVERTISERS[0], sandbox.TOKEN


async def _play(ads: AdPlatform, runtime: Runtime, world: World, pace: Pace, progress: Progress) -> dict[str, Any]:
    service = Service(ads, runtime, pace, progress)
    runtime.events.add(service.tally.hear)
    began = runtime.clock.monotonic()
    await service.day()
    await ads.aclose()
    simulated = runtime.clock.monotonic() - began
    owned = {record.value.id for record in await runtime.journal.records() if record.value is not None}
    summary = world.summary(owned)
    service.tally.attempts = sum(scope.calls for scope in runtime.scopes)
    shown = {name: summary[name] for name in ("duplicates", "parked", "active_trees", "orphans")}
    ok = not shown["duplicates"] and not shown["orphans"] and shown["active_trees"] == pace.trees
    return {
        "simulated_seconds": round(simulated, 3),
        "platforms": {"tiktok": service.tally.as_json()},
        "world": shown,
        "ok": ok,
    }


def shortened(plan: FaultPlan, share: float) -> FaultPlan:
    """The same plan for a day of seconds: windows and delays shrink alike, long rate limits become short."""

    def span(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(min(each, 0.3) for each in value)
        return min(value, 0.3)

    rules = tuple(
        replace(
            rule,
            start=rule.start * share,
            end=None if rule.end is None else rule.end * share,
            delay=span(rule.delay),
            long=False,
        )
        for rule in plan.rules
    )
    lag = plan.read_lag
    return FaultPlan(rules, plan.seed, read_lag=None if lag is None else span(lag), name=plan.name)
