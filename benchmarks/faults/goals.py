"""What backstay is to show: (metric, bound, whether at least or at most)."""

from __future__ import annotations

from typing import Final

GOALS: Final[dict[str, tuple[tuple[str, float, bool], ...]]] = {
    "a": (("success", 99.9, True), ("calls_per_req", 1.12, False), ("p99", 300.0, False)),
    "b": (
        ("out_calls_x", 0.10, False),
        ("recover_s", 2.0, False),
        ("peak_after_x", 1.3, False),
        ("p99_all", 150.0, False),
    ),
    "c": (
        ("goodput", 93.0, True),
        ("during_goodput", 30.0, True),
        ("recover_s", 2.0, False),
        ("calls_per_req", 1.0, False),
    ),
    "d": (("success", 100.0, True), ("n429", 5.0, False), ("bans", 0.0, False), ("p99", 10_000.0, False)),
    "e": (("duplicates", 0.0, False), ("orphans", 0.0, False), ("success", 99.9, True)),
    "f": (("p99", 200.0, False), ("calls_per_req", 1.05, False)),
    "g": (("calls_per_req", 1.05, False),),
}
