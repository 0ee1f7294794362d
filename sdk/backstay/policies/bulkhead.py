"""How many calls are under way at once, and how many may wait for their turn."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.errors import InternalError
from backstay.policies.settings import whole, within


@dataclass(frozen=True, slots=True)
class BulkheadOptions:
    """At most `limit` calls at once; at most `queue` wait, each for at most `max_wait` seconds."""

    limit: int = 100
    queue: int = 200
    max_wait: float = 10.0

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        whole("limit", self.limit, 1)
        whole("queue", self.queue, 0)
        within("max_wait", self.max_wait, 0.0)


class Bulkhead:
    """A counter with a limit; `limit` may be changed while calls are under way."""

    __slots__ = ("in_flight", "limit", "options")

    def __init__(self, options: BulkheadOptions | None = None) -> None:
        """Begin empty."""
        self.options = options or BulkheadOptions()
        self.limit = self.options.limit
        self.in_flight = 0

    @property
    def full(self) -> bool:
        """Whether `enter` would be refused."""
        return self.in_flight >= self.limit

    def enter(self) -> bool:
        """Take a place; False when all are taken."""
        if self.in_flight >= self.limit:
            return False
        self.in_flight += 1
        return True

    def leave(self) -> None:
        """Give the place back; raises InternalError when none was taken, for then one is given back twice."""
        if self.in_flight <= 0:
            message = "a place in the bulkhead was given back twice"
            raise InternalError(message, hint="leave once per enter")
        self.in_flight -= 1

    def may_queue(self, waiting: int) -> bool:
        """Whether one more may wait when `waiting` calls wait already; if not, it is shed.

        While fewer calls are allowed than usual, no more may wait than may be under way: what waits longer than one
        answer takes is begun too late to be of use, and is work for a vendor that has too much of it.
        """
        options = self.options
        return waiting < (options.queue if self.limit >= options.limit else min(options.queue, self.limit))
