"""The stored state of one carousel, its pictures, and what it has spent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal

from backstay.content import GeneratedImage
from backstay.errors import IdempotencyConflictError, InvalidRequestError
from backstay.events import bind_context
from backstay.ledger import Ledger
from backstay.money import Money
from backstay.policies.allowance import Allowance
from backstay.services.carousel.plan import CarouselPlan
from backstay.services.carousel.state import CarouselState, KeptPicture
from backstay.services.store import Store, loaded

PREFIX = "carousel-"


class Purse:
    """What this process spends, on top of what earlier ones have."""

    def __init__(self, before: CarouselState, work: Allowance | None) -> None:
        self._before = before
        self._work = work

    def into(self, state: CarouselState) -> CarouselState:
        """The state with what is spent by now."""
        work, before = self._work, self._before
        if work is None:
            return state
        return state.but(
            spent=before.spent + work.spent, retries=before.retries + work.retries,
            retry_seconds=before.retry_seconds + work.retry_seconds,
        )  # fmt: skip


class Book:
    """A state as it was loaded; each save is refused if somebody else has saved in the meantime."""

    def __init__(self, store: Store, state: CarouselState, revision: int) -> None:
        self._store = store
        self._revision = revision
        self._alone = asyncio.Lock()
        self.state = state
        self.purse = Purse(state, None)

    @classmethod
    async def open(cls, store: Store, plan: CarouselPlan) -> Book:
        """The state of a carousel, a fresh one if there is none.

        Raises:
            IdempotencyConflictError: the id stands for another plan.
            InvalidRequestError: the state is of another service.
        """
        state, revision = await loaded(store, PREFIX + plan.id, CarouselState, "carousel")
        if state is None:
            return cls(store, CarouselState(plan=plan), 0)
        if _content(state.plan) != _content(plan):
            raise IdempotencyConflictError(
                f"the carousel {plan.id} was begun with another plan", field="plan.id", value=plan.id,
                rule="carousel.payload", hint="go on with the plan it was begun with, or give the new one another id",
            )  # fmt: skip
        return cls(store, state.but(plan=plan), revision)

    async def change(self, change: Callable[[CarouselState], CarouselState]) -> CarouselState:
        """Keep a changed state; steps that end at the same time are kept one after the other."""
        async with self._alone:
            state = self.purse.into(change(self.state))
            self._revision = await self._store.save(PREFIX + state.plan.id, state, revision=self._revision)
            self.state = state
            return state

    async def picture(self, number: int) -> KeptPicture | None:
        """The bytes of a picture, if they are kept."""
        kept = await self._store.load(self._picture(number))
        return kept.value if kept is not None and isinstance(kept.value, KeptPicture) else None

    async def keep_picture(self, number: int, prompt: str, image: GeneratedImage) -> None:
        """Keep the bytes, before anybody says that they are there."""
        kept = await self._store.load(self._picture(number))
        await self._store.save(
            self._picture(number),
            KeptPicture(prompt=prompt, image=image),
            revision=0 if kept is None else kept.revision,
        )

    def _picture(self, number: int) -> str:
        return f"{PREFIX}{self.state.plan.id}-picture-{number + 1}"

    @contextlib.contextmanager
    def spending(self, ledger: Ledger | None) -> Iterator[None]:
        """Bind the carousel's ids and bounds to the work inside the block.

        Raises:
            InvalidRequestError: the plan has bounds, and no adapter has a ledger that could hold them.
        """
        plan, ids = self.state.plan, {"carousel_id": self.state.plan.id}
        if plan.user_id is not None:
            ids["user_id"] = plan.user_id
        if ledger is None:
            _require_no_bounds(plan)
            with bind_context(**ids):
                yield
            return
        with _budget(ledger, self.state, ids) as work:
            self.purse = Purse(self.state, work)
            yield


@contextlib.contextmanager
def _budget(ledger: Ledger, state: CarouselState, ids: dict[str, str]) -> Iterator[Allowance]:
    """What earlier processes have left of the plan's bounds."""
    plan = state.plan
    money = plan.money and Money(max(Decimal(0), plan.money.amount - state.spent), plan.money.currency)
    retries = None if plan.retries is None else max(0, plan.retries - state.retries)
    seconds = None if plan.retry_seconds is None else max(0.0, plan.retry_seconds - state.retry_seconds)
    with ledger.budget(
        money=money, retries=retries, retry_seconds=seconds, unpriced=plan.unpriced, **ids
    ) as work:  # fmt: skip
        yield work


def _content(plan: CarouselPlan) -> CarouselPlan:
    """What a carousel is made of: its bounds may be raised while it is made."""
    return plan.model_copy(update={"money": None, "retries": None, "retry_seconds": None, "unpriced": False})


def _require_no_bounds(plan: CarouselPlan) -> None:
    for field in ("money", "retries", "retry_seconds"):
        if getattr(plan, field) is not None:
            raise InvalidRequestError(
                f"no adapter has a ledger that could hold {field}", field=field, value=str(getattr(plan, field)),
                hint="use adapters with a runtime, or leave the bound out",
            )  # fmt: skip


__all__ = ["PREFIX", "Book", "Purse"]
