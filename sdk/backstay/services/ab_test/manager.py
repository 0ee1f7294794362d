"""AbTest: runs a test on any ad platform, on several, or on a split of them, and survives its own death."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from backstay.ads import AdPlatform, BuiltTree, Created, Ref
from backstay.clock import Clock, utc
from backstay.errors import BackstayError, NotReadyError
from backstay.events import Listener
from backstay.services.ab_test.arms import Arm, Arms
from backstay.services.ab_test.book import Book, Teller
from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.notice import evidence, noticed, to_pause
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.state import AbState, Stage
from backstay.services.ab_test.verdict import Verdict
from backstay.services.ab_test.watch import days_of, numbers, sight
from backstay.services.ab_test.words import Design
from backstay.services.places import clock_of, listener_of
from backstay.services.store import Store

EVERY: Final = timedelta(hours=6)
PATIENCE: Final = timedelta(days=2)
"""How long a step may go on failing."""
AGAIN: Final = 300.0
"""Seconds until a step that failed is tried again, at the least."""
PASSING: Final = frozenset({"UNKNOWN_OUTCOME", "QUOTA_EXHAUSTED"})
"""Types that pass, although repeating the same call at once does not help. All steps are safe to repeat."""


class AbTest:
    """One test.

        test = AbTest(plan, {"A": tree_a, "B": tree_b}, on=tiktok, store=FileStore("tests"))
        verdict = await test.run()

    Arms are trees, which it creates and activates, or refs of what runs already. `on` is one platform (a split too), or
    one for each arm. Started again with the same plan, arms and store, it goes on where it was; what a process had
    activated when it died runs on until then, or until `stop()`. What it writes passes the spend guard of the adapters'
    runtime.
    """

    def __init__(
        self,
        plan: AbPlan,
        arms: Mapping[str, Arm],
        *,
        on: AdPlatform | Mapping[str, AdPlatform],
        store: Store,
        clock: Clock | None = None,
        tell: Listener | None = None,
    ) -> None:
        self.plan = plan
        self._arms = Arms(plan, arms, on)
        self._store = store
        platforms = self._arms.on.values()
        self._clock = clock_of(platforms, clock)
        self._teller = Teller(plan.id, self._clock, listener_of(platforms, tell))

    async def state(self) -> AbState:
        """How far the test is; raises IdempotencyConflictError if its id stands for another one."""
        return (await self._open()).state

    async def preview(self) -> dict[str, Created[BuiltTree]]:
        """The requests that would create the arms; writes nothing anywhere."""
        found = {name: await self._arms.build(name, dry_run=True) for name in self._arms.what}
        return {name: made for name, made in found.items() if made is not None}

    async def start(self) -> AbState:
        """Create all arms paused, then activate them; called again it goes on where it broke off.

        If one arm cannot be activated, all are paused again: one arm alone would spend without a test. Where another
        manager has begun with it meanwhile, they are left to that one.
        """
        book = await self._open()
        if book.state.stage is not Stage.PLANNED:
            return book.state
        if book.new:
            await book.save(book.state)
        trees = {name: tree for name in self._arms.what if (tree := await self._built(book, name)) is not None}
        self._arms.check_places(_refs(book.state))
        await self._activate(book, trees)
        return await book.save(book.state.but(stage=Stage.RUNNING, started_at=self._now()))

    async def look(self) -> Verdict:
        """Read the arms, decide, and keep the verdict; nothing is paused by this.

        Raises:
            NotReadyError: the test is not running.
            BackstayError: a platform could not be read; the test is as it was.
        """
        book = await self._open()
        state, now = book.state, self._now()
        if state.stage is not Stage.RUNNING or state.started_at is None:
            raise _not_running(state)
        refs, reach = _refs(state), self.plan.design is Design.RANDOMISED_PLATFORM_SPLIT
        sights = {name: await sight(self._arms.on[name], ref) for name, ref in refs.items()}
        days = days_of(state.started_at, now)
        state = noticed(state, sights)
        found = await numbers(self.plan, days, self._arms.by_platform(_refs(state)), reach=reach)
        state, told = evidence(state, found, now)
        verdict = decide(told)
        stage = Stage.DECIDED if verdict.ended or verdict.losers else Stage.RUNNING
        await book.save(state.but(looks=verdict.looks, verdict=verdict, looked_at=now, stage=stage))
        self._teller.looked(verdict)
        return verdict

    async def act(self) -> AbState:
        """Carry out the verdict: pause what lost, at the end also what the plan says. Safe to repeat."""
        book = await self._open()
        if book.state.stage is not Stage.DECIDED or book.state.verdict is None:
            return book.state
        for name in to_pause(book.state):
            await self._paused(book, name)
        stage = Stage.ENDED if book.state.verdict.ended else Stage.RUNNING
        return await book.save(book.state.but(stage=stage))

    async def stop(self) -> AbState:
        """End the test by hand and pause all its arms, whatever else fails."""
        book = await self._open()
        await self._arms.pause_all(_refs(book.state))
        return await book.save(book.state.with_arms(lambda arm: arm.but(stopped=True)).but(stage=Stage.ENDED))

    async def run(self, *, every: timedelta = EVERY, patience: timedelta = PATIENCE) -> Verdict | None:
        """Start, look on a schedule, carry out what is decided; returns the last verdict (None: stopped by hand).

        A step that fails is tried again, for as long as `patience`; what will not pass by itself is raised.
        """
        await self._patient("start", self.start, patience)
        while True:
            state = await self.state()
            if state.stage is Stage.DECIDED:
                state = await self._patient("act", self.act, patience)
            if state.stage is Stage.ENDED:
                return state.verdict
            await self._wait(state, every)
            await self._patient("look", self.look, patience)

    # Parts of steps -----------------------------------------------------------------------------------------------

    async def _open(self) -> Book:
        return await Book.open(self._store, self.plan, self._arms.what)

    async def _built(self, book: Book, name: str) -> BuiltTree | None:
        made = await self._arms.build(name)
        if made is None:
            return None
        ref = made.value.campaign.ref
        if book.state.arm(name).ref is None:
            await book.save(book.state.with_arm(name, ref=ref))
            self._teller.changed(name, "created", ref)
        return made.value

    async def _activate(self, book: Book, trees: Mapping[str, BuiltTree]) -> None:
        await book.save(book.state)  # from here on whoever began before knows that it is no longer alone
        try:
            for name, tree in trees.items():
                await self._arms.activate(name, tree)
                self._teller.changed(name, "activated", tree.campaign.ref)
        except BackstayError as error:
            if not await book.alone():
                raise
            try:
                await self._arms.pause_all({name: tree.campaign.ref for name, tree in trees.items()})
            except BackstayError as worse:
                error.add_note(f"and not all arms could be paused again: {worse}")
            raise

    async def _paused(self, book: Book, name: str) -> None:
        arm = book.state.arm(name)
        if arm.ref is None or arm.stopped or arm.gone:
            return
        await self._arms.pause(name, arm.ref)
        await book.save(book.state.with_arm(name, stopped=True))
        self._teller.changed(name, "paused", arm.ref)

    async def _wait(self, state: AbState, every: timedelta) -> None:
        last = state.looked_at or state.started_at or self._now()
        await self._clock.sleep(max(0.0, (last + every - self._now()).total_seconds()))

    async def _patient(self, doing: str, step: Callable[[], Awaitable[Any]], patience: timedelta) -> Any:
        began = self._now()
        while True:
            try:
                return await step()
            except BackstayError as error:
                if not (error.retryable or error.type in PASSING) or self._now() - began > patience:
                    raise
                again = max(AGAIN, error.retry_after or 0.0)
                self._teller.trouble(doing, error, again)
                await self._clock.sleep(again)

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def _refs(state: AbState) -> dict[str, Ref]:
    """The arms that run, or will."""
    return {arm.name: arm.ref for arm in state.arms if arm.ref is not None and not (arm.stopped or arm.gone)}


def _not_running(state: AbState) -> NotReadyError:
    return NotReadyError(
        f"the test {state.plan.id} is {state.stage.value}", field="stage", value=state.stage.value, retryable=False,
        rule="ab_test.stage", hint="start() comes before look(), and act() after a verdict; run() does all of it",
    )  # fmt: skip
