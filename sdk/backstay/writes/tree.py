"""A whole tree under one key: built level by level, paused, read back, and activated from the leaf to the root.

Every object has a key of its own, made from the tree's key and its place, so a build that broke off anywhere is
called again and goes on: what is there is found, what is missing is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from backstay.ads.model import Ad, AdGroup, BuiltGroup, BuiltTree, Campaign, Created, How, how_of_all
from backstay.ads.words import ConfiguredStatus, Level
from backstay.answer import stamp
from backstay.engine.claim import moment
from backstay.engine.poll import poll
from backstay.keys import payload_hash
from backstay.writes.journal import DONE, JournalKey, Kind, Record, State, check_key, conflict
from backstay.writes.readback import Difference, differences, mismatch
from backstay.writes.reconcile import looks

if TYPE_CHECKING:
    from backstay.ads.platform import AdPlatform
    from backstay.ads.refs import Ref
    from backstay.ads.spec import CampaignTree, GroupTree
    from backstay.operation import CallOptions
    from backstay.runtime import Runtime

OPERATION: Final = "create_tree"


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
    platform: AdPlatform,
    tree: CampaignTree,
    *,
    idempotency_key: str,
    options: CallOptions,
    at_once: Callable[[], Awaitable[Created[BuiltTree] | None]] | None = None,
) -> Created[BuiltTree]:
    """Create campaign, ad groups and ads, all paused, and make sure that they are what was asked for.

    Called again after a break it goes on; after success it gives the same tree, whatever was changed in it since.
    `at_once` makes the whole tree in one request, where a platform can; its None means: go on level by level.

    Raises:
        ConflictError: the platform shows money, dates, targeting or a status that was not asked for.
        IdempotencyConflictError: the key stands for another tree, or one of its parts for another spec.
        BackstayError: whatever a single create raises.
    """
    check_tree_key(tree, idempotency_key)
    note = _Note.of(platform, tree, idempotency_key)
    verified = await note.is_verified()
    made = await at_once() if at_once is not None else None
    made = made or await _built(platform, tree, idempotency_key, options)
    if verified:
        return made
    made = await _as_asked(platform, tree, made, options)
    for found in _differences(tree, made):
        raise mismatch(found)
    parked = await _further(platform, made.value, idempotency_key, options)
    await note.verified()
    return stamp(made.model_copy(update={"parked": (*made.parked, *parked)}), made.served)


async def _built(platform: AdPlatform, tree: CampaignTree, key: str, options: CallOptions) -> Created[BuiltTree]:
    campaign = await platform.create_campaign(tree.campaign, idempotency_key=key, **options)
    groups = [
        await _group(platform, campaign.value.ref, group, key, number, options)
        for number, group in enumerate(tree.groups)
    ]
    built = BuiltTree(campaign=campaign.value, groups=tuple(group for group, _ in groups))
    hows: tuple[How, ...] = (campaign.how, *(how for _, each in groups for how in each))
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


def _differences(tree: CampaignTree, made: Created[BuiltTree]) -> list[Difference]:
    """What is not as asked. An earlier call's objects may run: switched on by hand, or by a process that is gone."""
    return list(differences(tree, made.value, statuses=made.how == "created"))


async def _as_asked(
    platform: AdPlatform, tree: CampaignTree, made: Created[BuiltTree], options: CallOptions
) -> Created[BuiltTree]:
    """The tree once the platform shows all of it: reads may lag, and targeting may come after the rest."""
    runtime, profile = _runtime(platform), getattr(platform, "profile", None)
    if runtime is None or profile is None or not _differences(tree, made):
        return made
    newest = made

    async def look() -> bool | None:
        nonlocal newest
        value = await _again(platform, newest.value, options)
        newest = stamp(made.model_copy(update={"value": value}), made.served)
        return None if _differences(tree, newest) else True

    await poll(runtime.clock, look, looks(profile.patience, profile.read_lag))
    return newest


async def _again(platform: AdPlatform, built: BuiltTree, options: CallOptions) -> BuiltTree:
    live: CallOptions = {**options, "max_age": 0.0, "max_stale": 0.0}
    groups = [
        BuiltGroup(
            ad_group=await platform.get_ad_group(group.ad_group.ref, **live),
            ads=tuple([await platform.get_ad(ad.ref, **live) for ad in group.ads]),
        )
        for group in built.groups
    ]
    return BuiltTree(campaign=await platform.get_campaign(built.campaign.ref, **live), groups=tuple(groups))


# Exactly one for each key -----------------------------------------------------------------------------------------


async def _further(platform: AdPlatform, built: BuiltTree, key: str, options: CallOptions) -> tuple[Ref, ...]:
    """Objects beside ours that carry one of the tree's keys: made sure to be paused, and named."""
    extras: list[Ref] = []
    for own, ref in _keys(built, key):
        found = await platform.find_by_key(ref.level, own, **options)
        extras += [other for other in found if other != ref]
    for extra in extras:
        await _paused(platform, extra, options)
    return tuple(extras)


def _keys(built: BuiltTree, key: str) -> list[tuple[str, Ref]]:
    keys = [(key, built.campaign.ref)]
    for number, group in enumerate(built.groups):
        keys.append((group_key(key, number), group.ad_group.ref))
        keys += [(ad_key(key, number, place), ad.ref) for place, ad in enumerate(group.ads)]
    return keys


async def _paused(platform: AdPlatform, ref: Ref, options: CallOptions) -> None:
    """A twin may run if the vendor ignored that it was created paused."""
    reads: dict[Level, Callable[..., Awaitable[Any]]] = {
        Level.CAMPAIGN: platform.get_campaign, Level.AD_GROUP: platform.get_ad_group, Level.AD: platform.get_ad,
    }  # fmt: skip
    live: CallOptions = {**options, "max_age": 0.0, "max_stale": 0.0}
    if (await reads[ref.level](ref, **live)).status.configured is ConfiguredStatus.ACTIVE:
        await platform.set_status(ref, ConfiguredStatus.PAUSED, **options)


# Activating -------------------------------------------------------------------------------------------------------


async def activate_tree(platform: AdPlatform, tree: BuiltTree) -> None:
    """Switch on ads, then ad groups, then the campaign: nothing can spend before all of it is there.

    A status is absolute: interrupted anywhere, it is called again. The journal then says ACTIVE of each object.
    """
    ads = [ad for group in tree.groups for ad in group.ads]
    leaves_first: list[Ad | AdGroup | Campaign] = [*ads, *(group.ad_group for group in tree.groups), tree.campaign]
    for item in leaves_first:
        await platform.set_status(item.ref, ConfiguredStatus.ACTIVE)
        await _marked(platform, item.key_token)


async def _marked(platform: AdPlatform, journal_id: str | None) -> None:
    runtime = _runtime(platform)
    if runtime is not None and journal_id is not None:
        await runtime.journal.mark(journal_id, State.ACTIVE, moment(runtime.clock))


# The tree's own record --------------------------------------------------------------------------------------------


class _Note:
    """The journal's record of a verified tree: from then on a key stands for this tree, and it is not compared again.

    While the build is under way only its parts have records: a part that the platform refused may be corrected, and
    the same key goes on.
    """

    def __init__(self, runtime: Runtime | None, record: Record | None) -> None:
        self._runtime = runtime
        self._record = record

    @classmethod
    def of(cls, platform: AdPlatform, tree: CampaignTree, key: str) -> _Note:
        runtime, account = _runtime(platform), getattr(platform, "account", None)
        if runtime is None or account is None:  # a platform without a journal of its own
            return cls(None, None)
        own = JournalKey(str(platform.platform), account, OPERATION, key)
        return cls(runtime, Record(own, payload_hash(OPERATION, (), {"tree": tree}), kind=Kind.TREE))

    async def is_verified(self) -> bool:
        if self._runtime is None or self._record is None:
            return False
        known = await self._runtime.journal.get(self._record.id)
        if known is None or known.state not in DONE:
            return False
        if known.payload != self._record.payload:
            raise conflict(known)
        return True

    async def verified(self) -> None:
        if self._runtime is not None and self._record is not None:
            self._record.state = State.VERIFIED
            await self._runtime.journal.claim(self._record, moment(self._runtime.clock))


def _runtime(platform: AdPlatform) -> Runtime | None:
    return getattr(platform, "runtime", None)
