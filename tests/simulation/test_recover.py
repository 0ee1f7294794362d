"""After a crash: open records are settled by looking only, and not too soon."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Coroutine
from typing import Any

import pytest

from backstay.ads import AdPlatform, Budget, ConfiguredStatus, MediaKind, MediaUpload
from backstay.engine.claim import moment
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule, SimTransport
from backstay.sandbox.world import State as Set
from backstay.testing.bench import Bench
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.guard import SpendGuard
from backstay.writes.journal import Journal, JournalKey, Kind, Record, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.recover import Orphan, Recovered, Verdict, orphans, recover
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.profile import READ_LAG
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

ACCOUNT = ADVERTISERS[0]
KEY = "spring"
LEASE = 5.0
TIMEOUT = 30.0


class Town:
    """One world and one journal; processes come, die, and recover."""

    def __init__(self) -> None:
        self.journal: Journal = MemoryJournal(lease=LEASE)
        self.bench = Bench(TikTokSandbox(seed=5, read_lag=(0.0, 3.0)), self.make)
        self.clock = self.bench.clock
        self.processes: list[Process] = []

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Play a story, and bury its dead."""

        async def story() -> None:
            await work
            for process in self.processes:
                process.bury()

        self.bench.run(story())

    def make(self, runtime: Runtime, transport: Any) -> AdPlatform:
        return TikTokAds(ACCOUNT, TOKEN, runtime=runtime, transport=transport, tier="ultimate")

    def adapter(self, process: Process) -> AdPlatform:
        """An adapter of a process that may die."""
        self.processes.append(process)
        runtime = Runtime.in_memory(
            clock=self.clock, journal=process.cut(self.journal), listeners=(), guard=SpendGuard.unlimited()
        )
        return self.make(runtime, Wire(self.bench.transport, process))

    async def recover(self, **options: Any) -> tuple[Recovered, ...]:
        """A new process that only recovers; what it sends is counted by the bench."""
        runtime = Runtime.in_memory(clock=self.clock, journal=self.journal, listeners=())
        return await recover(runtime, [self.make(runtime, SimTransport(self.bench.simulator, self.clock))], **options)

    async def dies_creating(self, *rules: FaultRule, key: str = KEY) -> None:
        """A process that dies while its campaign is on the way."""
        process = Process()
        ads = self.adapter(process)
        await ads.get_account()
        self.bench.break_with(*rules)
        task = asyncio.create_task(process.run(ads.create_campaign(self.bench.campaign(), idempotency_key=key)))
        await self.clock.sleep(1.0)
        process.kill()
        with contextlib.suppress(Gone, BackstayError):
            await task
        self.bench.heal()


LATE = FaultRule(FaultKind.LATENCY, delay=4.0, operation="campaign/create")
NEVER = FaultRule(FaultKind.TIMEOUT, after_commit=False, operation="campaign/create")


@pytest.fixture
def town() -> Town:
    return Town()


def test_what_was_made_is_adopted(town: Town) -> None:
    """The process died before the answer; the record says CREATED afterwards, and the key replays."""

    async def main() -> None:
        await town.dies_creating(LATE)
        (open_record,) = await town.journal.records(State.SENT)
        writes = town.bench.writes()
        (found,) = await town.recover()
        assert (found.verdict, found.record.id) == (Verdict.ADOPTED, open_record.id)
        assert town.bench.writes() == writes
        (thing,) = town.bench.world.objects(level="campaign")
        assert found.record.value.id == thing.id
        again = await town.adapter(Process()).create_campaign(town.bench.campaign(), idempotency_key=KEY)
        assert (again.how, again.value.ref.id) == ("replayed", thing.id)

    town.run(main())
    assert len(town.bench.world.objects(level="campaign")) == 1


def test_what_was_never_made_frees_its_key_but_not_too_soon(town: Town) -> None:
    """Absence is judged only after the attempt's time and the read lag, counted from its sending."""

    async def main() -> None:
        await town.dies_creating(NEVER)
        (open_record,) = await town.journal.records(State.SENT)
        (found,) = await town.recover()
        assert found.verdict is Verdict.ABSENT
        assert town.clock.wall() - open_record.uncertain_since >= TIMEOUT + READ_LAG
        assert [record.state for record in await town.journal.records()] == [State.FAILED]
        made = await town.adapter(Process()).create_campaign(town.bench.campaign(), idempotency_key=KEY)
        assert made.how == "created"

    town.run(main())
    assert len(town.bench.world.objects(level="campaign")) == 1


def test_many_records_wait_side_by_side(town: Town) -> None:
    """Ten open records take no longer than one; progress is told of each."""

    async def main() -> None:
        for number in range(10):
            await town.dies_creating(NEVER, key=f"k{number}")
        told: list[Recovered] = []
        began = town.clock.monotonic()
        found = await town.recover(progress=told.append)
        assert {each.verdict for each in found} == {Verdict.ABSENT}
        assert sorted(each.record.id for each in told) == sorted(each.record.id for each in found)
        assert town.clock.monotonic() - began < 2 * (TIMEOUT + READ_LAG)

    town.run(main())


def test_a_living_process_keeps_its_record(town: Town) -> None:
    """A create under way, renewed again and again, is nothing to recover; it ends well."""

    async def main() -> None:
        ads = town.adapter(Process())
        await ads.get_account()
        town.bench.break_with(FaultRule(FaultKind.LATENCY, delay=25.0, operation="campaign/create"))
        task = asyncio.create_task(ads.create_campaign(town.bench.campaign(), idempotency_key=KEY))
        await town.clock.sleep(1.0)
        (found,) = await town.recover()
        assert found.verdict is Verdict.OPEN
        assert "another process" in found.why
        assert (await task).how == "created"

    town.run(main())
    assert len(town.bench.world.objects(level="campaign")) == 1


def test_several_objects_under_a_key_are_named(town: Town) -> None:
    """The oldest is adopted, the rest is parked in the record."""

    async def main() -> None:
        await town.dies_creating(LATE)
        await town.clock.sleep(10.0)
        (own,) = town.bench.world.objects(level="campaign")
        town.bench.world.create(
            town.clock.wall(), id="999", account=ACCOUNT, level="campaign", name=own.name, data=own.data
        )
        (found,) = await town.recover()
        assert (found.record.value.id, [ref.id for ref in found.record.parked]) == (own.id, ["999"])
        assert "999" in found.why

    town.run(main())


def test_when_looking_fails_it_stays_open(town: Town) -> None:
    """With the reason; a later recover settles it."""

    async def main() -> None:
        await town.dies_creating(LATE)
        town.bench.break_with(FaultRule(FaultKind.VENDOR_ERROR, operation="campaign/get"))
        (found,) = await town.recover()
        assert found.verdict is Verdict.OPEN
        assert "looking failed" in found.why
        town.bench.heal()
        (found,) = await town.recover()
        assert found.verdict is Verdict.ADOPTED
        assert await town.recover() == ()

    town.run(main())


def test_ids_choose_and_a_missing_adapter_is_said(town: Town) -> None:
    """Only the named records; one of another account stays open and says so."""

    async def main() -> None:
        await town.dies_creating(LATE, key="a")
        await town.dies_creating(LATE, key="b")
        foreign = Record(
            JournalKey("tiktok", "other", "create_campaign", "c"), "p", state=State.UNKNOWN, owner="", lease=0.0
        )
        await town.journal.claim(foreign, moment(town.clock))
        chosen = JournalKey("tiktok", ACCOUNT, "create_campaign", "b").id
        (found,) = await town.recover(ids=[chosen])
        assert (found.record.key.key, found.verdict) == ("b", Verdict.ADOPTED)
        rest = {each.record.key.key: each for each in await town.recover()}
        assert (rest["a"].verdict, rest["c"].verdict) == (Verdict.ADOPTED, Verdict.OPEN)
        assert "no adapter for tiktok/other" in rest["c"].why

    town.run(main())


def test_an_upload_says_who_can_settle_it(town: Town) -> None:
    """It is found by its file's name, which only the same call knows."""

    async def main() -> None:
        process = Process()
        ads = town.adapter(process)
        town.bench.break_with(FaultRule(FaultKind.TIMEOUT, method="POST"))
        media = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"a", media_type="image/png")
        task = asyncio.create_task(process.run(ads.upload_image(media, idempotency_key=KEY)))
        await town.clock.sleep(1.0)
        process.kill()
        with contextlib.suppress(Gone, BackstayError):
            await task
        (found,) = await town.recover()
        assert found.verdict is Verdict.OPEN
        assert "call it again with its key" in found.why

    town.run(main())


# Changes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (FaultRule(FaultKind.LATENCY, delay=4.0, method="POST"), Verdict.APPLIED),
        (FaultRule(FaultKind.TIMEOUT, after_commit=False, method="POST"), Verdict.NOT_APPLIED),
    ],
)
@pytest.mark.parametrize("what", ["budget", "activate", "pause"])
def test_a_set_whose_process_is_gone_stands_in_the_journal(
    town: Town, what: str, rule: FaultRule, verdict: Verdict
) -> None:
    """Open, with what was asked; recover looks, says what became of it, and forgets it."""

    async def main() -> None:
        first = town.adapter(Process())
        made = await first.create_campaign(town.bench.campaign(), idempotency_key=KEY)
        ref = made.value.ref
        if what == "pause":
            await first.set_status(ref, ConfiguredStatus.ACTIVE)
        process = Process()
        ads = town.adapter(process)
        live = await ads.get_campaign(ref, max_age=0)
        town.bench.break_with(rule)
        work: Any = {
            "budget": lambda: ads.set_budget(ref, Budget.daily(town.bench.money("130.00")), expect=live),
            "activate": lambda: ads.set_status(ref, ConfiguredStatus.ACTIVE),
            "pause": lambda: ads.set_status(ref, ConfiguredStatus.PAUSED),
        }[what]()
        task = asyncio.create_task(process.run(work))
        await town.clock.sleep(1.0)
        process.kill()
        with contextlib.suppress(Gone, BackstayError):
            await task
        town.bench.heal()
        (record,) = await town.journal.records(State.SENT)
        assert (record.kind, record.asked["ref"]) == (Kind.SET, ref)
        writes = town.bench.writes()
        (found,) = await town.recover()
        assert found.verdict is verdict
        assert town.bench.writes() == writes
        assert [each.kind for each in await town.journal.records()] == [Kind.CREATE]

    town.run(main())


def test_a_set_that_ends_well_leaves_nothing_in_the_journal(town: Town) -> None:
    """Nor does one that was refused."""

    async def main() -> None:
        ads = town.adapter(Process())
        made = await ads.create_campaign(town.bench.campaign(), idempotency_key=KEY)
        await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE)
        town.bench.break_with(FaultRule(FaultKind.TOKEN_REVOKED, method="POST"))
        with pytest.raises(BackstayError):
            await ads.set_status(made.value.ref, ConfiguredStatus.PAUSED)
        assert [record.kind for record in await town.journal.records()] == [Kind.CREATE]

    town.run(main())


def test_a_lost_set_that_cannot_be_looked_up_stays_open_and_names_its_record(town: Town) -> None:
    """UNKNOWN_OUTCOME with the journal id."""

    async def main() -> None:
        ads = town.adapter(Process())
        made = await ads.create_campaign(town.bench.campaign(), idempotency_key=KEY)
        live = await ads.get_campaign(made.value.ref, max_age=0)
        town.bench.break_with(
            FaultRule(FaultKind.RESET_AFTER, method="POST"),
            FaultRule(FaultKind.VENDOR_ERROR, operation="campaign/get", skip=2),
        )
        with pytest.raises(BackstayError) as caught:
            await ads.set_budget(live.ref, Budget.daily(town.bench.money("130.00")), expect=live)
        (record,) = await town.journal.records(State.UNKNOWN)
        assert (caught.value.type, caught.value.journal_id) == ("UNKNOWN_OUTCOME", record.id)

    town.run(main())


# Orphans ------------------------------------------------------------------------------------------------------------


async def listed(found: AsyncIterable[Orphan]) -> list[Orphan]:
    return [orphan async for orphan in found]


def test_orphans_are_marked_objects_that_no_record_owns(town: Town) -> None:
    """Of a lost journal, beside ours, or of a key that was given up; a user's own objects are none."""

    async def main() -> None:
        ads = town.adapter(Process())
        mine = await ads.create_campaign(town.bench.campaign(), idempotency_key=KEY)
        own = town.bench.world.objects(level="campaign")[0]
        foreign = {"account": ACCOUNT, "level": "campaign", "data": own.data}
        town.bench.world.create(town.clock.wall(), id="999", name=own.name, state=Set.ACTIVE, **foreign)
        town.bench.world.create(town.clock.wall(), id="888", name="A user's own", **foreign)
        lost = f"{own.name[:-16]}{'a' * 16}"
        town.bench.world.create(town.clock.wall(), id="777", name=lost, **foreign)
        await town.clock.sleep(10.0)
        found = await listed(orphans(town.journal, [ads]))
        assert {orphan.ref.id: orphan.why for orphan in found} == {
            "999": f"its record owns {mine.value.ref}",
            "777": "no record",
        }
        (twin,) = (orphan for orphan in found if orphan.ref.id == "999")
        assert (twin.status, twin.journal_id) == (ConfiguredStatus.ACTIVE, mine.value.key_token)
        assert await listed(orphans(town.journal, [])) == []

    town.run(main())


@pytest.mark.parametrize(
    ("state", "said"), [(State.UNKNOWN, None), (State.ABANDONED, "abandoned"), (State.FAILED, "failed")]
)
def test_an_open_record_owns_what_it_made(town: Town, state: State, said: str | None) -> None:
    """`recover` will settle it; a record that denies it does not own it."""

    async def main() -> None:
        await town.dies_creating(LATE)
        own = JournalKey("tiktok", ACCOUNT, "create_campaign", KEY).id
        assert await town.journal.take(own, "test", moment(town.clock)) is None
        await town.clock.sleep(LEASE)
        held = await town.journal.take(own, "test", moment(town.clock))
        assert held is not None
        held.state = state
        await town.journal.save(held, moment(town.clock), release=True)
        found = await listed(orphans(town.journal, [town.adapter(Process())]))
        assert [orphan.why for orphan in found] == ([] if said is None else [f"its record says {said}"])

    town.run(main())
