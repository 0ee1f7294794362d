"""The runtime: who shares what, and that nothing grows without bound."""

from __future__ import annotations

import gc

import pytest

from backstay.errors import CircuitOpenError, InvalidRequestError
from backstay.events import Event
from backstay.policies.breaker import State
from backstay.profile import Limit, Profile
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox


def test_tenants_of_one_app_share_its_limit_and_no_more() -> None:
    """Two advertisers of one app: one bucket for both, a breaker for each."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    sandbox = TikTokSandbox()
    one, other, foreign = (
        TikTokAds(advertiser, TOKEN, app_id=app, runtime=runtime, transport=SimTransport(sandbox, clock))
        for advertiser, app in ((ADVERTISERS[0], "a"), (ADVERTISERS[1], "a"), (ADVERTISERS[0], "b"))
    )

    async def main() -> None:
        for ads in (one, other, foreign):
            await ads.get_account()

    virtually(main(), clock)
    limiters = [id(scope.limiters["app"]) for scope in runtime.scopes]
    assert len(runtime.scopes) == 2  # by account; the third adapter has the first one's account and credential
    assert limiters[0] == limiters[1]
    assert runtime.scopes[0].breaker is not runtime.scopes[1].breaker
    assert runtime.scopes[0].limiters["advertiser"] is not runtime.scopes[1].limiters["advertiser"]


def test_one_tenants_open_breaker_leaves_the_other_alone() -> None:
    """A breaker forced open stops its own account only."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    transport = SimTransport(TikTokSandbox(), clock)
    one, other = (TikTokAds(each, TOKEN, runtime=runtime, transport=transport) for each in ADVERTISERS[:2])

    async def main() -> None:
        await one.get_account()
        for scope in runtime.scopes:
            scope.breaker.force(State.FORCED_OPEN, clock.monotonic())
        with pytest.raises(CircuitOpenError):
            await one.get_account(max_age=0, max_stale=0)
        await other.get_account()

    virtually(main(), clock)


def test_scopes_are_bounded_and_take_their_limiters_along() -> None:
    """Ten thousand tenants come and go; what is idle goes first."""
    runtime = Runtime.in_memory(listeners=(), max_scopes=5)
    profile = Profile(limits={"app": Limit(rate=1.0)})
    for number in range(50):
        runtime.scope(("v", str(number)), profile, {"app": ("v", str(number), "app")})
    gc.collect()
    assert len(runtime.scopes) == 5
    assert len(runtime._limiters) == 5


def test_what_goes_wrong_in_the_background_is_an_event() -> None:
    """Nothing is swallowed: a failed refresh reaches the listeners, scrubbed."""
    events: list[Event] = []
    runtime = Runtime.in_memory(clock=VirtualClock(), listeners=(events.append,))
    runtime.cache.on_problem("cache.refresh", ValueError("access_token=abcdefgh"))
    assert [event.name for event in events] == ["problem"]
    assert "abcdefgh" not in str(events[0].facts())


def test_breakers_are_held_open_by_hand_and_let_go_again() -> None:
    """One account of two; the scopes that come later are held too, until somebody says None."""
    clock = VirtualClock()
    runtime = Runtime.in_memory(clock=clock, listeners=())
    one, other = (
        TikTokAds(each, TOKEN, runtime=runtime, transport=SimTransport(TikTokSandbox(), clock))
        for each in ADVERTISERS[:2]
    )

    async def main() -> None:
        runtime.force_breakers("open", vendor="tiktok", account=ADVERTISERS[0])
        with pytest.raises(CircuitOpenError):
            await one.get_account(max_age=0, max_stale=0)
        await other.get_account()
        assert runtime.force_breakers(None, vendor="tiktok", account=ADVERTISERS[0]) >= 1
        await one.get_account(max_age=0)
        with pytest.raises(InvalidRequestError, match="open, closed"):
            runtime.force_breakers("ajar", vendor="tiktok")  # type: ignore[arg-type]  # on purpose

    virtually(main(), clock)
