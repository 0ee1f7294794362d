"""What is prepared before it is sent, and how what is read is compared with it. Pure: nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from backstay.ads import ConfiguredStatus, Level, Query, Ref
from backstay.errors import ConflictError
from backstay.values import EMPTY
from backstay.writes.marker import mark
from backstay.writes.reconcile import Seen

Json = Any
Request = Mapping[str, Json]
"""One request as plain JSON in the vendor's words, without secrets. What a dry run shows is what is sent."""
Asked = Mapping[str, Json]
"""One list to read, as plain JSON: an endpoint with filters, an edge of a node, a query's text. Part of cache keys."""
Raw = Mapping[str, Any]
"""A vendor's own fields by name."""

_DELETED: Final = ConfiguredStatus.DELETED


@dataclass(frozen=True, slots=True)
class Draft:
    """A create, ready to be sent: its requests in order."""

    requests: tuple[Request, ...]
    extra: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    """What the made object will carry in its own `extra`; dry runs of what comes below it need it."""


class Made(NamedTuple):
    """What a create's answer says."""

    id: str
    item: Any = None
    """The new object as a read would give it, where the answer shows it whole."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a change, with the values that it sets."""

    request: Request
    wanted: Raw = field(default_factory=lambda: EMPTY)
    """The vendor's fields as they shall be read afterwards, comparable with what `_raw` gives."""
    fields: tuple[str, ...] = ()
    """The common fields that it carries; empty is all of the patch."""


def sieve(query: Query) -> tuple[Callable[[Any], bool], ...]:
    """The tests that an object passes if it is what the query asks for, exactly; vendors filter loosely or not at all.

    What an object does not show (Meta's ads may come without their campaign) is left to the vendor's filter.
    """
    since, parent = query.created_since, query.parent
    tests: dict[str, tuple[bool, Callable[[Any], bool]]] = {
        "deleted": (
            not query.deleted and _DELETED not in query.statuses,
            lambda item: item.status.configured is not _DELETED,
        ),
        "ids": (bool(query.ids), lambda item: item.ref.id in query.ids),
        "name": (query.name is not None, lambda item: item.name == query.name),
        "part": (query.name_contains is not None, lambda item: query.name_contains in item.name),
        "statuses": (bool(query.statuses), lambda item: _status(item) in query.statuses),
        "objectives": (bool(query.objectives), lambda item: getattr(item, "objective", None) in query.objectives),
        "since": (since is not None, lambda item: item.created_at is None or item.created_at >= since),
        "parent": (parent is not None, lambda item: parent is None or above(item, parent.level) in {None, parent}),
    }
    return tuple(test for asked, test in tests.values() if asked)


def _status(item: Any) -> ConfiguredStatus:
    status: ConfiguredStatus = item.status.configured
    return status


def above(item: Any, level: Level) -> Ref | None:
    """The object of that level above this one, as far as this one names it."""
    found: Ref | None = getattr(item, {Level.CAMPAIGN: "campaign", Level.AD_GROUP: "ad_group"}.get(level, ""), None)
    return found


def marked_name(item: Any) -> str:
    """An object's name as the vendor has it."""
    return mark(item.name, item.key_token) if item.key_token else str(item.name)


def compare(wanted: Raw, before: Raw, now: Raw) -> Seen:
    """What a read shows of a change: as wanted, as before, or neither. Fields that are not shown count as wanted."""
    if all(now.get(name) is None or same(now[name], value) for name, value in wanted.items()):
        return Seen.WANTED
    if all(same(now.get(name), before.get(name)) for name in wanted):
        return Seen.BEFORE
    return Seen.OTHER


def tells(wanted: Raw, before: Raw, now: Raw) -> bool:
    """Whether a read can tell a change from none: some field of it is shown and was another one before."""
    return any(
        not same(before.get(name), value) and (value is None or now.get(name) is not None)
        for name, value in wanted.items()
    )


def same(left: Json, right: Json) -> bool:
    """Equal as vendors mean it: 50, 50.0 and "50" are, and so are lists in another order."""
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return sorted(map(str, left)) == sorted(map(str, right))
    return bool(left == right) or str(left) == str(right)


def unchanged(expected: Any, now: Any) -> None:
    """Refuse to overwrite what somebody else has changed since the caller read it; raises ConflictError."""
    for name in ("name", "budget", "schedule", "bid"):
        if getattr(expected, name, None) != getattr(now, name, None):
            raise _changed(name, getattr(now, name))
    if expected.status.configured is not now.status.configured:
        raise _changed("status", now.status.configured.value)


def _changed(name: str, value: object) -> ConflictError:
    return ConflictError(
        f"{name} has changed since it was read", field=f"expect.{name}", value=str(value), rule="expect.changed",
        hint="read the object again with max_age=0, then decide",
    )  # fmt: skip
