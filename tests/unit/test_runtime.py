"""The runtime: who shares what, and that nothing grows without bound."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(("options", "field", "cure"), [
    ({"state": 3}, "state", "in_memory"), ({"state": ""}, "state", "None for the usual folder"),
    ({"state": b"folder"}, "state", "path"), ({"state": ["a"]}, "state", "path"),
    ({"listeners": 3}, "listeners", "(function,)"), ({"listeners": (3,)}, "listeners", "functions"),
    ({"listeners": print}, "listeners", "(function,)"), ({"listeners": "log"}, "listeners", "functions"),
    ({"max_scopes": 0}, "max_scopes", "whole number"), ({"max_scopes": "9"}, "max_scopes", "whole number"),
])  # fmt: skip
def test_options_of_the_wrong_kind_are_refused(options: dict[str, Any], field: str, cure: str) -> None:
    """When the runtime is made, and not by the first write; an empty folder's name is no working directory."""
    with pytest.raises(InvalidRequestError) as caught:
        Runtime(**options)
    assert caught.value.field == field
    assert cure in (caught.value.hint or "")


def test_folders_and_listeners_of_all_kinds_are_taken(tmp_path: Path) -> None:
    """Text, a path or nothing; a list is as good as a tuple."""
    heard: list[Event] = []
    for state in (tmp_path, str(tmp_path), None):
        assert Runtime(state=state, listeners=()).state is not None
    assert Runtime.in_memory(listeners=[heard.append]).events.listeners == (heard.append,)  # type: ignore[arg-type]


@pytest.mark.parametrize(("asked", "field"), [
    ({"vendor": 3}, "vendor"), ({"vendor": ""}, "vendor"), ({"vendor": "meta", "account": 3}, "account"),
])  # fmt: skip
def test_breakers_of_no_vendor_are_not_forced(asked: dict[str, Any], field: str) -> None:
    """A wrong kind would hold nothing, and say 0 as if there were nothing to hold."""
    runtime = Runtime.in_memory(listeners=())
    with pytest.raises(InvalidRequestError) as caught:
        runtime.force_breakers("open", **asked)
    assert (caught.value.field, runtime._forced) == (field, {})
    with pytest.raises(InvalidRequestError, match="open, closed"):
        runtime.force_breakers(["open"], vendor="meta")  # type: ignore[arg-type]  # on purpose
