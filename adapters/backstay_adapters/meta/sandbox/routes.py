"""Every endpoint: what it acts on, its method, its name for fault rules, and its handler."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.wire import Request
from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN
from backstay_adapters.meta.sandbox import (
    access,
    accounts,
    ad,
    adset,
    budget,
    campaign,
    creative,
    images,
    insights,
    jobs,
    labels,
    nodes,
    objects,
    videos,
)
from backstay_adapters.meta.sandbox.context import Ctx
from backstay_adapters.meta.sandbox.kinds import (
    ADS,
    ADSETS,
    BY_LABELS,
    CAMPAIGNS,
    CREATIVE,
    CREATIVES,
    LABEL,
    LABELS,
    OF_LEVEL,
    RUN,
    VIDEO,
    VIDEOS,
)
from backstay_adapters.meta.sandbox.listing import by_labels, listing
from backstay_adapters.meta.sandbox.settings import VERSION

if TYPE_CHECKING:
    from backstay.sandbox.world import World

Handler = Callable[[Ctx], Any]
Key = tuple[str, str | None, str]
ACCOUNT: Final = "account"
_PATH: Final = re.compile(r"^/(?:(v\d+\.\d+)(?:/|$))?([^/]*)/?(.*?)/?$")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names."""

    version: str
    node: str
    edge: str | None
    level: str
    account: str | None

    @property
    def is_account(self) -> bool:
        """Whether it is an ad account or an edge of one."""
        return self.level == ACCOUNT


def target(world: World, request: Request) -> Target:
    """Read a path; the level of an object is what the world knows of it."""
    match = _PATH.match(request.path)
    version, node, edge = match.groups() if match else (None, "", "")
    if node.startswith("act_"):
        return Target(version or VERSION, node, edge or None, ACCOUNT, node.removeprefix("act_"))
    thing = world.get(node)
    level = thing.level if thing else (node if node in {"me", "debug_token"} else "unknown")
    return Target(version or VERSION, node, edge or None, level, thing.account if thing else None)


def _edges() -> dict[Key, tuple[str, Handler]]:
    made: dict[Key, tuple[str, Handler]] = {}
    creates: dict[str, Handler] = {
        "campaigns": campaign.create, "adsets": adset.create, "ads": ad.create, "adcreatives": creative.create,
        "adlabels": labels.create,
    }  # fmt: skip
    for kind in (CAMPAIGNS, ADSETS, ADS, CREATIVES, LABELS, VIDEOS):
        made[ACCOUNT, kind.edge, "GET"] = (f"{kind.noun}/list", listing(kind))
        if kind.edge in creates:
            made[ACCOUNT, kind.edge, "POST"] = (f"{kind.noun}/create", creates[kind.edge])
    for edge, kind in BY_LABELS.items():
        made[ACCOUNT, edge, "GET"] = (f"{kind.noun}/bylabels", by_labels(kind))
        made[LABEL, kind.edge, "GET"] = (f"{kind.noun}/bylabel", listing(kind))
    for level, kinds in {CAMPAIGN: (ADSETS, ADS), AD_GROUP: (ADS,), AD: (CREATIVES,)}.items():
        for kind in kinds:
            made[level, kind.edge, "GET"] = (f"{kind.noun}/list", listing(kind))
    return made


def _nodes() -> dict[Key, tuple[str, Handler]]:
    made: dict[Key, tuple[str, Handler]] = {}
    updates: dict[str, Handler] = {
        CAMPAIGN: campaign.update, AD_GROUP: adset.update, AD: ad.update, CREATIVE: creative.update,
        LABEL: labels.rename, VIDEO: videos.update,
    }  # fmt: skip
    for level, kind in OF_LEVEL.items():
        made[level, None, "GET"] = (f"{kind.noun}/get", nodes.get)
        if level in updates:
            made[level, None, "POST"] = (f"{kind.noun}/update", updates[level])
            made[level, None, "DELETE"] = (f"{kind.noun}/delete", objects.delete)
    for level in (CAMPAIGN, AD_GROUP, AD, CREATIVE):
        made[level, "adlabels", "POST"] = ("label/add", labels.add)
        made[level, "adlabels", "DELETE"] = ("label/remove", labels.remove)
    for level in (ACCOUNT, CAMPAIGN, AD_GROUP, AD):
        made[level, "insights", "GET"] = ("insights/get", insights.sync)
        made[level, "insights", "POST"] = ("insights/start", jobs.start)
    return made


ROUTES: Final[Mapping[Key, tuple[str, Handler]]] = MappingProxyType(
    {
        **_edges(),
        **_nodes(),
        (ACCOUNT, None, "GET"): ("account/get", accounts.get),
        (ACCOUNT, None, "POST"): ("account/update", accounts.update),
        (ACCOUNT, "minimum_budgets", "GET"): ("account/minimum_budgets", budget.minimums),
        (ACCOUNT, "campaigns", "DELETE"): ("campaign/delete_many", campaign.delete_many),
        (ACCOUNT, "adimages", "GET"): ("image/list", images.find),
        (ACCOUNT, "adimages", "POST"): ("image/upload", images.upload),
        (ACCOUNT, "adimages", "DELETE"): ("image/delete", images.delete),
        (ACCOUNT, "advideos", "POST"): ("video/upload", videos.upload),
        (VIDEO, "thumbnails", "GET"): ("video/thumbnails", videos.thumbnails),
        (RUN, "insights", "GET"): ("insights/fetch", jobs.fetch),
        ("me", None, "GET"): ("me/get", access.me),
        ("me", "adaccounts", "GET"): ("me/adaccounts", access.my_accounts),
        ("debug_token", None, "GET"): ("token/debug", access.debug_token),
    }
)
EDGES: Final = frozenset((level, edge) for level, edge, _ in ROUTES)
