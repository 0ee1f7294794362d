"""What all cases share."""

from __future__ import annotations

from typing import Any, Final

from backstay.testing.bench import Bench
from backstay.values import Value
from backstay.writes.journal import JournalKey, State

KEY: Final = "conformance/1"
LAG: Final = 15.0
"""Seconds after which lists show for certain what was made: more than a simulator under this suite may lag."""


async def creates(bench: Bench) -> list[tuple[JournalKey, State]]:
    """The journal's records of creates; a split's routes are not asked for."""
    records = await bench.runtime.journal.records()
    return [(record.key, record.state) for record in records if record.key.operation != "route"]


def rebuilt(value: Any) -> Any:
    """A value with every model in it made anew by its own constructor, which checks each field."""
    if isinstance(value, tuple):
        return tuple(rebuilt(each) for each in value)
    if isinstance(value, Value):
        return type(value)(**{name: rebuilt(each) for name, each in value.__dict__.items()})
    return value
