"""Who plays in the demo: each ad platform that is installed, with its simulator, found by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backstay.ads import AdGroupSpec, AdPlatform, AdSpec, Targeting
from backstay.cli.sandboxes import find_sandboxes
from backstay.runtime import Runtime
from backstay.sandbox import FaultPlan
from backstay.testing.samples import Samples


@dataclass(slots=True)
class Role:
    """A platform before the play: its simulator, and how an adapter is put on it."""

    name: str
    simulator: Any
    stage: Any

    def enter(self, runtime: Runtime, *, url: str = "", **profile: Any) -> Member:
        """An adapter on the simulator here, or at an address; `profile` changes single settings of the vendor's."""
        ads = self.stage.adapter(self.simulator, runtime, url=url, **profile)
        return Member(self.name, ads, Samples("USD", self.stage.LOCATIONS, self.stage.FIELDS))


@dataclass(slots=True)
class Member:
    """A platform in the play."""

    name: str
    ads: AdPlatform
    samples: Samples
    ad: AdSpec | None = field(default=None)
    """What an ad shows here; its files are uploaded."""

    async def prepare(self) -> None:
        """Upload what the ads show; the keys make sure that it happens once, however often this is called."""
        self.ad = self.ad or await self.samples.ad(self.ads)

    def words(self, spec: Any) -> Any:
        """A common spec in the platform's own words: its names of places, its files, its kind of ad."""
        if isinstance(spec, AdGroupSpec):
            return spec.but(targeting=Targeting(locations=self.samples.locations))
        if isinstance(spec, AdSpec) and self.ad is not None:
            return spec.but(creative=self.ad.creative)
        return spec


def roles(seed: int, faults: Mapping[str, FaultPlan], only: Iterable[str] = ()) -> dict[str, Role]:
    """The ad platforms that have a stage, by name, each with a fault plan of its own (`faults[""]` for all others)."""
    found: dict[str, Role] = {}
    for name, module in find_sandboxes(only).items():
        stage = _stage(module.__name__)
        if stage is not None:
            plan = faults.get(name, faults[""])
            found[name] = Role(name, module.SANDBOX(seed=seed, faults=plan), stage)
    return found


def _stage(home: str) -> Any:
    try:
        return importlib.import_module(f"{home}.stage")
    except ModuleNotFoundError as error:
        if error.name != f"{home}.stage":
            raise
        return None
