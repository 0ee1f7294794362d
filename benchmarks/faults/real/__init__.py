"""The same through real sockets: our adapters against the sandbox in another process, under b, c and d in short.

Time is real, the wire is the vendor's own, limits are those of the tier. What a machine with other work adds is in the
numbers: read them for whether the vendor is used again soon after the fault, not for milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from benchmarks.faults.drive import Run, metrics
from benchmarks.faults.real.play import PLAYS, play
from benchmarks.faults.real.vendors import VENDORS

COLUMNS = {
    "b": ("offered", "success", "out_calls_x", "p99_all", "peak_after_x", "recover_s"),
    "c": ("offered", "goodput", "during_goodput", "calls_per_req", "p99", "recover_s"),
    "d": ("offered", "success", "calls_per_req", "n429", "p50", "p99"),
}
GOALS = {"b": ("recover_s", 2.0), "c": ("recover_s", 2.0), "d": ("n429", 5.0)}
"""What also holds in short: the vendor is used again within two seconds, and few calls run into its limit."""


def main(chosen: argparse.Namespace) -> int:
    """Play every vendor, one after the other."""
    result: dict[str, dict[str, Any]] = {}
    for name in chosen.scenario:
        if name not in PLAYS:
            continue
        heading(name, chosen)
        for vendor in VENDORS:
            if chosen.client in vendor:
                run = asyncio.run(play(PLAYS[name], vendor, chosen.first_seed))
                result.setdefault(name, {})[vendor] = found = metrics(name, run)
                line(name, vendor, found, chosen)
    if chosen.json:
        sys.stdout.write(json.dumps(result) + "\n")
    return 0


def heading(name: str, chosen: argparse.Namespace) -> None:
    """The table's head."""
    if not chosen.json:
        sys.stdout.write(f"\n({name}) {PLAYS[name].about}\n{'adapter':12s}")
        sys.stdout.write("".join(f"{column:>16s}" for column in COLUMNS[name]) + "\n")


def line(name: str, vendor: str, found: dict[str, float], chosen: argparse.Namespace) -> None:
    """One vendor's row, and whether it is good."""
    if chosen.json:
        return
    what, bound = GOALS[name]
    verdict = "reached" if found[what] <= bound else "MISSED"
    sys.stdout.write(f"{vendor:12s}" + "".join(f"{found[column]:16.2f}" for column in COLUMNS[name]))
    sys.stdout.write(f"   {what} <= {bound:g} {verdict}\n")
    sys.stdout.flush()


__all__ = ["Run", "main"]
