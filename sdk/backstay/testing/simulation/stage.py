"""What a platform is to the simulation: a simulator whose unknown behaviours are drawn, and an adapter on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from backstay.ads import AdPlatform, ConfiguredStatus
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport, World
from backstay.sandbox.world import State, Thing
from backstay.testing.samples import Samples
from backstay.testing.wires import Wire
from backstay.writes.marker import unmark

Tune = Callable[[Profile], Profile]
"""Changes an adapter's profile: for sabotage."""


class Look(NamedTuple):
    """What an object truly was from a moment on, in common words."""

    at: float
    visible_at: float
    """Wall seconds from which reads may show it."""
    name: str | None
    """None where the vendor's objects have none."""
    status: ConfiguredStatus
    budget: Decimal | None


STATUS: Mapping[State, ConfiguredStatus] = MappingProxyType(
    {
        State.ACTIVE: ConfiguredStatus.ACTIVE,
        State.PAUSED: ConfiguredStatus.PAUSED,
        State.REMOVED: ConfiguredStatus.DELETED,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A platform in one run."""

    vendor: str
    account: str
    simulator: Any
    """Its `world` is what is believed; its `faults` are set by the run."""
    make: Callable[[Runtime, Any, Tune], AdPlatform]
    """An adapter on a runtime and a wire."""
    samples: Samples
    budget: Callable[[Mapping[str, Any]], Decimal | None]
    """A daily budget in main units, from an object's fields in the world."""
    lag: float
    """Seconds after which every kind of read shows a write."""
    shell: Callable[[Any, Any], Any] = SimTransport
    wire: Callable[..., Any] = Wire
    """Joins the shell to a process: `wire(shell, process, arrives=...)`."""
    writes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"method": "POST"}))
    """Fields of a fault rule that match writes and no reads."""
    levels: Sequence[str] = ("campaign", "ad_group", "ad")
    looks: Callable[[Thing], list[Look]] | None = None
    """The true past of an object, where it is more than the object's own versions."""
    apart: bool = False
    """Whether a budget is an object of its own, of which reads lag by themselves."""
    overspend: Decimal = Decimal(1)
    """How many times a daily budget may be spent on one day."""
    atomic: bool = False
    """Whether a tree is made by one request, under the campaign's key."""
    drawn: str = ""
    """What was drawn, for the trace."""

    @property
    def world(self) -> World:
        """What really happened."""
        world: World = self.simulator.world
        return world

    def past(self, thing: Thing) -> list[Look]:
        """All that the object ever was, oldest first."""
        if self.looks is not None:
            return self.looks(thing)
        return [
            Look(each.at, each.visible_at, unmark(each.name)[0], STATUS[each.state], self.budget(each.data))
            for each in thing.versions
        ]


class Stage(Protocol):
    """A platform that the simulation can play."""

    @property
    def vendor(self) -> str:
        """Its id."""
        ...

    def play(self, draw: random.Random, seed: int) -> Played:
        """Draw what is not known of the vendor, and build it."""
        ...


def lags(draw: random.Random, longest: float) -> tuple[Any, float]:
    """A read lag for a world, and its longest: none, always the same, drawn, or the first object at once."""
    most = round(draw.uniform(0.5, longest), 1)
    return draw.choice([(0.0, 0.0), (most, most), ((0.0, most), most), ([0.0, most], most)])


__all__ = ["STATUS", "Look", "Played", "Stage", "Tune", "lags"]
