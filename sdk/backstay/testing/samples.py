"""Specs that every platform can make, with the words of a vendor where it needs its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from backstay.ads import (
    AdGroupSpec,
    AdPlatform,
    AdSpec,
    Budget,
    CampaignSpec,
    CampaignTree,
    Capability,
    Compliance,
    Creative,
    CreativeKind,
    GroupTree,
    IdentityRef,
    MediaKind,
    MediaRef,
    MediaUpload,
    Money,
    Objective,
    OptimizationGoal,
    Targeting,
)

PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000000200"
    "0148afa4710000000049454e44ae426082"
)
"""A picture of one grey pixel (PNG), for vendors that look at what they are sent."""

Fields = Mapping[str, Mapping[str, Any]]
"""A vendor's own choices: fields by the spec that they are for ("campaign", "group", "ad", "creative")."""


class Samples:
    """What a bench creates."""

    def __init__(self, currency: str, locations: tuple[str, ...], fields: Fields) -> None:
        self.currency = currency
        self.locations = locations
        self.fields = {name: dict(fields.get(name, {})) for name in ("campaign", "group", "ad", "creative")}

    def money(self, amount: str) -> Money:
        """An amount in the account's currency."""
        return Money(Decimal(amount), self.currency)

    def campaign(self, name: str = "Spring sale", **fields: Any) -> CampaignSpec:
        """A campaign with a daily budget."""
        base: dict[str, Any] = {
            "name": name, "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
            "budget": Budget.daily(self.money("100.00")),
        }  # fmt: skip
        return CampaignSpec(**{**base, **self.fields["campaign"], **fields})

    def group(self, name: str = "Everybody", **fields: Any) -> AdGroupSpec:
        """An ad group under a campaign that has the budget."""
        targeting = Targeting(locations=self.locations)
        base = {"name": name, "optimization": OptimizationGoal.CLICKS, "targeting": targeting}
        return AdGroupSpec(**{**base, **self.fields["group"], **fields})

    async def ad(self, ads: AdPlatform, name: str = "First", **fields: Any) -> AdSpec:
        """An ad with a video, else an image, else texts only, as the platform can; files are uploaded on the way."""
        own = self.fields["creative"].get("media")
        media: tuple[MediaRef, ...] = await self.media(ads) if own is None else tuple(own)
        kinds = {each.kind: CreativeKind(each.kind.value) for each in media}
        creative: dict[str, Any] = {
            "kind": kinds.get(MediaKind.VIDEO) or kinds.get(MediaKind.IMAGE) or CreativeKind.RESPONSIVE,
            "texts": ("Now cheaper", "While it lasts"),
            "headlines": ("Spring sale", "Everything must go", "Only this week"),
            "media": media,
            "link": "https://example.com/",
            "call_to_action": "SHOP_NOW",
            "identity": IdentityRef(id="identity-1"),
        }
        creative |= self.fields["creative"]
        return AdSpec(**{"name": name, "creative": Creative(**creative), **self.fields["ad"], **fields})

    async def media(self, ads: AdPlatform) -> tuple[MediaRef, ...]:
        """A video and its cover, as far as the platform takes them."""
        found: list[MediaRef] = []
        if Capability.VIDEO_UPLOAD in ads.capabilities:
            video = MediaUpload(kind=MediaKind.VIDEO, name="video.mp4", data=b"video", media_type="video/mp4")
            found.append((await ads.upload_video(video, idempotency_key="bench/video")).value)
        if Capability.IMAGE_UPLOAD in ads.capabilities:
            image = MediaUpload(kind=MediaKind.IMAGE, name="cover.png", data=b"cover", media_type="image/png")
            found.append((await ads.upload_image(image, idempotency_key="bench/cover")).value)
        return tuple(found)

    async def tree(self, ads: AdPlatform, **campaign: Any) -> CampaignTree:
        """A campaign with two ad groups of one ad each."""
        groups = [
            GroupTree(ad_group=self.group(name), ads=(await self.ad(ads, f"{name} ad"),)) for name in ("One", "Two")
        ]
        return CampaignTree(campaign=self.campaign(**campaign), groups=tuple(groups))
