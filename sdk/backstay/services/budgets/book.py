"""What is kept of plans that are carried out, and whose turn it is: of one name, one plan at a time writes budgets.

Two plans at once could each be within the total and exceed it together. A newer plan ends an older one; it waits for
as long as a write of the older one may still be on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.errors import ConflictError, IdempotencyConflictError, NotReadyError
from backstay.services.budgets.plan import BudgetPlan
from backstay.services.live import SETTLE
from backstay.services.store import Store, check_name, loaded
from backstay.spec import Spec


class BudgetRun(Spec):
    """How far a plan is carried out; kept in the store before and after each write."""

    plan: BudgetPlan
    owner: str = ""
    """Who carries it out."""
    shared: bool = False
    """Somebody else began with it, and may be about to write."""
    writing: str | None = None
    """The campaign whose write was begun last; whether it arrived is read from the platform."""
    begun_at: AwareDatetime | None = None
    """When that was."""
    done: tuple[str, ...] = ()
    """Written and read back."""
    ended: bool = False
    superseded: bool = False
    """A newer plan has taken its turn."""


class Turn(Spec):
    """Whose turn it is."""

    plan: str


class Book:
    """The stored state of one plan; each save is refused if somebody else has saved in the meantime."""

    def __init__(self, store: Store, name: str, plan: BudgetPlan, owner: str, now: Callable[[], datetime]) -> None:
        self._store, self._name, self._plan, self._owner, self._now = store, check_name(name, "name"), plan, owner, now
        self._revision = 0
        self.state = BudgetRun(plan=plan, owner=owner)

    async def known(self) -> BudgetRun | None:
        """What is stored of this plan; changes nothing."""
        return (await self._load(self._plan.id))[0]

    async def open(self) -> BudgetRun:
        """Take the turn, or go on with what was begun; raises as `BudgetApply.run` says."""
        known, self._revision = await self._load(self._plan.id)
        if known is None:
            await self._take_turn()
            return await self.save(self.state)
        if known.plan != self._plan:
            raise IdempotencyConflictError(
                f"the store has another plan under {self._plan.id}", field="plan.id", value=self._plan.id,
                hint="give each plan an id of its own, such as its day",
            )  # fmt: skip
        if known.superseded:
            raise ConflictError(
                f"a newer plan has taken the turn of {self._plan.id}", field="plan.id", value=self._plan.id,
                rule="budgets.superseded", hint="carry out the newer one, or make a new plan from the live budgets",
            )  # fmt: skip
        self.state = known
        return known if known.ended else await self.save(known.but(owner=self._owner, shared=True))

    async def save(self, state: BudgetRun) -> BudgetRun:
        """Keep a state."""
        self._revision = await self._store.save(self._key(state.plan.id), state, revision=self._revision)
        self.state = state
        return state

    async def begin(self, campaign: str) -> BudgetRun:
        """A write is about to be sent."""
        return await self.save(self.state.but(writing=campaign, begun_at=self._now()))

    async def _take_turn(self) -> None:
        turn, revision = await loaded(self._store, self._name, Turn, "budgets")
        if turn is not None and turn.plan != self._plan.id:
            await self._end(turn.plan)
        await self._store.save(self._name, Turn(plan=self._plan.id), revision=revision)

    async def _end(self, older: str) -> None:
        """End an older plan: whoever carries it out is refused before its next write."""
        run, revision = await self._load(older)
        if run is None:
            return
        if not run.ended:
            run = run.but(ended=True, superseded=True, shared=True)
            await self._store.save(self._key(older), run, revision=revision)
        if run.shared and run.begun_at is not None and self._now() - run.begun_at < SETTLE:
            wait = (SETTLE - (self._now() - run.begun_at)).total_seconds()
            raise NotReadyError(
                f"a write of the plan {older} to {run.writing or run.done[-1]} may still arrive", field="plan.id",
                value=older, rule="budgets.turn", retry_after=wait,
                hint=f"make a new plan from the live budgets in {wait:.0f} s",
            )  # fmt: skip

    async def _load(self, id_: str) -> tuple[BudgetRun | None, int]:
        return await loaded(self._store, self._key(id_), BudgetRun, "budgets")

    def _key(self, id_: str) -> str:
        return f"{self._name}-{id_}"
