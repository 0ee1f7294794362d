"""Whole trees on TikTok's simulator: verified before anything can spend, one of each, whatever broke in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backstay.ads import AdPlatform, Budget, CampaignTree, ConfiguredStatus
from backstay.errors import BackstayError, ConflictError, IdempotencyConflictError, InvalidRequestError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.sandbox.world import State as Set
from backstay.testing.bench import Bench
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.guard import SpendGuard
from backstay.writes.journal import Journal, JournalKey, Kind, Record, State
from backstay.writes.marker import mark
from backstay.writes.memory import MemoryJournal
from backstay.writes.tree import activate_tree
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

KEY = "spring"
ACCOUNT = ADVERTISERS[0]


def make(runtime: Runtime, transport: SimTransport) -> AdPlatform:
    return TikTokAds(ACCOUNT, TOKEN, runtime=runtime, transport=transport, tier="ultimate")


@pytest.fixture
def bench() -> Bench:
    return Bench(TikTokSandbox(seed=5, read_lag=(0.0, 3.0)), make)


def states(records: tuple[Record, ...]) -> dict[str, State]:
    """By the records' keys."""
    return {record.key.key: record.state for record in records if not media(record)}


def media(record: Record) -> bool:
    return record.key.operation.startswith("upload")


def test_a_tree_is_verified_then_activated_from_the_leaf_to_the_root(bench: Bench) -> None:
    """VERIFIED for each object and for the tree, then ACTIVE; the campaign is the last to be switched on."""
    ads = bench.adapter()

    async def main() -> None:
        built = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
        assert bench.world.summary()["active_trees"] == 0
        assert set(states(await bench.runtime.journal.records()).values()) == {State.VERIFIED}
        await activate_tree(ads, built.value)

    bench.run(main())
    switched = [effect.level for effect in bench.world.log if effect.kind == "status"]
    assert switched == ["ad", "ad", "ad_group", "ad_group", "campaign"]
    active = bench.run(bench.runtime.journal.records(State.ACTIVE))
    assert {record.key.key for record in active} == {KEY, f"{KEY}/0", f"{KEY}/0/0", f"{KEY}/1", f"{KEY}/1/0"}


def test_called_again_it_gives_the_same_tree_and_pauses_nothing(bench: Bench) -> None:
    """Also after it was activated and its budget changed; another tree under the key is a conflict."""
    ads = bench.adapter()

    async def main() -> None:
        tree = await bench.tree(ads)
        first = await ads.create_tree(tree, idempotency_key=KEY)
        await activate_tree(ads, first.value)
        live = await ads.get_campaign(first.value.campaign.ref, max_age=0)
        await ads.set_budget(live.ref, Budget.daily(bench.money("130.00")), expect=live)
        again = await ads.create_tree(tree, idempotency_key=KEY)
        assert again.how == "replayed"
        assert again.value.campaign.ref == first.value.campaign.ref
        assert again.value.campaign.status.configured is ConfiguredStatus.ACTIVE
        other = tree.but(groups=tree.groups[:1])
        with pytest.raises(IdempotencyConflictError):
            await ads.create_tree(other, idempotency_key=KEY)

    bench.run(main())
    assert bench.world.summary()["active_trees"] == 1


def test_what_is_not_as_it_was_asked_for_is_not_switched_on(bench: Bench) -> None:
    """The error names the field and both values; corrected at the platform, the same key goes on."""
    ads = bench.adapter()

    async def main() -> None:
        tree = await bench.tree(ads)
        made = await ads.create_campaign(tree.campaign, idempotency_key=KEY)
        changed = await ads.set_budget(made.value.ref, Budget.daily(bench.money("1000.00")), expect=made.value)
        with pytest.raises(ConflictError) as caught:
            await ads.create_tree(tree, idempotency_key=KEY)
        error = caught.value
        assert error.field == "campaign.budget"
        assert "100.00 USD daily" in error.message
        assert "1000.00 USD daily" in error.message
        assert bench.world.summary()["active_trees"] == 0
        live = await ads.get_campaign(changed.value.ref, max_age=0)
        await ads.set_budget(live.ref, Budget.daily(bench.money("100.00")), expect=live)
        again = await ads.create_tree(tree, idempotency_key=KEY)
        assert again.value.campaign.ref == made.value.ref

    bench.run(main())


def test_a_process_without_the_journal_takes_a_running_tree_as_it_is(bench: Bench) -> None:
    """Everything is found by its markers; nothing is paused, nothing is made."""

    async def main() -> None:
        ads = bench.adapter()
        tree = await bench.tree(ads)
        await activate_tree(ads, (await ads.create_tree(tree, idempotency_key=KEY)).value)
        await bench.clock.sleep(30.0)
        made = len(bench.world.objects())
        again = await bench.adapter().create_tree(tree, idempotency_key=KEY)
        assert again.how == "adopted"
        assert len(bench.world.objects()) == made

    bench.run(main())
    assert bench.world.summary()["active_trees"] == 1


def test_a_tree_that_somebody_switched_on_too_early_is_not_finished(bench: Bench) -> None:
    """The campaign runs before its ads are there: the error says so, and the rest is not switched on."""
    ads = bench.adapter()

    async def main() -> None:
        tree = await bench.tree(ads)
        made = await ads.create_campaign(tree.campaign, idempotency_key=KEY)
        await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE)
        with pytest.raises(ConflictError) as caught:
            await ads.create_tree(tree, idempotency_key=KEY)
        assert (caught.value.field, caught.value.value) == ("campaign.status", "active")

    bench.run(main())
    assert bench.world.summary()["active_trees"] == 0


def test_a_part_that_was_refused_can_be_corrected_under_the_same_key(bench: Bench) -> None:
    """Nothing was made of it, so its key is free; what was made before stays."""
    ads = bench.adapter()

    async def main() -> None:
        tree = await bench.tree(ads)
        ad = tree.groups[1].ads[0]
        gone = tuple(media.model_copy(update={"id": "nowhere"}) for media in ad.creative.media)
        bad = ad.but(creative=ad.creative.model_copy(update={"media": gone}))
        wrong = tree.but(groups=(tree.groups[0], tree.groups[1].but(ads=(bad,))))
        with pytest.raises(InvalidRequestError, match="video id is invalid"):
            await ads.create_tree(wrong, idempotency_key=KEY)
        made = {thing.id for thing in bench.world.objects()}
        built = await ads.create_tree(tree, idempotency_key=KEY)
        assert built.how == "created"
        assert len({thing.id for thing in bench.world.objects()} - made) == 1

    bench.run(main())
    assert states(bench.run(bench.runtime.journal.records()))[f"{KEY}/1/0"] is State.VERIFIED


def test_a_twin_that_runs_is_paused_and_named(bench: Bench) -> None:
    """An object beside ours under a key of the tree, running because the vendor ignored "paused"."""
    ads = bench.adapter()

    async def main() -> Any:
        tree = await bench.tree(ads)
        made = await ads.create_campaign(tree.campaign, idempotency_key=KEY)
        own = bench.world.objects(level="campaign")[0]
        bench.world.create(
            bench.clock.wall(), id="999", account=own.account, level="campaign", state=Set.ACTIVE,
            name=mark("Twin", made.value.key_token or ""), data=own.data,
        )  # fmt: skip
        return await ads.create_tree(tree, idempotency_key=KEY)

    built = bench.run(main())
    assert [ref.id for ref in built.parked] == ["999"]
    assert {thing.state for thing in bench.world.objects(level="campaign")} == {Set.PAUSED}


@pytest.mark.parametrize(("key", "said"), [("", "empty"), ("x" * 197, "197 characters"), ("a\nb", "control")])
def test_a_bad_key_is_refused_before_anything_is_sent(bench: Bench, key: str, said: str) -> None:
    """The places of the parts need room as well."""
    ads = bench.adapter()

    async def main() -> None:
        tree = await bench.tree(ads)
        sent = bench.sent
        with pytest.raises(InvalidRequestError, match=said) as caught:
            await ads.create_tree(tree, idempotency_key=key)
        assert caught.value.field == "idempotency_key"
        assert bench.sent == sent

    bench.run(main())


# Processes that die -----------------------------------------------------------------------------------------------

PLANS: dict[str, Callable[[], tuple[FaultRule, ...]]] = {
    "calm": tuple,
    "lost answers": lambda: (FaultRule(FaultKind.RESET_AFTER, operation="*/create", rate=0.5),),
    "dropped requests": lambda: (FaultRule(FaultKind.RESET_BEFORE, operation="*/create", rate=0.5),),
}


class Town:
    """One world, one journal; each call is a new process's."""

    def __init__(self, plan: str) -> None:
        self.bench = Bench(TikTokSandbox(seed=5, read_lag=(0.0, 3.0)), make)
        self.journal: Journal = MemoryJournal(lease=5.0)
        self.tree: CampaignTree | None = None
        self.bench.simulator.faults = FaultPlan(PLANS[plan](), 5)

    async def whole(self, process: Process) -> None:
        """Build and activate, as a service does."""
        runtime = Runtime.in_memory(
            clock=self.bench.clock, journal=process.cut(self.journal), listeners=(), guard=SpendGuard.unlimited()
        )
        wire = Wire(self.bench.transport, process)
        ads = TikTokAds(ACCOUNT, TOKEN, runtime=runtime, transport=wire, tier="ultimate")

        async def work() -> None:
            tree = await self.bench.tree(ads)
            small = tree.but(groups=tree.groups[:1])
            built = await ads.create_tree(small, idempotency_key=KEY)
            await activate_tree(ads, built.value)

        await process.run(work())


def lives(town: Town, dies_at: int | None) -> int:
    """Let processes build the tree until one gets through; the first one dies. How many awaits it lived."""
    first = Process(dies_at)

    async def main() -> bool:
        for process in (first, *(Process() for _ in range(8))):
            try:
                await town.whole(process)
            except (Gone, BackstayError):
                await town.bench.clock.sleep(60.0)  # an upload may be on its way for five minutes
                continue
            first.bury()
            return True
        return False

    assert town.bench.run(main())
    return first.awaits if dies_at is None or first.dead else 0


@pytest.mark.parametrize("plan", PLANS)
def test_whenever_it_dies_there_is_one_tree(plan: str) -> None:
    """Every third await of building and activating, each time another third by fault: one of each, all active."""
    awaits = lives(Town(plan), None)
    assert awaits > 30
    offset = 1 + list(PLANS).index(plan)
    for dies_at in range(offset, awaits, 3):
        town = Town(plan)
        lives(town, dies_at)
        world = town.bench.world
        assert [len(world.objects(level=level)) for level in ("campaign", "ad_group", "ad")] == [1, 1, 1], dies_at
        assert world.summary()["active_trees"] == 1, dies_at
        records = town.bench.run(town.journal.records())
        mine = [record for record in records if record.kind is Kind.CREATE and not media(record)]
        assert [record.state for record in mine] == [State.ACTIVE] * 3, dies_at
        assert world.summary({record.value.id for record in mine})["orphans"] == 0


def test_a_tree_has_a_record_of_its_own(bench: Bench) -> None:
    """Beside those of its parts, under the operation `create_tree`."""
    ads = bench.adapter()

    async def main() -> Record | None:
        await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
        return await bench.runtime.journal.get(JournalKey("tiktok", ACCOUNT, "create_tree", KEY).id)

    record = bench.run(main())
    assert record is not None
    assert (record.kind, record.state, record.owner) == (Kind.TREE, State.VERIFIED, "")
