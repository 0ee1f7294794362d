"""What all cases share."""

from __future__ import annotations

from typing import Final

from backstay.testing.bench import Bench
from backstay.writes.journal import JournalKey, State

KEY: Final = "conformance/1"
LAG: Final = 15.0
"""Seconds after which lists show for certain what was made: more than a simulator under this suite may lag."""


async def creates(bench: Bench) -> list[tuple[JournalKey, State]]:
    """The journal's records of creates; a split's routes are not asked for."""
    records = await bench.runtime.journal.records()
    return [(record.key, record.state) for record in records if record.key.operation != "route"]
