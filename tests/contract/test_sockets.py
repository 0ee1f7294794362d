"""TikTokAds over real loopback sockets: what only a socket can show."""

from __future__ import annotations

import pytest

from backstay.clock import SystemClock
from backstay.errors import BackstayError
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, serve
from backstay.taxonomy import Certainty
from backstay.testing.bench import Bench
from backstay.writes.guard import SpendGuard
from backstay_adapters.tiktok import TikTokAds, tiktok_profile
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

PROFILE = tiktok_profile("ultimate").with_(read_lag=0.0, limits={}, attempt_timeout=5.0)


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.HTTP_5XX])
async def test_a_lost_answer_on_a_real_socket_is_unknown_looked_up_and_adopted(kind: FaultKind) -> None:
    """The vendor commits and the connection breaks: UNKNOWN, found by its marker, adopted, one object."""
    rule = FaultRule(kind, operation="campaign/create", times=1, after_commit=True, wrong_length=True, status=502)
    sandbox = TikTokSandbox(seed=1, faults=FaultPlan([rule]))
    events: list[Event] = []
    runtime = Runtime.in_memory(clock=SystemClock(1), listeners=(events.append,), guard=SpendGuard.unlimited())
    async with (
        serve({"tiktok": sandbox}) as served,
        TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, profile=PROFILE, base_url=served.urls["tiktok"]) as ads,
    ):
        bench = Bench(sandbox, lambda *_: ads)
        made = await ads.create_campaign(bench.campaign(), idempotency_key="socket/1")
    assert made.how == "adopted"
    assert len(sandbox.world.objects(level="campaign")) == 1
    assert [event.facts()["outcome"] for event in events if event.name == "write_settled"] == ["adopted"]


async def test_without_a_vendor_nothing_was_sent() -> None:
    """Connection refused: NOT_SENT after every attempt, so the key is free again."""
    async with serve({"tiktok": TikTokSandbox()}) as served:
        address = served.urls["tiktok"]
    runtime = Runtime.in_memory(clock=SystemClock(1), listeners=(), guard=SpendGuard.unlimited())
    ads = TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, profile=PROFILE, base_url=address, max_attempts=2)
    with pytest.raises(BackstayError) as caught:
        await ads.get_account()
    await ads.aclose()
    assert caught.value.type == "CONNECTION_FAILED"
    assert caught.value.certainty is Certainty.NOT_SENT
    assert caught.value.retry_allowed
