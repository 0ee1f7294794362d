"""`backstay explain`: an adapter's numbers with where they come from, and what would follow an error.

Nothing is written down here twice: the profile is the one that the adapter would get, and what follows an error is
asked of the functions that decide it (`engine.decide`, `policies.retry`, the breaker's verdict, the stale types).
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from backstay.auth import Credentials
from backstay.base import Adapter
from backstay.cli.classify import ALIASES, GROUP, find_table
from backstay.engine.attempt import overloaded, verdict
from backstay.engine.call import Call, Plan
from backstay.engine.decide import THROTTLED, exists_already, next_move, ruling
from backstay.errors import CLASSES, BackstayError, InvalidRequestError
from backstay.operation import Operation, operations_of
from backstay.policies.budget import price
from backstay.policies.effect import Effect, Move
from backstay.policies.freshness import STALE_TYPES
from backstay.policies.retry import Why
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.taxonomy import Certainty, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

DEFAULT: Final = "Profile()"
"""Where a number comes from that no vendor has changed."""
PAUSING: Final = "set that pauses"
HEARD: Final = {
    True: "counts against the vendor",
    False: "counts as a sign of life",
    None: "counts neither way",
}
"""What the breaker makes of an error, by its verdict."""


@dataclass(frozen=True, slots=True)
class Known:
    """An adapter that is installed, with the profiles that its levels of access have."""

    vendor: str
    adapter: type[Adapter]
    parameter: str
    """What a level is called: tier, level; empty where there is only one."""
    profiles: Mapping[str, Profile]
    usual: str

    def chosen(self, level: str | None) -> str:
        """The level asked for, or the usual one.

        Raises:
            InvalidRequestError: there is no such level.
        """
        if level is None:
            return self.usual
        if level not in self.profiles or not self.parameter:
            levels = [name for name in self.profiles if name]
            raise _unknown(self.parameter or "tier", level, levels, f"{self.vendor} has one profile only")
        return level


def explain(
    adapter: str, type_: str | None = None, operation: str | None = None, level: str | None = None
) -> dict[str, Any]:
    """All that there is to say, as JSON-like data.

    Raises:
        InvalidRequestError: an adapter, type, operation or level that does not exist; the nearest one is named.
    """
    known = find(adapter)
    chosen = known.chosen(level)
    planner = _Planner(known, chosen)
    told: dict[str, Any] = {
        "adapter": known.adapter.__name__, "vendor": known.vendor, known.parameter or "tier": chosen or None,
        "levels": [name for name in known.profiles if name], "note": known.profiles[chosen].note,
        "profile": profile_facts(known, chosen),
        "operations": {name: planner.facts(name) for name in planner.asked(operation)},
    }  # fmt: skip
    if type_ is not None:
        told["error"] = error_facts(known, planner, find_type(type_), operation)
    return told


def find(adapter: str) -> Known:
    """An adapter by its vendor's name or its class's.

    Raises:
        InvalidRequestError: none of that name is installed.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    classes = {point.attr.lower(): name for name, point in points.items() if point.attr}
    name = adapter.strip().lower().replace("-", "_")
    name = classes.get(name, ALIASES.get(name, name))
    if name not in points:
        named = [each for point in points.values() for each in (point.name, point.attr)]
        raise _unknown("adapter", adapter, sorted(named), "install one")
    point = points[name]
    return _known(name, point.load(), import_module(f"{point.module}.profile"))


def _known(vendor: str, adapter: type[Adapter], module: Any) -> Known:
    """By the house's convention: `<vendor>_profile(tier)` in `profile.py`, and its levels in TIERS, or as it says.

    Keywords of it are no levels: they are numbers that only the user knows.
    """
    make: Callable[..., Profile] = getattr(module, f"{vendor}_profile")
    parameter = next(iter(inspect.signature(make).parameters.values()), None)
    if parameter is None or parameter.kind is parameter.KEYWORD_ONLY:
        return Known(vendor, adapter, "", {"": make()}, "")
    levels: Iterable[str] = getattr(module, f"{parameter.name.upper()}S")
    return Known(vendor, adapter, parameter.name, {name: make(name) for name in levels}, parameter.default)


def find_type(name: str) -> str:
    """A type of the taxonomy, however it is written; raises InvalidRequestError with the nearest one."""
    wanted = name.strip().upper().replace("-", "_")
    if wanted not in CLASSES:
        raise _unknown("type", name, sorted(CLASSES), "see docs/errors.md")
    return wanted


def profile_facts(known: Known, level: str) -> dict[str, dict[str, Any]]:
    """Each number with where it comes from: `Profile()`, the vendor's profile, or its level."""
    base, chosen = dict(leaves(Profile())), dict(leaves(known.profiles[level]))
    others = [dict(leaves(profile)) for profile in known.profiles.values()]
    found = {}
    for name, value in chosen.items():
        if name in base and base[name] == value:
            source = DEFAULT
        elif all(other.get(name, ...) == value for other in others):
            source = known.vendor
        else:
            source = f"{known.vendor}, {known.parameter} {level}"
        found[name] = {"value": value, "from": source}
    return found


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Numbers, texts and the like inside settings, by dotted name."""
    if dataclasses.is_dataclass(value):
        inside = [(item.name, getattr(value, item.name)) for item in dataclasses.fields(value) if item.name != "note"]
    elif hasattr(value, "items"):
        inside = list(value.items())
    else:
        told = sorted(value) if isinstance(value, frozenset) else value  # of names
        yield name, told.value if isinstance(told, Enum) else told
        return
    for key, each in inside:
        yield from leaves(each, f"{name}.{key}" if name else str(key))


class _Planner:
    """Resolves operations as the adapter would, without credentials or a connection."""

    def __init__(self, known: Known, level: str) -> None:
        self.known = known
        self.operations = {op.name: op for op in operations_of(known.adapter).values()}
        self._adapter = _Unconnected(
            credentials=Credentials("none"), account="-", host="-", profile=known.profiles[level],
            runtime=Runtime.in_memory(listeners=()), options={},
        )  # fmt: skip

    def asked(self, operation: str | None) -> list[str]:
        """The one operation, or all; raises InvalidRequestError with the nearest one."""
        if operation is None:
            return sorted(self.operations)
        if operation not in self.operations:
            raise _unknown("operation", operation, sorted(self.operations), f"{self.known.vendor} has none")
        return [operation]

    def plan(self, name: str) -> Plan:
        """The operation with its options resolved."""
        return self._adapter.plan(self.operations[name], {})

    def facts(self, name: str) -> dict[str, Any]:
        """What an operation is, and what applies to it."""
        operation, plan = self.operations[name], self.plan(name)
        return {
            "effect": operation.effect.value,
            "attempt_timeout": plan.attempt_timeout,
            "deadline": plan.deadline,
            "fresh_for": 0.0 if operation.deciding else plan.ttl,
            "stale_up_to": stale_up_to(operation, plan),
            "hedged": plan.hedge is not None,
            "who": plan.criticality,
            "limits": sorted(plan.scope.limiters),
            "cost": "by its arguments" if callable(operation.cost) else plan.cost,
            "group": operation.group,
        }


class _Unconnected(Adapter):
    """Any vendor's adapter, as far as its options go."""

    vendor = "-"


def stale_up_to(operation: Operation, plan: Plan) -> float:
    """Age in seconds of an answer that may stand in for an error; 0.0 is never."""
    return plan.max_stale if operation.effect is Effect.READ and plan.ttl and not operation.deciding else 0.0


def error_facts(known: Known, planner: _Planner, type_: str, operation: str | None) -> dict[str, Any]:
    """What an error type means, and what would follow it."""
    kind, error = lookup(type_), CLASSES[type_]()
    names = planner.asked(operation)
    plan = planner.plan(names[0]) if names else None
    stale = {name: seconds for name in names if (seconds := stale_up_to(planner.operations[name], planner.plan(name)))}
    return {
        "type": type_,
        "code": kind.code,
        "meaning": kind.en,
        "may_pass": kind.retryable,
        "usual_certainty": kind.certainty.value,
        "breaker": HEARD[verdict(error)],
        "fewer_at_once": overloaded(error),
        "holds_everybody": type_ in THROTTLED,
        "credential_renewed": type_ == "TOKEN_EXPIRED",
        "price_of_a_retry": price(type_),
        "waits": waits(plan, type_) if plan is not None else [],
        "then": {} if plan is None else dict(outcomes(plan, type_, _effects(planner, operation))),
        "stale": stale if type_ in STALE_TYPES else {},
        "rows": rows(known.vendor, type_),
    }


def waits(plan: Plan, type_: str) -> list[tuple[float, float]]:
    """Seconds, (least, most), before each further call where the vendor does not say how long."""
    throttled = type_ in THROTTLED
    return [
        (plan.retry.next_wait(retry, throttled, 0.0), plan.retry.next_wait(retry, throttled, 1.0))
        for retry in range(1, plan.retry.max_attempts)
    ]


def outcomes(plan: Plan, type_: str, effects: Iterable[Effect]) -> Iterator[tuple[str, dict[str, str]]]:
    """For each effect and certainty what follows a first failure: again, look, or the reason to stop."""
    for effect in effects:
        yield effect.value, {each.value: outcome(plan, type_, effect, each) for each in Certainty}
        if effect is Effect.SET:
            yield PAUSING, {each.value: outcome(plan, type_, effect, each, pausing=True) for each in Certainty}


def outcome(plan: Plan, type_: str, effect: Effect, certainty: Certainty, *, pausing: bool = False) -> str:
    """What follows one failed attempt: "again", "look first" or "stop: reason"."""
    error: BackstayError = CLASSES[type_](certainty=certainty)
    call = Call(replace(plan, effect=effect), 0.0, plan.deadline)
    call.calls, call.pausing = 1, pausing
    step = next_move(call, error)
    if step is Move.LOOK or exists_already(call, error):
        return "look first"
    found = ruling(call, error, step, 0.0, 0.0)
    return f"stop: {found.value}" if isinstance(found, Why) else "again"


def rows(vendor: str, type_: str) -> list[dict[str, Any]]:
    """The rows of the vendor's table that give this type."""
    try:
        table = find_table(vendor)
    except InvalidRequestError:  # an adapter may do without
        return []
    kind = lookup(type_)
    return [
        {
            "rule": row.rule,
            "may_pass": kind.retryable if row.retryable is None else row.retryable,
            "certainty": (row.certainty or kind.certainty).value,
            "wait": row.wait if isinstance(row.wait, float | int) else None,
        }
        for row in table.rows
        if row.type == type_
    ]


def _effects(planner: _Planner, operation: str | None) -> Iterable[Effect]:
    if operation is not None:
        return (planner.operations[operation].effect,)
    present = {each.effect for each in planner.operations.values()}
    return [effect for effect in Effect if effect in present]


def _unknown(field: str, value: str, known: list[str], otherwise: str) -> InvalidRequestError:
    lower = {each.lower(): each for each in known}
    close = get_close_matches(value.strip().lower().replace("-", "_"), lower, n=1, cutoff=0.4)
    cure = f"did you mean {lower[close[0]]}?" if close else ""
    listed = f"there are: {', '.join(known)}" if known else otherwise
    return InvalidRequestError(
        f"{field} cannot be {value!r}", field=field, value=value, rule="cli.explain",
        hint=" ".join(part for part in (cure, listed) if part),
    )  # fmt: skip


__all__ = ["explain", "find", "find_type"]
