"""Kill processes at random moments: nothing that was acknowledged is lost, and nothing is created twice.

    python -m benchmarks.crash --kills 200 [--json] [--seed N]

Two workers share one state folder and make the same ad groups on TikTok's simulator, which runs in this process and so
survives them; its reads lag and some of its answers are lost. A worker is killed (SIGKILL) at a random moment and a new
one goes on: with what was not acknowledged, with new keys, and with some acknowledged ones, which must give the same
object. The simulator takes the same name twice, so nothing but the journal stands between a key and a second object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backstay.ads import (
    AdGroupSpec,
    Budget,
    CampaignSpec,
    Compliance,
    Money,
    Objective,
    OptimizationGoal,
    Ref,
    Targeting,
)
from backstay.errors import BackstayError
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Served, serve
from backstay.writes.database import Database
from backstay.writes.folder import DATABASE
from backstay.writes.journal import DONE
from backstay.writes.sqlite import SqliteJournal
from backstay_adapters.tiktok import TikTokAds, tiktok_profile
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

ACCOUNT = ADVERTISERS[0]
LEASE = 1.0
ATTEMPT = 3.0
LAG = 0.4
NEW_KEYS = 150
OLD_KEYS = 5
AT_ONCE = 6
WORKERS = 2
FAULTS = (
    FaultRule(FaultKind.LATENCY, delay=(0.0, 0.03)),
    FaultRule(FaultKind.RESET_AFTER, rate=0.05, operation="adgroup/create"),
    FaultRule(FaultKind.RESET_BEFORE, rate=0.02, operation="adgroup/create"),
)


def profile() -> Profile:
    """TikTok's, with short times and no limits: a kill must not wait for a quota."""
    return tiktok_profile("ultimate").with_(
        limits={}, attempt_timeout=ATTEMPT, read_lag=LAG, patience=(0.0, 0.1, 0.2), deadline=30.0
    )


def adapter(url: str, state: str | None) -> TikTokAds:
    """One on the simulator; without a folder it remembers nothing."""
    if state is None:
        return TikTokAds(ACCOUNT, TOKEN, base_url=url, profile=profile(), runtime=Runtime.in_memory(listeners=()))
    journal = SqliteJournal(Database(Path(state, DATABASE)), lease=LEASE)
    runtime = Runtime(state=state, journal=journal, listeners=())
    return TikTokAds(ACCOUNT, TOKEN, base_url=url, profile=profile(), runtime=runtime)


# The worker ---------------------------------------------------------------------------------------------------------


async def work(url: str, state: str, parent: str) -> None:
    """Make what standard input names, a key a line; tell each answer on standard output as soon as it is there."""
    keys = sys.stdin.read().split()
    spec = AdGroupSpec(name="Group", optimization=OptimizationGoal.CLICKS, targeting=Targeting(locations=("6252001",)))
    campaign = Ref.parse(parent)
    async with adapter(url, state) as ads:
        say("ready")

        async def some() -> None:
            while keys:
                key = keys.pop()
                try:
                    made = await ads.create_ad_group(campaign, spec.but(name=f"Group {key}"), idempotency_key=key)
                except BackstayError as error:
                    say("failed", key, error.type)
                else:
                    say("made", key, made.value.ref.id, made.how)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    say("done")


def say(*words: str) -> None:
    """One line, at once."""
    print(*words, flush=True)


# The one who kills ----------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What the workers have said."""

    keys: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)
    changed: int = 0
    """Keys that gave another object the second time."""
    hows: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    pending: set[str] = field(default_factory=set)

    def hear(self, line: str) -> None:
        """One line of a worker's."""
        said, *rest = line.split()
        if said == "failed":
            self.errors[rest[1]] += 1
        if said == "made":
            key, told, how = rest
            self.changed += self.acknowledged.setdefault(key, told) != told
            self.hows[how] += 1
            self.pending.discard(key)

    def batch(self, rng: random.Random) -> list[str]:
        """What the next workers are to make: what is pending, new keys, and some that are done."""
        new = [f"k{number}" for number in range(self.keys, self.keys + NEW_KEYS)]
        self.keys += NEW_KEYS
        self.pending |= set(new)
        old = rng.sample(sorted(self.acknowledged), min(OLD_KEYS, len(self.acknowledged)))
        return [*new, *sorted(self.pending - set(new)), *old]  # the worker takes them from the end


class Crew:
    """Workers on one state folder."""

    def __init__(self, url: str, state: str, campaign: Ref, tally: Tally) -> None:
        self.command = ("-m", "benchmarks.crash", "--work", url, state, str(campaign))
        self.tally = tally

    @contextlib.asynccontextmanager
    async def worker(self, keys: Iterable[str]) -> AsyncIterator[asyncio.subprocess.Process]:
        """One that is at work; whatever it has said before its end is heard."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, *self.command, stdin=pipe, stdout=pipe)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n".join(keys).encode())
        process.stdin.close()
        first = await process.stdout.readline()
        assert first == b"ready\n", first
        hearing = asyncio.create_task(self._hear(process.stdout))
        try:
            yield process
        finally:
            await process.wait()
            await hearing

    async def _hear(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            if line.endswith(b"\n"):  # half a line is no acknowledgement
                self.tally.hear(line.decode())

    async def killed(self, keys: list[str], after: float, rng: random.Random) -> None:
        """Several at once, each killed at a moment of its own."""

        async def one() -> None:
            mine = rng.sample(keys, len(keys))
            async with self.worker(mine) as process:
                await asyncio.sleep(after * rng.uniform(0.7, 1.3))
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)

        await asyncio.gather(*(one() for _ in range(WORKERS)))

    async def finish(self) -> None:
        """One that may live until nothing is pending."""
        for _ in range(10):
            if not self.tally.pending:
                return
            async with self.worker(sorted(self.tally.pending)):
                pass


async def play(kills: int, seed: int, folder: str) -> dict[str, Any]:
    """Kill so many workers and judge by the world's own log and the journal."""
    rng, began, tally = random.Random(seed), time.monotonic(), Tally()
    sandbox = TikTokSandbox(seed=seed, read_lag=(0.0, LAG * 0.8))
    async with serve({"tiktok": sandbox}) as served:
        campaign = await parent(served)
        sandbox.faults = FaultPlan(FAULTS, seed)
        crew = Crew(served.urls["tiktok"], folder, campaign, tally)
        done = 0
        while done < kills:
            # Mostly soon, so that the open ones pile up; now and then late, so that they are taken over and settled.
            await crew.killed(tally.batch(rng), rng.uniform(0.05, 1.0) if rng.random() < 0.75 else ATTEMPT + 2.0, rng)
            done += WORKERS
        sandbox.faults = None
        await crew.finish()
        verdict = await judged(sandbox, folder, tally)
    return {
        "kills": done, "keys": tally.keys, "acknowledged": len(tally.acknowledged), **verdict,
        "how": dict(tally.hows), "errors": dict(tally.errors), "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


async def parent(served: Served) -> Ref:
    """The campaign under which everything is made."""
    async with adapter(served.urls["tiktok"], None) as ads:
        budget = Budget.daily(Money.of("100 USD"))
        spec = CampaignSpec(name="Top", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=budget)
        return (await ads.create_campaign(spec, idempotency_key="top")).value.ref


async def judged(sandbox: TikTokSandbox, folder: str, tally: Tally) -> dict[str, int]:
    """What really happened against what was acknowledged and what the journal says."""
    groups = sandbox.world.objects(level="ad_group")
    made, of_key = {thing.id for thing in groups}, Counter(thing.key for thing in groups)
    with contextlib.closing(Database(Path(folder, DATABASE))) as database:
        records = await SqliteJournal(database).records()
    owned = {record.value.id for record in records if record.state in DONE and record.known}
    return {
        "lost": sum(told not in made for told in tally.acknowledged.values()),
        "duplicates": sum(count > 1 for count in of_key.values()),
        "orphans": len(made - owned),
        "changed": tally.changed,
        "open": len(tally.pending),
    }


def main() -> int:
    """Play and report; the exit status is the verdict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="workers that are killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments, faults and choices")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    parser.add_argument("--work", nargs=3, metavar=("URL", "STATE", "CAMPAIGN"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        asyncio.run(work(*chosen.work))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(play(chosen.kills, chosen.seed, str(Path(folder, "state"))))
    if chosen.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:>14}  {value}")
    return int(any(result[name] for name in ("lost", "duplicates", "orphans", "changed", "open")))


if __name__ == "__main__":
    sys.exit(main())
