"""Any sequence of failures, replays, crashes and full disks: no letter is lost, and nothing happens twice."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backstay import Runtime
from backstay.errors import BackstayError, ConnectionFailedError, PlatformServiceError
from backstay.letters import LetterState, sqlite
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, run
from tests.support.letters import Shop, spec

KEYS = ["a", "b", "c"]
WEATHER = ["fine", "refused", "lost", "dark"]
"""The vendor: well; refuses at once; does it and the answer is lost; the same, and looking fails as well."""


class Crash(BaseException):
    """The process is gone."""


class World(RuleBasedStateMachine):
    """One vendor, one state folder, processes that come and go."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = VirtualClock()
        self.rows: dict[str, dict[str, Any]] = {}
        self.weather = "fine"
        self.full = False
        self.crash_after: int | None = None
        self.promised: set[str] = set()
        """Keys whose create was given up with a letter that the process acknowledged."""
        self.done: set[str] = set()
        """Keys whose create was acknowledged as done."""
        self.real_put = sqlite._put

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    # The process ------------------------------------------------------------------------------------------------

    def process(self, work: Any) -> Any:
        """One process from its start to its end: normally, or by a crash."""
        runtime = Runtime(state=Path(self.folder.name) / "state", clock=self.clock, listeners=())
        ads = Shop(runtime)
        ads.rows = self.rows
        send, fetch = ads._send_create, ads._fetch

        async def sent(*args: Any) -> str:
            self.step()
            if self.weather == "refused":
                raise ConnectionFailedError("no way", certainty=Certainty.NOT_SENT)
            made = await send(*args)
            self.step()
            if self.weather != "fine":
                raise PlatformServiceError("the answer is lost")
            return made

        async def fetched(*args: Any) -> Any:
            self.step()
            if self.weather == "dark":
                raise ConnectionFailedError("no way")
            return await fetch(*args)

        ads._send_create, ads._fetch = sent, fetched  # type: ignore[method-assign]  # that is the point
        sqlite._put = self.put  # the disk
        try:
            return run(self.lived(runtime, work(runtime, ads)), self.clock)
        except Crash:
            self.clock.advance(120.0)  # holds and leases of the dead process end
            return None
        finally:
            sqlite._put = self.real_put
            self.crash_after = None

    async def lived(self, runtime: Runtime, work: Any) -> Any:
        try:
            return await work
        finally:
            await runtime.aclose()

    def put(self, *args: Any) -> Any:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        return self.real_put(*args)

    def step(self) -> None:
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                raise Crash

    # What happens -----------------------------------------------------------------------------------------------

    @rule(weather=st.sampled_from(WEATHER))
    def the_weather_changes(self, weather: str) -> None:
        self.weather = weather

    @rule(full=st.booleans())
    def the_disk_changes(self, full: bool) -> None:
        self.full = full

    @rule(key=st.sampled_from(KEYS), crash=st.none() | st.integers(0, 5))
    def the_service_creates(self, key: str, crash: int | None) -> None:
        async def work(runtime: Runtime, ads: Shop) -> None:
            try:
                await ads.create_campaign(spec(key), idempotency_key=key)
            except BackstayError as error:
                if any("dead letter" in note for note in getattr(error, "__notes__", ())):
                    self.promised.add(key)
            else:
                self.done.add(key)

        self.crash_after = crash
        self.process(work)

    @rule(crash=st.none() | st.integers(0, 5), twice=st.booleans())
    def somebody_replays(self, crash: int | None, twice: bool) -> None:
        async def one(runtime: Runtime, ads: Shop, dlq_id: str, key: str) -> None:
            try:
                await runtime.letters.replay(dlq_id, ads)
            except BackstayError:
                return
            self.done.add(key)

        async def work(runtime: Runtime, ads: Shop) -> None:
            for letter in await runtime.letters.list():
                tries = [one(runtime, ads, letter.dlq_id, letter.key[-1]) for _ in range(1 + twice)]
                await asyncio.gather(*tries)

        self.crash_after = crash
        self.process(work)

    @rule(seconds=st.sampled_from([1.0, 30.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # What must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_made_twice(self) -> None:
        if hasattr(self, "rows"):
            names = [row["name"] for row in self.rows.values()]
            assert len(names) == len(set(names)), names

    @invariant()
    def no_letter_is_lost(self) -> None:
        if not getattr(self, "promised", None):
            return
        asked = self.weather
        letters = self.process(lambda runtime, _: runtime.letters.list(None))
        self.weather = asked
        known = {letter.key[-1]: letter for letter in letters}
        assert self.promised <= known.keys()
        for key, letter in known.items():
            if letter.state is LetterState.REPLAYED:
                assert key in {row["name"][0] for row in self.rows.values()}
            else:
                assert letter.state is LetterState.WAITING

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        if hasattr(self, "done"):
            assert self.done <= {row["name"][0] for row in self.rows.values()}


World.TestCase.settings = settings(max_examples=15, stateful_step_count=10, deadline=None)
TestWorld = World.TestCase
