"""What a service does in a run: operations drawn at random, on what it knows to exist."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from backstay.ads import (
    AdGroupPatch,
    AdPatch,
    AdPlatform,
    Budget,
    CampaignPatch,
    CampaignTree,
    ConfiguredStatus,
    DateRange,
    Level,
    MediaKind,
    MediaUpload,
    MetricsQuery,
    Money,
    Query,
    Ref,
    SettableStatus,
)
from backstay.ads.capabilities import Capability
from backstay.errors import BackstayError
from backstay.testing.simulation.stage import Played
from backstay.testing.simulation.town import House, Town
from backstay.writes.recover import recover
from backstay.writes.tree import activate_tree

Action = Callable[["Actor"], Awaitable[Any]]

NAMES: Final = ("Spring", "Summer", "Autumn")
BELOW: Final = {Level.CAMPAIGN: Level.AD_GROUP, Level.AD_GROUP: Level.AD}
TODAY: Final = date(2026, 1, 1)
ODD: Final = 0.08
"""Share of the creates that come with another payload under the same key."""


@dataclass(eq=False)
class Wishes:
    """What the service wants, and what it has heard of: kept where no process dies."""

    trees: dict[str, CampaignTree] = field(default_factory=dict)
    """A tree for each platform, media uploaded."""
    known: list[Ref] = field(default_factory=list)

    def learn(self, *refs: Ref) -> None:
        """These exist."""
        self.known += [ref for ref in refs if ref not in self.known]


async def prepare(town: Town, wishes: Wishes) -> None:
    """Upload what ads need, before it storms."""
    house = town.open()

    async def work() -> None:
        for name, played in town.played.items():
            while name not in wishes.trees:
                with contextlib.suppress(BackstayError):  # a token that cannot be had now can be had in a moment
                    wishes.trees[name] = await played.samples.tree(house.ads[name], name="Tree")

    await house.process.run(work())


class Actor:
    """One task of one process."""

    def __init__(self, town: Town, house: House, wishes: Wishes, draw: random.Random) -> None:
        self.town = town
        self.house = house
        self.wishes = wishes
        self.draw = draw

    async def act(self) -> None:
        """One operation; it may be cancelled in the middle."""
        action, options = draw_action(self.draw, crowd=self.town.setting.crowd), self._options()
        work = asyncio.create_task(self._survived(action, options))
        if self.draw.random() < self.town.setting.cancels:
            await asyncio.wait([work], timeout=self.draw.choice((0.0, 0.5, 5.0, 20.0)) * self.draw.random())
            work.cancel()
            await asyncio.wait([work])
        else:
            await work

    async def _survived(self, action: Action, options: dict[str, Any]) -> None:
        self.options = options
        try:
            await action(self)
        except BackstayError:
            pass
        except Exception as error:  # noqa: BLE001 - no caller should ever see another one: the run has failed
            self.town.foreign.append(f"{action.__name__}: {error!r}")

    def _options(self) -> dict[str, Any]:
        """Now and then a caller has less time or fewer tries."""
        if self.draw.random() < 0.7:
            return {}
        return self.draw.choice(
            ({"deadline": self.draw.uniform(0.5, 60.0)}, {"attempt_timeout": self.draw.uniform(1.0, 20.0)},
             {"max_attempts": self.draw.randrange(1, 4)})
        )  # fmt: skip

    # What it chooses from ----------------------------------------------------------------------------------------

    def platform(self) -> tuple[str, AdPlatform, Played]:
        """One of the platforms."""
        name = self.draw.choice(tuple(self.house.ads))
        return name, self.house.ads[name], self.town.played[name]

    def known(self, *levels: Level) -> tuple[Ref, AdPlatform] | None:
        """An object that the service has heard of, and its platform."""
        found = [ref for ref in self.wishes.known if ref.level in levels]
        if not found:
            return None
        ref = self.draw.choice(found)
        return ref, self.owner(ref)

    def owner(self, ref: Ref) -> AdPlatform:
        """Who has it."""
        return next(ads for ads in self.house.ads.values() if ads.owns(ref))

    def choice_of(self, keys: int) -> int:
        """The number of one of so many keys; in a crowd always the same."""
        return 0 if self.town.setting.crowd else self.draw.randrange(keys)

    def odd(self, spec: Any) -> Any:
        """The payload, or now and then another one."""
        return spec.but(name=f"{spec.name} (odd)") if self.draw.random() < ODD else spec


# Writing ------------------------------------------------------------------------------------------------------------


async def create_campaign(actor: Actor) -> None:
    """One of three keys of a platform."""
    _, ads, played = actor.platform()
    number = actor.choice_of(3)
    spec = actor.odd(played.samples.campaign(NAMES[number]))
    made = await ads.create_campaign(spec, idempotency_key=f"c{number}", **actor.options)
    actor.wishes.learn(made.value.ref)


async def create_below(actor: Actor) -> None:
    """An ad group in a campaign, or an ad in an ad group."""
    found = actor.known(Level.CAMPAIGN, Level.AD_GROUP)
    if found is None:
        return
    above, ads = found
    number = actor.choice_of(2)
    key = f"{above.id}+{number}"
    tree = actor.wishes.trees[str(above.platform)].groups[0]
    if above.level is Level.CAMPAIGN:
        group = actor.odd(tree.ad_group.but(name=f"Group {number}"))
        actor.wishes.learn((await ads.create_ad_group(above, group, idempotency_key=key, **actor.options)).value.ref)
    else:
        ad = actor.odd(tree.ads[0].but(name=f"Ad {number}"))
        actor.wishes.learn((await ads.create_ad(above, ad, idempotency_key=key, **actor.options)).value.ref)


async def build(actor: Actor) -> None:
    """A tree of one of two keys, small or large; most often it is switched on."""
    name, ads, _ = actor.platform()
    number = actor.choice_of(2)
    tree = actor.wishes.trees[name]
    wanted = tree.but(
        campaign=actor.odd(tree.campaign.but(name=f"Tree {number}")), groups=tree.groups[: 1 + number]
    )  # fmt: skip
    await _build(actor, ads, wanted, f"t{number}")


async def build_somewhere(actor: Actor) -> None:
    """A tree through the split: its key decides on which platform."""
    number = actor.choice_of(2)
    tree = next(iter(actor.wishes.trees.values()))
    wanted = tree.but(campaign=tree.campaign.but(name=f"Anywhere {number}"), groups=tree.groups[:1])
    await _build(actor, actor.house.split, wanted, f"s{number}")


async def _build(actor: Actor, ads: AdPlatform, tree: CampaignTree, key: str) -> None:
    built = (await ads.create_tree(tree, idempotency_key=key, **actor.options)).value
    groups = [group.ad_group.ref for group in built.groups]
    actor.wishes.learn(built.campaign.ref, *groups, *(ad.ref for group in built.groups for ad in group.ads))
    if actor.draw.random() < 0.7:
        await activate_tree(ads, built)


async def plan(actor: Actor) -> None:
    """A dry run."""
    name, ads, _ = actor.platform()
    key = actor.draw.choice(("c0", "t0", "dry"))
    await ads.create_tree(actor.wishes.trees[name], idempotency_key=key, dry_run=True, **actor.options)


async def upload(actor: Actor) -> None:
    """A picture or a video of one of two keys."""
    _, ads, _ = actor.platform()
    number = actor.choice_of(2)
    if Capability.IMAGE_UPLOAD in ads.capabilities:
        picture = MediaUpload(kind=MediaKind.IMAGE, name=f"p{number}.png", data=b"picture %d" % number)
        await ads.upload_image(picture, idempotency_key=f"p{number}", **actor.options)
    if Capability.VIDEO_UPLOAD in ads.capabilities and actor.draw.random() < 0.3:
        film = MediaUpload(kind=MediaKind.VIDEO, name=f"f{number}.mp4", data=b"film %d" % number)
        await ads.upload_video(film, idempotency_key=f"f{number}", **actor.options)


async def switch(actor: Actor) -> None:
    """Something on or off; now and then for good."""
    found = actor.known(*BELOW, Level.AD)
    if found is None:
        return
    ref, ads = found
    statuses: tuple[SettableStatus, ...] = (
        ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.DELETED,
    )  # fmt: skip
    await ads.set_status(ref, actor.draw.choices(statuses, (5, 4, 1))[0], **actor.options)


async def set_budget(actor: Actor) -> None:
    """Another budget for a campaign, on a live answer or on what happens to be cached."""
    found = actor.known(Level.CAMPAIGN)
    if found is None:
        return
    ref, ads = found
    live: dict[str, Any] = {"max_age": 0, "max_stale": 0} if actor.draw.random() < 0.8 else {}
    campaign = await ads.get_campaign(ref, **live)
    if campaign.budget is not None and campaign.budget.amount is not None:
        amount = Money(Decimal(actor.draw.randrange(100, 200)), campaign.budget.amount.currency)
        await ads.set_budget(ref, Budget.daily(amount), expect=campaign, **actor.options)


async def rename(actor: Actor) -> None:
    """Another name."""
    found = actor.known(*BELOW, Level.AD)
    if found is None:
        return
    ref, ads = found
    name = f"Renamed {actor.draw.randrange(100)}"
    if ref.level is Level.CAMPAIGN:
        await ads.update_campaign(ref, CampaignPatch(name=name), **actor.options)
    elif ref.level is Level.AD_GROUP:
        await ads.update_ad_group(ref, AdGroupPatch(name=name), **actor.options)
    else:
        await ads.update_ad(ref, AdPatch(name=name), **actor.options)


async def replay(actor: Actor) -> None:
    """A dead letter."""
    letters = await actor.house.runtime.letters.list()
    if letters:
        letter = actor.draw.choice(letters)
        target: Any = actor.house.ads[letter.vendor]
        await actor.house.runtime.letters.replay(letter.dlq_id, target)


async def settle(actor: Actor) -> None:
    """Look at what is open, as after a restart."""
    ads = actor.house.ads
    await actor.town.book.hear(next(iter(ads.values())), "recover", {}, recover(actor.house.runtime, ads.values()))


# Reading ------------------------------------------------------------------------------------------------------------


async def look(actor: Actor) -> None:
    """One object, live or as the cache has it."""
    found = actor.known(*BELOW, Level.AD)
    if found is not None:
        await read(found[1], found[0], **actor.draw.choice(({}, {"max_age": 0}, {"max_age": 0, "max_stale": 0})))


async def read(ads: AdPlatform, ref: Ref, **options: Any) -> Any:
    """An object of any level."""
    methods: dict[Level, Any] = {
        Level.CAMPAIGN: ads.get_campaign, Level.AD_GROUP: ads.get_ad_group, Level.AD: ads.get_ad,
    }  # fmt: skip
    return await methods[ref.level](ref, **options)


async def listing(actor: Actor) -> None:
    """A list, with some filter."""
    _, ads, _ = actor.platform()
    found = actor.known(Level.CAMPAIGN)
    queries = [Query(), Query(statuses=(ConfiguredStatus.ACTIVE,)), Query(name_contains="Tree", page_size=2)]
    if found is not None and ads.owns(found[0]):
        queries.append(Query(parent=found[0]))
    query, live = actor.draw.choice(queries), actor.draw.choice(({}, {"max_age": 0, "max_stale": 0}))
    level = actor.draw.choice((*BELOW, Level.AD)) if query.parent is None else Level.AD_GROUP
    lists: dict[Level, Any] = {
        Level.CAMPAIGN: ads.list_campaigns, Level.AD_GROUP: ads.list_ad_groups, Level.AD: ads.list_ads,
    }  # fmt: skip
    pages = lists[level](query, **live)
    await actor.town.book.hear(ads, "list", {"level": level, "query": query, **live}, pages.all())


async def find(actor: Actor) -> None:
    """By key."""
    _, ads, _ = actor.platform()
    key = actor.draw.choice(("c0", "c1", "c2", "t0", "t1", "s0"))
    await ads.find_by_key(Level.CAMPAIGN, key, **actor.options)


async def report(actor: Actor) -> None:
    """Numbers of the last days."""
    _, ads, _ = actor.platform()
    query = MetricsQuery(level=actor.draw.choice((Level.CAMPAIGN, Level.AD)), days=DateRange(TODAY, TODAY))
    await ads.get_metrics(query, **actor.options)


async def account(actor: Actor) -> None:
    """The account or its balance."""
    _, ads, _ = actor.platform()
    if Capability.BALANCE in ads.capabilities and actor.draw.random() < 0.5:
        await ads.get_balance(**actor.options)
    else:
        await ads.get_account(**actor.options)


CALM: Final[tuple[tuple[Action, float], ...]] = (
    (create_campaign, 14), (create_below, 16), (build, 10), (build_somewhere, 4), (plan, 2), (upload, 4),
    (switch, 12), (set_budget, 8), (rename, 8), (replay, 6), (settle, 2), (look, 10), (listing, 5), (find, 5),
    (report, 3), (account, 2),
)  # fmt: skip
"""What is done, and how often."""
CROWDED: Final[tuple[tuple[Action, float], ...]] = (
    (create_campaign, 10), (create_below, 40), (build, 20), (build_somewhere, 5), (switch, 8), (replay, 5), (settle, 5),
    (look, 5),
)  # fmt: skip
"""The same in a crowd: most want the same few things made."""


def draw_action(draw: random.Random, *, crowd: bool) -> Action:
    """One of them."""
    actions, weights = zip(*(CROWDED if crowd else CALM), strict=True)
    action: Action = draw.choices(actions, weights)[0]
    return action


__all__ = ["Actor", "Wishes", "prepare", "read"]
