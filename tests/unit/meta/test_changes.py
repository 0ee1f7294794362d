"""MetaAds on its simulator: creates and changes, under the spend guard."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from urllib.parse import parse_qs

import pytest

from backstay.ads import (
    AdGroupPatch,
    AdPatch,
    Budget,
    CampaignPatch,
    CampaignTree,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DeliveryStatus,
    GroupTree,
    IdentityRef,
    Targeting,
)
from backstay.errors import (
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    SpendGuardError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta.adapter.capabilities import SPEND_FIELDS, SWITCH_FIELDS
from tests.support.meta import AD, GROUP, HOME, SPEC, Stage, usd

# Creates ----------------------------------------------------------------------------------------------------------


def test_an_ad_makes_its_creative_in_one_request() -> None:
    """A refused ad leaves no creative behind."""
    stage = Stage()

    async def main() -> None:
        before = stage.posts
        found = await stage.ads.get_ad(await stage.ad())
        assert found.creative.kind is CreativeKind.EXISTING_POST
        assert found.creative.id is not None
        assert stage.posts == before + 3

    stage.run(main())


def test_beneficiary_and_payor_of_a_tree_go_to_its_ad_sets() -> None:
    """The campaign's declaration; Meta wants it on each ad set that reaches the EU."""
    stage = Stage()
    compliance = Compliance(special_categories=(), eu_political=False, dsa_beneficiary="We", dsa_payor="They")
    group = GROUP.but(targeting=Targeting(locations=("DE",)))
    tree = CampaignTree(campaign=SPEC.but(compliance=compliance), groups=(GroupTree(ad_group=group, ads=(AD,)),))

    async def main() -> None:
        built = (await stage.ads.create_tree(tree, idempotency_key="k")).value
        extra = built.groups[0].ad_group.extra
        assert (extra["dsa_beneficiary"], extra["dsa_payor"]) == ("We", "They")

    stage.run(main())


def test_a_dry_run_is_checked_by_the_vendor_and_makes_nothing() -> None:
    """`validate_only`; what the vendor would refuse is raised, and what would be sent is shown."""
    stage = Stage()

    async def main() -> None:
        planned = await stage.ads.create_campaign(SPEC, idempotency_key="k", dry_run=True)
        assert planned.how == "planned"
        (request,) = planned.plan
        assert (request["method"], request["path"]) == ("POST", f"{HOME}/campaigns")
        form = parse_qs(stage.transport.requests[-1].body.decode())
        assert json.loads(form["execution_options"][0]) == ["validate_only"]
        assert "execution_options" not in request["params"]
        low = SPEC.but(budget=Budget.daily(usd("0.10")))
        with pytest.raises(InvalidRequestError) as caught:
            await stage.ads.create_campaign(low, idempotency_key="k", dry_run=True)
        assert caught.value.rule == "meta.budget_minimum"
        assert caught.value.field == "daily_budget"
        group = await stage.group()
        patch = AdGroupPatch(budget=Budget.daily(usd("30")))
        updated = await stage.ads.update_ad_group(group, patch, dry_run=True)
        assert updated.pending == ("budget",)
        assert (await stage.ads.get_ad_group(group, max_age=0)).budget == Budget.daily(usd("20"))
        await stage.ads.set_status(group, ConfiguredStatus.DELETED, dry_run=True)
        assert (await stage.ads.get_ad_group(group, max_age=0)).status.configured is ConfiguredStatus.PAUSED

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="campaign")) == 1


def test_a_creative_of_its_own_is_made_once_and_found_by_its_label() -> None:
    """Meta may change the names of creatives, so that they are no place for a marker."""
    stage = Stage(rename_creatives=True, label_lag=3.0)
    image = Creative(
        kind=CreativeKind.IMAGE, link="https://example.com/", texts=("Cheaper",), identity=IdentityRef(id="99")
    )

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="creative/create", times=1))
        made = await stage.ads.create_creative(image, name="Spring", idempotency_key="k")
        assert made.how == "adopted"
        assert made.value.id is not None
        again = await stage.ads.create_creative(image, name="Spring", idempotency_key="k")
        assert (again.how, again.value.id) == ("replayed", made.value.id)
        ad = AD.but(creative=Creative(kind=CreativeKind.IMAGE, id=made.value.id))
        shown = await stage.ads.create_ad(await stage.group(), ad, idempotency_key="a")
        assert shown.value.creative.id == made.value.id
        with pytest.raises(InvalidRequestError):
            await stage.ads.create_creative(made.value, name="x", idempotency_key="y")
        with pytest.raises(NotFoundError):
            await stage.ads.get_creative("5")

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="creative")) == 1


# Changes ----------------------------------------------------------------------------------------------------------


def test_a_budget_that_is_there_already_is_not_sent() -> None:
    """Setting the same value may count as one of the four changes an hour."""
    stage = Stage(same_budget_counts=True)

    async def main() -> None:
        group = await stage.group()
        before = stage.posts
        for _ in range(6):
            updated = await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("20"))))
            assert updated.applied == ("budget",)
        assert stage.posts == before

    stage.run(main())


def test_what_meta_may_overspend_counts_against_the_cap() -> None:
    """A daily budget of 50 can cost 87.50 on a day: it may run under a cap of 100, and 60 may not."""
    stage = Stage(SpendGuard(per_day=usd("100")))

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        live = (await stage.ads.set_status(ref, ConfiguredStatus.ACTIVE)).value
        before = stage.posts
        with pytest.raises(SpendGuardError):
            await stage.ads.set_budget(ref, Budget.daily(usd("60")), expect=live)
        assert stage.posts == before
        assert (await stage.ads.set_budget(ref, Budget.daily(usd("57")), expect=live)).applied == ("budget",)

    stage.run(main())


@pytest.mark.parametrize("field", sorted(SWITCH_FIELDS | SPEND_FIELDS))
def test_metas_own_fields_do_not_pass_the_guard_by(field: str) -> None:
    """Nothing in `extra` switches on or raises what the guard does not see, nested or not."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        before = stage.posts
        for extra in ({field: "1"}, {"promoted_object": [{field: "1"}]}):
            with pytest.raises(InvalidRequestError) as caught:
                await stage.ads.update_ad_group(group, AdGroupPatch(extra=extra))
            assert caught.value.rule == "guard.extra"
            if field in SWITCH_FIELDS:
                with pytest.raises(InvalidRequestError):
                    await stage.ads.create_ad(group, AD.but(extra=extra), idempotency_key="a")
        assert stage.posts == before

    stage.run(main())


def test_the_guards_words_are_parameters_of_the_sdk() -> None:
    """A field that is misspelt here would pass; `configured_status` is one that is only read."""
    known: set[str] = set()
    for each in ("campaign", "adset", "ad"):
        module = importlib.import_module(f"facebook_business.adobjects.{each}")
        source = inspect.getsource(module)
        known |= set(re.findall(r"'(\w+)': '", source))
    assert {*SWITCH_FIELDS, *SPEND_FIELDS} - known == set()


def test_the_fifth_change_of_an_ad_sets_budget_is_held_here() -> None:
    """Before the vendor refuses it (613/1487632); other changes and other ad sets go on."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        for amount in ("21", "22", "23", "24"):
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd(amount))))
        before = stage.posts
        with pytest.raises(RateLimitError) as caught:
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))
        assert caught.value.rule == "engine.limiter"
        assert stage.posts == before
        await stage.ads.update_ad_group(group, AdGroupPatch(name="Renamed"))
        live = await stage.ads.get_ad_group(group, max_age=0)
        spec = GROUP.but(name="Other", budget=Budget.daily(usd("20")))
        other = (await stage.ads.create_ad_group(live.campaign, spec, idempotency_key="o")).value.ref
        await stage.ads.update_ad_group(other, AdGroupPatch(budget=Budget.daily(usd("25"))))
        await stage.clock.sleep(3700)
        assert (await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))).applied

    stage.run(main())


def test_the_vendors_own_limit_of_an_ad_sets_budget_holds_that_ad_set_only() -> None:
    """Somebody else has used up its changes; the rest of the account is not held."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        stage.fail(FaultRule(FaultKind.RATE_LIMIT, operation="adset/update", code=1487632, times=1))
        with pytest.raises(RateLimitError) as caught:
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))
        assert (caught.value.retry_after, caught.value.scope) == (3600.0, "ad_set_budget")
        before = stage.clock.monotonic()
        await stage.ads.create_campaign(SPEC, idempotency_key="other")
        await stage.ads.update_ad_group(group, AdGroupPatch(name="Renamed"))
        assert stage.clock.monotonic() - before < 30
        with pytest.raises(RateLimitError, match="too late"):
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("26"))))

    stage.run(main())


@pytest.mark.parametrize("again", ["missing", "success"])
def test_objects_are_switched_archived_and_deleted(again: str) -> None:
    """A second deletion counts as done, whatever the vendor answers to it."""
    stage = Stage(deleted_again=again, deleted_readable=False)

    async def main() -> None:
        ad = await stage.ad()
        for status in (ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.ARCHIVED):
            assert (await stage.ads.set_status(ad, status)).value.status.configured is status
        stage.fail(FaultRule(FaultKind.RESET_AFTER, method="DELETE", times=1))
        gone = await stage.ads.set_status(ad, ConfiguredStatus.DELETED)
        assert gone.value.status.configured is ConfiguredStatus.DELETED

    stage.run(main())


def test_a_change_that_the_vendor_did_not_make_is_pending() -> None:
    """A budget update that answers success and changes nothing has been seen."""
    stage = Stage(ignore_budgets=True)

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        updated = await stage.ads.update_campaign(ref, CampaignPatch(name="N", budget=Budget.daily(usd("70"))))
        assert updated.value.budget == Budget.daily(usd("50"))
        assert "budget" in updated.pending

    stage.run(main())


def test_an_ad_gets_a_new_creative_and_is_reviewed_again() -> None:
    """A rejected one says why; nothing of it is an error of a call."""
    stage = Stage(review=60.0)

    async def main() -> None:
        ad = await stage.ad()
        bad = Creative(
            kind=CreativeKind.IMAGE, link="https://example.com/", texts=("[deny] guns",), identity=IdentityRef(id="99")
        )
        await stage.ads.update_ad(ad, AdPatch(creative=bad))
        await stage.clock.sleep(100)
        found = await stage.ads.get_ad(ad, max_age=0)
        assert found.status.delivery is DeliveryStatus.REJECTED
        assert found.review.reasons
        assert found.creative.texts == ("[deny] guns",)

    stage.run(main())
