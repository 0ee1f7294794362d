"""Google Ads' simulator, writes: what each resource needs, what changes, and all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Request, State
from backstay.sandbox.rpc import RpcRequest
from backstay.writes.marker import mark, token
from backstay_adapters.google_ads.sandbox import GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.protos import SERVICES, member, message
from tests.unit.google_ads.desk import (
    CAMPAIGN,
    EU,
    GBP,
    JPY,
    NOW,
    USD,
    Desk,
    Json,
    RefusedError,
    codes_of,
    paths_of,
    search_ad,
)

KEY = token("google_ads", "1000000001", "create_campaign", "spring")
OTHER = token("google_ads", "1000000001", "create_ad", "spring/ad")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(work: Any) -> RefusedError:
    """What a call that must fail was refused with."""
    with pytest.raises(RefusedError) as caught:
        work()
    return caught.value


def tree(desk: Desk, name: str = "Spring", **campaign: Any) -> list[Json]:
    """A budget, a campaign, an ad group and an ad under temporary names."""
    at = desk.named
    return [
        {"campaign_budget_operation": {"create": {
            "resource_name": at("campaignBudgets", -1), "amount_micros": 50_000_000, "explicitly_shared": False}}},
        {"campaign_operation": {"create": {
            **CAMPAIGN, "resource_name": at("campaigns", -2), "name": name,
            "campaign_budget": at("campaignBudgets", -1), **campaign}}},
        {"ad_group_operation": {"create": {
            "resource_name": at("adGroups", -3), "name": "Group", "campaign": at("campaigns", -2),
            "status": "PAUSED"}}},
        {"ad_group_ad_operation": {"create": {
            "ad_group": at("adGroups", -3), "ad": search_ad(), "status": "PAUSED"}}},
    ]  # fmt: skip


def test_a_tree_is_made_in_one_atomic_mutate_with_temporary_ids(desk: Desk) -> None:
    """The names come back real, the references too, and nothing runs."""
    made = desk.mixed(*tree(desk, mark("Spring", KEY))).mutate_operation_responses
    kinds = [each.WhichOneof("response") for each in made]
    assert kinds == ["campaign_budget_result", "campaign_result", "ad_group_result", "ad_group_ad_result"]
    campaign = made[1].campaign_result.resource_name
    assert "-" not in campaign.rsplit("/", 1)[-1]
    row = desk.rows("SELECT ad_group_ad.ad.id, ad_group.campaign, campaign.campaign_budget FROM ad_group_ad")[0]
    assert row.ad_group.campaign == campaign
    assert row.campaign.campaign_budget == made[0].campaign_budget_result.resource_name
    assert [thing.level for thing in desk.sim.world.objects(key=KEY)] == ["campaign"]
    assert desk.sim.world.active_trees() == []


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (lambda ops: ops[3]["ad_group_ad_operation"]["create"]["ad"].pop("final_urls"),
         "field_error.REQUIRED_NONEMPTY_LIST", "mutate_operations[3].ad_group_ad_operation.create.ad.final_urls"),
        (lambda ops: ops.insert(0, ops.pop(1)),
         "mutate_error.RESOURCE_NOT_FOUND", "mutate_operations[0].campaign_operation.create.campaign_budget"),
        (lambda ops: ops.append(ops[0]),
         "new_resource_creation_error.DUPLICATE_TEMP_IDS",
         "mutate_operations[4].campaign_budget_operation.create.resource_name"),
        (lambda ops: ops.append({}), "request_error.OPERATION_REQUIRED", "mutate_operations[4]"),
        (lambda ops: ops.append({"experiment_operation": {"create": {"name": "x"}}}),
         "mutate_error.MUTATE_NOT_ALLOWED", "mutate_operations[4].experiment_operation"),
        (lambda ops: ops.clear(), "request_error.REQUIRED_FIELD_MISSING", "operations"),
    ],
)  # fmt: skip
def test_one_bad_operation_undoes_the_whole_mutate(desk: Desk, change: Any, code: str, path: str) -> None:
    """All or nothing: the world has not changed, and the failure says which operation it was."""
    ops = tree(desk)
    change(ops)
    failed = refused(lambda: desk.mixed(*ops))
    assert failed.code == "INVALID_ARGUMENT"
    assert (failed.codes[0], failed.paths[0]) == (code, path)
    assert desk.sim.world.objects() == []
    assert desk.sim.world.log == []


def test_what_hangs_on_a_failed_operation_fails_as_its_echo(desk: Desk) -> None:
    """The vendor reports every operation: the cause first, and TEMP_ID_RESOURCE_HAD_ERRORS for its dependents."""
    ops = tree(desk, contains_eu_political_advertising="UNSPECIFIED")
    failed = refused(lambda: desk.mixed(*ops))
    echo = "new_resource_creation_error.TEMP_ID_RESOURCE_HAD_ERRORS"
    assert failed.codes == ["field_error.REQUIRED", echo, echo]
    assert failed.paths[0].endswith("create.contains_eu_political_advertising")


def test_partial_failure_keeps_what_is_good_and_names_the_rest(desk: Desk) -> None:
    """The call succeeds; a failed operation has an empty result and an error with its index."""
    desk.campaign("Taken")
    creates = [{"create": {**CAMPAIGN, "name": name, "campaign_budget": desk.budget()}} for name in ("A", "Taken", "B")]
    reply = desk.mutate("campaign", *creates, partial_failure=True)
    assert [bool(each.resource_name) for each in reply.results] == [True, False, True]
    assert reply.partial_failure_error.code == 3
    failure = message("errors.types.errors", "GoogleAdsFailure").FromString(
        reply.partial_failure_error.details[0].value
    )
    assert codes_of(failure) == ["campaign_error.DUPLICATE_CAMPAIGN_NAME"]
    assert paths_of(failure) == ["operations[1].create.name"]
    names = {each.name for each in desk.sim.world.objects(level="campaign")}
    assert names == {"Taken", "A", "B"}


def test_partial_failure_without_a_failure_has_no_error(desk: Desk) -> None:
    """`partial_failure_error.code` is 0 then: the test that callers make."""
    reply = desk.mutate("campaign", {"create": {**CAMPAIGN, "name": "A", "campaign_budget": desk.budget()}},
                        partial_failure=True)  # fmt: skip
    assert reply.partial_failure_error.code == 0


def test_validate_only_checks_and_does_nothing(desk: Desk) -> None:
    """Good: an empty answer. Bad: the same refusal. The world stays as it is in both cases."""
    good = desk.mixed(*tree(desk), validate_only=True)
    assert list(good.mutate_operation_responses) == []
    failed = refused(lambda: desk.mixed(*tree(desk, name=""), validate_only=True))
    assert failed.codes[0] == "field_error.REQUIRED"
    assert desk.sim.world.objects() == []


def test_the_answer_holds_the_resource_when_that_is_asked(desk: Desk) -> None:
    """MUTABLE_RESOURCE: the mutable fields; RESOURCE_NAME_ONLY, the default: the name and nothing else."""
    create = {"create": {**CAMPAIGN, "name": "A", "campaign_budget": desk.budget()}}
    full = desk.mutate("campaign", create, response_content_type="MUTABLE_RESOURCE").results[0]
    assert (full.campaign.name, full.campaign.id) == ("A", 0)
    assert full.campaign.resource_name == full.resource_name
    create["create"]["name"] = "B"
    create["create"]["campaign_budget"] = desk.budget()
    assert not desk.mutate("campaign", create).results[0].HasField("campaign")


def test_defaults_are_the_dangerous_ones_of_the_vendor(desk: Desk) -> None:
    """Without a status a campaign is ENABLED; without a word a budget is shared."""
    budget = desk.create("campaign_budget", amount_micros=50_000_000, name="Pot")
    desk.create("campaign", **{**CAMPAIGN, "name": "A", "campaign_budget": budget, "status": "UNSPECIFIED"})
    row = desk.values("SELECT campaign.status, campaign_budget.explicitly_shared FROM campaign")[0]
    assert row == {"campaign": {"status": "ENABLED"}, "campaign_budget": {"explicitly_shared": True}}
    assert desk.sim.world.objects(level="campaign")[0].was_active


BAD_CAMPAIGNS: list[tuple[Json, str, str]] = [
    ({"name": ""}, "field_error.REQUIRED", "name"),
    ({"name": "a\nb"}, "campaign_error.INVALID_CAMPAIGN_NAME", "name"),
    ({"name": "x" * 256}, "string_length_error.TOO_LONG", "name"),
    ({"name": "Taken"}, "campaign_error.DUPLICATE_CAMPAIGN_NAME", "name"),
    ({"advertising_channel_type": "UNSPECIFIED"}, "field_error.REQUIRED", "advertising_channel_type"),
    ({"advertising_channel_type": "VIDEO"}, "mutate_error.MUTATE_NOT_ALLOWED", "advertising_channel_type"),
    ({"manual_cpc": None}, "field_error.REQUIRED", "campaign_bidding_strategy"),
    ({"contains_eu_political_advertising": "UNSPECIFIED"}, "field_error.REQUIRED", "contains_eu_political_advertising"),
    ({"status": "REMOVED"}, "operation_access_denied_error.CREATE_AS_REMOVED_NOT_PERMITTED", "status"),
    ({"campaign_budget": ""}, "field_error.REQUIRED", "campaign_budget"),
    ({"campaign_budget": "customers/1000000001/campaignBudgets/5"},
     "mutate_error.RESOURCE_NOT_FOUND", "campaign_budget"),
    ({"start_date_time": "2026-02-01"}, "date_error.INVALID_STRING_DATE_TIME_SECONDS", "start_date_time"),
    ({"start_date_time": "2025-12-31 00:00:00"}, "campaign_error.CANNOT_SET_DATE_TO_PAST", "start_date_time"),
    ({"end_date_time": "2025-12-31 23:59:59"}, "campaign_error.CANNOT_SET_DATE_TO_PAST", "end_date_time"),
    ({"start_date_time": "2026-02-01 00:00:00", "end_date_time": "2026-01-31 23:59:59"},
     "date_range_error.START_DATE_AFTER_END_DATE", "end_date_time"),
    ({"resource_name": "customers/1000000001/campaigns/7"},
     "new_resource_creation_error.CANNOT_SET_ID_FOR_CREATE", "resource_name"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "path"), BAD_CAMPAIGNS, ids=lambda value: str(value)[:40])
def test_a_bad_campaign_is_refused_with_its_place(desk: Desk, fields: Json, code: str, path: str) -> None:
    """Family, member and field path are those of the vendor; nothing is made."""
    desk.campaign("Taken")
    budget = desk.budget()
    before = len(desk.sim.world.log)
    made = {**CAMPAIGN, "name": "New", "campaign_budget": budget, **fields}
    failed = refused(lambda: desk.create("campaign", **{k: v for k, v in made.items() if v is not None}))
    assert (failed.code, failed.codes, failed.paths) == ("INVALID_ARGUMENT", [code], [f"operations[0].create.{path}"])
    assert len(desk.sim.world.log) == before


BAD_BUDGETS: list[tuple[Json, str, str]] = [
    ({"amount_micros": 50_005_000}, "campaign_budget_error.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", "amount_micros"),
    ({"amount_micros": -10_000}, "campaign_budget_error.NEGATIVE_MONEY_AMOUNT", "amount_micros"),
    ({"amount_micros": 0}, "campaign_budget_error.MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC", "amount_micros"),
    ({"amount_micros": 10**15}, "campaign_budget_error.MONEY_AMOUNT_TOO_LARGE", "amount_micros"),
    ({"amount_micros": None}, "field_error.REQUIRED", "amount_micros"),
    ({"delivery_method": "ACCELERATED"},
     "campaign_budget_error.CANNOT_USE_ACCELERATED_DELIVERY_MODE", "delivery_method"),
    ({"total_amount_micros": 10_000},
     "campaign_budget_error.TOTAL_BUDGET_AMOUNT_MUST_BE_UNSET_FOR_BUDGET_PERIOD_DAILY", "total_amount_micros"),
    ({"period": "CUSTOM_PERIOD"},
     "campaign_budget_error.BUDGET_AMOUNT_MUST_BE_UNSET_FOR_CUSTOM_BUDGET_PERIOD", "amount_micros"),
    ({"period": "CUSTOM_PERIOD", "amount_micros": None}, "field_error.REQUIRED", "total_amount_micros"),
    ({"period": "CUSTOM_PERIOD", "amount_micros": None, "total_amount_micros": 10_000, "explicitly_shared": True},
     "campaign_budget_error.CAMPAIGN_BUDGET_CANNOT_BE_SHARED", "explicitly_shared"),
    ({"name": "Pot"}, "campaign_budget_error.DUPLICATE_NAME", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "path"), BAD_BUDGETS, ids=lambda value: str(value)[:40])
def test_a_bad_budget_is_refused_with_its_place(desk: Desk, fields: Json, code: str, path: str) -> None:
    """Micros are exact, periods exclude each other's amounts, names of budgets are unique."""
    desk.budget(name="Pot")
    made = {"amount_micros": 50_000_000, "explicitly_shared": False, **fields}
    failed = refused(lambda: desk.create("campaign_budget", **{k: v for k, v in made.items() if v is not None}))
    assert (failed.codes, failed.paths) == ([code], [f"operations[0].create.{path}"])


@pytest.mark.parametrize(("customer", "good", "bad"), [(JPY, 5_000_000_000, 5_000_500_000), (GBP, 10_000, 5_000)])
def test_the_billable_unit_is_the_currencys(customer: str, good: int, bad: int) -> None:
    """A yen is whole; a pound has pence."""
    desk = Desk(customer)
    desk.budget(amount_micros=good)
    assert "NON_MULTIPLE" in refused(lambda: desk.budget(amount_micros=bad)).codes[0]


def test_budgets_without_a_name_may_double(desk: Desk) -> None:
    """That is how a repeated request leaves an orphan: nothing tells the two apart."""
    assert desk.budget() != desk.budget()


def test_a_shared_budget_serves_many_and_its_count_follows(desk: Desk) -> None:
    """reference_count counts campaigns that are not removed; a used budget cannot go."""
    pot = desk.budget(name="Pot", explicitly_shared=True)
    first = desk.campaign("A", campaign_budget=pot)
    desk.campaign("B", campaign_budget=pot)
    count = "SELECT campaign_budget.reference_count FROM campaign_budget"
    assert desk.values(count)[0]["campaign_budget"]["reference_count"] == "2"
    assert refused(lambda: desk.remove("campaign_budget", pot)).codes == [
        "campaign_budget_error.CAMPAIGN_BUDGET_IN_USE"
    ]
    desk.remove("campaign", first)
    assert desk.values(count)[0]["campaign_budget"]["reference_count"] == "1"


def test_a_budget_of_one_campaign_is_not_lent(desk: Desk) -> None:
    """Not shared means one campaign; sharing it later needs a name; unsharing is impossible."""
    own = desk.budget()
    desk.campaign("A", campaign_budget=own)
    failed = refused(lambda: desk.campaign("B", campaign_budget=own))
    word = "CANNOT_USE_IMPLICITLY_SHARED_CAMPAIGN_BUDGET_WITH_MULTIPLE_CAMPAIGNS"
    assert failed.codes == [f"campaign_budget_error.{word}"]
    assert "WITHOUT_NAME" in refused(lambda: desk.update("campaign_budget", own, explicitly_shared=True)).codes[0]
    pot = desk.budget(name="Pot", explicitly_shared=True)
    assert (
        "TO_IMPLICITLY_SHARED" in refused(lambda: desk.update("campaign_budget", pot, explicitly_shared=False)).codes[0]
    )


def test_a_budget_for_a_period_needs_an_end(desk: Desk) -> None:
    """The campaign of a total budget ends some day; its period cannot be changed by another budget."""
    total = {"period": "CUSTOM_PERIOD", "total_amount_micros": 90_000_000, "explicitly_shared": False}
    name = desk.create("campaign_budget", **total)
    failed = refused(lambda: desk.campaign("A", campaign_budget=name))
    assert failed.codes == ["campaign_error.END_DATE_TIME_REQUIRED_FOR_TOTAL_BUDGET"]
    made = desk.campaign("A", campaign_budget=name, end_date_time="2026-02-01 23:59:59")
    daily = desk.budget()
    failed = refused(lambda: desk.update("campaign", made, campaign_budget=daily))
    assert failed.codes == ["campaign_error.CANNOT_CHANGE_BUDGET_PERIOD"]


def test_a_name_is_free_again_once_its_campaign_is_removed() -> None:
    """Uniqueness holds among campaigns that are not removed; a switch reserves removed ones' names, too."""
    for reserve in (False, True):
        desk = Desk(reserve_removed_names=reserve)
        desk.remove("campaign", desk.campaign("Spring"))
        if reserve:
            assert "DUPLICATE" in refused(lambda desk=desk: desk.campaign("Spring")).codes[0]
        else:
            desk.campaign("Spring")


UPDATES: list[tuple[Json, str | None, str]] = [
    ({"status": "ENABLED"}, "", "field_mask_error.FIELD_MASK_MISSING"),
    ({"status": "REMOVED"}, None, "campaign_error.INVALID_STATUS_CHANGE"),
    ({"status": "ENABLED"}, "colour", "field_mask_error.FIELD_NOT_FOUND"),
    ({"advertising_channel_type": "DISPLAY"}, None, "field_error.IMMUTABLE_FIELD"),
    ({"serving_status": "ENDED"}, None, "field_error.IMMUTABLE_FIELD"),
    ({"network_settings": {"target_google_search": True}}, "network_settings", "field_mask_error.FIELD_HAS_SUBFIELDS"),
    ({}, "name", "field_error.REQUIRED"),
    ({}, "manual_cpc", "field_error.FIELD_CANNOT_BE_CLEARED"),
    ({"name": "Taken"}, None, "campaign_error.DUPLICATE_CAMPAIGN_NAME"),
    ({"start_date_time": "2026-03-01 00:00:00"}, None, "campaign_error.CANNOT_MODIFY_START_DATE_IF_ALREADY_STARTED"),
]


@pytest.mark.parametrize(("fields", "mask", "code"), UPDATES, ids=lambda value: str(value)[:40])
def test_a_bad_update_changes_nothing(desk: Desk, fields: Json, mask: str | None, code: str) -> None:
    """Masks are mandatory and exact; what is immutable stays; what is required is not cleared."""
    desk.campaign("Taken")
    own = desk.campaign("Mine")
    before = len(desk.sim.world.log)
    assert refused(lambda: desk.update("campaign", own, mask, **fields)).codes == [code]
    assert len(desk.sim.world.log) == before


def test_an_update_touches_what_its_mask_names_and_no_more(desk: Desk) -> None:
    """A field that is set but not in the mask is not written; one in the mask but not set is cleared."""
    own = desk.campaign("Mine", tracking_url_template="https://t.example.com/?u={lpurl}")
    desk.update("campaign", own, "name", name="New", status="ENABLED")
    row = desk.rows("SELECT campaign.name, campaign.status, campaign.tracking_url_template FROM campaign")[0].campaign
    assert (row.name, member(row, "status")) == ("New", "PAUSED")
    assert row.tracking_url_template
    desk.update("campaign", own, "tracking_url_template")
    assert not desk.rows("SELECT campaign.tracking_url_template FROM campaign")[0].campaign.tracking_url_template


def test_nested_fields_and_another_bidding_strategy_go_through_their_paths(desk: Desk) -> None:
    """`maximize_conversions.target_cpa_micros` sets the strategy; `network_settings.x` one switch."""
    own = desk.campaign("Mine")
    desk.mutate("campaign", {
        "update": {"resource_name": own, "maximize_conversions": {"target_cpa_micros": 5_000_000}},
        "update_mask": "maximizeConversions.targetCpaMicros"})  # fmt: skip
    row = desk.values(
        "SELECT campaign.bidding_strategy_type, campaign.maximize_conversions.target_cpa_micros FROM campaign"
    )[0]["campaign"]
    assert row == {
        "bidding_strategy_type": "MAXIMIZE_CONVERSIONS",
        "maximize_conversions": {"target_cpa_micros": "5000000"},
    }


@pytest.mark.parametrize(
    ("fields", "mask"),
    [
        ({"target_spend": {}}, "targetSpend"),
        ({"target_spend": {}}, "targetSpend.cpcBidCeilingMicros"),
        ({"target_spend": {"cpc_bid_ceiling_micros": 0}}, "targetSpend.cpcBidCeilingMicros"),
    ],
)
def test_a_strategy_without_a_target_can_be_chosen(desk: Desk, fields: Json, mask: str) -> None:
    """An empty message in the mask, or its unset field, is a choice of the strategy."""
    own = desk.campaign("Mine")
    desk.mutate("campaign", {"update": {"resource_name": own, **fields}, "update_mask": mask})
    row = desk.values("SELECT campaign.bidding_strategy_type FROM campaign")[0]
    assert row["campaign"]["bidding_strategy_type"] == "TARGET_SPEND"


def test_what_is_removed_stays_removed() -> None:
    """A second remove and any update are refused; both words for the first are possible."""
    for switch, code in (
        ("removed", "operation_access_denied_error.OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"),
        ("not_found", "mutate_error.RESOURCE_NOT_FOUND"),
    ):
        desk = Desk(remove_twice=switch)
        own = desk.campaign("Mine")
        desk.remove("campaign", own)
        assert desk.sim.thing(own).state is State.REMOVED
        assert refused(lambda desk=desk, own=own: desk.remove("campaign", own)).codes == [code]
        updated = refused(lambda desk=desk, own=own: desk.update("campaign", own, status="PAUSED"))
        assert updated.codes[0].endswith("REMOVED_RESOURCE")
        assert desk.values("SELECT campaign.status FROM campaign") == [{"campaign": {"status": "REMOVED"}}]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "request_error.RESOURCE_NAME_MISSING"),
        ("campaigns/5", "request_error.RESOURCE_NAME_MALFORMED"),
        ("customers/1000000001/adGroups/5", "request_error.RESOURCE_NAME_MALFORMED"),
        ("customers/1000000001/campaigns/5", "mutate_error.RESOURCE_NOT_FOUND"),
        ("customers/1000000002/campaigns/5", "mutate_error.RESOURCE_NOT_FOUND"),
    ],
)
def test_a_name_that_names_nothing_is_refused(desk: Desk, name: str, code: str) -> None:
    """Missing, malformed, unknown, and somebody else's."""
    update = {"update": {"resource_name": name, "status": "PAUSED"}, "update_mask": "status"}
    assert refused(lambda: desk.mutate("campaign", update)).codes == [code]


def test_the_same_resource_is_not_mutated_twice_in_one_request(desk: Desk) -> None:
    """The vendor refuses; the campaign and its budget in one mutate are two resources and go well."""
    own = desk.campaign("Mine")
    update = {"update": {"resource_name": own, "status": "ENABLED"}, "update_mask": "status"}
    assert refused(lambda: desk.mutate("campaign", update, update)).codes == [
        "mutate_error.ID_EXISTS_IN_MULTIPLE_MUTATES"
    ]
    budget = desk.sim.thing(own).data["_pb"].campaign_budget
    raised = {"update": {"resource_name": budget, "amount_micros": 70_000_000}, "update_mask": "amountMicros"}
    desk.mixed({"campaign_operation": update}, {"campaign_budget_operation": raised})
    row = desk.values("SELECT campaign.status, campaign_budget.amount_micros FROM campaign")[0]
    assert row == {"campaign": {"status": "ENABLED"}, "campaign_budget": {"amount_micros": "70000000"}}


def test_too_many_operations_are_refused(desk: Desk) -> None:
    """10,000 operations are the limit of one request."""
    creates = [{"create": {"name": str(number)}} for number in range(10_001)]
    assert refused(lambda: desk.mutate("label", *creates)).codes == ["request_error.TOO_MANY_MUTATE_OPERATIONS"]


def test_ad_groups_have_unique_names_within_their_campaign(desk: Desk) -> None:
    """Another campaign may have the same name; the type follows the channel; bids are multiples of the unit."""
    first, second = desk.campaign("A"), desk.campaign("B")
    desk.group(first)
    desk.group(second)
    assert refused(lambda: desk.group(first)).codes == ["ad_group_error.DUPLICATE_ADGROUP_NAME"]
    assert desk.values("SELECT ad_group.type FROM ad_group LIMIT 1")[0] == {"ad_group": {"type_": "SEARCH_STANDARD"}}
    failed = refused(lambda: desk.group(first, "Odd", cpc_bid_micros=1_005_000))
    assert failed.codes == ["currency_error.VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT"]


BAD_ADS: list[tuple[Json, str, str]] = [
    (search_ad("One", "Two"), "ad_error.INVALID_NUMBER_OF_ELEMENTS", "ad.responsive_search_ad.headlines"),
    (search_ad("One", "Two", "x" * 31), "string_length_error.TOO_LONG", "ad.responsive_search_ad.headlines[2].text"),
    (search_ad("One", "Two", ""), "field_error.REQUIRED", "ad.responsive_search_ad.headlines[2].text"),
    (search_ad(name="Mine"), "field_error.VALUE_MUST_BE_UNSET", "ad.name"),
    (search_ad(final_urls=["example.com"]), "url_field_error.INVALID_FINAL_URL", "ad.final_urls[0]"),
    (search_ad("One", "Two", "[policy]"), "policy_finding_error.POLICY_FINDING", "ad.responsive_search_ad"),
    ({"final_urls": ["https://example.com"]}, "field_error.REQUIRED", "ad.ad_data"),
]


@pytest.mark.parametrize(("ad", "code", "path"), BAD_ADS, ids=lambda value: str(value)[:40])
def test_a_bad_ad_is_refused_with_its_place(desk: Desk, ad: Json, code: str, path: str) -> None:
    """Texts have counts and lengths, search ads have no name, policy refuses with its topics."""
    group = desk.group(desk.campaign())
    failed = refused(lambda: desk.ad(group, ad=ad))
    assert (failed.codes, failed.paths) == ([code], [f"operations[0].create.{path}"])
    if "policy" in code:
        assert failed.failure.errors[0].details.policy_finding_details.policy_topic_entries[0].topic == "PROHIBITED"


def test_an_ad_group_has_room_for_three_enabled_search_ads(desk: Desk) -> None:
    """A fourth may be there paused, but not be enabled."""
    group = desk.group(desk.campaign())
    for _ in range(3):
        desk.ad(group, status="ENABLED")
    failed = refused(lambda: desk.ad(group, status="ENABLED"))
    assert failed.codes == ["resource_count_limit_exceeded_error.AD_GROUP_AD_LIMIT"]
    assert failed.failure.errors[0].details.resource_count_details.limit == 3
    fourth = desk.ad(group)
    assert "LIMIT" in refused(lambda: desk.update("ad_group_ad", fourth, status="ENABLED")).codes[0]


def test_an_ad_goes_through_its_review() -> None:
    """In review, then approved or disapproved with a topic; a changed text is reviewed again."""
    desk = Desk(review=600.0)
    group = desk.group(desk.campaign(status="ENABLED"), status="ENABLED")
    desk.ad(group, status="ENABLED")
    desk.ad(group, status="ENABLED", ad=search_ad("One", "Two", "[deny] me"))
    query = (
        "SELECT ad_group_ad.policy_summary.approval_status, ad_group_ad.policy_summary.review_status, "
        "ad_group_ad.primary_status FROM ad_group_ad ORDER BY ad_group_ad.ad.id"
    )
    fresh = desk.values(query)
    assert [each["ad_group_ad"]["policy_summary"]["review_status"] for each in fresh] == ["REVIEW_IN_PROGRESS"] * 2
    assert {each["ad_group_ad"]["primary_status"] for each in fresh} == {"PENDING"}
    desk.later(600.0)
    done = [each["ad_group_ad"] for each in desk.values(query)]
    assert [each["policy_summary"]["approval_status"] for each in done] == ["APPROVED", "DISAPPROVED"]
    assert [each["primary_status"] for each in done] == ["ELIGIBLE", "NOT_ELIGIBLE"]
    topics = desk.rows(
        "SELECT ad_group_ad.policy_summary.policy_topic_entries FROM ad_group_ad ORDER BY ad_group_ad.ad.id"
    )
    assert [len(each.ad_group_ad.policy_summary.policy_topic_entries) for each in topics] == [0, 1]
    ad = desk.rows("SELECT ad_group_ad.ad.resource_name FROM ad_group_ad ORDER BY ad_group_ad.ad.id")[0]
    desk.update("ad", ad.ad_group_ad.ad.resource_name, final_urls=["https://example.com/new"])
    assert desk.values(query)[0]["ad_group_ad"]["policy_summary"]["review_status"] == "REVIEW_IN_PROGRESS"


def test_a_label_marks_an_ad_that_has_no_name(desk: Desk) -> None:
    """The marker in a label's name becomes the ad's key, in the same mutate or later; a second label is refused."""
    label = desk.create("label", name=f"bs-{OTHER}")
    ad = desk.ad(desk.group(desk.campaign()))
    link = desk.create("ad_group_ad_label", ad_group_ad=ad, label=label)
    assert [each.level for each in desk.sim.world.objects(key=OTHER)] == ["ad"]
    found = desk.rows(f"SELECT ad_group_ad.ad.id FROM ad_group_ad_label WHERE label.name = 'bs-{OTHER}'")
    assert found[0].ad_group_ad.resource_name == ad
    assert desk.rows("SELECT ad_group_ad.labels FROM ad_group_ad")[0].ad_group_ad.labels == [label]
    again = refused(lambda: desk.create("ad_group_ad_label", ad_group_ad=ad, label=label))
    assert again.codes == ["ad_group_ad_error.AD_GROUP_AD_LABEL_ALREADY_EXISTS"]
    assert refused(lambda: desk.create("label", name=f"bs-{OTHER}")).codes == ["label_error.DUPLICATE_NAME"]
    desk.remove("ad_group_ad_label", link)
    assert desk.create("ad_group_ad_label", ad_group_ad=ad, label=label) == link
    desk.remove("label", label)
    assert desk.rows("SELECT ad_group_ad.labels FROM ad_group_ad")[0].ad_group_ad.labels == []


def test_a_tree_and_its_labels_are_one_mutate(desk: Desk) -> None:
    """An ad under a temporary name in a group under a temporary name, and a label on it: all new, all in one."""
    at = desk.named
    ops = tree(desk)
    ops[3]["ad_group_ad_operation"]["create"]["resource_name"] = at("adGroupAds", "-3~-4")
    ops.append({"label_operation": {"create": {"resource_name": at("labels", -5), "name": f"bs-{OTHER}"}}})
    link = {"ad_group_ad": at("adGroupAds", "-3~-4"), "label": at("labels", -5)}
    ops.append({"ad_group_ad_label_operation": {"create": link}})
    desk.mixed(*ops)
    assert [each.level for each in desk.sim.world.objects(key=OTHER)] == ["ad"]
    found = desk.rows(f"SELECT ad_group_ad.status FROM ad_group_ad_label WHERE label.name = 'bs-{OTHER}'")
    assert len(found) == 1


def test_a_refused_label_leaves_no_key_behind(desk: Desk) -> None:
    """A mutate that fails as a whole marks nothing."""
    label = desk.create("label", name=f"bs-{OTHER}")
    ad = desk.ad(desk.group(desk.campaign()))
    link = {"ad_group_ad_label_operation": {"create": {"ad_group_ad": ad, "label": label}}}
    refused(lambda: desk.mixed(link, link))
    desk.mixed(link, validate_only=True)
    assert desk.sim.world.objects(key=OTHER) == []


def test_keywords_and_places_are_criteria(desk: Desk) -> None:
    """Texts are checked, the same again exists already, a place's id is its constant's."""
    campaign = desk.campaign()
    group = desk.group(campaign)
    boats = {"keyword": {"text": "boats", "match_type": "PHRASE"}}
    own = desk.create("ad_group_criterion", ad_group=group, **boats)
    for fields, code in (
        (boats, "mutate_error.RESOURCE_ALREADY_EXISTS"),
        ({"keyword": {"text": "boats!", "match_type": "PHRASE"}}, "criterion_error.KEYWORD_HAS_INVALID_CHARS"),
        ({"keyword": {"text": "boats"}}, "field_error.REQUIRED"),
        (
            {"keyword": {"text": "a b c d e f g h i j k", "match_type": "BROAD"}},
            "criterion_error.KEYWORD_HAS_TOO_MANY_WORDS",
        ),
        ({}, "criterion_error.CONCRETE_TYPE_REQUIRED"),
    ):
        made = refused(lambda fields=fields: desk.create("ad_group_criterion", ad_group=group, **fields))
        assert made.codes == [code]
    where = {"campaign": campaign, "location": {"geo_target_constant": "geoTargetConstants/2840"}}
    place = desk.create("campaign_criterion", **where)
    assert place.endswith("~2840")
    failed = refused(lambda: desk.create("campaign_criterion", **where))
    assert failed.codes == ["mutate_error.RESOURCE_ALREADY_EXISTS"]
    desk.remove("campaign_criterion", place)
    assert place == desk.create("campaign_criterion", **where)
    view = desk.rows("SELECT ad_group_criterion.keyword.text FROM keyword_view")
    assert [each.ad_group_criterion.keyword.text for each in view] == ["boats"]
    desk.remove("ad_group_criterion", own)


def png(width: int = 4, height: int = 3, tail: bytes = b"") -> str:
    """An image's head, as base64."""
    import base64
    import struct

    head = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", width, height)
    return base64.b64encode(head + tail).decode()


def test_the_same_image_makes_no_second_asset() -> None:
    """By its bytes: the first asset's name comes back, or DUPLICATE_ASSET where the vendor is set to refuse."""
    desk = Desk()
    first = desk.create("asset", name="Boat", image_asset={"data": png()})
    assert desk.create("asset", name="Other", image_asset={"data": png()}) == first
    failed = refused(lambda: desk.create("asset", name="Boat", image_asset={"data": png(tail=b"x")}))
    assert failed.codes == ["asset_error.DUPLICATE_ASSET_NAME"]
    row = desk.values(
        "SELECT asset.type, asset.image_asset.mime_type, asset.image_asset.full_size.width_pixels FROM asset"
    )
    assert row[0]["asset"] == {
        "type_": "IMAGE",
        "image_asset": {"mime_type": "IMAGE_PNG", "full_size": {"width_pixels": "4"}},
    }
    strict = Desk(same_asset="refused")
    strict.create("asset", image_asset={"data": png()})
    assert refused(lambda: strict.create("asset", image_asset={"data": png()})).codes == ["asset_error.DUPLICATE_ASSET"]


@pytest.mark.parametrize(
    ("image", "code"),
    [({}, "asset_error.ASSET_DATA_IS_MISSING"), ({"data": "aGVsbG8="}, "image_error.INVALID_IMAGE")],
)
def test_a_bad_image_is_refused(desk: Desk, image: Json, code: str) -> None:
    """No bytes, and bytes that are no image."""
    assert refused(lambda: desk.create("asset", image_asset=image)).codes == [code]


def test_one_operation_of_several_fails_when_the_plan_says_so() -> None:
    """PARTIAL strikes under partial_failure only; the failed one is transient."""
    rule = FaultRule(FaultKind.PARTIAL, operation="LabelService/*")
    plan = FaultPlan([rule], seed=3)
    fault = plan.decide(Request("POST", "/x"), NOW, "LabelService/MutateLabels")
    made = message("services.types.label_service", "MutateLabelsRequest")(customer_id=USD, partial_failure=True)
    for name in "ABC":
        made.operations.add().create.name = name
    rpc = RpcRequest(f"/{SERVICES}LabelService/MutateLabels", made.SerializeToString())
    sim = GoogleAdsSandbox()
    reply = message("services.types.label_service", "MutateLabelsResponse").FromString(
        sim.call(rpc, NOW, fault).messages[0]
    )
    assert sum(bool(each.resource_name) for each in reply.results) == 2
    assert len(sim.world.objects(level="label")) == 2


def test_the_worlds_log_tells_duplicates_from_support(desk: Desk) -> None:
    """Two campaigns of one key that ran are duplicates; a budget or a label that bears the key is none."""
    first = desk.campaign(mark("Spring", KEY), campaign_budget=desk.budget(name=mark("Spring", KEY)), status="ENABLED")
    desk.create("label", name=mark("Spring", KEY))
    assert desk.sim.world.summary()["duplicates"] == 0
    assert desk.sim.world.summary()["parked"] == 0
    desk.update("campaign", first, name="Renamed by hand")
    desk.campaign(mark("Spring", KEY), status="ENABLED")
    assert list(desk.sim.world.duplicates()) == [KEY]
    assert desk.sim.world.orphans({KEY}) == []


@pytest.mark.parametrize("gone", [True, False])
def test_a_budget_goes_with_its_campaign_where_the_vendor_is_set_so(gone: bool) -> None:
    """Public material does not say: either way the campaign is removed."""
    desk = Desk(remove_budget_with_campaign=gone)
    own = desk.campaign()
    desk.remove("campaign", own)
    rows = desk.values("SELECT campaign_budget.status FROM campaign_budget")
    assert rows == [{"campaign_budget": {"status": "REMOVED" if gone else "ENABLED"}}]


def test_ads_and_groups_need_living_parents(desk: Desk) -> None:
    """Nothing is put into what has been removed."""
    campaign, group, _ = desk.tree()
    desk.remove("ad_group", group)
    desk.remove("campaign", campaign)
    for work in (lambda: desk.ad(group), lambda: desk.group(campaign)):
        assert refused(work).codes == ["operation_access_denied_error.OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"]


def test_the_eu_declaration_is_kept(desk: Desk) -> None:
    """What was declared comes back; it can be changed, never cleared."""
    own = desk.campaign()
    query = "SELECT campaign.contains_eu_political_advertising FROM campaign"
    assert desk.values(query)[0]["campaign"]["contains_eu_political_advertising"] == EU
    failed = refused(lambda: desk.update("campaign", own, "contains_eu_political_advertising"))
    assert failed.codes == ["field_error.FIELD_CANNOT_BE_CLEARED"]
