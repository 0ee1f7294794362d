"""Requests are built by Meta's SDK and sent by us: what we rely on is there, and nothing of it is switched on."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.metadata import version

import pytest

from backstay.errors import UnsupportedError
from backstay_adapters.meta.adapter import build
from backstay_adapters.meta.adapter.build import ATTRIBUTES, Builder, encoded


def test_the_sdk_is_of_the_pinned_version() -> None:
    """Private attributes are read, so that another major version must be looked at first."""
    assert version("facebook-business").split(".")[0] == "26"


def test_the_private_attributes_that_are_read_are_there() -> None:
    """This fails when the SDK renames one of them."""
    from facebook_business.adobjects.campaign import Campaign
    from facebook_business.api import FacebookAdsApi

    request = Campaign("1", api=FacebookAdsApi(build.NoSession())).api_get(pending=True)
    assert all(hasattr(request, name) for name in ATTRIBUTES)
    assert (request._method, request._path, request._params) == ("GET", ("1", ""), {})


@pytest.mark.parametrize(
    ("node", "id_", "call", "method", "path"),
    [
        ("AdAccount", "act_7", "create_campaign", "POST", "act_7/campaigns"),
        ("AdAccount", "act_7", "create_ad_set", "POST", "act_7/adsets"),
        ("AdAccount", "act_7", "create_ad", "POST", "act_7/ads"),
        ("AdAccount", "act_7", "create_ad_creative", "POST", "act_7/adcreatives"),
        ("AdAccount", "act_7", "create_ad_image", "POST", "act_7/adimages"),
        ("AdAccount", "act_7", "create_ad_video", "POST", "act_7/advideos"),
        ("AdAccount", "act_7", "get_campaigns", "GET", "act_7/campaigns"),
        ("AdAccount", "act_7", "get_campaigns_by_labels", "GET", "act_7/campaignsbylabels"),
        ("AdAccount", "act_7", "get_ad_sets_by_labels", "GET", "act_7/adsetsbylabels"),
        ("AdAccount", "act_7", "get_ads_by_labels", "GET", "act_7/adsbylabels"),
        ("AdAccount", "act_7", "get_ad_creatives_by_labels", "GET", "act_7/adcreativesbylabels"),
        ("AdAccount", "act_7", "get_ad_labels", "GET", "act_7/adlabels"),
        ("AdAccount", "act_7", "get_insights", "GET", "act_7/insights"),
        ("AdAccount", "act_7", "get_insights_async", "POST", "act_7/insights"),
        ("AdReportRun", "9", "get_insights", "GET", "9/insights"),
        ("Campaign", "1", "get_ads", "GET", "1/ads"),
        ("Campaign", "1", "get_ad_sets", "GET", "1/adsets"),
        ("AdSet", "2", "get_ads", "GET", "2/ads"),
        ("AdSet", "2", "api_update", "POST", "2"),
        ("Ad", "3", "api_delete", "DELETE", "3"),
        ("AdVideo", "4", "api_get", "GET", "4"),
        ("AdCreative", "5", "api_get", "GET", "5"),
    ],
)
def test_every_call_that_is_built_is_what_it_is_called(node: str, id_: str, call: str, method: str, path: str) -> None:
    """Method and path of each; the path has no version and no slash at its end."""
    builder = Builder("v26.0")
    for own in (id_, f"{id_}0"):  # the second is made from what is known of the first
        request = builder.build(node, own, call)
        assert request == {"method": method, "path": path.replace(id_, own), "params": {}}


def test_types_that_the_sdk_doubts_are_sent_all_the_same() -> None:
    """Its types know less than the API; it would warn, and in strict mode raise."""
    params = {"daily_budget": 5000, "objective": "OUTCOME_NEW", "filtering": [{"a": 1}], "nothing": None, "x": True}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        request = Builder("v26.0").build("AdAccount", "act_7", "create_campaign", params)
    assert request["params"] == {name: value for name, value in params.items() if value is not None}


def test_values_travel_as_text() -> None:
    """Lists, objects and booleans are JSON, compact and in a fixed order; what is None does not travel."""
    assert encoded({"a": "x", "b": 5, "c": True, "d": [1, "\u00e9"], "e": {"b": 1, "a": [2]}, "f": None}) == {
        "a": "x", "b": "5", "c": "true", "d": '[1,"\u00e9"]', "e": '{"a":[2],"b":1}',
    }  # fmt: skip


def test_without_the_sdk_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install backstay` alone brings no vendor's SDK."""
    monkeypatch.setitem(sys.modules, "facebook_business.api", None)
    with pytest.raises(UnsupportedError) as caught:
        Builder("v26.0").load()
    assert "backstay[meta]" in (caught.value.hint or "")


def run(code: str) -> None:
    """In a process of its own, because imports stay."""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_of_the_sdk_is_imported_before_an_adapter_is_warmed_up() -> None:
    """Importing costs a third of a second; making an adapter costs nothing of it."""
    run(
        "import sys; from backstay.adapters import MetaAds; from backstay.runtime import Runtime\n"
        "ads = MetaAds('act_1', 'token', runtime=Runtime.in_memory(listeners=()))\n"
        "assert not [name for name in sys.modules if name.startswith('facebook_business')]\n"
        "import asyncio; asyncio.run(ads.warm_up())\n"
        "assert 'facebook_business.adobjects.adaccount' in sys.modules"
    )


def test_the_sdk_is_imported_off_the_loop() -> None:
    """Nothing else stands still meanwhile."""
    run(
        "import asyncio, threading\n"
        "from backstay_adapters.meta.adapter.build import Builder\n"
        "seen = []\n"
        "load = Builder.load\n"
        "Builder.load = lambda self: (seen.append(threading.current_thread()), load(self))[1]\n"
        "from backstay.adapters import MetaAds; from backstay.runtime import Runtime\n"
        "asyncio.run(MetaAds('act_1', 'token', runtime=Runtime.in_memory(listeners=())).warm_up())\n"
        "assert seen and seen[0] is not threading.main_thread()"
    )


def test_the_sdks_own_ways_are_never_switched_on() -> None:
    """Its default client is shared by all tenants; its exception hook sends crashes to the vendor."""
    run(
        "import asyncio, sys\n"
        "hook = sys.excepthook\n"
        "from backstay.adapters import MetaAds; from backstay.runtime import Runtime\n"
        "ads = MetaAds('act_1', 'token', runtime=Runtime.in_memory(listeners=()))\n"
        "asyncio.run(ads.warm_up())\n"
        "ads._build('AdAccount', 'act_1', 'create_campaign', {'name': 'x'})\n"
        "from facebook_business.api import FacebookAdsApi\n"
        "assert FacebookAdsApi.get_default_api() is None\n"
        "assert FacebookAdsApi.get_default_account_id() is None\n"
        "assert sys.excepthook is hook is sys.__excepthook__\n"
        "assert not [name for name in sys.modules if name == 'facebook_business.crashreporter']\n"
        "assert 'token' not in repr(vars(ads._builder._api))"
    )
