"""`backstay demo`: the bad day, its progress, its table and its verdict. `ok` comes from the worlds' own logs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from backstay.ads import Ref
from backstay.cli.cast import Role, roles
from backstay.cli.day import REAL, VIRTUAL, Pace, Progress, Service
from backstay.cli.serving import serve_rpcs
from backstay.clock import Clock, SystemClock
from backstay.money import Money
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, calm, serve, storm
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard

if TYPE_CHECKING:
    from backstay.cli.cast import Member

PLANS: Final = {"calm": calm, "storm": storm}
REAL_TIMES: Final[dict[str, float]] = {"attempt_timeout": 0.8, "deadline": 4.0, "read_lag": 0.5}
"""A day of seconds leaves no time for the profiles' own patience."""
CAPS: Final = SpendGuard(per_call=Money("300", "USD"), total=Money("5000", "USD"))
"""The day needs some 1,700 USD, counted as what the platforms may spend at most; a slip of a digit would need more."""
WORLD: Final = ("duplicates", "parked", "active_trees", "orphans")


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
    cast = roles(seed, {"": PLANS[faults](seed)})
    runtime = Runtime.in_memory(clock=clock, listeners=(), guard=CAPS)
    members = {name: role.enter(runtime) for name, role in cast.items()}
    return await _play(cast, members, runtime, VIRTUAL, progress)


async def _over_sockets(seed: int, faults: str, progress: Progress) -> dict[str, Any]:
    plan = shortened(PLANS[faults](seed), REAL.length / VIRTUAL.length)
    cast = roles(seed, {"": plan, "meta": without(FaultKind.RATE_LIMIT, plan)})  # it counts its waits in minutes
    simulators = {name: role.simulator for name, role in cast.items()}
    runtime = Runtime.in_memory(clock=SystemClock(seed), listeners=(), guard=CAPS)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(simulators))
        rpcs = await stack.enter_async_context(serve_rpcs(simulators, served))
        urls = {**served.urls, **{name: f"http://{rpc.target}" for name, rpc in rpcs.items()}}
        members = {name: role.enter(runtime, url=urls[name], **REAL_TIMES) for name, role in cast.items()}
        return await _play(cast, members, runtime, REAL, progress)


async def _play(
    cast: Mapping[str, Role], members: Mapping[str, Member], runtime: Runtime, pace: Pace, progress: Progress
) -> dict[str, Any]:
    service = Service(members, runtime, pace, progress)
    began = runtime.clock.monotonic()
    async with service.ads:
        await service.day()
    simulated = runtime.clock.monotonic() - began
    for scope in runtime.scopes:
        service.tallies[scope.name.partition("/")[0]].attempts += scope.calls
    world = await _world(cast, runtime)
    ok = not world["duplicates"] and not world["orphans"] and world["active_trees"] == pace.trees
    return {
        "simulated_seconds": round(simulated, 3),
        "platforms": {name: service.tallies[name].as_json() for name in cast},
        "world": world,
        "ok": ok,
    }


async def _world(cast: Mapping[str, Role], runtime: Runtime) -> dict[str, int]:
    """What really happened, over all platforms; an active object that no journal record owns is an orphan."""
    made = [record.value for record in await runtime.journal.records() if isinstance(record.value, Ref)]
    found = [
        role.simulator.world.summary({ref.id for ref in made if ref.platform == name}) for name, role in cast.items()
    ]
    return {name: sum(each[name] for each in found) for name in WORLD}


def without(kind: FaultKind, plan: FaultPlan) -> FaultPlan:
    """The same plan without one kind of fault."""
    rules = tuple(rule for rule in plan.rules if rule.kind is not kind)
    return FaultPlan(rules, plan.seed, read_lag=plan.read_lag, name=plan.name)


def shortened(plan: FaultPlan, share: float) -> FaultPlan:
    """The same plan for a day of seconds: windows and delays shrink alike, long rate limits become short."""

    def span(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(span(each) for each in value)
        return min(value / 4, 0.3)

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
