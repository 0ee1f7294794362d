"""Meta's simulator: batches."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Request
from backstay_adapters.meta.sandbox import TOKEN
from tests.unit.meta.sandbox_api import CAMPAIGN, FORM, JPY, NOW, USD, Api, Json, refused, texts


def item(method: str, url: str, **more: Any) -> Json:
    """One item."""
    return {"method": method, "relative_url": f"v26.0{url}", **more}


def create(title: str, **more: Any) -> Json:
    """An item that makes a campaign."""
    return item("POST", f"/act_{USD}/campaigns", body=urlencode(texts({**CAMPAIGN, "name": title})), **more)


def told(answer: Json) -> Any:
    """An item's body."""
    return json.loads(answer["body"])


def test_items_have_codes_headers_and_bodies_of_their_own() -> None:
    """HTTP 200 outside; inside each as by itself, the usage headers included; the body is JSON text."""
    api = Api()
    made, wrong, read = api.post("/", batch=[create("a"), item("GET", "/9"), item("GET", f"/act_{USD}?fields=name")])
    assert (made["code"], wrong["code"], read["code"]) == (200, 400, 200)
    assert isinstance(made["body"], str)
    refused(told(wrong), 100, 33)
    assert told(read)["name"] == "Sandbox account"
    names = {each["name"] for each in read["headers"]}
    assert {"X-App-Usage", "X-Ad-Account-Usage", "X-Business-Use-Case-Usage"} <= names
    assert "x-app-usage" not in api.reply.headers
    assert api.names() == ["a"]


def test_headers_may_be_left_out_and_the_path_needs_no_version() -> None:
    """include_headers=false; POST to the root of the host, too."""
    api = Api()
    (found,) = api.post("/", batch=[{"method": "GET", "relative_url": f"act_{USD}"}], include_headers=False)
    assert set(found) == {"code", "body"}
    api.version = ""
    assert api.post("/", batch=[item("GET", "/me")])[0]["code"] == 200


def test_every_item_counts_for_the_limits() -> None:
    """Twenty creates are sixty points; the next call meets the wall."""
    api = Api(tier="limited")
    found = api.post("/", batch=[create(str(n)) for n in range(21)])
    assert [each["code"] for each in found] == [200] * 20 + [400]
    refused(told(found[20]), 17, 2446079)
    assert len(api.sandbox.world.objects()) == 20


@pytest.mark.parametrize(
    ("batch", "code"), [("[]", 100), (json.dumps([item("GET", "/me")] * 51), 100), ("[1]", 100), ("{half", 100)]
)
def test_batches_that_are_wrong(batch: str, code: int) -> None:
    """None, more than fifty, no objects, half a list: the whole is refused."""
    api = Api()
    refused(api.post("/", batch=batch), code)


def test_one_bad_token_fails_all_and_an_item_may_have_its_own() -> None:
    """The outer token is checked first; an item's token is its own."""
    api = Api(tokens={TOKEN: [USD], "other": [JPY]})
    mine, theirs = api.post("/", batch=[item("GET", f"/act_{JPY}"), item("GET", f"/act_{JPY}?access_token=other")])
    assert mine["code"] == 403
    assert theirs["code"] == 403  # the header comes first, as in any call
    api.token = None
    both = api.post("/", access_token=TOKEN,
                    batch=[item("GET", f"/act_{JPY}"), item("GET", f"/act_{JPY}?access_token=other")])  # fmt: skip
    assert [each["code"] for each in both] == [403, 200]
    api.sandbox.expire()
    refused(api.post("/", access_token=TOKEN, batch=[item("GET", "/me")]), 190, 463)


def test_later_items_build_on_earlier_ones() -> None:
    """{result=c:$.id} in bodies and addresses; what was built on is null, unless it is asked for."""
    api = Api()
    adset = "name=G&campaign_id={result=c:$.id}&optimization_goal=LINK_CLICKS&billing_event=IMPRESSIONS&status=PAUSED&"
    adset += urlencode(
        {"targeting": '{"geo_locations":{"countries":["US"]},"targeting_automation":{"advantage_audience":0}}'}
    )
    found = api.post("/", batch=[
        create("a", name="c"),
        item("POST", f"/act_{USD}/adsets", body=adset, name="g", omit_response_on_success=False),
        item("GET", "/{result=g:$.id}?fields=campaign{name}"),
        item("GET", "/{result=nobody:$.id}"),
        item("GET", "/{result=g:$.nothing}"),
    ])  # fmt: skip
    assert found[0] is None
    assert found[1]["code"] == 200
    assert told(found[2])["campaign"]["name"] == "a"
    assert [each["code"] for each in found[3:]] == [400, 400]


def test_results_reach_into_lists() -> None:
    """$.data.*.id joins them with commas."""
    api = Api()
    ids = [api.campaign(name=str(n)) for n in range(2)]
    listed = item("GET", f"/act_{USD}/campaigns", name="l", omit_response_on_success=False)
    found = api.post("/", batch=[
        listed, item("GET", "/{result=l:$.data[0].id}"), item("GET", "/{result=l:$.data.*.id}"),
    ])  # fmt: skip
    assert told(found[1])["id"] == ids[1]
    refused(told(found[2]), 100, 33, f"{ids[1]},{ids[0]}")


def test_files_are_attached_by_name() -> None:
    """A file of the outer form belongs to the item that names it."""
    api = Api()
    batch = json.dumps(
        [item("POST", f"/act_{USD}/adimages", attached_files="f1"), item("POST", f"/act_{USD}/adimages")]
    )
    request = httpx.Request("POST", "http://x/", data={"batch": batch}, files={"f1": ("a.png", b"png")})
    first, second = api.send("POST", "/", body=request.read(), kind=request.headers["content-type"])
    assert "a.png" in told(first)["images"]
    refused(told(second), 100, None, "bytes is required")


def struck(api: Api, fault: FaultRule, seed: int = 0) -> Any:
    """A batch of four creates under a fault."""
    body = urlencode({"batch": json.dumps([create(str(n)) for n in range(4)])}).encode()
    request = Request("POST", "/v26.0/", {}, {"authorization": f"Bearer {TOKEN}", "content-type": FORM}, body)
    found: Fault | None = FaultPlan([fault], seed).decide(request, NOW, api.sandbox.operation(request))
    api.reply = api.sandbox.handle(request, NOW, found)
    return json.loads(api.reply.body)


def test_null_items_may_have_been_done_or_not() -> None:
    """PARTIAL: every second item is null; whether it was run depends on the draw, and only a look tells."""
    made = set()
    for seed in range(8):
        api = Api()
        found = struck(api, FaultRule(FaultKind.PARTIAL, operation="batch"), seed)
        assert [each is None for each in found] == [False, True, False, True]
        made.add(len(api.sandbox.world.objects()))
    assert made == {2, 4}


def test_items_may_fail_with_a_code() -> None:
    """PARTIAL with a code: every second item has that error, and was not run."""
    api = Api()
    found = struck(api, FaultRule(FaultKind.PARTIAL, operation="batch", code=1487390))
    assert [each["code"] for each in found] == [200, 400, 200, 400]
    refused(told(found[1]), 100, 1487390)
    assert len(api.sandbox.world.objects()) == 2


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 4)])
def test_a_whole_batch_may_be_aborted(after: bool, made: int) -> None:
    """960, with everything done or nothing."""
    api = Api()
    refused(struck(api, FaultRule(FaultKind.VENDOR_ERROR, code=960, after_commit=after)), 960)
    assert len(api.sandbox.world.objects()) == made
