"""What an ad shows: our creative as the kind of ad that a channel takes, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NoReturn

from backstay.ads import Creative, CreativeKind, MediaKind, MediaRef
from backstay.errors import UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay_adapters.google_ads.wire.names import resource

Row = Mapping[str, Any]

DATA: Final = (
    "text_ad", "expanded_text_ad", "expanded_dynamic_search_ad", "hotel_ad", "shopping_smart_ad", "shopping_product_ad",
    "image_ad", "video_ad", "video_responsive_ad", "responsive_search_ad", "legacy_responsive_display_ad", "app_ad",
    "legacy_app_install_ad", "responsive_display_ad", "local_ad", "display_upload_ad", "app_engagement_ad",
    "shopping_comparison_listing_ad", "smart_campaign_ad", "app_pre_registration_ad", "demand_gen_multi_asset_ad",
    "demand_gen_carousel_ad", "demand_gen_video_responsive_ad", "demand_gen_product_ad", "travel_ad",
)  # fmt: skip
"""The kinds of ads of v26. One of them in `extra` takes the place of what the creative would become."""

SQUARE: Final = 1.4
"""Images that are broader than so many times their height are landscape (1.91 to 1), others square."""

READ: Final = (
    "ad_group_ad.ad.responsive_search_ad.headlines", "ad_group_ad.ad.responsive_search_ad.descriptions",
    "ad_group_ad.ad.responsive_display_ad.headlines", "ad_group_ad.ad.responsive_display_ad.descriptions",
    "ad_group_ad.ad.responsive_display_ad.marketing_images",
    "ad_group_ad.ad.responsive_display_ad.square_marketing_images",
    "ad_group_ad.ad.responsive_display_ad.call_to_action_text",
    "ad_group_ad.ad.demand_gen_multi_asset_ad.headlines", "ad_group_ad.ad.demand_gen_multi_asset_ad.descriptions",
    "ad_group_ad.ad.demand_gen_multi_asset_ad.marketing_images",
    "ad_group_ad.ad.demand_gen_multi_asset_ad.square_marketing_images",
    "ad_group_ad.ad.demand_gen_video_responsive_ad.headlines",
    "ad_group_ad.ad.demand_gen_video_responsive_ad.descriptions",
    "ad_group_ad.ad.demand_gen_video_responsive_ad.videos",
    "ad_group_ad.ad.app_ad.headlines", "ad_group_ad.ad.app_ad.descriptions", "ad_group_ad.ad.app_ad.images",
    "ad_group_ad.ad.app_ad.youtube_videos",
)  # fmt: skip
"""What is read of the kinds of ads that we make."""

_KINDS: Final[Mapping[str, CreativeKind]] = MappingProxyType(
    {
        "RESPONSIVE_SEARCH_AD": CreativeKind.RESPONSIVE,
        "RESPONSIVE_DISPLAY_AD": CreativeKind.RESPONSIVE,
        "DEMAND_GEN_MULTI_ASSET_AD": CreativeKind.IMAGE,
        "DEMAND_GEN_VIDEO_RESPONSIVE_AD": CreativeKind.VIDEO,
        "DEMAND_GEN_CAROUSEL_AD": CreativeKind.CAROUSEL,
        "APP_AD": CreativeKind.RESPONSIVE,
        "IMAGE_AD": CreativeKind.IMAGE,
        "VIDEO_AD": CreativeKind.VIDEO,
        "VIDEO_RESPONSIVE_AD": CreativeKind.VIDEO,
    }
)


def ad(value: Creative, channel: str, customer: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The `ad` of an ad group's ad for a channel; refuses what the channel cannot show instead of dropping it."""
    body: dict[str, Any] = {"final_urls": [value.link]} if value.link else {}
    if value.ai_generated is not None:
        status = "IS_SYNTHETIC" if value.ai_generated else "NOT_SYNTHETIC"
        body["synthetic_content_info"] = {"advertiser_attestation": {"status": status}}
    if not any(name in extra for name in DATA):
        body |= _data(_with_assets(value, customer), channel)
    return merge_extra(body, {**value.extra, **extra})


def _with_assets(value: Creative, customer: str) -> Creative:
    """Media by resource name, as ads want them; an id alone is one of this account's assets."""
    media = tuple(
        each if "/" in each.id else each.model_copy(update={"id": resource(customer, "assets", each.id)})
        for each in value.media
    )
    return value.model_copy(update={"media": media})


def _data(value: Creative, channel: str) -> dict[str, Any]:
    if value.kind is CreativeKind.EXISTING_POST or value.post_id:
        _refuse("creative.kind", value.kind, "Google has no posts", "give texts, headlines and media")
    make = _MAKERS.get(channel)
    if make is None:
        _refuse(
            "creative", channel, f"no ad for {channel} campaigns is made here",
            f"give the vendor's own kind in extra, one of {', '.join(DATA)}",
        )  # fmt: skip
    return make(value)


def _search(value: Creative) -> dict[str, Any]:
    """Text only."""
    if value.kind is not CreativeKind.RESPONSIVE or value.media:
        _refuse("creative.kind", value.kind, "search ads are text", "use kind=RESPONSIVE without media")
    if value.call_to_action:
        _refuse("creative.call_to_action", value.call_to_action, "search ads have no button", "leave it out")
    headlines, texts = value.headlines, value.texts
    _count("creative.headlines", headlines, 3, 15)
    _count("creative.texts", texts, 2, 4)
    return {"responsive_search_ad": {"headlines": _texts(headlines), "descriptions": _texts(texts)}}


def _display(value: Creative) -> dict[str, Any]:
    landscape, square = _images(value)
    _count("creative.media", (*landscape, *square), 2, 15)
    _count("creative.headlines", value.headlines, 1, 5)
    _count("creative.texts", value.texts, 1, 5)
    data = {
        "marketing_images": landscape,
        "square_marketing_images": square,
        "headlines": _texts(value.headlines),
        "long_headline": {"text": value.texts[0]},
        "descriptions": _texts(value.texts),
        "youtube_videos": _videos(value),
        "business_name": _business(value),
        "call_to_action_text": value.call_to_action,
    }
    return {"responsive_display_ad": {name: each for name, each in data.items() if each}}


def _demand_gen(value: Creative) -> dict[str, Any]:
    _count("creative.headlines", value.headlines, 1, 5)
    _count("creative.texts", value.texts, 1, 5)
    videos, (landscape, square) = _videos(value), _images(value)
    common: dict[str, Any] = {"headlines": _texts(value.headlines), "descriptions": _texts(value.texts)}
    if videos:
        data = {**common, "long_headlines": _texts(value.texts[:1]), "videos": videos, "logo_images": square}
        data["business_name"] = {"text": _business(value)}
        return {"demand_gen_video_responsive_ad": {name: each for name, each in data.items() if each}}
    data = {
        **common, "marketing_images": landscape, "square_marketing_images": square, "business_name": _business(value),
        "call_to_action_text": value.call_to_action,
    }  # fmt: skip
    return {"demand_gen_multi_asset_ad": {name: each for name, each in data.items() if each}}


def _app(value: Creative) -> dict[str, Any]:
    _count("creative.headlines", value.headlines, 1, 5)
    _count("creative.texts", value.texts, 1, 5)
    landscape, square = _images(value)
    data = {
        "headlines": _texts(value.headlines), "descriptions": _texts(value.texts), "images": [*landscape, *square],
        "youtube_videos": _videos(value),
    }  # fmt: skip
    return {"app_ad": {name: each for name, each in data.items() if each}}


_MAKERS: Final = {"SEARCH": _search, "DISPLAY": _display, "DEMAND_GEN": _demand_gen, "MULTI_CHANNEL": _app}


def creative(row: Row) -> Creative:
    """What an ad that was read shows; kinds that are not read keep their type in the ad's `extra`."""
    base = f"ad_group_ad.ad.{row.get('ad_group_ad.ad.type', '').lower()}"
    images = [
        each for name in ("marketing_images", "square_marketing_images", "images") for each in _get(row, base, name)
    ]
    videos = [each for name in ("youtube_videos", "videos") for each in _get(row, base, name)]
    urls = row.get("ad_group_ad.ad.final_urls") or ()
    return Creative(
        kind=_KINDS.get(row.get("ad_group_ad.ad.type", ""), CreativeKind.UNKNOWN),
        headlines=tuple(_get(row, base, "headlines")),
        texts=tuple(_get(row, base, "descriptions")),
        media=(
            *(MediaRef(kind=MediaKind.VIDEO, id=_id(each)) for each in videos),
            *(MediaRef(kind=MediaKind.IMAGE, id=_id(each)) for each in images),
        ),
        link=urls[0] if urls else None,
        call_to_action=row.get(f"{base}.call_to_action_text"),
    )


def _get(row: Row, base: str, name: str) -> Sequence[str]:
    found = row.get(f"{base}.{name}") or ()
    return [each for each in found if each]


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _texts(values: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": each} for each in values]


def _videos(value: Creative) -> list[dict[str, str]]:
    return [{"asset": each.id} for each in value.media if each.kind is MediaKind.VIDEO]


def _images(value: Creative) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Landscape and square ones; without a size an image counts as landscape."""
    images = [each for each in value.media if each.kind is MediaKind.IMAGE]
    square = [each for each in images if each.width and each.height and each.width < SQUARE * each.height]
    return [{"asset": each.id} for each in images if each not in square], [{"asset": each.id} for each in square]


def _business(value: Creative) -> str:
    if value.identity is None:
        _refuse("creative.identity", None, "Google wants a business name", "give IdentityRef(id='the name')")
    return value.identity.id


def _count(field: str, values: Sequence[object], least: int, most: int) -> None:
    if not least <= len(values) <= most:
        _refuse(field, len(values), f"Google wants {least} to {most} of them here", "give as many")


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    raise UnsupportedCapabilityError(
        f"{field}: {message}", vendor="google_ads", field=field, value=str(value), hint=hint
    )
