"""What a process has changed it is not shown otherwise by its own cache, whatever it read while the vendor lagged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backstay import Money, Runtime
from backstay.ads import Budget, CampaignPatch, CampaignSpec, Compliance, ConfiguredStatus, Objective, Query
from backstay.sandbox import SimTransport
from backstay.testing import VirtualClock, run
from backstay.writes.guard import SpendGuard
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money("100.00", "USD")),
)  # fmt: skip


def played(work: Any) -> Any:
    """What `work` gives on an adapter of a vendor whose reads lag three seconds behind writes."""
    clock = VirtualClock()
    sandbox = TikTokSandbox(seed=1, read_lag=3.0, lag_updates=True)

    async def main() -> Any:
        runtime = Runtime.in_memory(clock=clock, listeners=(), guard=SpendGuard.unlimited())
        async with TikTokAds(
            ADVERTISERS[0], TOKEN, runtime=runtime, transport=SimTransport(sandbox, clock), flow="manual"
        ) as ads:
            return await work(ads, clock)

    return run(main(), clock)


async def beside(clock: VirtualClock, write: Any, read: Any) -> None:
    """A read that asks the vendor half a second after a write has begun, while the write waits to be shown."""
    writing = asyncio.ensure_future(write)
    await clock.sleep(0.5)
    await read()
    assert not writing.done(), "the read came too late to be behind"
    await writing


@pytest.mark.parametrize("what", ["name", "status"])
def test_a_change_that_was_read_back_is_in_the_cache_or_nothing(what: str) -> None:
    """An answer from behind the change, stored meanwhile, does not outlive it."""

    async def work(ads: Any, clock: VirtualClock) -> tuple[str, Any]:
        made = (await ads.create_campaign(SPEC, idempotency_key="k")).value
        await clock.sleep(10.0)
        write = (
            ads.update_campaign(
                made.ref, CampaignPatch(name="Autumn"), expect=await ads.get_campaign(made.ref, max_age=0)
            )
            if what == "name"
            else ads.set_status(made.ref, ConfiguredStatus.ACTIVE)
        )
        await beside(clock, write, lambda: ads.get_campaign(made.ref, max_age=0))
        found = await ads.get_campaign(made.ref)
        return found.name, found.status.configured

    name, status = played(work)
    assert (name, status) == (("Autumn", "paused") if what == "name" else ("Spring", "active"))


def test_a_create_that_was_read_back_is_on_the_list() -> None:
    """The same for lists and what was made."""

    async def work(ads: Any, clock: VirtualClock) -> list[str]:
        await beside(
            clock, ads.create_campaign(SPEC, idempotency_key="k"), lambda: ads.list_campaigns(Query(), max_age=0).all()
        )
        return [each.name for each in await ads.list_campaigns()]

    assert played(work) == ["Spring"]
