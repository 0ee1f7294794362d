"""The stored state of one test, and everything that is told about it."""

from __future__ import annotations

from collections.abc import Mapping

from backstay.ads import Ref
from backstay.clock import Clock
from backstay.errors import BackstayError
from backstay.events import Listener
from backstay.services.ab_test.arms import Arm
from backstay.services.ab_test.events import AbArmChanged, AbLooked, AbTrouble
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.state import AbState, ArmState
from backstay.services.ab_test.verdict import Verdict
from backstay.services.hashing import fingerprint
from backstay.services.store import Store, loaded

PREFIX = "ab-"


class Book:
    """A state as it was loaded; each save is refused if somebody else has saved in the meantime."""

    def __init__(self, store: Store, name: str, state: AbState, revision: int) -> None:
        self._store = store
        self._name = name
        self._revision = revision
        self.state = state

    @classmethod
    async def open(cls, store: Store, plan: AbPlan, arms: Mapping[str, Arm]) -> Book:
        """The state of a test, a fresh one if there is none.

        Raises:
            IdempotencyConflictError: the id stands for another plan or other arms.
            InvalidRequestError: the state is of another version's basis, or of another service.
        """
        name, payload = PREFIX + plan.id, fingerprint({"plan": plan, "arms": dict(arms)})
        state, revision = await loaded(store, name, AbState, "A/B test")
        if state is None:
            return cls(store, name, _fresh(plan, arms, payload), 0)
        state.check(payload)
        return cls(store, name, state, revision)

    @property
    def new(self) -> bool:
        """Whether nothing has been saved yet."""
        return self._revision == 0

    async def alone(self) -> bool:
        """Whether nobody else has saved since."""
        kept = await self._store.load(self._name)
        return kept is not None and kept.revision == self._revision

    async def save(self, state: AbState) -> AbState:
        """Keep a state."""
        self._revision = await self._store.save(self._name, state, revision=self._revision)
        self.state = state
        return state


def _fresh(plan: AbPlan, arms: Mapping[str, Arm], payload: str) -> AbState:
    states = tuple(
        ArmState(name=name, ref=what if isinstance(what, Ref) else None, ours=not isinstance(what, Ref))
        for name, what in arms.items()
    )
    return AbState(plan=plan, payload=payload, arms=states)


class Teller:
    """Makes the events of a test."""

    def __init__(self, test: str, clock: Clock, tell: Listener) -> None:
        self._test = test
        self._clock = clock
        self._tell = tell

    def changed(self, arm: str, action: str, ref: Ref) -> None:
        """An arm was created, activated or paused."""
        self._tell(
            AbArmChanged(
                at=self._clock.wall(), vendor=ref.platform.value, function="ab_test", test=self._test, arm=arm,
                action=action, ref=str(ref),
            )
        )  # fmt: skip

    def looked(self, verdict: Verdict) -> None:
        """A look is over."""
        ps = [each.adjusted_p for each in verdict.comparisons if each.adjusted_p is not None]
        self._tell(
            AbLooked(
                at=self._clock.wall(), function="ab_test", test=self._test, look=len(verdict.looks),
                outcome=verdict.outcome.value, arm=verdict.arm, reasons=", ".join(verdict.reasons), days=verdict.days,
                best=verdict.best, p=min(ps, default=None),
            )
        )  # fmt: skip

    def trouble(self, doing: str, error: BackstayError, again_in: float) -> None:
        """A step failed for now."""
        self._tell(AbTrouble.of(error, self._clock, "ab_test", test=self._test, doing=doing, again_in=again_in))
