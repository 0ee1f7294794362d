"""What rules promise beyond the plain case: consent, locks, the kill switch, bids, marks, functions, taking back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import Bid, Budget, Capability, ConfiguredStatus, Money, Ref
from backstay.compose import Split, Weights
from backstay.errors import ConflictError, InvalidRequestError, NotFoundError, UnknownOutcomeError
from backstay.services.rules import Hook, Notify, Pause, Tag
from backstay.services.rules.decide import Decision
from backstay.services.rules.events import RuleNotified, RulesTrouble
from backstay.services.rules.record import End, EndRecord
from backstay.services.rules.words import Kind, Outcome, Part, Reason
from backstay.taxonomy import Certainty
from tests.support.rules import ALWAYS, CPA, HOUR, World, decisions, everywhere, facts, rule, running, up

DAY = 24 * HOUR
MINUTE = 60.0
LIMITS = {"cool_down": 0, "max_change": None, "max_change_per_day": None}
BID = {"do": "set_bid", "amount": "1.50 USD"}


# Consent --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited", "stands"), [(DAY - 1, True), (DAY, False)])
def test_a_proposal_stands_for_a_day(waited: float, stands: bool) -> None:
    """One second before the day is over it is carried out; from then on it is gone, and nothing is written."""

    async def play(world: World) -> None:
        engine = await world.open([up(mode="propose")])
        await engine.run()
        (proposal,) = await engine.proposals()
        await world.place.clock.sleep(waited)
        assert len(await engine.proposals()) == stands
        if stands:
            assert (await engine.accept(proposal.key)).end is End.APPLIED
        else:
            with pytest.raises(NotFoundError):
                await engine.accept(proposal.key)
        assert await world.budgets() == [Decimal(120 if stands else 100)]

    running(("tiktok",), play)


def test_what_waits_for_consent_is_not_proposed_again() -> None:
    """A second run in the same slot holds the same action back; the next slot's is another one."""

    async def play(world: World) -> None:
        engine = await world.open([up(mode="propose")])
        await engine.run()
        again = await engine.run(forced=True)
        assert {each.reason for each in again.decided.decisions} == {Reason.DONE}
        assert len(await engine.proposals()) == 1

    running(("tiktok",), play)


# Locks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited", "open_"), [(15 * MINUTE - 1, True), (15 * MINUTE, False)])
def test_a_lock_is_released_when_reads_can_lag_no_longer(waited: float, open_: bool) -> None:
    """The outcome is unknown and the object looks as before: locked for 15 minutes, then NOT_DONE and free again."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        real = world.ads[0].set_budget

        async def lost(*_: Any, **__: Any) -> Any:
            message = "nobody knows"
            raise UnknownOutcomeError(message, certainty=Certainty.UNKNOWN)

        world.ads[0].set_budget = lost
        await engine.run()
        world.ads[0].set_budget = real
        began = (await engine.state()).open[0].since.timestamp()
        await world.place.clock.sleep(began + waited - world.place.clock.wall())
        found = await engine.run(forced=True)
        reasons = {each.reason for each in found.decided.decisions}
        assert reasons == ({Reason.LOCKED} if open_ else {None})
        assert await world.ends() == ([End.UNKNOWN] if open_ else [End.UNKNOWN, End.NOT_DONE, End.APPLIED])
        assert await world.budgets() == [Decimal(100 if open_ else 120)]

    running(("tiktok",), play)


def test_the_kill_switch_stops_a_run_before_its_next_write() -> None:
    """It is thrown by another process while the first of two budgets is written: the second one is not."""

    async def play(world: World) -> None:
        other, engine = await world.open([up()]), await world.open([up()])
        real = world.ads[0].set_budget

        async def killed_meanwhile(*args: Any, **options: Any) -> Any:
            await other.kill()
            return await real(*args, **options)

        world.ads[0].set_budget = killed_meanwhile
        with pytest.raises(ConflictError):
            await engine.run()
        assert await world.budgets() == [Decimal(120), Decimal(100)]
        found = await engine.run(forced=True)
        assert {each.reason for each in found.decided.decisions} == {Reason.KILL_SWITCH}
        assert await world.budgets() == [Decimal(120), Decimal(100)]
        assert await world.ends() == [End.APPLIED, End.FOUND]

    running(("tiktok", "meta"), play)


# Modes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weaker", ["dry_run", "propose"])
def test_a_rule_that_only_tries_suppresses_no_rule_that_acts(weaker: str) -> None:
    """A pause that is tried or proposed leaves the raise alone; a pause that is applied does not."""
    _, raised = decisions([rule("off", mode=weaker), rule("up", do=20)])
    assert (raised.outcome, raised.kind) == (Outcome.ACT, Kind.INCREASE)
    _, suppressed = decisions([rule("off"), rule("up", do=20)])
    assert suppressed.outcome is Outcome.SUPPRESSED
    tried, _ = decisions([rule("up", do=20, mode=weaker), rule("off")])
    assert (tried.outcome, tried.suppressed_by) == (Outcome.SUPPRESSED, "off")


# Bids -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bid", "outcome", "after"),
    [
        (Bid.cost_cap(Money("2.00", "USD")), Outcome.ACT, "1.50 USD"),
        (Bid.bid_cap(Money("1.00", "USD")), Outcome.ACT, "1.50 USD"),
        (Bid.cost_cap(Money("1.50", "USD")), Outcome.NO_CHANGE, "1.50 USD"),
        (Bid.lowest_cost(), Outcome.REFUSED, None),
        (Bid.min_roas(Decimal(2)), Outcome.REFUSED, None),
        (None, Outcome.REFUSED, None),
        (Bid.cost_cap(Money("2.00", "EUR")), Outcome.REFUSED, None),
    ],
)
def test_a_bid_that_is_money_is_set(bid: Bid | None, outcome: Outcome, after: str | None) -> None:
    """Others have no amount to set; floors and ceilings are of budgets, and say nothing here."""
    limits = {**LIMITS, "floor": "50.00 USD", "ceiling": "60.00 USD"}
    (found,) = decisions(rule(then=[BID], limits=limits), facts(bid=bid))
    assert found.outcome is outcome
    assert found.after == (None if after is None else Money.of(after))
    assert found.part is Part.BID


def test_a_bid_moves_no_further_than_its_limits() -> None:
    """At most 10 % by one action; what was done to the budget today counts for the budget only."""
    capped = rule(then=[BID], limits={**LIMITS, "max_change": 10})
    (found,) = decisions(capped, facts(bid=Bid.bid_cap(Money("1", "USD"))))
    assert found.after == Money("1.10", "USD")


def test_an_ad_has_no_bid() -> None:
    """Refused when the rule is written."""
    with pytest.raises(InvalidRequestError, match="no budget and no bid"):
        rule(scope={"level": "ad"}, then=[BID])


@everywhere
def test_a_bid_is_written_once_and_keeps_its_strategy(names: tuple[str, ...]) -> None:
    """On the level that has it, on each platform; a second run changes nothing."""

    async def play(world: World) -> None:
        group = {"scope": {"level": "ad_group"}, "then": [BID]}
        rules = [rule("groups", **group), rule("campaigns", then=[BID])]
        engine = await world.open(rules)
        places = [await _bidding(world, name, ads) for name, ads in zip(names, world.ads, strict=True)]
        await engine.run()
        found = [await _bid_of(ads, ref) for ads, ref in zip(world.ads, places, strict=True)]
        assert [each.amount for each in found] == [Money("1.50", "USD")] * len(names)
        assert {each.strategy for each in found} == {Bid.bid_cap(Money("1", "USD")).strategy}
        again = await (await world.open(rules)).run(forced=True)
        assert Outcome.ACT not in {each.outcome for each in again.decided.decisions}

    running(names, play)


async def _bidding(world: World, name: str, ads: Any) -> Ref:
    """A campaign or an ad group with a bid of 1.00, as the platform has it."""
    bid, bench = Bid.bid_cap(Money("1.00", "USD")), world.place.benches[name]
    if Capability.AD_GROUP_BUDGET not in ads.capabilities:
        made = await ads.create_campaign(bench.campaign("Bids", bid=bid), idempotency_key="bids")
        return Ref.parse(str(made.value.ref))
    campaign = await ads.create_campaign(bench.campaign("Bids", budget=None), idempotency_key="bids")
    group = bench.group("Bids", bid=bid, budget=Budget.daily(Money("50.00", "USD")))
    made = await ads.create_ad_group(campaign.value.ref, group, idempotency_key="bids/0")
    return Ref.parse(str(made.value.ref))


async def _bid_of(ads: Any, ref: Ref) -> Bid:
    read = ads.get_campaign if ref.level == "campaign" else ads.get_ad_group
    found = (await read(ref, max_age=0.0, max_stale=0.0)).bid
    assert isinstance(found, Bid)
    return found


# Marks and functions --------------------------------------------------------------------------------------------------


def test_a_mark_narrows_the_scope_of_other_rules() -> None:
    """What one rule marks, another one leaves alone from the next run on, and a third one looks at; then it is off."""

    async def play(world: World) -> None:
        mark = rule("mark", CPA, then=[Tag(tag="dear")], limits={"cool_down": 0})
        raised = up(scope={"untagged": ["dear"]})
        engine = await world.open([mark, raised])
        await engine.run()
        assert await world.budgets() == [Decimal(120)]
        assert (await engine.state()).tagged == {world.refs[0]: ("dear",)}
        await world.place.clock.sleep(HOUR)
        assert [each.rule for each in (await engine.run()).decided.decisions] == ["mark"]
        clear = rule("clear", then=[Tag(tag="dear", off=True)], scope={"tagged": ["dear"]})
        engine = await world.open([clear])
        await engine.run()
        assert (await engine.state()).tags == ()

    running(("tiktok",), play)


def test_a_function_is_called_once_and_its_error_is_on_record() -> None:
    """With the decision; the pause is made whether the function fails or not."""
    calls: list[Decision] = []

    async def page(decision: Decision) -> None:
        calls.append(decision)
        message = "the pager is off"
        raise RuntimeError(message)

    async def play(world: World) -> None:
        told = rule("off", CPA, then=[Pause(), Hook(name="page"), Notify(text="too dear")])
        engine = await world.open([told], hooks={"page": page})
        await engine.run()
        await engine.run(forced=True)
        assert [(each.kind, each.ref) for each in calls] == [(Kind.PAUSE, world.refs[0])]
        assert (await world.campaigns())[0].status.configured is ConfiguredStatus.PAUSED
        first, second = [each for each in await world.audit.records() if isinstance(each, EndRecord)]
        assert (first.end, first.error_type, first.message) == (End.FAILED, "RuntimeError", "the pager is off")
        assert second.end is End.APPLIED
        assert len(world.told(RuleNotified)) == 1

    running(("tiktok",), play)


@pytest.mark.parametrize("mode", ["dry_run", "propose"])
def test_rules_that_do_not_apply_mark_nothing_and_call_nobody(mode: str) -> None:
    """Neither a mark nor a call, whatever they decide."""

    async def page(_: Decision) -> None:
        pytest.fail("called")

    async def play(world: World) -> None:
        told = rule("off", CPA, then=[Tag(tag="dear"), Hook(name="page")], mode=mode)
        engine = await world.open([told], hooks={"page": page})
        await engine.run()
        assert (await engine.state()).tags == ()

    running(("tiktok",), play)


def test_a_function_that_nobody_gave_is_refused_before_anything_is_read() -> None:
    """With the rule, the name and the cure."""

    async def play(world: World) -> None:
        engine = await world.open([rule("off", then=[Hook(name="page")])], hooks={"mail": lambda _: None})
        with pytest.raises(InvalidRequestError, match="the rule off calls page") as caught:
            await engine.run()
        assert "there are: mail" in (caught.value.hint or "")

    running(("tiktok",), play)


# Taking back ----------------------------------------------------------------------------------------------------------


@everywhere
def test_an_action_is_taken_back_once(names: tuple[str, ...]) -> None:
    """Raised to 120.00 and back to 100.00; a second time it is refused, and so is what was never done."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        await engine.run()
        keys = [each.key for each in (await engine.state()).history.done]
        assert [(await engine.undo(key)).end for key in keys] == [End.APPLIED] * len(names)
        assert await world.budgets() == [Decimal(100)] * len(names)
        with pytest.raises(ConflictError, match="taken back"):
            await engine.undo(keys[0])
        with pytest.raises(NotFoundError):
            await engine.undo("nothing")

    running(names, play)


def test_a_pause_is_taken_back() -> None:
    """It runs again; the rule counts it as an action of its own."""

    async def play(world: World) -> None:
        engine = await world.open([rule("off", CPA)])
        await engine.run()
        (done,) = (await engine.state()).history.done
        await engine.undo(done.key)
        assert (await world.campaigns())[0].status.configured is ConfiguredStatus.ACTIVE
        assert [each.kind for each in (await engine.state()).history.done] == [Kind.PAUSE, Kind.RESUME]

    running(("meta",), play)


def test_what_somebody_changed_since_is_not_taken_back() -> None:
    """A budget that is 300.00 by now stays so; with the kill switch on nothing is taken back at all."""

    async def play(world: World) -> None:
        engine = await world.open([up()])
        await engine.run()
        (done,) = (await engine.state()).history.done
        await engine.kill()
        assert (await engine.undo(done.key)).end is End.DISABLED
        await engine.kill(on=False)
        (live,) = await world.campaigns()
        await world.ads[0].set_budget(live.ref, Budget.daily(Money("300.00", "USD")), expect=live)
        assert (await engine.undo(done.key)).end is End.CHANGED
        assert await world.budgets() == [Decimal(300)]

    running(("tiktok",), play)


# Splits ---------------------------------------------------------------------------------------------------------------


def test_a_split_without_a_common_day_is_refused_with_its_cure() -> None:
    """Two accounts in different zones have no `today`: the run raises and writes nothing; its members work."""

    async def play(world: World) -> None:
        await world.open([up()])
        members: dict[str, Any] = {"tiktok": Zoned(world.ads[0], "Asia/Tokyo"), "meta": world.ads[1]}
        split = Split(members, Weights({"meta": 1}), name="t")
        engine = await world.open([up()])
        engine._on = (split,)
        with pytest.raises(InvalidRequestError, match="cannot run on this split") as caught:
            await engine.run()
        assert "Asia/Tokyo" in str(caught.value.value)
        assert "split.members" in (caught.value.hint or "")
        assert await world.budgets() == [Decimal(100)] * 2
        assert world.told(RulesTrouble) == []
        engine._on = tuple(split.members.values())
        assert len((await engine.run(dry_run=True)).decided.decisions) == 2

    running(("tiktok", "meta"), play)


class Zoned:
    """A platform whose account is elsewhere."""

    def __init__(self, platform: Any, zone: str) -> None:
        self._platform, self._zone = platform, zone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def get_account(self, **options: Any) -> Any:
        """In another zone."""
        from zoneinfo import ZoneInfo

        from backstay.answer import stamp

        found = await self._platform.get_account(**options)
        return stamp(found.model_copy(update={"timezone": ZoneInfo(self._zone)}), found.served)


def test_the_condition_of_the_examples_is_always_true() -> None:
    """Or the tests above would show nothing."""
    (found,) = decisions(rule(when=ALWAYS))
    assert found.outcome is Outcome.ACT
