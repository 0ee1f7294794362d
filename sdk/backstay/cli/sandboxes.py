"""The simulators that are there, found by name: the sdk imports no vendor.

An adapter's `sandbox` takes part by saying what `backstay sandbox` serves: SANDBOX (the class), ACCOUNTS, TOKEN, TIERS;
and NEEDS, where serving needs modules that importing does not.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Final

from backstay.cli.classify import FOLDER, GROUP
from backstay.policies.settings import refuse
from backstay.sandbox import Simulator, load_faults

NAMES: Final = ("SANDBOX", "ACCOUNTS", "TOKEN", "TIERS")


def find_sandboxes(only: Iterable[str] = ()) -> dict[str, Any]:
    """Each vendor's module of its simulator, by the vendor's name; `only` chooses some of them.

    Raises:
        InvalidRequestError: for a vendor that has no simulator here.
    """
    wanted = tuple(only)
    found = {name: module for name, home in sorted(_homes().items()) if (module := _load(name, home, wanted))}
    for name in wanted:
        if name not in found:
            refuse("vendor", name, f"one of {', '.join(sorted(found)) or 'those that are installed'}")
    return {name: module for name, module in found.items() if not wanted or name in wanted}


def make_sandboxes(modules: Mapping[str, Any], faults: str, seed: int, tier: str) -> dict[str, Simulator]:
    """One simulator for each vendor, each with a fault plan of its own; `tier` goes to the vendors that know it.

    Raises:
        InvalidRequestError: for a bad plan, or a tier that none of them knows.
    """
    known = {each for module in modules.values() for each in module.TIERS}
    if tier and tier not in known:
        refuse("tier", tier, f"one of {', '.join(sorted(known))}, or nothing for no limits")
    return {
        name: module.SANDBOX(
            seed=seed, faults=load_faults(faults, seed), **({"tier": tier} if tier in module.TIERS else {})
        )
        for name, module in modules.items()
    }


def _homes() -> dict[str, str]:
    """Where adapters live: announced ones, and those in the folder of a checkout."""
    found = {point.name: point.module for point in entry_points(group=GROUP)}
    folder = importlib.import_module(FOLDER)
    here = {each.name: f"{FOLDER}.{each.name}" for each in pkgutil.iter_modules(folder.__path__) if each.ispkg}
    return {**here, **found}


def _load(name: str, home: str, wanted: tuple[str, ...]) -> Any:
    """The module, if it can be served; a vendor whose extra is not installed is missed only when it was asked for."""
    try:
        if find_spec(f"{home}.sandbox") is None:
            return None
        module = importlib.import_module(f"{home}.sandbox")
        for need in getattr(module, "NEEDS", ()):
            importlib.import_module(need)
    except ModuleNotFoundError as error:
        if name in wanted:
            refuse("vendor", name, f"what its adapter needs: {error}")
        return None
    return module if all(hasattr(module, each) for each in NAMES) else None
