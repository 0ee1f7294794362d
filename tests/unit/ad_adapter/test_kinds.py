"""Arguments of the wrong kind: refused with the field, the value and the cure, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backstay.ads import (
    AdGroupSpec,
    AdSpec,
    Budget,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    CampaignTree,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    Level,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Ref,
)
from backstay.errors import InvalidRequestError
from backstay.runtime import Runtime
from backstay.testing.clock import VirtualClock, run
from tests.support.kiosk import Kiosk

SPEC = CampaignSpec(name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary())
GROUP = AdGroupSpec(name="All", optimization=OptimizationGoal.CLICKS, budget=Budget.daily(Money.of("5 EUR")))
AD = AdSpec(name="First", creative=Creative(kind=CreativeKind.IMAGE))
REF = Ref(Platform.META, "1", Level.CAMPAIGN, "1")
FOUND = Campaign(ref=REF, name="Spring")

Ask = Callable[[Kiosk, Any], Any]
ASKS: dict[str, tuple[Ask, str, str]] = {
    "create_campaign": (lambda ads, it: ads.create_campaign(it, idempotency_key="k"), "spec", "CampaignSpec"),
    "create_ad_group": (lambda ads, it: ads.create_ad_group(REF, it, idempotency_key="k"), "spec", "AdGroupSpec"),
    "create_ad_group of": (lambda ads, it: ads.create_ad_group(it, GROUP, idempotency_key="k"), "campaign", "Ref"),
    "create_ad": (lambda ads, it: ads.create_ad(REF, it, idempotency_key="k"), "spec", "AdSpec"),
    "create_ad of": (lambda ads, it: ads.create_ad(it, AD, idempotency_key="k"), "ad_group", "Ref"),
    "create_tree": (lambda ads, it: ads.create_tree(it, idempotency_key="k"), "tree", "CampaignTree"),
    "upload_image": (lambda ads, it: ads.upload_image(it, idempotency_key="k"), "media", "MediaUpload"),
    "update_campaign": (lambda ads, it: ads.update_campaign(REF, it), "patch", "CampaignPatch"),
    "update of": (lambda ads, it: ads.update_campaign(it, CampaignPatch(name="x")), "ref", "Ref"),
    "set_status": (lambda ads, it: ads.set_status(REF, it), "status", "active, paused"),
    "set_status of": (lambda ads, it: ads.set_status(it, ConfiguredStatus.PAUSED), "ref", "Ref"),
    "set_budget of": (lambda ads, it: ads.set_budget(it, Budget.none(), expect=FOUND), "ref", "Ref"),
    "get_metrics": (lambda ads, it: ads.get_metrics(it), "query", "MetricsQuery"),
    "start_report": (lambda ads, it: ads.start_report(it), "query", "MetricsQuery"),
    "poll_report": (lambda ads, it: ads.poll_report(it), "job", "ReportJob"),
    "get_campaign": (lambda ads, it: ads.get_campaign(it), "ref", "Ref"),
}


@pytest.mark.parametrize("wrong", [None, "paused", 3, {"name": "x"}, CampaignTree(campaign=SPEC).groups])
@pytest.mark.parametrize("ask", ASKS)
def test_wrong_objects_are_refused_unsent(ask: str, wrong: Any) -> None:
    """None, text, numbers, raw dicts and tuples, wherever a spec, a patch, a ref or a status belongs."""
    act, field, cure = ASKS[ask]
    clock = VirtualClock()
    ads = Kiosk(Runtime.in_memory(clock=clock, listeners=()))
    with pytest.raises(InvalidRequestError) as caught:
        run(act(ads, wrong), clock)
    assert (caught.value.field, caught.value.value) == (field, wrong)
    assert cure in (caught.value.hint or "")
    assert not ads.rows
    assert not ads.sent


def test_a_spec_of_another_level_is_refused() -> None:
    """An ad's spec makes no campaign, in a dry run neither."""
    clock = VirtualClock()
    ads = Kiosk(Runtime.in_memory(clock=clock, listeners=()))
    for dry in (False, True):
        with pytest.raises(InvalidRequestError, match="CampaignSpec"):
            run(ads.create_campaign(AD, idempotency_key="k", dry_run=dry), clock)  # type: ignore[arg-type]  # wrong


def test_a_report_is_fetched_of_a_job() -> None:
    """Its id alone is none: state and query are needed."""
    ads = Kiosk(Runtime.in_memory(clock=VirtualClock(), listeners=()))
    with pytest.raises(InvalidRequestError, match="ReportJob") as caught:
        ads.fetch_report("run-1")  # type: ignore[arg-type]  # wrong on purpose
    assert (caught.value.field, caught.value.value) == ("job", "run-1")


def test_a_list_takes_a_query() -> None:
    """None is the query for all; what else is no Query is refused."""
    clock = VirtualClock()
    ads = Kiosk(Runtime.in_memory(clock=clock, listeners=()))
    ads.list_campaigns(None)
    with pytest.raises(InvalidRequestError) as caught:
        ads.list_campaigns("Spring")  # type: ignore[arg-type]  # wrong on purpose
    assert (caught.value.field, caught.value.value) == ("query", "Spring")
