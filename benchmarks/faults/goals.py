"""What backstay is to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one number of a scenario's metrics, or on what is computed from them."""

    what: str
    bound: float
    least: bool = False
    """Whether the bound is the least that is good, and not the most."""
    at_any_load: bool = False
    """Whether it holds for other loads (`--rate`) as well."""
    of: Callable[[Metrics], float] | None = None

    def value(self, metrics: Metrics) -> float:
        """The number that is judged."""
        return float(metrics[self.what] if self.of is None else self.of(metrics))

    def reached(self, metrics: Metrics) -> bool:
        """Whether it is on the right side."""
        value = self.value(metrics)
        return value >= self.bound if self.least else value <= self.bound

    def sentence(self, metrics: Metrics) -> str:
        """The number beside its bound, and by how much it was missed."""
        value, sign = self.value(metrics), ">=" if self.least else "<="
        verdict = "reached" if self.reached(metrics) else f"MISSED by {abs(value - self.bound):.3g}"
        return f"{self.what} {sign} {self.bound:g}: {value:.4g} {verdict}"


GOALS: Final[Mapping[str, tuple[Goal, ...]]] = {
    "a": (
        Goal("success", 99.9, least=True),
        Goal("calls_per_req", 1.12),
        Goal("p99", 300.0),
        Goal("trips", 0.0),
    ),
    "b": (
        Goal("out_calls_x", 0.10),
        Goal("recover_s", 2.0),
        Goal("peak_after_x", 1.3),
        Goal("p99_all", 150.0),
    ),
    "c": (
        Goal("goodput", 93.0, least=True),
        Goal("during_goodput", 30.0, least=True),
        Goal("recover_s", 2.0, at_any_load=True),
        Goal("calls_per_req", 1.0, at_any_load=True),
        Goal("last20_goodput", 99.0, least=True, at_any_load=True),
    ),
    "d": (Goal("success", 100.0, least=True), Goal("n429", 5.0), Goal("bans", 0.0), Goal("p99", 10_000.0)),
    "e": (
        Goal("duplicates", 0.0),
        Goal("orphans", 0.0),
        Goal("success", 99.9, least=True),
        Goal("reads_per_create", 0.10, of=lambda metrics: metrics["find_reads"] / metrics["offered"]),
    ),
    "f": (Goal("p99", 200.0), Goal("calls_per_req", 1.05)),
    "g": (Goal("calls_per_req", 1.05),),
}


def judged(name: str, metrics: Metrics, rate: float) -> Iterator[Goal]:
    """The goals of a scenario that count at this load, and that these metrics can be judged by."""
    for goal in GOALS.get(name, ()):
        if (rate == 1.0 or goal.at_any_load) and (goal.of is not None or goal.what in metrics):
            yield goal
