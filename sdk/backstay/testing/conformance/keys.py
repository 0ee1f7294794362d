"""C1 to C4, C14, C19: what a key makes, once, whatever goes wrong; and what a dry run does not make."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from backstay.ads import AdPlatform, Budget, Campaign, ConfiguredStatus, Level
from backstay.errors import IdempotencyConflictError, InvalidRequestError
from backstay.sandbox import FaultKind
from backstay.testing.bench import Bench
from backstay.testing.conformance.common import KEY, LAG, creates
from backstay.writes.journal import State
from backstay.writes.tree import activate_tree

Build = Callable[[AdPlatform, str], Awaitable[None]]


class KeyCases:
    """Creates and their keys."""

    def test_c01_what_was_created_is_read_back(self, bench: Bench) -> None:
        """C1: create, then get returns what the spec said: name, objective, budget, and paused."""
        ads, spec = bench.adapter(), bench.campaign()

        async def main() -> Campaign:
            created = await ads.create_campaign(spec, idempotency_key=KEY)
            assert created.how == "created"
            return await ads.get_campaign(created.value.ref, max_age=0)

        found = bench.run(main())
        assert (found.name, found.objective) == (spec.name, spec.objective)
        assert found.budget is not None
        assert found.budget.amount == bench.money("100.00")
        assert found.status.configured is ConfiguredStatus.PAUSED
        assert found.served.source == "live"

    @pytest.mark.parametrize("another_process", [False, True])
    def test_c02_the_same_key_makes_one_object(self, bench: Bench, another_process: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """C2: the same key twice is one object; the second answer says replayed or adopted."""

        async def main() -> set[str]:
            ads = bench.adapter()
            first = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            if another_process:
                ads = bench.adapter()
                await bench.clock.sleep(LAG)  # vendors that take a name twice can be asked only what they show
            second = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            assert second.how == ("adopted" if another_process else "replayed")
            return {first.value.ref.id, second.value.ref.id}

        assert len(bench.run(main())) == 1
        assert len(bench.world.objects(level="campaign")) == 1

    def test_c03_another_payload_under_a_key_is_a_conflict(self, bench: Bench) -> None:
        """C3: the key of a campaign, an ad group, an ad and a tree stands for its payload; nothing is sent."""
        ads = bench.adapter()

        async def main() -> None:
            tree = await bench.tree(ads)
            built = (await ads.create_tree(tree, idempotency_key=KEY)).value
            campaign, group = built.campaign.ref, built.groups[0].ad_group.ref
            ad = await bench.ad(ads, "Third")
            await ads.create_ad(group, ad, idempotency_key="ad")
            await ads.create_ad_group(campaign, bench.group("Third"), idempotency_key="group")
            before = bench.writes()
            for refused in (
                ads.create_campaign(bench.campaign("Autumn"), idempotency_key=KEY),
                ads.create_tree(tree.but(campaign=bench.campaign("Autumn")), idempotency_key=KEY),
                ads.create_ad_group(campaign, bench.group("Fourth"), idempotency_key="group"),
                ads.create_ad(group, ad.but(name="Fourth"), idempotency_key="ad"),
            ):
                with pytest.raises(IdempotencyConflictError) as caught:
                    await refused
                assert caught.value.field == "idempotency_key"
                assert caught.value.hint
            assert bench.writes() == before

        bench.run(main())
        assert len(bench.world.objects(level="campaign")) == 1

    def test_c03_the_same_payload_in_other_words_is_no_conflict(self, bench: Bench) -> None:
        """C3: 100 and 100.00 are one amount, and a field that is left out is its default."""
        ads = bench.adapter()

        async def main() -> str:
            await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            same = bench.campaign(budget=Budget.daily(bench.money("100")), extra={})
            return (await ads.create_campaign(same, idempotency_key=KEY)).how

        assert bench.run(main()) == "replayed"

    @pytest.mark.parametrize(
        "kind", [FaultKind.RESET_AFTER, FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.HALF_JSON]
    )
    def test_c04_a_lost_answer_at_any_step_is_one_tree(self, bench: Bench, kind: FaultKind) -> None:
        """C4: lose the answer of each write of a build in turn; there is always exactly one active tree."""

        async def build(ads: AdPlatform, key: str) -> None:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=key)
            await activate_tree(ads, built.value)

        writes = self._writes_of_a_build(bench, build)
        for step in range(writes):
            bench.simulator.world.clear()
            bench.break_writes(kind, skip=step, times=1, after_commit=True, status=502)
            bench.run(_started(build, bench))
            summary = bench.world.summary()
            assert (summary["duplicates"], summary["parked"], summary["active_trees"]) == (0, 0, 1), f"step {step}"
        assert any(event.name == "write_settled" for event in bench.events)

    def _writes_of_a_build(self, bench: Bench, build: Build) -> int:
        before = bench.writes()
        bench.run(_started(build, bench))
        return bench.writes() - before

    def test_c14_cancelled_in_mid_create_is_open_not_lost(self, bench: Bench) -> None:
        """C14: the caller goes away while the create is under way; its key finds the object again."""
        ads = bench.adapter()

        async def main() -> None:
            await ads.get_account()
            bench.break_writes(FaultKind.LATENCY, delay=5.0)
            task = asyncio.create_task(ads.create_campaign(bench.campaign(), idempotency_key=KEY))
            await bench.clock.sleep(1.0)
            task.cancel()
            await asyncio.wait([task])
            assert [state for _, state in await creates(bench)] == [State.UNKNOWN]
            bench.heal()
            again = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            assert again.how == "adopted"

        bench.run(main())
        assert len(bench.world.objects(level="campaign")) == 1

    def test_c19_a_dry_run_writes_nothing(self, bench: Bench) -> None:
        """C19: neither at the vendor nor in the journal; the answer is planned and shows every request."""
        ads = bench.adapter()

        async def main() -> None:
            tree, spec = await bench.tree(ads), bench.campaign("Dry")
            made = (await ads.create_tree(tree, idempotency_key=KEY)).value
            campaign, group = made.campaign.ref, made.groups[0].ad_group.ref
            world, journal = len(bench.world.log), await creates(bench)
            built = await ads.create_tree(await bench.tree(ads, name="Dry tree"), idempotency_key="t", dry_run=True)
            planned = (
                await ads.create_campaign(spec, idempotency_key="c", dry_run=True),
                await ads.create_ad_group(campaign, bench.group("Dry"), idempotency_key="g", dry_run=True),
                await ads.create_ad(group, tree.groups[0].ads[0].but(name="Dry"), idempotency_key="a", dry_run=True),
                built,
            )
            assert [each.how for each in planned] == ["planned"] * 4
            live = await ads.get_campaign(campaign, max_age=0)
            changed = (
                await ads.set_budget(campaign, Budget.daily(bench.money("70")), expect=live, dry_run=True),
                await ads.set_status(group, ConfiguredStatus.ACTIVE, dry_run=True),
            )
            assert [each.pending for each in changed] == [("budget",), ("status",)]
            assert all(each.plan for each in (*planned, *changed))
            assert built.value.campaign.name == "Dry tree"
            assert (len(bench.world.log), await creates(bench)) == (world, journal)
            with pytest.raises(InvalidRequestError):
                await ads.set_status(built.value.campaign.ref, ConfiguredStatus.ACTIVE)
            assert await ads.find_by_key(Level.CAMPAIGN, "t") == ()

        bench.run(main())

    def test_c19_what_is_planned_is_what_is_made(self, bench: Bench) -> None:
        """C19: after its dry run a create makes what was planned."""
        ads, spec = bench.adapter(), bench.campaign()

        async def main() -> tuple[Campaign, Campaign]:
            planned = await ads.create_campaign(spec, idempotency_key=KEY, dry_run=True)
            made = await ads.create_campaign(spec, idempotency_key=KEY)
            assert made.how == "created"
            return planned.value, made.value

        planned, made = bench.run(main())
        for name in ("name", "objective", "key_token"):
            assert getattr(planned, name) == getattr(made, name)
        assert planned.status.configured is made.status.configured


async def _started(build: Build, bench: Bench) -> None:
    """The build, with an adapter in a new process."""
    await build(bench.adapter(), KEY)
