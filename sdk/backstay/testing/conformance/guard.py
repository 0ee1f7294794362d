"""C15: every write passes the spend guard, and what it refuses never leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupPatch,
    AdPatch,
    AdPlatform,
    AdSpec,
    Budget,
    BudgetPeriod,
    Campaign,
    CampaignPatch,
    Capability,
    ConfiguredStatus,
    Creative,
    MediaKind,
    MediaUpload,
)
from backstay.errors import InvalidRequestError, ResourceError, SpendGuardError
from backstay.letters.replay import HasMembers
from backstay.money import Money
from backstay.operation import operations_of
from backstay.testing.bench import Bench
from backstay.testing.conformance.common import KEY
from backstay.testing.samples import PIXEL
from backstay.writes.guard import Act, Gate, MemoryAudit, Passage, SpendGuard
from backstay.writes.guard.adapting import JUDGED

OTHER: Final = "conformance/15"
NEEDS: Final = {
    "upload_image": Capability.IMAGE_UPLOAD, "upload_video": Capability.VIDEO_UPLOAD, "delete": Capability.DELETE
}  # fmt: skip
"""Writes that no call reaches on a platform that lacks the capability."""


@dataclass(frozen=True, slots=True)
class Made:
    """A tree of one branch, paused."""

    campaign: Campaign
    ad_group: AdGroup
    ad: Ad
    spec: AdSpec


Ask = Callable[[AdPlatform, Made], Awaitable[Any]]


class RefusingGate(Gate):
    """Notes what asks, and lets nothing pass."""

    def __init__(self, honest: Gate) -> None:
        self.__dict__.update(honest.__dict__)
        self.asked: set[str] = set()

    async def enter(self, act: Act) -> Passage:
        """Refuse it."""
        self.asked.add(act.operation)
        raise SpendGuardError("nothing may pass", rule="guard.conformance")


class FullAudit(MemoryAudit):
    """A disk without room."""

    async def append(self, entry: Mapping[str, Any]) -> None:
        """Fail."""
        del entry
        raise ResourceError("no space left on device", rule="guard.audit")


def image() -> MediaUpload:
    """A picture."""
    return MediaUpload(kind=MediaKind.IMAGE, name="c15.png", data=PIXEL, media_type="image/png")


def video() -> MediaUpload:
    """What passes for a video."""
    return MediaUpload(kind=MediaKind.VIDEO, name="c15.mp4", data=b"c15", media_type="video/mp4")


def calls(bench: Bench, ads: AdPlatform) -> dict[str, Ask]:
    """A call for each write of the protocol; the vendor's further ones come from the bench."""
    able, on, off = ads.capabilities, ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED
    more = Budget.daily(bench.money("120.00"))
    found: dict[str, Ask] = {
        "create_campaign": lambda to, _: to.create_campaign(bench.campaign("Other"), idempotency_key=OTHER),
        "create_ad_group": lambda to, made: to.create_ad_group(
            made.campaign.ref, bench.group("Other"), idempotency_key=OTHER
        ),
        "create_ad": lambda to, made: to.create_ad(made.ad_group.ref, made.spec, idempotency_key=OTHER),
        "update_campaign": lambda to, made: to.update_campaign(made.campaign.ref, CampaignPatch(name="Other")),
        "update_ad_group": lambda to, made: to.update_ad_group(made.ad_group.ref, AdGroupPatch(name="Other")),
        "update_ad": lambda to, made: to.update_ad(made.ad.ref, AdPatch(creative=_other(made.spec))),
        "set_budget": lambda to, made: to.set_budget(made.campaign.ref, more, expect=made.campaign),
        **{f"on {each}": _switch(each, on) for each in ("campaign", "ad_group", "ad")},
        **{f"off {each}": _switch(each, off) for each in ("campaign", "ad_group", "ad")},
    }
    if Capability.DELETE in able:
        found["delete"] = _switch("ad", ConfiguredStatus.DELETED)
    if Capability.ARCHIVE in able:
        found["archive"] = _switch("ad", ConfiguredStatus.ARCHIVED)
    if Capability.IMAGE_UPLOAD in able:
        found["upload_image"] = lambda to, _: to.upload_image(image(), idempotency_key=OTHER)
    if Capability.VIDEO_UPLOAD in able:
        found["upload_video"] = lambda to, _: to.upload_video(video(), idempotency_key=OTHER)
    return {**found, **bench.further_writes}


def _other(spec: AdSpec) -> Creative:
    texts = ("Only this week", *spec.creative.texts[1:])
    return spec.creative.model_copy(update={"texts": texts})


def _switch(part: str, status: Any) -> Ask:
    return lambda ads, made: ads.set_status(getattr(made, part).ref, status)


async def made(bench: Bench, ads: AdPlatform) -> Made:
    """A tree of one branch, and its media."""
    spec = await bench.ad(ads)
    campaign = (await ads.create_campaign(bench.campaign(), idempotency_key=KEY)).value
    group = (await ads.create_ad_group(campaign.ref, bench.group(), idempotency_key=KEY)).value
    ad = (await ads.create_ad(group.ref, spec, idempotency_key=KEY)).value
    return Made(campaign, group, ad, spec)


def exposure(bench: Bench, ads: AdPlatform, amount: str) -> Money:
    """What a daily budget of so much can cost on a day."""
    return bench.money(amount) * Decimal(ads.capabilities.overspend[BudgetPeriod.DAILY])


class GuardCases:
    """The spend guard."""

    def test_c15_every_write_passes_the_guard(self, bench: Bench) -> None:
        """C15: a guard that refuses everything is asked for every write of the adapter, and nothing leaves."""
        ads = bench.adapter()

        async def main() -> set[str]:
            tree = await made(bench, ads)
            gate = bench.runtime.gate = RefusingGate(bench.runtime.gate)
            before = bench.writes()
            for name, ask in calls(bench, ads).items():
                with pytest.raises(SpendGuardError, match="nothing may pass"):
                    await ask(ads, tree)
                assert bench.writes() == before, name
            return gate.asked

        asked = bench.run(main())
        declared = {each.name for each in operations_of(type(ads)).values() if each.effect in JUDGED}
        declared -= {name for name, capability in NEEDS.items() if capability not in ads.capabilities}
        assert declared - asked == set(), "writes that the table of this test has forgotten: Bench(further_writes=...)"

    def test_c15_without_a_guard_nothing_is_switched_on(self, bench: Bench) -> None:
        """C15: no guard refuses what can spend; creating, renaming and pausing go on."""
        bench.guard = None
        ads = bench.adapter()

        async def main() -> None:
            tree = await made(bench, ads)
            before = bench.writes()
            for part in ("ad", "ad_group", "campaign"):
                with pytest.raises(SpendGuardError) as caught:
                    await ads.with_options(max_attempts=1).set_status(getattr(tree, part).ref, ConfiguredStatus.ACTIVE)
                assert caught.value.rule == "guard.no_guard"
                assert "SpendGuard" in (caught.value.hint or "")
            assert bench.writes() == before
            await ads.update_campaign(tree.campaign.ref, CampaignPatch(name="Renamed"))
            await ads.set_status(tree.campaign.ref, ConfiguredStatus.PAUSED)

        bench.run(main())

    def test_c15_caps_are_on_exposure(self, bench: Bench) -> None:
        """C15: what a budget can cost is held to the cap when it is switched on and when it is raised."""
        cap, above = (exposure(bench, bench.adapter(), amount) for amount in ("100.00", "101.00"))
        bench.guard = SpendGuard(total=cap)
        ads = bench.adapter()

        async def main() -> None:
            tree = await made(bench, ads)
            ref = tree.campaign.ref
            await ads.update_campaign(ref, CampaignPatch(budget=Budget.daily(bench.money("101.00"))))
            await bench.clock.sleep(60.0)
            before = bench.writes()
            with pytest.raises(SpendGuardError) as caught:
                await ads.set_status(ref, ConfiguredStatus.ACTIVE)
            error = caught.value
            assert error.rule == "guard.total"
            assert (Money.of(str(error.value)), Money.of(error.cap or "")) == (above, cap)
            assert bench.writes() == before
            await ads.update_campaign(ref, CampaignPatch(budget=Budget.daily(bench.money("100.00"))))
            await bench.clock.sleep(60.0)
            await ads.set_status(ref, ConfiguredStatus.ACTIVE)
            before = bench.writes()
            with pytest.raises(SpendGuardError):
                await ads.update_campaign(ref, CampaignPatch(budget=Budget.daily(bench.money("100.01"))))
            assert bench.writes() == before
            await ads.update_campaign(ref, CampaignPatch(budget=Budget.daily(bench.money("90.00"))))
            await ads.set_status(ref, ConfiguredStatus.PAUSED)

        bench.run(main())

    def test_c15_the_vendors_own_fields_do_not_pass_it(self, bench: Bench) -> None:
        """C15: switches, budgets and bids in the vendor's words are refused in `extra`, and nothing is sent."""
        ads = bench.adapter()
        if isinstance(ads, HasMembers):
            return  # its members have their own words
        switches, budgets = (getattr(ads, name, frozenset[str]()) for name in ("switch_fields", "spend_fields"))
        assert switches, "the adapter names no field that switches on"
        assert budgets, "the adapter names no field of budgets and bids"

        async def main() -> None:
            campaign = (await ads.create_campaign(bench.campaign(), idempotency_key=KEY)).value
            before = bench.writes()
            for name in sorted(switches | budgets):
                with pytest.raises(InvalidRequestError, match="past the guard"):
                    await ads.update_campaign(campaign.ref, CampaignPatch(extra={name: "1"}))
            for name in sorted(switches):
                with pytest.raises(InvalidRequestError, match="past the guard"):
                    await ads.create_campaign(bench.campaign("Other", extra={"a": {name: "1"}}), idempotency_key=OTHER)
            assert bench.writes() == before

        bench.run(main())

    def test_c15_every_write_is_recorded_or_refused(self, bench: Bench) -> None:
        """C15: intent before, outcome after; without a record nothing is sent but a pause."""
        ads = bench.adapter()

        async def main() -> None:
            tree = await made(bench, ads)
            audit = bench.runtime.gate.audit
            assert isinstance(audit, MemoryAudit)
            await ads.set_status(tree.campaign.ref, ConfiguredStatus.ACTIVE)
            intent, outcome = audit.entries[-2:]
            assert (intent["phase"], outcome["phase"], outcome["outcome"]) == ("intent", "outcome", "done")
            assert (intent["id"], intent["ref"]) == (outcome["id"], str(tree.campaign.ref))
            assert (intent["before"], intent["after"]) == ({"status": "paused"}, {"status": "active"})
            bench.runtime.gate.audit = FullAudit()
            before = bench.writes()
            with pytest.raises(ResourceError):
                await ads.update_campaign(tree.campaign.ref, CampaignPatch(name="Other"))
            assert bench.writes() == before
            await ads.set_status(tree.campaign.ref, ConfiguredStatus.PAUSED)

        bench.run(main())
        assert any(event.name == "problem" for event in bench.events)


__all__ = ["GuardCases", "RefusingGate"]
