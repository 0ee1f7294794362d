"""Take a safeguard away: the harm that it prevents must show, or the safeguard proves nothing."""

from __future__ import annotations

import contextlib

import pytest  # noqa: TC002 - monkeypatch fixtures are annotated

from backstay.ads import AdPlatform, CampaignTree
from backstay.engine import write as write_engine
from backstay.engine.call import Call
from backstay.errors import BackstayError
from backstay.policies.breaker import Breaker, BreakerOptions, State
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.sandbox.world import World
from backstay.testing.bench import Bench
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard
from backstay.writes.reconcile import Finding
from backstay.writes.tree import activate_tree
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

LOST = FaultRule(FaultKind.RESET_AFTER, rate=0.4, operation="*/create")


def extras(seed: int = 1, *, trees: int = 4) -> int:
    """Build and activate trees while four of ten answers to creates are lost; how many objects are too many."""
    sandbox = TikTokSandbox(seed=seed, faults=FaultPlan([LOST], seed))
    clock = VirtualClock(seed)
    transport = SimTransport(sandbox, clock)
    runtime = Runtime.in_memory(clock=clock, listeners=(), guard=SpendGuard.unlimited())
    ads: AdPlatform = TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate")
    bench = Bench(sandbox, lambda runtime, transport: ads)

    async def main() -> None:
        tree = await bench.tree(ads)
        for number in range(trees):
            named = tree.but(campaign=tree.campaign.but(name=f"Tree {number}"))
            await insist(ads, named, str(number))

    run(main(), clock)
    return too_many(sandbox.world)


async def insist(ads: AdPlatform, tree: CampaignTree, key: str) -> None:
    """As a service does: what fails is called again under the same key."""
    for _ in range(10):
        with contextlib.suppress(BackstayError):
            built = await ads.create_tree(tree, idempotency_key=key)
            await activate_tree(ads, built.value)
            return


def too_many(world: World) -> int:
    """Objects that share a key with another one, running or not."""
    return len(world.duplicates()) + len(world.parked())


def test_with_all_safeguards_there_is_no_extra() -> None:
    """The control: nothing twice."""
    assert extras() == 0


def test_without_the_look_up_there_are_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take "absent" for granted after a lost answer, and objects are made twice."""
    monkeypatch.setattr(write_engine, "judge_found", lambda *_, **__: Finding.ABSENT)
    assert extras() > 0


def test_without_the_sent_mark_there_are_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """If every broken connection counts as never sent, creates are repeated blindly."""
    monkeypatch.setattr(Call, "mark_sent", lambda _: None)
    assert extras() > 0


def let_in_by_an_old_success(breaker: Breaker) -> int:
    """Open a breaker while a call from before is under way; its late success must not let others in."""
    old = breaker.permit(0.0, 0.5)
    for number in range(20):
        breaker.failure(breaker.permit(0.01 * number, 0.5), 0.01 * number, 0.005)
    assert breaker.state is State.OPEN
    now = 5.0
    probe = breaker.permit(now, 0.5)
    assert probe > 0
    for _ in range(3):
        breaker.success(old, now, 5.0)
    return sum(breaker.permit(now, 0.0) > 0 for _ in range(20))


def test_a_late_success_of_an_older_generation_lets_nobody_in() -> None:
    """The control: one probe is out, so nobody else goes."""
    assert let_in_by_an_old_success(Breaker()) == 0


def test_without_generations_a_late_success_opens_the_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    """If results are counted whatever generation they belong to, a success from before the outage ends it."""

    def careless(self: Breaker, token: int, now: float, took: float) -> None:
        del token, took
        self._probed(now, well=True)

    monkeypatch.setattr(Breaker, "success", careless)
    assert let_in_by_an_old_success(Breaker(BreakerOptions(ramp=0.0))) > 0
