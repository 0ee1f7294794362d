"""Files of campaigns: one spec for several platforms, and how their faults are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import Budget, ConfiguredStatus, CreativeKind, Money, Objective
from backstay.errors import InvalidRequestError
from backstay.services.campaigns import CampaignManager, Place, campaigns_of
from backstay.services.campaigns.file import campaigns_in
from backstay.services.campaigns.overlay import overlaid
from backstay.services.document import parse
from backstay.services.store import MemoryStore
from tests.support.services import place

EXAMPLE = Path(__file__).resolve().parents[4] / "docs/services/campaigns.yaml"
HEAD = """\
id: spring
campaigns:
  - id: sale
    on: [tiktok, meta]
    name: Spring sale
    objective: traffic
    compliance: {special_categories: [], eu_political: false}
    budget: {daily: 100.00 USD}
    groups:
      - name: Everybody
        optimization: clicks
        ads:
          - {name: First, creative: {kind: image, texts: [Now]}}
"""


def found(text: str) -> dict[str, Any]:
    """The targets of a text, by name."""
    return {target.name: target for target in campaigns_in(parse(text, "x.yaml")).targets}


def test_the_example_is_one_spec_for_three_platforms() -> None:
    """What a platform has of its own is laid over what is common; the rest is equal."""
    targets = {target.on: target for target in campaigns_of(EXAMPLE).targets}
    assert list(targets) == ["tiktok", "meta", "google_ads"]
    assert {target.tree.campaign.name for target in targets.values()} == {"Spring sale"}
    budgets = {on: target.tree.campaign.budget for on, target in targets.items()}
    assert budgets["tiktok"] == budgets["meta"] == Budget.daily(Money("100.00", "USD"))
    assert budgets["google_ads"] == Budget.daily(Money("60.00", "USD"))
    places = {on: target.tree.groups[0].ad_group.targeting.locations for on, target in targets.items()}
    assert places == {"tiktok": ("6252001",), "meta": ("US",), "google_ads": ("2840",)}
    creative = targets["google_ads"].tree.groups[0].ads[0].creative
    assert (creative.kind, creative.post_id, creative.identity) == (CreativeKind.RESPONSIVE, None, None)
    assert targets["meta"].tree.groups[0].ads[0].creative.post_id == "7301"
    assert {target.status for target in targets.values()} == {ConfiguredStatus.ACTIVE}


def test_the_example_runs_on_three_platforms() -> None:
    """Planned, applied, and then there is nothing to do."""
    where = place("tiktok", "meta", "google_ads")

    async def main() -> None:
        manager = CampaignManager(campaigns_of(EXAMPLE), on=where.adapters(), store=MemoryStore())
        assert (await manager.apply()).ok
        assert (await manager.plan()).empty

    where.run(main())
    assert where.active() == {"tiktok": 1, "meta": 1, "google_ads": 1}


def test_what_is_paused_is_told_by_its_place() -> None:
    """Of groups and ads; a campaign is paused unless it says that it is active."""
    text = HEAD.replace("{name: First, ", "{name: First, status: paused, ")
    target = found(text)["sale@tiktok"]
    assert (target.status, target.off) == (ConfiguredStatus.PAUSED, (("Everybody", "First"),))
    active = found(text.replace("    name: Spring", "    status: active\n    name: Spring"))["sale@meta"]
    assert [str(each) for each in active.parts() if active.runs(each)] == ["campaign", "Everybody"]
    group = found(HEAD.replace("optimization: clicks", "optimization: clicks\n        status: paused"))["sale@meta"]
    assert group.off == (("Everybody", ""),)
    assert not group.runs(Place("Everybody", "First"))


def test_budgets_are_replaced_and_lists_too() -> None:
    """A platform's own lifetime budget is not mixed with the common daily one."""
    own = (
        '    per: {meta: {budget: {lifetime: 900.00 USD}, schedule: {end: "2026-06-01T00:00:00Z"}, objective: leads}}\n'
    )
    target = found(HEAD.replace("    groups:\n", own + "    groups:\n"))
    assert target["sale@meta"].tree.campaign.budget == Budget.lifetime(Money("900", "USD"))
    assert target["sale@meta"].tree.campaign.objective is Objective.LEADS
    assert target["sale@tiktok"].tree.campaign.budget == Budget.daily(Money("100.00", "USD"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: spring", "id: a/b", "x.yaml, line 1, id: id cannot be 'a/b'"),
        ("id: sale", "id: a/b", "x.yaml, line 3, campaigns.0.id: id cannot be 'a/b'"),
        ("    on: [tiktok, meta]\n", "", "x.yaml, line 3, campaigns.0.on: it says no platform"),
        ("[tiktok, meta]", "[]", "x.yaml, line 4, campaigns.0.on: it says no platform"),
        ("[tiktok, meta]", "[meta, meta]", "x.yaml, line 4, campaigns.0.on: a platform is named twice"),
        ("name: Spring sale", "nam: Spring sale", "2 faults:\n- x.yaml, line 3, campaigns.0.name: Field required"),
        ("traffic", "trafic", "x.yaml, line 6, campaigns.0.objective: Input should be"),
        ("100.00 USD", "100.00", "x.yaml, line 8, campaigns.0.budget.amount: no amount and currency"),
        ("{daily: 100.00 USD}", "100 USD", "x.yaml, line 8, campaigns.0.budget: 100 USD is no budget of one period"),
        ("{daily: 100.00 USD}", "{daily: 9 USD, lifetime: 90 USD}", "x.yaml, line 8, campaigns.0.budget: it is daily"),
        ("{daily: 100.00 USD}", "{daily: 9 USD, end: x}", "x.yaml, line 8, campaigns.0.budget: "),
        ("{daily: 100.00 USD}", "{daily: 0.00 USD}", "x.yaml, line 8, campaigns.0.budget"),
        ("optimization: clicks", "optimization: clickz", "x.yaml, line 11, campaigns.0.groups.0.optimization: Input"),
        ("kind: image", "kind: imge", "x.yaml, line 13, campaigns.0.groups.0.ads.0.creative.kind: Input should be"),
        ("{name: First,", "{nam: First,", "2 faults:\n- x.yaml, line 13, campaigns.0.groups.0.ads.0.name: Field"),
        ("{name: First,", "{name: First, status: on,", "x.yaml, line 13, campaigns.0.groups.0.ads.0.status: it cannot"),
        ("    groups:", "    status: runs\n    groups:", "x.yaml, line 9, campaigns.0.status: it cannot be runs"),
        ("optimization: clicks", "optimization: clicks\n        budget: {daily: 5 USD}", "x.yaml, line 12, camp"),
        (
            "optimization: clicks", "optimization: clicks\n        per: {metta: {budget: null}}",
            "x.yaml, line 12, campaigns.0.groups.0.per.metta: metta is no platform of this campaign",
        ),
        (
            "optimization: clicks", "optimization: clicks\n        per: {meta: {targeting: {locatons: [US]}}}",
            "x.yaml, line 12, campaigns.0.groups.0.targeting.locatons: Extra inputs are not permitted",
        ),
        ("    groups:\n", "    per: {meta: {budget: {daily: 7}}}\n    groups:\n", "x.yaml, line 9, campaigns.0.budget"),
        ("campaigns:", "campains:", "x.yaml, line 2, campains"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_field(old: str, new: str, said: str) -> None:
    """Where it stands in the file, also if it is one platform's own; once, whatever the number of platforms."""
    assert old in HEAD
    with pytest.raises(InvalidRequestError) as caught:
        found(HEAD.replace(old, new, 1))
    told = caught.value.message
    assert told.startswith(said) or f"- {said}" in told
    assert caught.value.hint
    lines = told.splitlines()
    assert len(lines) == len(set(lines))


def test_all_faults_are_told_at_once() -> None:
    """In the order of the file, each with its line."""
    text = HEAD.replace("traffic", "trafic").replace("clicks", "clickz").replace("kind: image", "kind: imge")
    with pytest.raises(InvalidRequestError) as caught:
        found(text)
    lines = [line.partition(", campaigns")[0] for line in caught.value.message.splitlines()]
    assert lines == ["3 faults:", "- x.yaml, line 6", "- x.yaml, line 11", "- x.yaml, line 13"]


def test_two_campaigns_of_one_id_are_refused() -> None:
    """On one platform; on different ones they are one campaign said in two ways."""
    again = HEAD[HEAD.index("  - id: sale") :]
    with pytest.raises(InvalidRequestError, match="sale is there twice"):
        found(HEAD + again)
    apart = HEAD.replace("[tiktok, meta]", "tiktok") + again.replace("[tiktok, meta]", "meta")
    assert list(found(apart)) == ["sale@tiktok", "sale@meta"]


# Laying over ----------------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.integers(0, 9) | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
mappings = st.dictionaries(names, values, max_size=3)


def laid(data: dict[str, Any], on: str = "meta") -> Any:
    """What a platform has."""
    document = parse(json.dumps({"x": data}), "x.json")
    found = overlaid(document, "x", on)
    assert all(path in found.lines for path in paths(found.data["x"], "x"))
    return found.data["x"]


def paths(node: Any, at: str) -> list[str]:
    """Every place of a value."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(each for name, value in items for each in paths(value, f"{at}.{name}"))]


@given(mappings)
def test_without_anything_of_its_own_a_platform_has_what_is_common(data: dict[str, Any]) -> None:
    """Also where other platforms have theirs; each value keeps a line."""
    assert laid(data) == data
    assert laid({**data, "per": {"tiktok": {"a": 1, "b": {"c": 2}}}}) == data


@given(mappings, mappings)
def test_what_a_platform_has_of_its_own_wins(data: dict[str, Any], own: dict[str, Any]) -> None:
    """Field by field in mappings, as a whole in everything else; laying it over twice changes nothing."""

    def merged(base: Any, over: Any) -> Any:
        if isinstance(base, dict) and isinstance(over, dict):
            return {**base, **{name: merged(base[name], each) if name in base else each for name, each in over.items()}}
        return over

    found = laid({**data, "per": {"meta": own}})
    assert found == merged(data, own)
    assert laid({**found, "per": {"meta": own}}) == found


@given(mappings)
def test_a_budget_is_replaced_as_a_whole(own: dict[str, Any]) -> None:
    """Half of one and half of another would be neither."""
    assert laid({"budget": {"daily": 1, "a": 2}, "per": {"meta": {"budget": own}}}) == {"budget": own}


def test_the_cure_of_a_budget_shows_how_it_is_written() -> None:
    """With the amount that was given."""
    with pytest.raises(InvalidRequestError) as caught:
        campaigns_in(parse(HEAD.replace("{daily: 100.00 USD}", "100 USD"), "x.yaml"))
    assert (caught.value.value, caught.value.hint) == ("100 USD", "write {daily: 100 USD} or {lifetime: 100 USD}")


def test_a_budget_in_another_currency_is_told_with_its_campaign() -> None:
    """Also where the campaign is there already: the plan compares no amounts of two currencies."""
    where, store = place("meta"), MemoryStore()
    head = HEAD.replace("[tiktok, meta]", "meta").replace(": clicks", ": clicks\n        targeting: {locations: [US]}")
    text = head.replace("kind: image, texts: [Now]", 'kind: existing_post, post_id: "7301", identity: {id: identity-1}')

    async def main() -> None:
        made = CampaignManager(campaigns_in(parse(text, "x.yaml")), on=where.adapters(), store=store)
        assert (await made.apply()).ok
        other = campaigns_in(parse(text.replace("USD", "EUR"), "x.yaml"))
        plan = await CampaignManager(other, on=where.adapters(), store=store).plan()
        assert [(each.id, each.on) for each in plan.troubles] == [("sale", "meta")]
        assert "USD" in plan.troubles[0].message

    where.run(main())
