"""A create whose process dies at any await, under any fault: called again, there is one object, paused."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backstay.ads import Budget, CampaignSpec, Compliance, ConfiguredStatus, Created, Money, Objective
from backstay.errors import BackstayError, IdempotencyConflictError, InFlightError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing.clock import VirtualClock, run
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.database import Database
from backstay.writes.journal import FREE, Journal, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.sqlite import SqliteJournal
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money.of("100 USD")),
)  # fmt: skip
KEY = "spring"
LEASE = 2.0
ONCE = {"operation": "campaign/create", "times": 1}
FAULTS = {
    "none": (),
    **{kind.value: (FaultRule(kind, **ONCE),) for kind in FaultKind if kind != FaultKind.LATENCY},
    "late": (FaultRule(FaultKind.LATENCY, delay=8.0, **ONCE),),
    "too_late": (FaultRule(FaultKind.LATENCY, delay=70.0, **ONCE),),
    "timeout_after": (FaultRule(FaultKind.TIMEOUT, after_commit=True, **ONCE),),
    "http_5xx_after": (FaultRule(FaultKind.HTTP_5XX, after_commit=True, **ONCE),),
    "vendor_error_after": (FaultRule(FaultKind.VENDOR_ERROR, after_commit=True, **ONCE),),
    "lost_and_blind": (
        FaultRule(FaultKind.RESET_AFTER, **ONCE), FaultRule(FaultKind.HTTP_5XX, operation="campaign/get", times=3),
    ),
}  # fmt: skip


class Town:
    """One world and one store; processes come and go."""

    def __init__(self, fault: str, journal: Journal, *, lag: float = 4.0) -> None:
        self.clock = VirtualClock()
        self.sandbox = TikTokSandbox(seed=3, faults=FaultPlan(FAULTS[fault], 3), read_lag=lag)
        self.journal = journal

    async def create(self, process: Process, *, wire: bool = True, spec: CampaignSpec = SPEC) -> Created[Any]:
        """A create by a new process."""
        runtime = Runtime.in_memory(clock=self.clock, journal=process.cut(self.journal), listeners=())
        transport = Wire(SimTransport(self.sandbox, self.clock), process, arrives=wire)
        ads = TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate")
        made: Created[Any] = await process.run(ads.create_campaign(spec, idempotency_key=KEY))
        return made


@pytest.fixture
def journals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A maker of empty journals."""
    opened: list[Database] = []

    def make() -> Journal:
        if request.param == "memory":
            return MemoryJournal(lease=LEASE)
        opened.append(Database(tmp_path / str(len(opened)) / "state.db"))
        return SqliteJournal(opened[-1], lease=LEASE)

    yield make
    for database in opened:
        database.close()


async def once_more(town: Town) -> Created[Any]:
    """The call that a service makes after its restart, until it has an answer."""
    for _ in range(5):
        try:
            return await town.create(Process())
        except InFlightError:
            continue
    pytest.fail("the key stays in flight")


ON_DISK = ("none", "reset_after")
"""Faults that are played on files too; the machine of the records is the same, and its own tests run on both."""


@pytest.mark.parametrize("wire", [True, False], ids=["request arrives", "request is lost"])
@pytest.mark.parametrize(
    ("journals", "fault"), [*(("memory", fault) for fault in FAULTS), *(("file", fault) for fault in ON_DISK)],
    indirect=["journals"],
)  # fmt: skip
def test_whenever_it_dies_there_is_one_object(journals: Any, fault: str, wire: bool) -> None:
    """Every await of the create x every fault: the next call finds what was made, or makes it, once."""
    died = 0
    for dies_at in itertools.count(1):
        town, process = Town(fault, journals()), Process(dies_at)

        async def main(town: Town = town, process: Process = process) -> Created[Any] | None:
            try:
                await town.create(process, wire=wire)
            except Gone:
                pass
            except BackstayError:
                assert not process.dead
            town.sandbox.faults = FaultPlan()
            made = await once_more(town)
            process.bury()
            return made

        made = run(main(), town.clock)
        (thing,) = town.sandbox.world.objects(level="campaign")
        assert made is not None, (fault, dies_at)
        assert made.value.ref.id == thing.id, (fault, dies_at)
        assert made.value.status.configured is ConfiguredStatus.PAUSED
        (record,) = run(town.journal.records(), town.clock)
        assert (record.state, record.owner) == (State.VERIFIED, ""), (fault, dies_at)
        if not process.dead:
            break
        died += 1
    assert died


@pytest.mark.parametrize(
    ("journals", "fault"),
    [*(("memory", fault) for fault in (*ON_DISK, "reset_before", "timeout")), ("file", "reset_after")],
    indirect=["journals"],
)
def test_whenever_it_dies_another_payload_is_no_second_object(journals: Any, fault: str) -> None:
    """After a crash the key takes another payload only if certainly nothing was sent."""
    for dies_at in itertools.count(1):
        town, process = Town(fault, journals()), Process(dies_at)

        async def main(town: Town = town, process: Process = process) -> None:
            with contextlib.suppress(Gone):
                await town.create(process)
            town.sandbox.faults = FaultPlan()
            await town.clock.sleep(100.0)
            (record,) = await town.journal.records() or (None,)
            other = SPEC.but(name="Summer")
            if record is None or record.state in FREE:
                await town.create(Process(), spec=other)
            else:
                with pytest.raises(IdempotencyConflictError):
                    await town.create(Process(), spec=other)
            process.bury()

        run(main(), town.clock)
        assert len(town.sandbox.world.objects(level="campaign")) <= 1
        if not process.dead:
            break
