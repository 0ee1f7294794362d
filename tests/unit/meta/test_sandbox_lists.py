"""Meta's simulator: lists, filters, cursors, labels, and reads that lag behind writes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backstay.sandbox import FaultPlan
from backstay_adapters.meta.sandbox import TOKEN
from tests.unit.meta.sandbox_api import DAY, JPY, NOW, USD, Api, Json, filtering, good, refused

LABEL = "bs-abcdefghijklmnop"


def three(**kwargs: Any) -> Api:
    """Three campaigns: one active, two paused, a minute apart."""
    api = Api(**kwargs)
    for name in ("Spring sale", "spring_SALE", "Autumn"):
        api.campaign(name=name)
        api.now += 60
    api.activate(api.get(f"{api.act}/campaigns", filtering=filtering("name", "EQUAL", "Autumn"))["data"][0]["id"])
    return api


# Filters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "operator", "value", "names"),
    [
        ("name", "EQUAL", "Spring sale", ["Spring sale"]),
        ("name", "EQUAL", "spring sale", []),
        ("name", "NOT_EQUAL", "Autumn", ["spring_SALE", "Spring sale"]),
        ("name", "CONTAIN", "pring", ["spring_SALE", "Spring sale"]),
        ("name", "CONTAIN", "Spring", ["Spring sale"]),
        ("name", "NOT_CONTAIN", "pring", ["Autumn"]),
        ("name", "IN", ["Autumn", "Winter"], ["Autumn"]),
        ("name", "NOT_IN", ["Autumn"], ["spring_SALE", "Spring sale"]),
        ("name", "STARTS_WITH", "aut", ["Autumn"]),
        ("campaign.name", "EQUAL", "Autumn", ["Autumn"]),
        ("effective_status", "IN", ["ACTIVE"], ["Autumn"]),
        ("campaign.effective_status", "IN", ["PAUSED"], ["spring_SALE", "Spring sale"]),
        ("created_time", "GREATER_THAN", int(NOW), ["Autumn", "spring_SALE"]),
        ("created_time", "GREATER_THAN_OR_EQUAL", int(NOW), ["Autumn", "spring_SALE", "Spring sale"]),
        ("created_time", "LESS_THAN", int(NOW) + 60, ["Spring sale"]),
        ("created_time", "LESS_THAN_OR_EQUAL", int(NOW) + 60, ["spring_SALE", "Spring sale"]),
        ("created_time", "IN_RANGE", [int(NOW) + 1, int(NOW) + 61], ["spring_SALE"]),
        ("created_time", "NOT_IN_RANGE", [int(NOW) + 1, int(NOW) + 61], ["Autumn", "Spring sale"]),
        ("objective", "ANY", ["OUTCOME_SALES", "OUTCOME_TRAFFIC"], ["Autumn", "spring_SALE", "Spring sale"]),
        ("objective", "ALL", ["OUTCOME_TRAFFIC"], ["Autumn", "spring_SALE", "Spring sale"]),
        ("objective", "NONE", ["OUTCOME_TRAFFIC"], []),
        ("spend_cap", "GREATER_THAN", 0, []),
    ],
)
def test_filters(field: str, operator: str, value: Any, names: list[str]) -> None:
    """Every operator, the newest first."""
    assert three().names(filtering=filtering(field, operator, value)) == names


@pytest.mark.parametrize(
    "conditions",
    [
        '[{"field":"name"}]', "[1]", '[{"field":"name","operator":"LIKE","value":"x"}]', "{half",
        '[{"field":"nope","operator":"EQUAL","value":"x"}]', '[{"field":"name","operator":"LESS_THAN","value":1}]',
    ],
)  # fmt: skip
def test_filters_that_are_wrong(conditions: str) -> None:
    """Refused with 100."""
    api = three()
    refused(api.get(f"{api.act}/campaigns", filtering=conditions), 100)


def test_names_may_be_compared_more_loosely_than_is_said() -> None:
    """CONTAIN without case and signs, EQUAL without case: who looks for a name must compare it again."""
    api = three(contain="fuzzy", equal_ignores_case=True)
    assert api.names(filtering=filtering("name", "CONTAIN", "Spring Sale")) == ["spring_SALE", "Spring sale"]
    assert api.names(filtering=filtering("name", "EQUAL", "SPRING SALE")) == ["Spring sale"]


def test_children_are_found_by_their_parents() -> None:
    """campaign.id on ad sets, adset.id and campaign.name on ads; a name of the parent's own."""
    api = Api()
    campaign, adset, ad = api.tree()
    api.tree()
    for edge, field, value, wanted in (
        ("adsets", "campaign.id", campaign, adset),
        ("ads", "adset.id", adset, ad),
        ("ads", "campaign.id", campaign, ad),
    ):  # fmt: skip
        found = api.get(f"{api.act}/{edge}", filtering=filtering(field, "IN", [value]))["data"]
        assert [row["id"] for row in found] == [wanted]
    assert api.names("ads", filtering=filtering("campaign.name", "EQUAL", "nobody")) == []


def test_statuses_choose_and_unknown_ones_are_refused() -> None:
    """The parameter effective_status: words of the level."""
    api = three()
    assert api.names(effective_status=["ACTIVE"]) == ["Autumn"]
    refused(api.get(f"{api.act}/campaigns", effective_status=["SLEEPING"]), 100, None, "effective_status[0]")


def test_lists_are_of_one_account() -> None:
    """What another account has is not here."""
    api = three()
    assert Api(JPY, api.sandbox).names() == []


# Pages --------------------------------------------------------------------------------------------------------


def test_pages_follow_the_cursor_through_changes() -> None:
    """Nothing is missed and nothing twice, though objects come and go between two pages."""
    api = Api()
    ids = [api.campaign(name=str(n)) for n in range(7)]
    first = api.get(f"{api.act}/campaigns", fields="name", limit=3)
    assert [row["name"] for row in first["data"]] == ["6", "5", "4"]
    assert "next" in first["paging"]
    assert "previous" not in first["paging"]
    api.campaign(name="new")
    api.delete(f"/{ids[4]}")
    second = api.get(f"{api.act}/campaigns", fields="name", limit=3, after=first["paging"]["cursors"]["after"])
    assert [row["name"] for row in second["data"]] == ["3", "2", "1"]
    last = api.get(f"{api.act}/campaigns", fields="name", limit=3, after=second["paging"]["cursors"]["after"])
    assert [row["name"] for row in last["data"]] == ["0"]
    assert "next" not in last["paging"]
    back = api.get(f"{api.act}/campaigns", fields="name", limit=3, before=last["paging"]["cursors"]["before"])
    assert [row["name"] for row in back["data"]] == ["3", "2", "1"]
    end = api.get(f"{api.act}/campaigns", limit=3, after=last["paging"]["cursors"]["after"])
    assert end == {"data": []}


def test_the_next_address_holds_the_token_and_everything_that_was_asked() -> None:
    """That is why nobody may log it."""
    api = three()
    body = api.send("GET", f"{api.act}/campaigns", {"fields": "name", "limit": "2"}, host="127.0.0.1:9",
                    **{"x-forwarded-prefix": "/meta"})  # fmt: skip
    parts = urlsplit(body["paging"]["next"])
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "127.0.0.1:9", f"/meta/v26.0/act_{USD}/campaigns")
    query = parse_qs(parts.query)
    assert (query["access_token"], query["fields"], query["limit"]) == ([TOKEN], ["name"], ["2"])
    assert query["after"] == [body["paging"]["cursors"]["after"]]
    assert api.get(f"{api.act}/campaigns", limit=2)["paging"]["next"].startswith("https://graph.facebook.com/")


@pytest.mark.parametrize("cursor", ["nonsense", "!!!", "e30"])
def test_a_cursor_that_is_none_is_2642(cursor: str) -> None:
    """The list must be begun anew."""
    api = three()
    refused(api.get(f"{api.act}/campaigns", after=cursor), 2642)


def test_a_cursor_may_die() -> None:
    """After a while, where that is set."""
    api = three(cursor_lives=60.0)
    after = api.get(f"{api.act}/campaigns", limit=1)["paging"]["cursors"]["after"]
    assert len(api.get(f"{api.act}/campaigns", after=after)["data"]) == 2
    api.now += 61
    refused(api.get(f"{api.act}/campaigns", after=after), 2642)


def test_a_page_can_be_too_much() -> None:
    """HTTP 500 with code 1 and words; the same cursor with a smaller limit goes on."""
    api = three(heavy_limit=50)
    refused(api.get(f"{api.act}/campaigns", limit=100), 1, None, "reduce the amount of data")
    assert api.reply.status == 500
    assert len(api.get(f"{api.act}/campaigns", limit=50)["data"]) == 3
    refused(api.get(f"{api.act}/campaigns", limit="many"), 100, None, "limit must be an integer")


@pytest.mark.parametrize("asked", ["true", '["total_count"]', "total_count"])
def test_a_summary_counts_all(asked: str) -> None:
    """Whatever fits, on all pages."""
    api = three()
    assert api.get(f"{api.act}/campaigns", limit=1, summary=asked)["summary"] == {"total_count": 3}
    assert "summary" not in api.get(f"{api.act}/campaigns", limit=1)


# Labels -------------------------------------------------------------------------------------------------------


def labelled(api: Api) -> tuple[str, Json]:
    """A campaign with two labels, and the labels' ids by name."""
    id_ = api.campaign(adlabels=[{"name": LABEL}, {"name": "season"}])
    return id_, {row["name"]: row["id"] for row in api.get(f"{api.act}/adlabels", fields="name")["data"]}


@pytest.mark.parametrize("name", [LABEL, f"backstay {LABEL}"])
def test_a_label_lends_its_marker_and_has_none_itself(name: str) -> None:
    """The world counts the campaign by it, and not the label."""
    api = Api()
    id_ = api.campaign(adlabels=[{"name": name}])
    assert [thing.id for thing in api.sandbox.world.objects("abcdefghijklmnop")] == [id_]
    assert api.sandbox.world.parked() == []


def test_a_label_in_a_create_makes_it_and_finds_the_object() -> None:
    """By one, by any, by all; no part of a name counts."""
    api = Api()
    id_, ids = labelled(api)
    other = api.campaign(adlabels=[{"id": ids["season"]}])
    assert set(ids) == {LABEL, "season"}

    def found(names: list[str], operator: str = "ANY") -> set[str]:
        rows = api.get(f"{api.act}/campaignsbylabels", ad_label_ids=[ids[n] for n in names], operator=operator)["data"]
        return {row["id"] for row in rows}

    assert found([LABEL]) == {id_}
    assert found(["season"]) == {id_, other}
    assert found([LABEL, "season"]) == {id_, other}
    assert found([LABEL, "season"], "ALL") == {id_}
    assert api.get(f"/{ids[LABEL]}/campaigns")["data"] == [{"id": id_}]
    assert api.get(f"/{ids[LABEL]}", fields="name,account")["account"]["account_id"] == USD


@pytest.mark.parametrize("edge", ["campaigns", "adsets", "ads", "adcreatives"])
def test_all_four_kinds_take_labels(edge: str) -> None:
    """And all four are found by them."""
    api = Api()
    spec: Json = {"adlabels": [{"name": LABEL}]}
    campaign = api.campaign(**spec)
    adset = api.adset(campaign, **spec)
    creative = api.creative(**spec)
    ids = {"campaigns": campaign, "adsets": adset, "adcreatives": creative, "ads": api.ad(adset, creative, **spec)}
    label = api.get(f"{api.act}/adlabels")["data"][0]["id"]
    rows = api.get(f"{api.act}/{edge}bylabels", ad_label_ids=[label], fields="id,adlabels{name}")["data"]
    assert [row["id"] for row in rows] == [ids[edge]]
    assert rows[0]["adlabels"][0]["name"] == LABEL
    assert api.sandbox.world.objects("abcdefghijklmnop", api.sandbox.world.get(ids[edge]).level)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("query", "code", "subcode"),
    [({}, 100, None), ({"ad_label_ids": ["9"]}, 100, 33), ({"ad_label_ids": "[half"}, 100, None)],
)
def test_looks_by_label_that_are_wrong(query: Json, code: int, subcode: int | None) -> None:
    """No label, one that is not there, half a list."""
    api = Api()
    refused(api.get(f"{api.act}/campaignsbylabels", **query), code, subcode)


def test_filters_take_labels_too() -> None:
    """By name or id: any, all, none."""
    api = Api()
    id_, ids = labelled(api)
    plain = api.campaign()
    assert [
        r["id"] for r in api.get(f"{api.act}/campaigns", filtering=filtering("adlabels", "ANY", [LABEL]))["data"]
    ] == [id_]
    every = filtering("campaign.adlabels", "ALL", [LABEL, ids["season"]])
    assert [row["id"] for row in api.get(f"{api.act}/campaigns", filtering=every)["data"]] == [id_]
    none = filtering("adlabels", "NONE", [LABEL])
    assert [row["id"] for row in api.get(f"{api.act}/campaigns", filtering=none)["data"]] == [plain]


def test_an_update_replaces_labels_and_the_edge_adds_and_removes() -> None:
    """POST /{id} sets all of them, POST /{id}/adlabels adds, DELETE takes off."""
    api = Api()
    id_, ids = labelled(api)

    def names() -> list[str]:
        return [row["name"] for row in api.get(f"/{id_}", fields="adlabels{name}").get("adlabels", [])]

    api.post(f"/{id_}/adlabels", adlabels=[{"name": "more"}])
    assert names() == [LABEL, "season", "more"]
    api.delete(f"/{id_}/adlabels", adlabels=[{"name": "more"}, {"id": ids["season"]}])
    assert names() == [LABEL]
    api.post(f"/{id_}", adlabels=[{"name": "only"}])
    assert names() == ["only"]
    api.post(f"/{id_}", adlabels=[])
    assert names() == []
    refused(api.post(f"/{id_}/adlabels"), 100, None, "adlabels is required")


def test_a_deleted_label_is_gone_everywhere_and_the_world_remembers() -> None:
    """Objects lose it, looks by it are 100/33; the world still counts by the first marker."""
    api = Api()
    id_, ids = labelled(api)
    assert api.delete(f"/{ids[LABEL]}") == {"success": True}
    assert [row["name"] for row in api.get(f"/{id_}", fields="adlabels")["adlabels"]] == ["season"]
    refused(api.get(f"{api.act}/campaignsbylabels", ad_label_ids=[ids[LABEL]]), 100, 33)
    assert [row["name"] for row in api.get(f"{api.act}/adlabels", fields="name")["data"]] == ["season"]
    assert [thing.id for thing in api.sandbox.world.objects("abcdefghijklmnop")] == [id_]


@pytest.mark.parametrize(("word", "same"), [("same", True), ("error", False)])
def test_a_label_that_exists_is_made_again_in_two_ways(word: str, same: bool) -> None:
    """The old id, or a refusal; a create that names it uses it in either case."""
    api = Api(label_repeat=word)
    first = good(api.post(f"{api.act}/adlabels", name="season"))
    again = api.post(f"{api.act}/adlabels", name="season")
    assert again == {"id": first} if same else refused(again, 100, None, "already exists")
    api.campaign(adlabels=[{"name": "season"}])
    assert len(api.get(f"{api.act}/adlabels")["data"]) == 1
    assert api.post(f"/{first}", name="year") == {"success": True}
    assert api.get(f"{api.act}/adlabels", filtering=filtering("name", "EQUAL", "year"))["data"]
    refused(api.post(f"{api.act}/adlabels"), 100, None, "name is required")


# Lags ---------------------------------------------------------------------------------------------------------


def looks(api: Api, id_: str, label: str) -> dict[str, bool]:
    """Which looks find the campaign now."""
    by_name = filtering("name", "EQUAL", "Spring")
    return {
        "list": id_ in _ids(api.get(f"{api.act}/campaigns")),
        "name": id_ in _ids(api.get(f"{api.act}/campaigns", filtering=by_name)),
        "label": id_ in _ids(api.get(f"{api.act}/campaignsbylabels", ad_label_ids=[label])),
        "labels": label in _ids(api.get(f"{api.act}/adlabels")),
        "node": "error" not in api.get(f"/{id_}"),
    }


def _ids(body: Json) -> set[str]:
    return {row["id"] for row in body["data"]}


@pytest.mark.parametrize(
    ("lags", "after", "seen"),
    [
        ({"read_lag": 5.0}, 0, {"node"}),
        ({"read_lag": 5.0}, 5, {"node", "list", "name", "label", "labels"}),
        ({"read_lag": 5.0, "lag_nodes": True}, 4, set()),
        ({"read_lag": 5.0, "label_lag": 0.0}, 0, {"node", "label", "labels"}),
        ({"read_lag": 0.0, "label_lag": 9.0}, 0, {"node", "list", "name"}),
        ({"read_lag": 0.0, "label_lag": 9.0}, 9, {"node", "list", "name", "label", "labels"}),
        ({"read_lag": 5.0, "name_lag": 1.0}, 1, {"node", "name"}),
        ({"name_lag": (3.0, 4.0)}, 2, {"node", "list", "label", "labels"}),
        ({"name_lag": (3.0, 4.0)}, 4, {"node", "list", "name", "label", "labels"}),
    ],
)
def test_each_index_lags_by_itself(lags: Json, after: float, seen: set[str]) -> None:
    """Lists, looks by name, looks by label and nodes."""
    api = Api(**lags)
    id_ = api.campaign(adlabels=[{"name": LABEL}])
    label = next(thing.id for thing in api.sandbox.world.objects(level="label"))
    api.now += after
    assert {name for name, found in looks(api, id_, label).items() if found} == seen


def test_lags_may_come_in_turn() -> None:
    """The first campaign's label is found at once, the second one's after five seconds, and so are all others."""
    api = Api(label_lag=[0.0, 5.0], read_lag=[2.0, 0.0])
    ids = [api.campaign(adlabels=[{"name": LABEL}]) for _ in range(3)]
    label = next(thing.id for thing in api.sandbox.world.objects(level="label"))

    def found() -> list[str]:
        return sorted(_ids(api.get(f"{api.act}/campaignsbylabels", ad_label_ids=[label])))

    assert found() == ids[:1]
    assert _ids(api.get(f"{api.act}/campaigns")) == set(ids[1:])
    api.now += 5
    assert found() == ids


def test_changes_lag_where_that_is_set() -> None:
    """An old name is shown for a while, by lists and, where that is set too, by the node; never out of order."""
    api = Api(read_lag=4.0, name_lag=6.0, lag_updates=True, lag_nodes=True)
    id_ = api.campaign()
    api.now += DAY
    api.post(f"/{id_}", name="Summer", daily_budget=6000)
    assert api.names() == ["Spring"]
    assert api.get(f"/{id_}", fields="name,daily_budget")["daily_budget"] == "5000"
    api.now += 4
    assert api.names() == ["Summer"]
    assert api.get(f"/{id_}", fields="name")["name"] == "Summer"
    assert api.names(filtering=filtering("name", "EQUAL", "Spring")) == ["Spring"]
    api.now += 2
    assert api.names(filtering=filtering("name", "EQUAL", "Spring")) == []
    assert api.names(filtering=filtering("name", "EQUAL", "Summer")) == ["Summer"]


def test_changes_do_not_lag_otherwise() -> None:
    """What is visible shows its newest version."""
    api = Api(name_lag=6.0)
    id_ = api.campaign()
    api.post(f"/{id_}", name="Summer")
    assert api.names(filtering=filtering("name", "EQUAL", "Summer")) == []
    api.now += 6
    assert api.names(filtering=filtering("name", "EQUAL", "Summer")) == ["Summer"]


def test_replicas_may_show_and_hide_an_object() -> None:
    """One look sees it, the next one does not; after the whole lag every look does."""
    api = Api(seed=5, replica_lag=(0.0, 10.0))
    id_ = api.campaign()
    api.now += 5
    seen = [id_ in _ids(api.get(f"{api.act}/campaigns")) for _ in range(40)]
    assert True in seen
    assert False in seen[seen.index(True) :]
    api.now += 5
    assert all(id_ in _ids(api.get(f"{api.act}/campaigns")) for _ in range(40))


def test_a_fault_plan_brings_its_own_lag() -> None:
    """And takes it away again."""
    api = Api()
    api.sandbox.faults = FaultPlan((), read_lag=3.0)
    api.campaign()
    assert api.names() == []
    api.sandbox.faults = None
    api.campaign(name="now")
    assert api.names() == ["now"]


def test_json_in_a_list_of_fields_is_taken_as_well() -> None:
    """A JSON body may carry `fields` as a list."""
    api = Api()
    id_ = api.campaign()
    body = json.dumps({"name": "x", "fields": ["id", "name"]}).encode()
    assert api.send("POST", f"/{id_}", body=body, kind="application/json") == {"id": id_, "name": "x"}
