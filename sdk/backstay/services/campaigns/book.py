"""The stored state of one set, and everything that is told about it."""

from __future__ import annotations

from typing import Final

from backstay.clock import Clock
from backstay.errors import BackstayError
from backstay.events import Listener
from backstay.services.campaigns.events import CampaignsPaused, CampaignsPlanned, CampaignStepped, CampaignTrouble
from backstay.services.campaigns.plan import CampaignPlan, Step
from backstay.services.campaigns.state import CampaignsState, Site
from backstay.services.store import Store, loaded

PREFIX: Final = "campaigns-"


class Book:
    """A state as it was loaded; each save is refused if somebody else has saved in the meantime."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, PREFIX + name
        self._revision = 0
        self.state = CampaignsState()

    async def load(self) -> CampaignsState:
        """What was saved last; raises InvalidRequestError if it is another service's."""
        state, self._revision = await loaded(self._store, self._name, CampaignsState, "campaigns")
        self.state = state or CampaignsState()
        return self.state

    async def save(self, state: CampaignsState) -> None:
        """Keep a state; raises ConflictError."""
        self._revision = await self._store.save(self._name, state, revision=self._revision)
        self.state = state

    async def keep(self, site: Site) -> None:
        """Keep one campaign's."""
        await self.save(self.state.with_site(site))

    async def alone(self) -> None:
        """Before each write: raises ConflictError if another manager has been at work on this set since."""
        await self.save(self.state)


class Teller:
    """Makes the events of a set."""

    def __init__(self, name: str, clock: Clock, tell: Listener) -> None:
        self._set, self._clock, self._tell = name, clock, tell

    def planned(self, plan: CampaignPlan) -> None:
        """A plan was made."""
        self._tell(
            CampaignsPlanned(at=self._clock.wall(), function="campaigns", set=self._set, steps=len(plan.steps),
                             troubles=len(plan.troubles), unread=len(plan.unread))
        )  # fmt: skip

    def stepped(self, step: Step, number: int, of: int) -> None:
        """A step was carried out."""
        self._tell(
            CampaignStepped(at=self._clock.wall(), function="campaigns", set=self._set, target=step.target,
                            step=step.text, number=number, of=of)
        )  # fmt: skip

    def trouble(self, doing: str, error: BackstayError) -> None:
        """Something failed for now."""
        self._tell(CampaignTrouble.of(error, self._clock, "campaigns", set=self._set, doing=doing))

    def paused(self, paused: int, failed: int) -> None:
        """All was paused, as far as it could be."""
        self._tell(
            CampaignsPaused(at=self._clock.wall(), function="campaigns", set=self._set, paused=paused, failed=failed)
        )
