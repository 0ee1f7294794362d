"""A whole tree under one key: built level by level, paused, and activated from the leaf to the root.

Every object has a key of its own, made from the tree's key and its place, so a build that broke off anywhere is
called again and goes on: what is there is found, what is missing is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.ads.model import AdGroup, BuiltGroup, BuiltTree, Created, How, how_of_all
from backstay.ads.words import ConfiguredStatus
from backstay.answer import stamp
from backstay.writes.journal import check_key

if TYPE_CHECKING:
    from backstay.ads.platform import AdPlatform
    from backstay.ads.refs import Ref
    from backstay.ads.spec import CampaignTree, GroupTree
    from backstay.operation import CallOptions


def group_key(key: str, number: int) -> str:
    """The key of a tree's ad group."""
    return f"{key}/{number}"


def ad_key(key: str, number: int, place: int) -> str:
    """The key of an ad of a tree's ad group."""
    return f"{group_key(key, number)}/{place}"


def check_tree_key(tree: CampaignTree, key: str) -> None:
    """Refuse a key that leaves no room for the places of the tree's parts, before anything is made."""
    places = (ad_key("", number, max(0, len(group.ads) - 1)) for number, group in enumerate(tree.groups))
    check_key(key, max((len(place) for place in places), default=0))


async def build_tree(
    platform: AdPlatform, tree: CampaignTree, *, idempotency_key: str, options: CallOptions
) -> Created[BuiltTree]:
    """Create campaign, ad groups and ads, all paused; raises what a single create raises, and can be called again."""
    check_tree_key(tree, idempotency_key)
    campaign = await platform.create_campaign(tree.campaign, idempotency_key=idempotency_key, **options)
    groups = [
        await _group(platform, campaign.value.ref, group, idempotency_key, number, options)
        for number, group in enumerate(tree.groups)
    ]
    built = BuiltTree(campaign=campaign.value, groups=tuple(group for group, _ in groups))
    hows = (campaign.how, *(how for _, each in groups for how in each))
    return stamp(Created(value=built, how=how_of_all(hows)), campaign.served)


async def _group(
    platform: AdPlatform, campaign: Ref, group: GroupTree, key: str, number: int, options: CallOptions
) -> tuple[BuiltGroup, tuple[How, ...]]:
    own = group_key(key, number)
    made: Created[AdGroup] = await platform.create_ad_group(campaign, group.ad_group, idempotency_key=own, **options)
    ads = [
        await platform.create_ad(made.value.ref, ad, idempotency_key=ad_key(key, number, place), **options)
        for place, ad in enumerate(group.ads)
    ]
    return BuiltGroup(ad_group=made.value, ads=tuple(ad.value for ad in ads)), (made.how, *(ad.how for ad in ads))


async def activate_tree(platform: AdPlatform, tree: BuiltTree) -> None:
    """Switch on ads, then ad groups, then the campaign: nothing can spend before all of it is there."""
    active: Final = ConfiguredStatus.ACTIVE
    for group in tree.groups:
        for ad in group.ads:
            await platform.set_status(ad.ref, active)
    for group in tree.groups:
        await platform.set_status(group.ad_group.ref, active)
    await platform.set_status(tree.campaign.ref, active)
