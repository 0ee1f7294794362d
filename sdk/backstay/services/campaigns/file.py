"""A file of campaigns, one spec for several platforms.

id: spring
campaigns:
  - id: sale
    on: [tiktok, meta]
    status: active
    name: Spring sale
    objective: traffic
    compliance: {special_categories: [], eu_political: false}
    budget: {daily: 100.00 USD}
    groups:
      - name: Everybody
        optimization: clicks
        per: {meta: {targeting: {locations: [US]}}}
        ads:
          - {name: First, creative: {kind: image, texts: [Now cheaper], link: "https://example.com/"}}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from backstay.ads import AdGroupSpec, AdSpec, CampaignSpec, CampaignTree, ConfiguredStatus, GroupTree
from backstay.services.campaigns.overlay import overlaid, strangers
from backstay.services.campaigns.spec import CampaignSet, Target
from backstay.services.document import Document, read
from backstay.services.faults import Faults
from backstay.spec import Spec

OWN: Final = ("id", "on", "status", "groups")
"""What a campaign of a file has beside the fields of CampaignSpec."""
SHORT: Final = {"daily", "lifetime"}
STATUSES: Final = {"active": ConfiguredStatus.ACTIVE, "paused": ConfiguredStatus.PAUSED}


class _File(Spec):
    id: str
    campaigns: tuple[Any, ...]


def campaigns_of(path: str | Path) -> CampaignSet:
    """The campaigns of a file; raises InvalidRequestError with line and field for all that is wrong in it."""
    return campaigns_in(read(path))


def campaigns_in(document: Document) -> CampaignSet:
    """The campaigns of a document that was read."""
    faults = Faults(document)
    file = faults.build(_File, document.data, "")
    faults.check()
    assert file is not None  # noqa: S101 - without a fault it was built
    found: list[Target] = []
    for n, each in enumerate(file.campaigns):
        names = _platforms(faults, each, f"campaigns.{n}")
        for path, value in strangers(each, f"campaigns.{n}", names) if names else ():
            faults.refuse(path, value, f"{value} is no platform of this campaign", f"it is on {', '.join(names)}")
        for on in names:
            under = Faults(overlaid(document, f"campaigns.{n}", on))
            target = _target(under, on, f"campaigns.{n}")
            faults.found += [one for one in under.found if one.message not in {old.message for old in faults.found}]
            found += [] if target is None else [target]
    _twice(faults, found, file.campaigns)
    made = None if faults.found else faults.build(CampaignSet, {"id": file.id, "targets": tuple(found)}, "")
    faults.check()
    assert made is not None  # noqa: S101 - without a fault it was built
    return made


def require_platforms(document: Document, known: Collection[str]) -> None:
    """Refuse campaigns on a platform that is not there, with the names of those that are."""
    faults = Faults(document)
    for n, each in enumerate(document.data["campaigns"]):
        for on in dict.fromkeys([each["on"]] if isinstance(each["on"], str) else each["on"]):
            if on not in known:
                near = [name for name in sorted(known) if name.startswith(f"{on}/")] or sorted(known)
                cure = f"write {' or '.join(near)}" if near else "set the variables of one (`backstay doctor`)"
                faults.refuse(f"campaigns.{n}.on", on, f"there is no platform {on}", cure)
    faults.check()


def _platforms(faults: Faults, data: Any, under: str) -> Sequence[str]:
    """Where a campaign goes; one name or several."""
    told = data.get("on") if isinstance(data, Mapping) else None
    names = [told] if isinstance(told, str) else told
    if not isinstance(data, Mapping):
        faults.refuse(under, data, "no mapping of fields", "write the fields of a campaign")
    elif not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        faults.refuse(f"{under}.on", told, "it says no platform", "name one or several: on: [tiktok, meta]")
    elif len(set(names)) < len(names):
        faults.refuse(f"{under}.on", told, "a platform is named twice", "name each once")
    else:
        return names
    return ()


def _target(faults: Faults, on: str, under: str) -> Target | None:
    data: Any = faults.document.data["campaigns"][int(under.rpartition(".")[2])]
    off: list[tuple[str, str]] = []
    groups = [
        _group(faults, each, f"{under}.groups.{n}", off) for n, each in enumerate(_list(faults, data, under, "groups"))
    ]
    campaign = faults.build(CampaignSpec, _spec(faults, data, under, *OWN), under)
    status = _status(faults, data, under, "paused")
    unread = any((one.field or "").endswith(".budget") for one in faults.found)  # of which the tree would complain anew
    if campaign is None or unread or None in groups:
        return None
    tree = faults.build(CampaignTree, {"campaign": campaign, "groups": tuple(groups)}, under)
    told = {"id": data.get("id"), "on": on, "tree": tree, "status": status, "off": tuple(off)}
    return None if tree is None else faults.build(Target, {k: v for k, v in told.items() if v is not None}, under)


def _group(faults: Faults, data: Any, under: str, off: list[tuple[str, str]]) -> GroupTree | None:
    if not isinstance(data, Mapping):
        faults.refuse(under, data, "no mapping of fields", "write the fields of an ad group")
        return None
    name = str(data.get("name"))
    ads = [_ad(faults, each, f"{under}.ads.{n}", name, off) for n, each in enumerate(_list(faults, data, under, "ads"))]
    group = faults.build(AdGroupSpec, _spec(faults, data, under, "ads", "status"), under)
    if _status(faults, data, under, "active") is ConfiguredStatus.PAUSED:
        off.append((name, ""))
    if group is None or None in ads:
        return None
    return faults.build(GroupTree, {"ad_group": group, "ads": tuple(ads)}, under)


def _ad(faults: Faults, data: Any, under: str, group: str, off: list[tuple[str, str]]) -> AdSpec | None:
    if not isinstance(data, Mapping):
        faults.refuse(under, data, "no mapping of fields", "write the fields of an ad")
        return None
    if _status(faults, data, under, "active") is ConfiguredStatus.PAUSED:
        off.append((group, str(data.get("name"))))
    return faults.build(AdSpec, _spec(faults, data, under, "status"), under)


def _spec(faults: Faults, data: Mapping[str, Any], under: str, *without: str) -> dict[str, Any]:
    """A spec's own fields; `budget: {daily: 100.00 USD}` is short for amount and period."""
    told = {name: value for name, value in data.items() if name not in without}
    budget = told.get("budget")
    if isinstance(budget, Mapping) and len(budget) == 1 and {*budget} <= SHORT:
        ((period, amount),) = budget.items()
        told["budget"] = {"amount": amount, "period": period}
    elif budget is not None and (not isinstance(budget, Mapping) or {*budget} & SHORT or not budget):
        faults.refuse(f"{under}.budget", budget, _no_budget(budget), _as_budget(budget))
        del told["budget"]
    return told


def _no_budget(budget: object) -> str:
    both = isinstance(budget, Mapping) and {*budget} >= SHORT
    return "it is daily and lifetime at once" if both else f"{budget} is no budget of one period"


def _as_budget(budget: object) -> str:
    """How a budget is written, with the amount that was."""
    amount = budget if isinstance(budget, str) and " " in budget.strip() else "100.00 USD"
    return f"write {{daily: {amount}}} or {{lifetime: {amount}}}"


def _list(faults: Faults, data: Mapping[str, Any], under: str, name: str) -> list[Any]:
    found = data.get(name, [])
    if not isinstance(found, list):
        faults.refuse(f"{under}.{name}", found, "no list", f"begin each of the {name} with a dash")
        return []
    return found


def _status(faults: Faults, data: Mapping[str, Any], under: str, usual: str) -> ConfiguredStatus:
    told = data.get("status", usual)
    if told not in STATUSES:
        faults.refuse(f"{under}.status", told, f"it cannot be {told}", f"one of {', '.join(STATUSES)}")
    return STATUSES.get(told, ConfiguredStatus.PAUSED)


def _twice(faults: Faults, found: Sequence[Target], campaigns: Sequence[Any]) -> None:
    names = [target.name for target in found]
    for n, each in enumerate(campaigns):
        name = each.get("id") if isinstance(each, Mapping) else None
        earlier = [one.get("id") for one in campaigns[:n] if isinstance(one, Mapping)]
        if name in earlier and any(names.count(one) > 1 for one in names if one.startswith(f"{name}@")):
            faults.refuse(f"campaigns.{n}.id", name, f"{name} is there twice", "give each campaign an id of its own")
