"""What the vendor works out at each read: why something runs or does not, its review, its labels, its users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing
from backstay_adapters.google_ads.sandbox.protos import Message, member, put

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx

Compute = Callable[["Ctx", Thing, Message], None]
Verdict = tuple[str, str | None]
"""A primary status, and one reason for it."""


def decided(ctx: Ctx, ad: Thing) -> tuple[str, str]:
    """An ad's review: its approval, and where the review is."""
    if ad.data.get("_decided_at", 0.0) > ctx.now:
        return "UNKNOWN", "REVIEW_IN_PROGRESS"
    denied = ad.data.get("_reviewed_at", 0.0) is None
    return ("DISAPPROVED" if denied else "APPROVED"), "REVIEWED"


def policy(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """An ad's policy summary."""
    approval, review = decided(ctx, thing)
    put(pb.policy_summary, "approval_status", approval)
    put(pb.policy_summary, "review_status", review)
    if approval == "DISAPPROVED":
        entry = pb.policy_summary.policy_topic_entries.add(topic="SANDBOX_DENIED")
        put(entry, "type_", "PROHIBITED")


def primary_status(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """The primary status."""
    put(pb, "primary_status", _verdict(ctx, thing)[0])


def reasons(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """Why it is that."""
    reason = _verdict(ctx, thing)[1]
    if reason is not None:
        field = pb.DESCRIPTOR.fields_by_name["primary_status_reasons"]
        pb.primary_status_reasons.append(field.enum_type.values_by_name[reason].number)


def serving(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """A campaign's serving status."""
    words = {"REMOVED": "NONE", "ENDED": "ENDED", "PENDING": "PENDING"}
    suspended = ctx.sim.customers[thing.account].status == "SUSPENDED"
    put(pb, "serving_status", "SUSPENDED" if suspended else words.get(_verdict(ctx, thing)[0], "SERVING"))


def labels(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """The labels that are on it."""
    word = thing.data["_kind"]
    for link in ctx.world.at(thing.account, f"{word}_label"):
        seen = link.seen(ctx.now)
        if seen is not None and seen.state is not State.REMOVED and getattr(seen.data["_pb"], word) == pb.resource_name:
            pb.labels.append(seen.data["_pb"].label)


def references(ctx: Ctx, thing: Thing, pb: Message) -> None:
    """How many campaigns use a budget."""
    campaigns = ctx.world.at(thing.account, CAMPAIGN)
    using = [each for each in campaigns if each.data["_pb"].campaign_budget == pb.resource_name]
    pb.reference_count = sum(each.state is not State.REMOVED for each in using)


def _verdict(ctx: Ctx, thing: Thing) -> Verdict:
    for each in _chain(ctx, thing):
        found = _own(ctx, each, self=each is thing, level=thing.level)
        if found is not None:
            return found
    if thing.level == AD:
        return _reviewed(ctx, thing)
    if thing.level == CAMPAIGN and not _alive(ctx, thing):
        return "NOT_ELIGIBLE", "NO_AD_GROUPS"
    return "ELIGIBLE", None


def _chain(ctx: Ctx, thing: Thing) -> Iterator[Thing]:
    """The object, then what is above it, the campaign first."""
    above = []
    at = ctx.world.get(thing.parent or "")
    while at is not None:
        above.append(at)
        at = ctx.world.get(at.parent or "")
    yield thing
    yield from reversed(above)


def _own(ctx: Ctx, thing: Thing, *, self: bool, level: str) -> Verdict | None:
    word = {CAMPAIGN: "CAMPAIGN", AD_GROUP: "AD_GROUP", AD: "AD_GROUP_AD"}[thing.level]
    if thing.state is not State.ACTIVE:
        status = member(thing.data["_pb"], "status")
        return (status if self else "NOT_ELIGIBLE"), f"{word}_{status}"
    if thing.level != CAMPAIGN:
        return None
    starts, ends = thing.data.get("_starts") or 0.0, thing.data.get("_ends")
    if ends is not None and ends <= ctx.now:
        return ("ENDED" if level == CAMPAIGN else "NOT_ELIGIBLE"), "CAMPAIGN_ENDED"
    if starts > ctx.now:
        return "PENDING", "CAMPAIGN_PENDING"
    return None


def _reviewed(ctx: Ctx, ad: Thing) -> Verdict:
    approval, review = decided(ctx, ad)
    if review != "REVIEWED":
        return "PENDING", "AD_GROUP_AD_UNDER_REVIEW"
    return ("ELIGIBLE", None) if approval == "APPROVED" else ("NOT_ELIGIBLE", "AD_GROUP_AD_DISAPPROVED")


def _alive(ctx: Ctx, thing: Thing) -> bool:
    return any(each.state is not State.REMOVED for each in ctx.world.children(thing.id))


COMPUTED: Final[Mapping[str, Mapping[str, Compute]]] = MappingProxyType(
    {
        "campaign": {
            "primary_status": primary_status,
            "primary_status_reasons": reasons,
            "serving_status": serving,
            "labels": labels,
        },
        "campaign_budget": {"reference_count": references},
        "ad_group": {"primary_status": primary_status, "primary_status_reasons": reasons, "labels": labels},
        "ad_group_ad": {
            "primary_status": primary_status,
            "primary_status_reasons": reasons,
            "policy_summary": policy,
            "labels": labels,
        },
    }
)
"""By resource and field."""
