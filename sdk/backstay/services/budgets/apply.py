"""BudgetApply: carries a plan out so that the sum never exceeds its total, not even if the process dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from backstay.ads import Ad, AdGroup, AdPlatform, Campaign, ConfiguredStatus, Level, Money, Ref
from backstay.clock import Clock, utc
from backstay.errors import (
    BackstayError,
    ConflictError,
    InvalidRequestError,
    NotReadyError,
    StaleInputError,
)
from backstay.events import Listener
from backstay.services.budgets.book import Book, BudgetRun
from backstay.services.budgets.events import BudgetMoved, BudgetsApplied, BudgetTrouble
from backstay.services.budgets.plan import BudgetPlan, Change
from backstay.services.live import look
from backstay.services.places import clock_of, listener_of, owner, several
from backstay.services.store import Store

MAX_AGE: Final = timedelta(days=1)
"""Of a plan: what it was made on has changed since."""


class BudgetApply:
    """One plan on the platforms that its campaigns are on.

        run = await BudgetApply(plan, on=[tiktok, meta], store=FileStore("budgets")).run()

    Decreases and pauses come first, and each is read back; increases follow when all of them hold. Every write is
    absolute and is sent only if the live budget is still the one that the plan was made for. The first failure stops
    the rest. Started again with the same plan and store, it goes on where it was. Progress is told as events.

    Plans of one `name` in one store take turns: a newer one ends an older one that was not carried out to its end.
    """

    def __init__(
        self, plan: BudgetPlan, *, on: AdPlatform | Sequence[AdPlatform], store: Store, name: str = "budgets",
        max_age: timedelta = MAX_AGE,
        clock: Clock | None = None, tell: Listener | None = None,
    ) -> None:  # fmt: skip
        self.plan, self._max_age = plan, max_age
        self._platforms = several(on)
        self._at = {change.name: self._place(change) for change in plan.changes}
        self._clock, self._tell = clock_of(self._platforms, clock), listener_of(self._platforms, tell)
        self._book = Book(store, name, plan, self._clock.token(), lambda: utc(self._clock.wall()))

    async def run(self) -> BudgetRun:
        """Carry out what is still to do.

        Raises:
            StaleInputError: the plan is older than `max_age`, also one that broke off; nothing more is written.
            IdempotencyConflictError: the plan's id stands for another plan.
            ConflictError: a live budget is neither the plan's old nor its new one, a newer plan has taken the turn, or
                somebody else carries the same plan out; nothing more is written.
            NotReadyError: a decrease has not arrived, so that no increase is made; or an older plan's write may still
                arrive, so that nothing is written.
            BackstayError: a read or a write failed; run it again.
        """
        try:
            known = await self._book.known()
            if known is None or not known.ended:
                self._require_young()
            state = await self._book.open()
            return state if state.ended else await self._carry(state)
        except BackstayError as error:
            self._troubled(error)
            raise

    # Parts --------------------------------------------------------------------------------------------------------

    async def _carry(self, state: BudgetRun) -> BudgetRun:
        live = {change.name: await self._live(change) for change in self.plan.changes}
        for change in self.plan.changes:
            _require_known(change, live[change.name], state)
        moves = [change for change in self.plan.changes if change.moves]
        for change in sorted(moves, key=lambda each: each.new >= each.old):  # stable: decreases, then increases
            if change.new > change.old:
                self._require_room(change, live)
            state, live[change.name] = await self._change(state, change, live[change.name])
        state = await self._book.save(state.but(writing=None, ended=True))
        self._tell(BudgetsApplied(at=self._clock.wall(), function="budgets", plan=self.plan.id, moves=len(moves)))
        return state

    async def _change(
        self, state: BudgetRun, change: Change, live: Campaign | AdGroup
    ) -> tuple[BudgetRun, Campaign | AdGroup]:  # fmt: skip
        """Write if it has not arrived yet, then read it back."""
        ref, platform = self._at[change.name]
        if _amount(change, live) != change.new:
            state = await self._book.begin(change.name)
            if not change.new.amount:
                await platform.set_status(ref, ConfiguredStatus.PAUSED)
            else:
                budget = live.budget
                assert budget is not None  # noqa: S101 - `_amount` has refused those without
                await platform.set_budget(ref, budget.model_copy(update={"amount": change.new}), expect=live)
            live = await self._live(change)
        if _amount(change, live) != change.new:
            raise NotReadyError(
                f"{change.name} was set to {change.new} and still has {_amount(change, live)}",
                field=change.name, value=str(_amount(change, live)), rule="budgets.confirm",
                hint="run the same plan again later; no budget is raised before all that give have given",
            )  # fmt: skip
        if change.name not in state.done:
            state = await self._book.save(state.but(done=(*state.done, change.name)))
            self._moved(change, state)
        return state, live

    async def _live(self, change: Change) -> Campaign | AdGroup:
        ref, platform = self._at[change.name]
        found = await look(platform, ref)
        assert not isinstance(found, Ad)  # noqa: S101 - `_place` has refused ads
        return found

    def _require_young(self) -> None:
        age = utc(self._clock.wall()) - self.plan.made_at
        if age > self._max_age:
            raise StaleInputError(
                f"the plan {self.plan.id} was made {age} ago", field="plan.made_at",
                value=self.plan.made_at.isoformat(), rule="budgets.age",
                hint="make a new plan from the live budgets and numbers",
            )  # fmt: skip

    def _require_room(self, change: Change, live: dict[str, Campaign | AdGroup]) -> None:
        """The last door before a raise: what is live, with it, must be within the total."""
        total = self.plan.limits.total
        amounts = [(change.new, change)] + [
            (_amount(each, live[each.name]), each) for each in self.plan.changes if each.name != change.name
        ]
        after = sum(
            (Money(money.amount * each.counts, total.currency) for money, each in amounts), Money.zero(total.currency)
        )
        if after > total:
            raise ConflictError(
                f"raising {change.name} to {change.new} would make {after} of {total}", field="total", value=str(after),
                rule="budgets.cap", hint="make a new plan from the live budgets",
            )  # fmt: skip

    def _moved(self, change: Change, state: BudgetRun) -> None:
        ref, _ = self._at[change.name]
        self._tell(
            BudgetMoved(at=self._clock.wall(), vendor=ref.platform.value, function="budgets", plan=self.plan.id,
                        campaign=change.name, ref=str(ref), before=str(change.old), after=str(change.new),
                        done=len(state.done), moves=sum(each.moves for each in self.plan.changes))
        )  # fmt: skip

    def _troubled(self, error: BackstayError) -> None:
        writing = self._book.state.writing
        self._tell(BudgetTrouble.of(error, self._clock, "budgets", plan=self.plan.id, campaign=writing))

    def _place(self, change: Change) -> tuple[Ref, AdPlatform]:
        ref = change.ref
        if ref is None or ref.level not in {Level.CAMPAIGN, Level.AD_GROUP}:
            raise InvalidRequestError(
                f"{change.name} names no campaign or ad group", field=f"{change.name}.ref", value=str(ref),
                hint="give each candidate the ref of what has the budget",
            )  # fmt: skip
        return ref, owner(self._platforms, ref)


def _amount(change: Change, live: Campaign | AdGroup) -> Money:
    """What counts as its budget now; nothing, where the plan pauses it and it does not run."""
    if not change.new.amount and live.status.configured is not ConfiguredStatus.ACTIVE:
        return change.new
    if live.budget is None or live.budget.amount is None:
        raise ConflictError(
            f"{change.name} has no budget of its own", field=f"{change.name}.budget", value=str(live.ref),
            hint="name the level that has the budget: the campaign or its ad group",
        )  # fmt: skip
    return live.budget.amount


def _require_known(change: Change, live: Campaign | AdGroup, state: BudgetRun) -> None:
    """Refuse to act on budgets that somebody else has changed since the plan was made."""
    amount = _amount(change, live)
    if amount == change.new or (amount == change.old and change.name not in state.done):
        return
    raise ConflictError(
        f"{change.name} has {amount}, the plan was made for {change.old}", field=f"{change.name}.budget",
        value=str(amount), rule="budgets.changed", hint="make a new plan from the live budgets",
    )  # fmt: skip
