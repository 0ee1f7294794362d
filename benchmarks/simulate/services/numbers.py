"""A platform whose numbers are planted: as old as the answer is that the real one gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backstay.ads import AdPlatform, MetricsQuery, MetricsReport, Ref
from backstay.answer import stamp
from benchmarks.simulate.services.cast import BASIS, row


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer about numbers."""

    at: float
    """Wall seconds of the common time at which it was given."""
    of: float
    """Of which moment it speaks."""
    source: str
    refs: tuple[Ref, ...]


class Numbers:
    """Everything is the platform's own but the rows of reports."""

    def __init__(self, platform: AdPlatform, part: Callable[[Ref], str | None], wall: Callable[[], float]) -> None:
        self._platform, self._part, self._wall = platform, part, wall
        self.heard: list[Heard] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def get_metrics(self, query: MetricsQuery, **options: Any) -> MetricsReport:
        """Asked of the platform, faults and all; then each known object gets the rows of that moment."""
        report = await self._platform.get_metrics(query, **options)
        now = self._wall()
        of = now if report.served.source == "live" else now - report.served.age
        self.heard.append(Heard(now, of, report.served.source, query.refs))
        parts = [(ref, part) for ref in query.refs if (part := self._part(ref)) is not None]
        rows = tuple(row(part, ref, day, of) for ref, part in parts for day in query.days)
        told = report.model_copy(update={"rows": rows, "basis": BASIS, "missing_days": (), "final": True})
        return stamp(told, report.served)
