"""Status, effective status, review and learning: why an object runs or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing, Version

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

STATES: Final = {"ACTIVE": State.ACTIVE, "PAUSED": State.PAUSED, "DELETED": State.REMOVED, "ARCHIVED": State.REMOVED}
DENIED: Final = "[deny]"
POLICY: Final = "UNACCEPTABLE_BUSINESS_PRACTICES"


def status(version: Version) -> str:
    """What somebody has set an object to."""
    if version.state is State.REMOVED:
        return str(version.data.get("_gone", "DELETED"))
    return "ACTIVE" if version.state is State.ACTIVE else "PAUSED"


def effective(ctx: Ctx, thing: Thing, version: Version) -> str:
    """What that comes to, with everything above it, the review and the account."""
    if version.state is State.REMOVED:
        return status(version)
    held = _review(ctx, version) if thing.level == AD else _process(ctx, version)
    if held and (version.state is State.ACTIVE or ctx.switches.review_paused):
        return held
    if version.state is State.PAUSED:
        return "PAUSED"
    for above in reversed(chain(ctx, thing)):  # the campaign speaks first
        if above.state is State.REMOVED:
            return status(above.now)
        if above.state is not State.ACTIVE:
            return "CAMPAIGN_PAUSED" if above.level == CAMPAIGN else "ADSET_PAUSED"
    if version.data.get("_trouble"):
        return "WITH_ISSUES"
    if thing.level == AD and not ctx.sim.accounts[thing.account].funded:
        return "PENDING_BILLING_INFO"
    return "ACTIVE"


def chain(ctx: Ctx, thing: Thing) -> list[Thing]:
    """What is above an object, from the nearest to the campaign."""
    found: list[Thing] = []
    while thing.parent is not None:
        above = ctx.world.get(thing.parent)
        if above is None:
            break
        found.append(above)
        thing = above
    return found


def reviewed(ctx: Ctx, texts: object) -> dict[str, Any]:
    """The review that begins now: when it ends, or that it fails."""
    begun = ctx.now + ctx.switches.process
    denied = DENIED in str(texts).lower()
    return {
        "_processed_at": begun,
        "_review_ends": begun + ctx.switches.review,
        "_reviewed_at": None if denied else begun + ctx.switches.review,
    }


def _process(ctx: Ctx, version: Version) -> str | None:
    return "IN_PROCESS" if ctx.now < version.at + ctx.switches.process else None


def _review(ctx: Ctx, version: Version) -> str | None:
    if ctx.now < version.data.get("_processed_at", 0.0):
        return "IN_PROCESS"
    if ctx.now < version.data.get("_review_ends", 0.0):
        return "PENDING_REVIEW"
    return "DISAPPROVED" if version.data.get("_reviewed_at", 0.0) is None else None


def feedback(ctx: Ctx, thing: Thing, version: Version) -> dict[str, Any] | None:
    """`ad_review_feedback` of a rejected ad."""
    if effective(ctx, thing, version) != "DISAPPROVED":
        return None
    return {"global": {POLICY: "This ad doesn't follow our Advertising Standards."}}


def issues(ctx: Ctx, thing: Thing, version: Version) -> list[dict[str, Any]] | None:
    """`issues_info`: what is wrong with an object."""
    trouble = version.data.get("_trouble")
    if trouble:
        return list(trouble)
    if thing.level == AD and effective(ctx, thing, version) == "DISAPPROVED":
        return [issue("AD", 1487056, "Ad rejected", "This ad doesn't follow our Advertising Standards.")]
    return None


def issue(level: str, code: int, summary: str, message: str) -> dict[str, Any]:
    """One entry of `issues_info`."""
    return {
        "level": level, "error_code": code, "error_summary": summary, "error_message": message,
        "error_type": "HARD_ERROR",
    }  # fmt: skip


def learning(ctx: Ctx, thing: Thing) -> dict[str, Any] | None:
    """`learning_stage_info` of an ad set that has been active."""
    begun = next((version.at for version in thing.versions if version.state is State.ACTIVE), None)
    if thing.level != AD_GROUP or begun is None:
        return None
    done = ctx.now >= begun + ctx.switches.learning
    return {
        "status": "SUCCESS" if done else "LEARNING", "conversions": 50 if done else 3,
        "last_sig_edit_ts": int(begun), "attribution_windows": ["7d_click", "1d_view"],
    }  # fmt: skip
