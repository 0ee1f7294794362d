"""What Claude and OpenAIImages cost beside the bare client and litellm: `python -m benchmarks.content [--json]`.

Every rival is a process of its own on one stub server; they are visited in turn, in random order. litellm runs with the
Python that `--litellm` names: `python -m venv lite; lite/bin/pip install litellm`, then `--litellm lite/bin/python`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.adapters.canned import child
from benchmarks.measure import report

TOP = Path(__file__).resolve().parents[2]
VISITS = {("text", 1): 200, ("text", 200): 1000, ("image", 1): 40, ("image", 200): 200}
"""How many calls a visit makes, by operation and calls in flight."""
NAMES = {"text": "Claude.generate", "image": "OpenAIImages.generate_image"}


class Worker:
    """A rival's process."""

    def __init__(self, python: str, rival: str, operation: str, base: str) -> None:
        command = [python, "-m", "benchmarks.content.worker", rival, operation, base]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TOP)
        self.imported = self._heard()

    def visit(self, flights: int, calls: int) -> dict[str, float]:
        """What so many calls cost."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{flights} {calls}\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a rival's process ended: {self._process.args}")
        found: dict[str, float] = json.loads(line)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def measured(base: str, operation: str, flights: int, rounds: int, litellm: str | None) -> dict[str, Any]:
    """One line of the result."""
    pythons = {"ours": sys.executable, "bare": sys.executable} | ({"litellm": litellm} if litellm else {})
    workers = {rival: Worker(python, rival, operation, base) for rival, python in pythons.items()}
    calls, found = VISITS[operation, flights], {rival: list[dict[str, float]]() for rival in workers}
    try:
        for worker in workers.values():
            worker.visit(flights, flights)
        for _ in range(rounds):
            for rival in random.sample(list(workers), len(workers)):
                found[rival].append(workers[rival].visit(flights, calls))
    finally:
        for worker in workers.values():
            worker.__exit__(None, None, None)
    line: dict[str, Any] = {"operation": NAMES[operation], "in_flight": flights}
    for rival, worker in workers.items():
        line |= {f"{rival}_{name}": round(median(found[rival], name), 1) for name in ("cpu_us", "rate", "peak_mb")}
        line |= {f"{rival}_{name}": round(value, 3) for name, value in worker.imported.items()}
    for other in list(workers)[1:]:
        line[f"cpu_to_{other}"] = ratio(found["ours"], found[other], "cpu_us")
        line[f"rate_to_{other}"] = ratio(found["ours"], found[other], "rate")
    return line


def median(visits: Sequence[dict[str, float]], name: str) -> float:
    """Of all rounds."""
    return statistics.median(each[name] for each in visits)


def ratio(ours: Sequence[dict[str, float]], theirs: Sequence[dict[str, float]], name: str) -> float:
    """The median of the rounds' ratios."""
    return round(statistics.median(one[name] / other[name] for one, other in zip(ours, theirs, strict=True)), 3)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.content", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=9, help="rounds, each with every rival once")
    parser.add_argument("--litellm", metavar="PYTHON", help="the Python of an environment with litellm")
    chosen = parser.parse_args()
    with child("benchmarks.content.canned", lambda port: f"http://127.0.0.1:{port}") as base:
        rows = [measured(base, what, flights, chosen.rounds, chosen.litellm) for what, flights in VISITS]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [["", *(f"{row['operation']} x {row['in_flight']}" for row in rows)]]
    table += [[name, *(str(row.get(name, "")) for row in rows)] for name in names[2:]]
    report({"rows": rows}, table, as_json=chosen.json)


if __name__ == "__main__":
    main()
