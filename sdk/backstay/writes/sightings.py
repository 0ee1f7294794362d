"""What this process has seen of records that others left behind, and since when by its own monotonic clock.

Wall clocks of two processes may differ, and one may jump. A difference must only ever make us wait longer: so what
another process wrote is waited out from the moment at which we first saw it, unless the wall says that it is older
than any clock that still works may be wrong by. Pure: times are arguments.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from backstay.writes.journal import Moment, Record

SKEW: Final = 300.0
"""Seconds by which a wall clock may be wrong; beyond that certificates and signed requests fail anyway."""
REMEMBERED: Final = 100_000


class Sightings:
    """First sightings of leases and of open outcomes, by the record's id."""

    def __init__(self) -> None:
        self._leases: OrderedDict[str, tuple[Any, float]] = OrderedDict()
        self._opens: OrderedDict[str, tuple[Any, float]] = OrderedDict()

    def lease_over(self, record: Record, now: Moment) -> bool:
        """Whether nobody holds it, or its holder has not shown a sign of life for a whole lease."""
        if not record.owner or now.wall >= record.expires + SKEW:
            return True
        seen = _first(self._leases, record.id, (record.owner, record.beat), now.monotonic)
        return now.monotonic - seen >= record.lease

    def open_since(self, record: Record, now: Moment) -> float:
        """The monotonic second from which the read lag of an open record counts: its attempt is over by then."""
        older = max(0.0, now.wall - record.uncertain_since - SKEW)
        mark = (record.uncertain_since, record.in_air, record.attempts)
        return _first(self._opens, record.id, mark, now.monotonic + record.in_air - older)

    def forget(self, id: str) -> None:  # noqa: A002 - the field's own name
        """The record is settled."""
        self._leases.pop(id, None)
        self._opens.pop(id, None)


def _first(seen: OrderedDict[str, tuple[Any, float]], id: str, mark: Any, at: float) -> float:  # noqa: A002 - as above
    known = seen.get(id)
    if known is not None and known[0] == mark:
        return known[1]
    seen[id] = (mark, at)
    if len(seen) > REMEMBERED:
        seen.popitem(last=False)
    return at
