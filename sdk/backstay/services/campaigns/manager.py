"""CampaignManager: makes platforms be as a spec says, once, whatever dies or fails on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backstay.ads import AdPlatform
from backstay.clock import Clock
from backstay.errors import BackstayError, ConflictError, InvalidRequestError
from backstay.events import Listener
from backstay.services.campaigns.book import Book, Teller
from backstay.services.campaigns.carry import Carrier
from backstay.services.campaigns.compare import found_part, open_differences
from backstay.services.campaigns.drift import drifted
from backstay.services.campaigns.pausing import pause_all
from backstay.services.campaigns.plan import CampaignPlan, Step
from backstay.services.campaigns.report import Applied, Drift, Failed, PausedAll, Skipped
from backstay.services.campaigns.spec import CampaignSet
from backstay.services.campaigns.state import CampaignsState, Site
from backstay.services.campaigns.survey import Looked, Survey, platform_of, require
from backstay.services.campaigns.words import LESS, MORE, Do
from backstay.services.places import clock_of, listener_of
from backstay.services.store import Store

ROUNDS: Final = 3
"""A tree that was begun with another spec is finished in the first round and changed in the second."""


class CampaignManager:
    """One set of campaigns.

        manager = CampaignManager(spec, on={"tiktok": tiktok, "meta": meta}, store=FileStore("campaigns"))
        report = await manager.apply(await manager.plan())

    `on` names the platforms that the spec speaks of. Trees are created paused under keys of the set; what changes is
    written as an absolute value if it is still as it was planned; decreases and pauses come first, and what raises
    spend waits for them. What is not in the spec any more is paused, never deleted. Applied again, a spec that is in
    place does nothing, and one that broke off goes on.
    """

    def __init__(
        self,
        spec: CampaignSet,
        *,
        on: AdPlatform | Mapping[str, AdPlatform],
        store: Store,
        clock: Clock | None = None,
        tell: Listener | None = None,
    ) -> None:
        self.spec = spec
        self._on = dict(on) if isinstance(on, Mapping) else {on.platform.value: on}
        _require_apart(self._on)
        for target in spec.targets:
            platform_of(self._on, target.on)
        self._targets = {target.name: target for target in spec.targets}
        self._book = Book(store, spec.id)
        self._carrier = Carrier(spec, self._on, self._book)
        platforms = list(self._on.values())
        self._teller = Teller(spec.id, clock_of(platforms, clock), listener_of(platforms, tell))
        self._survey = Survey(spec, self._on, self._teller)

    async def plan(self) -> CampaignPlan:
        """What would be done now; new trees are checked by a dry run, with the vendor where it checks."""
        return (await self._survey.look(await self._book.load())).plan

    async def apply(self, plan: CampaignPlan | str | None = None) -> Applied:
        """Do it; with `plan` (or its hash) only if that is still what there is to do.

        A step that fails does not hold up other campaigns, but what would raise spend waits for all that lowers it.

        Raises:
            InvalidRequestError: something is wanted that cannot be; nothing was sent.
            ConflictError: the plan is old, or another manager works on this set.
        """
        await self._book.load()
        done: list[Step] = []
        report: Applied | None = None
        for number in range(ROUNDS):
            looked = await self._survey.look(self._book.state)
            require(looked.plan)
            if number == 0 and plan is not None and _hash(plan) != looked.plan.hash:
                raise _old(plan, looked.plan)
            report = await self._carried(looked)
            done += report.done
            if report.failed or report.skipped or not any(step.do is Do.FINISH for step in report.done):
                break
        assert report is not None  # noqa: S101 - there is a first round
        return report.but(done=tuple(done))

    async def drift(self) -> Drift:
        """Live against spec; writes nothing."""
        state = await self._book.load()
        looked = await self._survey.look(state, check=False)
        found = [
            each
            for name, target in self._targets.items()
            if name in looked.seen
            for each in drifted(target, looked.seen[name], held=state.held)
        ]
        unread = tuple(f"{each.on}: {each.error_type} {each.message}" for each in looked.plan.unread)
        return Drift(set=self.spec.id, found=tuple(found), unread=unread)

    async def pause_all(self) -> PausedAll:
        """Switch off every campaign of the set, all at once, and hold it: nothing is activated until `release()`.

        Pausing passes the spend guard whatever its disk does. What could not be paused is told, and may be running.
        """
        try:
            state = await self._book.load()
        except BackstayError as error:  # what the spec names is found by its keys
            self._teller.trouble("reading the state", error)
            state = CampaignsState()
        return await pause_all(self.spec, self._on, self._book, state, self._teller)

    async def release(self) -> None:
        """Let `apply()` activate again what `pause_all()` has paused."""
        await self._book.load()
        await self._book.save(self._book.state.but(held=False))

    async def state(self) -> CampaignsState:
        """What is kept."""
        return await self._book.load()

    # Applying -----------------------------------------------------------------------------------------------------

    async def _carried(self, looked: Looked) -> Applied:
        plan, gone = looked.plan, {each.on for each in looked.plan.unread}
        report = Applied(plan=plan)
        for number, step in enumerate(plan.steps, start=1):
            why = self._waits(step, report, gone)
            if why is not None:
                report = report.but(skipped=(*report.skipped, Skipped(step=step, why=why)))
                continue
            try:
                await self._carrier.carry(step)
            except BackstayError as error:
                if error.rule == "services.store":
                    raise  # another manager works on this set, or nothing can be kept: stop before anything else
                self._teller.trouble(f"{step.target}: {step.text}", error)
                report = report.but(failed=(*report.failed, Failed.of(step, error)))
                continue
            self._teller.stepped(step, number, len(plan.steps))
            report = report.but(done=(*report.done, step))
        await self._adopted(looked, report)
        return report

    def _waits(self, step: Step, report: Applied, gone: set[str]) -> str | None:
        """Why a step is not tried now."""
        if step.on in gone:
            return f"{step.on} could not be read"
        failed = [each.step for each in report.failed]
        behind = next((each for each in failed if each.target == step.target and step.do not in LESS), None)
        if behind is not None:
            return f"{behind.target}: {behind.text} failed"
        if step.do not in MORE:
            return None
        unlowered = next((each for each in failed if each.do in LESS), None)
        if unlowered is not None:
            return f"{unlowered.target}: {unlowered.text} failed, and less comes before more"
        known = {site.on for site in self._book.state.sites if site.parts}
        unseen = next((on for on in sorted(gone & known)), None)
        return None if unseen is None else f"{unseen} could not be read, and something may have to be lowered there"

    async def _adopted(self, looked: Looked, report: Applied) -> None:
        """Keep what was found by its key alone, as far as it is as it is wanted."""
        failed = {each.step.target for each in report.failed} | {each.step.target for each in report.skipped}
        for name, seen in looked.seen.items():
            target, known = self._targets.get(name), self._book.state.site(name)
            if target is None or seen.campaign is None or seen.unfinished or name in failed:
                continue
            site = known or Site(id=target.id, on=target.on)
            for place, spec in target.parts().items():
                thing = seen.things.get(place)
                if thing is not None and site.part(place) is None and not open_differences(spec, thing, None):
                    site = site.with_part(found_part(place, spec, thing))
            if site != known:
                await self._book.keep(site)


def _hash(plan: CampaignPlan | str) -> str:
    return plan if isinstance(plan, str) else plan.hash


def _old(plan: CampaignPlan | str, now: CampaignPlan) -> ConflictError:
    return ConflictError(
        f"the plan {_hash(plan)} is old: what is to be done now is another one, {now.hash}", field="plan",
        value=_hash(plan), rule="campaigns.plan", hint="look at the new plan and apply that",
    )  # fmt: skip


def _require_apart(on: Mapping[str, AdPlatform]) -> None:
    """Two names of one account would make one campaign twice."""
    seen: dict[object, str] = {}
    for name, platform in on.items():
        account = getattr(platform, "account", None)
        known = seen.setdefault((platform.platform, account) if account is not None else id(platform), name)
        if known != name:
            raise InvalidRequestError(
                f"{known} and {name} are one account", field="on", value=name, hint="give each account one name"
            )
