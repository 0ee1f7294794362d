"""Ads: one create call makes one to twenty of them, and has no key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD, AD_GROUP, Thing
from backstay_adapters.tiktok.sandbox.campaign import apply
from backstay_adapters.tiktok.sandbox.checks import good_name, name_of
from backstay_adapters.tiktok.sandbox.envelope import Data, Refusal, invalid
from backstay_adapters.tiktok.sandbox.kinds import ADS, MANUAL, SMART, SMART_ADS, STATES, Kind, row
from backstay_adapters.tiktok.sandbox.status import pace

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

FORMATS: Final = ("SINGLE_VIDEO", "SINGLE_IMAGE", "CAROUSEL_ADS")
TIKTOK_ONLY: Final = ["PLACEMENT_TIKTOK"]
BAD_VIDEO: Final = 40053
NOT_READY: Final = 40901
OWN: Final = frozenset({"operation_status", "ad_name", "ad_id", "smart_plus_ad_id", "advertiser_id", "adgroup_id"})


def create(ctx: Ctx) -> Data:
    """POST /ad/create/."""
    account = ctx.writer()
    group = ctx.need(account, AD_GROUP, "adgroup", ctx.params.text("adgroup_id"))
    _same_flow(group, MANUAL)
    entries = _entries(ctx)
    for entry in entries:
        _check(ctx, account, group, entry)
    made = [_make(ctx, account, group, ADS, entry, ctx.params.get("operation_status")) for entry in entries]
    return {
        "ad_ids": [thing.id for thing in made],
        "creatives": [row(ctx, account, ADS, thing, thing.now) for thing in made],
        "need_audit": True,
    }


def create_smart(ctx: Ctx) -> Data:
    """POST /smart_plus/ad/create/: one ad with a list of creatives; it has no `request_id`."""
    account = ctx.writer()
    group = ctx.need(account, AD_GROUP, "adgroup", ctx.params.text("adgroup_id"))
    _same_flow(group, SMART)
    name_of(ctx.params, "ad_name")
    if not ctx.params.items("creative_list"):
        raise invalid("creative_list: Missing data for required field.")
    entry = dict(ctx.params.data)
    thing = _make(ctx, account, group, SMART_ADS, entry, None)
    ctx.sim.touched[thing.id] = ctx.now
    return row(ctx, account, SMART_ADS, thing, thing.now)


def update(ctx: Ctx) -> Data:
    """POST /ad/update/: creatives with their `ad_id`; what is left out is cleared, unless `patch_update`."""
    account = ctx.writer()
    group = ctx.need(account, AD_GROUP, "adgroup", ctx.params.text("adgroup_id"))
    planned = []
    for entry in _entries(ctx):
        ad_id = entry.get("ad_id")
        thing = ctx.world.get(str(ad_id))
        if thing is None or thing.parent != group.id or thing.state == "removed":
            message = f"The ad {ad_id} does not exist."
            raise Refusal(40007, message)
        planned.append((thing, entry))
    for thing, entry in planned:
        _change(ctx, thing, entry)
    things = [thing for thing, _ in planned]
    return {
        "ad_ids": [thing.id for thing in things],
        "creatives": [row(ctx, account, ADS, thing, thing.now) for thing in things],
        "need_audit": True,
    }


def update_smart(ctx: Ctx) -> Data:
    """POST /smart_plus/ad/update/: one operation per five seconds."""
    account = ctx.writer()
    thing = ctx.need(account, AD, "ad", ctx.params.text("smart_plus_ad_id"), flow=SMART)
    pace(ctx, SMART_ADS, thing)
    _change(ctx, thing, dict(ctx.params.data))
    return row(ctx, account, SMART_ADS, thing, thing.now)


def _change(ctx: Ctx, thing: Thing, entry: dict[str, Any]) -> None:
    changes = {field: value for field, value in entry.items() if field not in OWN}
    if not ctx.params.flag("patch_update") and thing.data["_flow"] == MANUAL:
        changes = {field: None for field in thing.data if not field.startswith("_")} | changes
    apply(ctx, thing, entry.get("ad_name"), changes)


def _entries(ctx: Ctx) -> list[dict[str, Any]]:
    ctx.params.need("creatives")
    entries = ctx.params.items("creatives")
    if not 1 <= len(entries) <= 20 or not all(isinstance(entry, dict) for entry in entries):
        raise invalid("creatives: Length must be between 1 and 20.")
    return entries


def _check(ctx: Ctx, account: Advertiser, group: Thing, entry: dict[str, Any]) -> None:
    for field in ("ad_name", "identity_type", "identity_id"):
        if not entry.get(field):
            message = f"creatives.{field}: Missing data for required field."
            raise invalid(message)
    kind = entry.get("ad_format")
    if kind not in FORMATS:
        message = f"creatives.ad_format: Must be one of: {', '.join(FORMATS)}."
        raise invalid(message)
    if entry.get("tiktok_item_id"):  # a post that exists brings its own media
        return
    if kind == "SINGLE_VIDEO":
        _video(ctx, account, entry)
    if not entry.get("image_ids"):
        raise invalid("You must upload an image.")
    if kind == "SINGLE_IMAGE" and group.data.get("placements") == TIKTOK_ONLY:
        raise invalid("Only photo posts can be delivered as carousel")


def _video(ctx: Ctx, account: Advertiser, entry: dict[str, Any]) -> None:
    video = ctx.world.get(str(entry.get("video_id")))
    if video is None or video.level != "video" or video.account != account.id:
        raise Refusal(BAD_VIDEO, "The video id is invalid.")
    if video.data["_ready_at"] > ctx.now:
        raise Refusal(NOT_READY, "The video is being transcoded. Please try again later.")


def _make(ctx: Ctx, account: Advertiser, group: Thing, kind: Kind, entry: dict[str, Any], status: object) -> Thing:
    word = entry.get("operation_status") or status or "ENABLE"
    if word not in {"ENABLE", "DISABLE"}:
        raise invalid("operation_status: Must be one of: ENABLE, DISABLE.")
    denied = "[deny]" in str(entry.get("ad_text") or entry.get("ad_text_list") or "").lower()
    data = {field: value for field, value in entry.items() if field not in OWN and not field.startswith("_")}
    data |= {"_flow": kind.flow, "_reviewed_at": None if denied else ctx.now + ctx.switches.review}
    name = good_name("ad_name", str(entry.get("ad_name")))
    return ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level=AD, parent=group.id, name=name,
        state=STATES[str(word)], data=data,
    )  # fmt: skip


def _same_flow(group: Thing, flow: str) -> None:
    if group.data.get("_flow", MANUAL) != flow:
        raise invalid("adgroup_id: The ad group was created in another way, its ads cannot be created here.")
