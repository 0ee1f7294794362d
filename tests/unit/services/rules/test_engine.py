"""Rules on platforms: what is read, what is written, and what survives a death; on every simulator and a mix."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backstay.ads import (
    Budget,
    ConfiguredStatus,
    Money,
)
from backstay.errors import ConflictError, NotFoundError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.services.rules.events import RuleActed, RuleNotified, RulesTrouble
from backstay.services.rules.record import End, EndRecord, FileAudit, MemoryAudit, Record, RunRecord, replay
from backstay.services.rules.rule import Notify
from backstay.services.rules.words import Outcome, Reason, Skip
from backstay.writes.guard import SpendGuard
from tests.support.rules import CPA, HOUR, World, everywhere, rule, running, up


class Dies(MemoryAudit):
    """A process that dies after a write, before its end is on record."""

    async def append(self, record: Record) -> None:
        if isinstance(record, EndRecord):
            raise KeyboardInterrupt
        await super().append(record)


@everywhere
def test_a_raise_is_written_once_a_slot(names: tuple[str, ...]) -> None:
    """The budgets are 120.00 after a run, as well after a second one and a new process's; an hour later 144.00."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        await engine.run()
        assert await world.budgets() == [Decimal(120)] * len(names)
        again = await engine.run()
        assert {each.why for each in again.decided.skipped} == {Skip.NOT_DUE}
        assert {each.reason for each in (await engine.run(forced=True)).decided.decisions} == {Reason.DONE}
        await (await world.open([up()])).run()
        assert await world.budgets() == [Decimal(120)] * len(names)
        await world.place.clock.sleep(HOUR)
        await engine.run()
        assert await world.budgets() == [Decimal(144)] * len(names)
        assert await world.ends() == [End.APPLIED] * 2 * len(names)

    world = running(names, play)
    assert [each.before for each in world.told(RuleActed)][-1].startswith("120")


@everywhere
def test_a_death_after_the_write_is_no_second_raise(names: tuple[str, ...]) -> None:
    """The write has arrived, the process dies before its record: the next one finds it by reading."""

    async def play(world: World) -> None:
        engine = await world.open([up()], Dies())
        with pytest.raises(KeyboardInterrupt):
            await engine.run()
        await world.place.clock.sleep(HOUR)
        await (await world.open([up(limits={"cool_down": "PT6H"})])).run()
        first = (await world.budgets())[0]
        assert first == Decimal(120)
        assert (await world.ends())[0] is End.FOUND

    running(names, play)


@everywhere
def test_a_dry_run_writes_nothing_and_decides_the_same(names: tuple[str, ...]) -> None:
    """Neither a budget nor a state; the real run then has the same decisions."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        dry = await engine.run(dry_run=True)
        assert await world.budgets() == [Decimal(100)] * len(names)
        assert (world.store.texts, await world.audit.records()) == ({}, [])
        real = await engine.run()
        assert [(each.outcome, each.after, each.trace) for each in dry.decided.decisions] == [
            (each.outcome, each.after, each.trace) for each in real.decided.decisions
        ]

    running(names, play)


@everywhere
def test_a_pause_and_its_record(names: tuple[str, ...], tmp_path: Path) -> None:
    """Too expensive: paused; the record holds basis, source and trace, and replays exactly from a file."""

    async def play(world: World) -> None:
        world.audit = FileAudit(tmp_path / "audit.jsonl")
        await (await world.open([rule("off", when=CPA), up()])).run()
        assert {each.status.configured for each in await world.campaigns()} == {ConfiguredStatus.PAUSED}
        assert await world.budgets() == [Decimal(100)] * len(names)
        run, *ends = await world.audit.records()
        assert isinstance(run, RunRecord)
        assert replay(run) == run.decided
        assert [each.suppressed_by for each in run.decided.decisions if each.rule == "up"] == ["off"] * len(names)
        numbers = run.inputs.facts[0].of("today")
        assert numbers.basis is not None
        assert numbers.fetched_at is not None
        assert [each.undo for each in ends if isinstance(each, EndRecord)] == ["resume it"] * len(names)

    running(names, play)


@everywhere
def test_a_proposal_waits_for_consent(names: tuple[str, ...]) -> None:
    """Nothing is written until it is accepted; once; and not if the object was changed since."""

    async def play(world: World) -> None:
        engine = await world.open([up(mode="propose")])
        await engine.run()
        assert await world.budgets() == [Decimal(100)] * len(names)
        first, *others = await engine.proposals()
        assert (await engine.accept(first.key)).end is End.APPLIED
        assert sorted(await world.budgets()) == sorted([Decimal(120), *[Decimal(100)] * len(others)])
        with pytest.raises(NotFoundError):
            await engine.accept(first.key)
        for each in others:
            await engine.reject(each.key)
        assert await engine.proposals() == ()

    running(names, play)


@everywhere
def test_what_somebody_else_changed_is_left_alone(names: tuple[str, ...]) -> None:
    """A proposal of 120.00 on a budget that is 300.00 by now."""

    async def play(world: World) -> None:
        engine = await world.open([up(mode="propose")])
        await engine.run()
        for ads, campaign in zip(world.ads, await world.campaigns(), strict=True):
            assert campaign.budget is not None
            assert campaign.budget.amount is not None
            new = Budget(amount=Money("300.00", campaign.budget.amount.currency), period=campaign.budget.period)
            await ads.set_budget(campaign.ref, new, expect=campaign)
        ends = {(await engine.accept(each.key)).end for each in await engine.proposals()}
        assert ends == {End.CHANGED}
        assert await world.budgets() == [Decimal(300)] * len(names)

    running(names, play)


@everywhere
def test_a_rule_that_is_edited_meanwhile_is_not_applied(names: tuple[str, ...]) -> None:
    """Between decision and write the rule gets another version."""

    async def play(world: World) -> None:
        versions = iter([1] + [2] * 99)
        engine = await world.open(lambda: [up(version=next(versions))])
        await engine.run()
        assert await world.budgets() == [Decimal(100)] * len(names)
        assert set(await world.ends()) == {End.VERSION_CHANGED}

    running(names, play)


@everywhere
def test_the_spend_guard_puts_a_rule_out(names: tuple[str, ...]) -> None:
    """One refusal: the rule is disabled with the reason, until somebody enables it."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        await engine.run()
        assert await world.budgets() == [Decimal(100)] * len(names)
        assert (await world.ends())[0] is End.FAILED
        breaker = (await engine.state()).history.breaker("up")
        assert "the spend guard refused it" in (breaker.disabled or "")
        assert {each.why for each in (await engine.run(forced=True)).decided.skipped} == {Skip.DISABLED}
        await engine.enable("up")
        assert (await engine.state()).history.breaker("up").disabled is None

    running(names, play, guard=SpendGuard(max_raise=Decimal("0.1")))


def test_stale_numbers_are_not_acted_on() -> None:
    """Served stale: SKIPPED_STALE, and the slot stays open for fresh ones."""

    async def play(world: World) -> None:
        world.source = "stale"
        engine = await world.open([up()])
        found = await engine.run()
        assert {each.outcome for each in found.decided.decisions} == {Outcome.SKIPPED_STALE}
        world.ads[0].source = "live"
        await engine.run()
        assert await world.budgets() == [Decimal(120)]

    running(("tiktok",), play)


def test_a_lost_answer_locks_the_object_until_it_was_read() -> None:
    """The write arrives, its answer does not and nothing can be read: locked; later found, and not done again."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        real = world.ads[0].set_budget

        async def lost(*args: Any, **options: Any) -> Any:
            await real(*args, **options)
            from backstay.errors import UnknownOutcomeError
            from backstay.taxonomy import Certainty

            message = "the answer is lost"
            raise UnknownOutcomeError(message, certainty=Certainty.UNKNOWN)

        world.ads[0].set_budget = lost
        await engine.run()
        assert await world.ends() == [End.UNKNOWN]
        assert (await engine.state()).seen.locked == (world.refs[0],)
        await engine.run(forced=True)
        assert await world.ends() == [End.UNKNOWN, End.FOUND]
        assert await world.budgets() == [Decimal(120)]

    running(("tiktok",), play)


def test_a_second_engine_on_one_store_writes_nothing() -> None:
    """Both have loaded the same state: the later one is refused before its write."""

    async def play(world: World) -> None:
        one, other = await world.open([up()]), await world.open([up()])
        await one.run(dry_run=True)
        original = world.audit.append

        async def first_the_other(record: Record) -> None:
            world.audit.append = original  # type: ignore[method-assign]  # one call only
            await other.run()
            await original(record)

        world.audit.append = first_the_other  # type: ignore[method-assign]  # the other engine comes in between
        with pytest.raises(ConflictError):
            await one.run()
        assert await world.budgets() == [Decimal(120)]

    running(("tiktok",), play)


def test_the_kill_switch() -> None:
    """Decisions are held and nothing is written, until it is off."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        await engine.kill()
        found = await engine.run(forced=True)
        assert {each.reason for each in found.decided.decisions} == {Reason.KILL_SWITCH}
        await engine.kill(on=False)
        await engine.run(forced=True)
        assert await world.budgets() == [Decimal(120)]

    running(("tiktok",), play)


def test_a_platform_that_fails_does_not_hold_the_others_up() -> None:
    """TikTok cannot be read: told, left out, made up for in the next run; Meta's campaign is raised."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        bench = world.place.benches["tiktok"]
        bench.simulator.faults = FaultPlan((FaultRule(FaultKind.HTTP_5XX),), 0)
        await engine.run()
        assert len(world.told(RulesTrouble)) == 1
        bench.heal()
        await engine.run()
        assert await world.budgets() == [Decimal(120)] * 2

    running(("tiktok", "meta"), play)


def test_a_rule_may_only_tell() -> None:
    """An event with its text, and nothing written."""

    async def play(world: World) -> None:
        told = rule("tell", CPA, then=(Notify(text="too expensive"),))
        await (await world.open([told])).run()
        assert [each.text for each in world.told(RuleNotified)] == ["too expensive"]
        assert await world.ends() == []

    running(("tiktok",), play)
