"""The three levels of the tree in the vendor's words, for both flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing, Version
from backstay_adapters.tiktok.sandbox.envelope import stamp

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

MANUAL: Final = "MANUAL"
SMART: Final = "UPGRADED_SMART_PLUS"

WORDS: Final = {State.ACTIVE: "ENABLE", State.PAUSED: "DISABLE", State.REMOVED: "DELETE"}
STATES: Final = {word: state for state, word in WORDS.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """How one level is spelled in one flow."""

    level: str
    word: str
    id: str
    name: str
    prefix: str
    """Of its secondary status."""
    flow: str = MANUAL

    @property
    def ids(self) -> str:
        """The parameter that lists ids."""
        return f"{self.id}s"


CAMPAIGNS: Final = Kind(CAMPAIGN, "campaign", "campaign_id", "campaign_name", "CAMPAIGN_STATUS")
ADGROUPS: Final = Kind(AD_GROUP, "adgroup", "adgroup_id", "adgroup_name", "ADGROUP_STATUS")
ADS: Final = Kind(AD, "ad", "ad_id", "ad_name", "AD_STATUS")
SMART_CAMPAIGNS: Final = Kind(CAMPAIGN, "campaign", "campaign_id", "campaign_name", "CAMPAIGN_STATUS", SMART)
SMART_ADGROUPS: Final = Kind(AD_GROUP, "adgroup", "adgroup_id", "adgroup_name", "ADGROUP_STATUS", SMART)
SMART_ADS: Final = Kind(AD, "ad", "smart_plus_ad_id", "ad_name", "AD_STATUS", SMART)


def belongs(ctx: Ctx, kind: Kind, thing: Thing) -> bool:
    """Whether an object is seen through this flow's endpoints."""
    flow = thing.data.get("_flow", MANUAL)
    if flow == kind.flow:
        return True
    return kind.flow == MANUAL and kind.level != AD and ctx.switches.manual_lists_smart_plus


def row(ctx: Ctx, account: Advertiser, kind: Kind, thing: Thing, version: Version) -> dict[str, Any]:
    """An object as the lists and updates show it."""
    found = {name: value for name, value in version.data.items() if not name.startswith("_")}
    found |= {
        "advertiser_id": account.id,
        kind.id: thing.id,
        kind.name: version.name,
        "operation_status": WORDS[version.state],
        "create_time": stamp(thing.created_at),
        "modify_time": stamp(version.at),
        "campaign_automation_type": thing.data.get("_flow", MANUAL),
    }
    if ctx.switches.secondary_status:
        found["secondary_status"] = secondary(ctx, account, kind, thing, version)
    for above in _above(ctx, thing):
        named = CAMPAIGNS if above.level == CAMPAIGN else ADGROUPS
        found |= {named.id: above.id, named.name: above.name}
    return found


def secondary(ctx: Ctx, account: Advertiser, kind: Kind, thing: Thing, version: Version) -> str:
    """Why an object runs or does not."""
    if version.state is State.REMOVED:
        return f"{kind.prefix}_DELETE"
    if account.status != "STATUS_ENABLE":
        return f"{kind.prefix}_ADVERTISER_ACCOUNT_PUNISH"
    for above in reversed(_above(ctx, thing)):  # the campaign speaks first
        if above.state is not State.ACTIVE:
            word = "CAMPAIGN" if above.level == CAMPAIGN else "ADGROUP"
            return f"{kind.prefix}_{word}_{WORDS[above.state]}"
    if version.state is State.PAUSED:
        return f"{kind.prefix}_DISABLE"
    return f"{kind.prefix}_{_running(ctx, thing)}"


def _running(ctx: Ctx, thing: Thing) -> str:
    if thing.level == CAMPAIGN:
        return "ENABLE"
    if thing.level == AD:
        reviewed = thing.data.get("_reviewed_at", 0.0)
        if reviewed is None or reviewed > ctx.now:
            return "AUDIT_DENY" if reviewed is None else "AUDIT"
    group = thing if thing.level == AD_GROUP else ctx.world.get(thing.parent or "")
    if group is not None and (group.data.get("_starts") or 0.0) > ctx.now:
        return "NOT_START"
    if group is not None and (group.data.get("_ends") or ctx.now + 1) <= ctx.now:
        return "TIME_DONE"
    return "DELIVERY_OK"


def _above(ctx: Ctx, thing: Thing) -> list[Thing]:
    chain: list[Thing] = []
    while thing.parent is not None:
        above = ctx.world.get(thing.parent)
        if above is None:
            break
        chain.append(above)
        thing = above
    return chain
