"""The world behind a simulator: what exists, since when, who can see it, and what really happened.

Tests ask it the questions that matter: `duplicates()`, `orphans()`, `parked()`, `active_trees()`, `could_spend()`.
A level is a vendor-neutral word ("campaign", "ad_group", "ad", "video", ...). The marker of a write is read from the
object's name, so that the world counts by key without knowing who calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from backstay.policies.settings import refuse
from backstay.sandbox.lags import Lag, check_lag, drawn
from backstay.writes.marker import unmark

CAMPAIGN: Final = "campaign"
AD_GROUP: Final = "ad_group"
AD: Final = "ad"

Data = dict[str, Any]


class State(StrEnum):
    """What somebody has set an object to."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Version:
    """An object as it was from one moment on."""

    at: float
    visible_at: float
    """When lists begin to show this version."""
    name: str
    state: State
    data: Mapping[str, Any]


@dataclass(slots=True)
class Thing:
    """An object with all its versions."""

    id: str
    account: str
    level: str
    parent: str | None
    versions: list[Version]
    key: str | None
    """The token of its first name's marker, or of the marker that it was created with elsewhere, as in a label."""
    spends: bool
    was_active: bool

    @property
    def now(self) -> Version:
        """The newest version: what the vendor itself knows."""
        return self.versions[-1]

    @property
    def state(self) -> State:
        """What it is set to."""
        return self.now.state

    @property
    def name(self) -> str:
        """Its name on the wire."""
        return self.now.name

    @property
    def data(self) -> Mapping[str, Any]:
        """Its other fields."""
        return self.now.data

    @property
    def created_at(self) -> float:
        """Wall seconds."""
        return self.versions[0].at

    @property
    def visible_at(self) -> float:
        """Wall seconds from which lists show it."""
        return self.versions[0].visible_at

    def seen(self, now: float) -> Version | None:
        """What a lagging list shows at `now`; None before it shows anything."""
        shown = [version for version in self.versions if version.visible_at <= now]
        return shown[-1] if shown else None


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that really happened."""

    at: float
    kind: str
    """create, update, status, delete or upload."""
    level: str
    id: str
    account: str
    key: str | None
    can_spend: bool
    """Whether the object was active afterwards, on a level that spends."""
    note: Mapping[str, Any] = field(default_factory=dict)


class World:
    """Objects and effects. Everything random in it comes from its seed; time is an argument."""

    def __init__(self, seed: int = 0, *, read_lag: Lag = 0.0, lag_updates: bool = False) -> None:
        check_lag("read_lag", read_lag)
        self.seed = seed
        self.read_lag: Lag = read_lag
        """Seconds until lists show a new object: a number, a range, or a list (per account and level, in turn)."""
        self.lag_updates = lag_updates
        """Whether changes of an object reach the lists late, too."""
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.log: list[Effect] = []
        self._things: dict[str, Thing] = {}
        self._children: dict[str | None, list[Thing]] = defaultdict(list)
        self._levels: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        self._names: dict[tuple[str, str, str], list[Thing]] = defaultdict(list)
        self._counter = 0

    def next_number(self) -> int:
        """A counter for ids."""
        self._counter += 1
        return self._counter

    def create(
        self,
        now: float,
        *,
        id: str,  # noqa: A002 - the field's name everywhere
        account: str,
        level: str,
        name: str = "",
        state: State = State.PAUSED,
        parent: str | None = None,
        data: Mapping[str, Any] | None = None,
        spends: bool = True,
        kind: str = "create",
        key: str | None = None,
    ) -> Thing:
        """A new object; the effect is logged as `kind`.

        `key` is the token of a marker that is not in the name; "" says that the object answers to none.
        """
        if id in self._things:
            refuse("id", id, "an id that is not in the world yet")
        turn = len(self._levels[account, level])
        first = Version(now, now + self._lag(turn, "create", id), name, state, dict(data or {}))
        token = unmark(name)[1] if key is None else key or None
        thing = Thing(id, account, level, parent, [first], token, spends, state is State.ACTIVE)
        self._things[id] = thing
        self._children[parent].append(thing)
        self._levels[account, level].append(thing)
        self._names[account, level, name].append(thing)
        self._note(now, kind, thing)
        return thing

    def update(self, now: float, thing: Thing, *, name: str | None = None, **data: Any) -> None:
        """Change an object's name and fields."""
        if name is not None and name != thing.name:
            self._names[thing.account, thing.level, name].append(thing)
        self._append(now, thing, name=name, data=data)
        self._note(now, "update", thing, fields=sorted(data))

    def set_state(self, now: float, thing: Thing, state: State, **data: Any) -> None:
        """Activate, pause or remove an object."""
        self._append(now, thing, state=state, data=data)
        thing.was_active = thing.was_active or state is State.ACTIVE
        self._note(now, "delete" if state is State.REMOVED else "status", thing, state=str(state))

    def get(self, id: str) -> Thing | None:  # noqa: A002 - as above
        """An object by its id, visible or not."""
        return self._things.get(id)

    def at(self, account: str, level: str) -> list[Thing]:
        """An account's objects of a level, oldest first, visible or not."""
        return list(self._levels[account, level])

    def named(self, account: str, level: str, name: str) -> list[Thing]:
        """Objects that bear exactly this name, removed ones included."""
        return [thing for thing in self._names[account, level, name] if thing.name == name]

    def children(self, parent: str) -> list[Thing]:
        """What belongs to an object."""
        return list(self._children[parent])

    def objects(self, key: str | None = None, level: str | None = None) -> list[Thing]:
        """All objects; those of a key's token; those of a level."""
        return [
            thing
            for thing in self._things.values()
            if (key is None or thing.key == key) and (level is None or thing.level == level)
        ]

    def _append(
        self, now: float, thing: Thing, *, name: str | None = None, state: State | None = None, data: Data
    ) -> None:
        last = thing.now
        turn = len(thing.versions)
        lag = self._lag(turn, "update", thing.id, turn) if self.lag_updates else 0.0
        # A change never shows before what it changes.
        visible = max(now + lag, last.visible_at)
        merged = {**last.data, **data}
        newest = Version(now, visible, last.name if name is None else name, state or last.state, merged)
        thing.versions.append(newest)

    def _lag(self, turn: int, *what: object) -> float:
        return drawn(self.read_lag, turn, self.seed, *what)

    def _note(self, now: float, kind: str, thing: Thing, **note: Any) -> None:
        spends = thing.spends and thing.state is State.ACTIVE
        effect = Effect(now, kind, thing.level, thing.id, thing.account, thing.key, spends, note)
        self.log.append(effect)

    def duplicates(self) -> dict[str, list[str]]:
        """Keys with two or more objects that were ever active, with those objects' ids."""
        return {key: ids for key, ids in _by_key(t for t in self._things.values() if t.was_active) if len(ids) > 1}

    def parked(self) -> list[str]:
        """Ids of never-active extras: a key has another object, and this one never ran."""
        extras: list[str] = []
        for _, ids in _by_key(self._things.values()):
            never = [id_ for id_ in ids if not self._things[id_].was_active]
            # If none of them ever ran, the oldest one is the object and the rest are extras.
            extras += never[1:] if len(never) == len(ids) else never
        return extras

    def orphans(self, owned: Collection[str]) -> list[str]:
        """Ids of active objects of which no journal knows the id or the key."""
        return [
            thing.id
            for thing in self._things.values()
            if thing.spends and thing.state is State.ACTIVE and thing.id not in owned and thing.key not in owned
        ]

    def active_trees(self) -> list[str]:
        """Ids of active campaigns with an active ad group with an active ad."""
        return sorted({chain[-1].id for chain in self._live()})

    def could_spend(self, now: float) -> list[str]:
        """Ids of ads that can spend at `now`: everything above them is active and their schedule has begun."""
        return [chain[0].id for chain in self._live() if all(_running(thing, now) for thing in chain)]

    def summary(self, owned: Collection[str] = ()) -> dict[str, int]:
        """How many of each; `orphans` counts everything active when no journal is given."""
        return {
            "objects": len(self._things),
            "effects": len(self.log),
            "duplicates": len(self.duplicates()),
            "parked": len(self.parked()),
            "orphans": len(self.orphans(owned)),
            "active_trees": len(self.active_trees()),
        }

    def _live(self) -> list[tuple[Thing, Thing, Thing]]:
        chains = []
        for ad in self.objects(level=AD):
            group = self._things.get(ad.parent or "")
            campaign = self._things.get((group.parent if group else None) or "")
            if group and campaign and all(each.state is State.ACTIVE for each in (ad, group, campaign)):
                chains.append((ad, group, campaign))
        return chains


def _by_key(things: Iterable[Thing]) -> Iterable[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for thing in things:
        if thing.key is not None:
            found[thing.key].append(thing.id)
    return found.items()


def _running(thing: Thing, now: float) -> bool:
    starts, ends = thing.data.get("_starts"), thing.data.get("_ends")
    return (starts is None or starts <= now) and (ends is None or now < ends)
