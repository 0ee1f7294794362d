"""Ours and the peers under faults: `python -m benchmarks.faults [--seeds N] [--rate X] [--scenario a..f] [--json]`.

Another library plugs in with `--plugin package.module:factory`, where `factory(context)` gives an async function of a
request; `benchmarks/README.md` shows one in ten lines.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from benchmarks.faults import time as virtual

COLUMNS = {
    "a": ("success", "goodput", "calls_per_req", "calls_per_ok", "p50", "p99"),
    "b": ("success", "out_calls_x", "calls_per_ok", "p99", "p99_all", "peak_after_x", "recover_s"),
    "c": ("goodput", "during_goodput", "last20_goodput", "calls_per_req", "calls_per_ok", "p50", "p99", "recover_s"),
    "d": ("success", "calls_per_req", "n429", "bans", "p50", "p99"),
    "e": ("success", "calls_per_req", "duplicates", "orphans", "find_reads", "p50", "p99"),
    "f": ("success", "calls_per_req", "p50", "p99"),
    "g": ("success", "calls_per_req", "out_calls_x", "p50", "p99"),
}


def main() -> None:
    """Play and report."""
    chosen = arguments()
    virtual.install()  # before any library is imported
    from benchmarks.faults.drive import metrics, play, summary

    clients, missing = competitors(chosen.plugin, chosen.client)
    result: dict[str, dict[str, Any]] = {}
    for name in chosen.scenario:
        heading(name, chosen)
        for label, (factory, scenarios) in clients.items():
            if name not in scenarios:
                continue
            each = [metrics(name, play(name, factory, seed, chosen.rate)) for seed in seeds(chosen)]
            result.setdefault(name, {})[label] = found = summary(each)
            if not chosen.json:
                line(name, label, found)
    if chosen.json:
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        verdicts(result)
    if missing:
        sys.stderr.write(f"not installed: {', '.join(missing)}; pip install -r benchmarks/requirements-peers.txt\n")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--scenario", default="abcdef", help="letters, a to g")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.0, help="multiplies the load")
    parser.add_argument("--client", default="", help="only clients whose name holds this")
    parser.add_argument("--plugin", action="append", default=[], help="package.module:factory")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if wrong := set(chosen.scenario) - set(COLUMNS):
        parser.error(f"--scenario {chosen.scenario}: no scenario {min(wrong)!r}; there are a to g")
    return chosen


def seeds(chosen: argparse.Namespace) -> range:
    """The seeds of the run."""
    return range(chosen.first_seed, chosen.first_seed + chosen.seeds)


def competitors(plugins: list[str], wanted: str) -> tuple[dict[str, tuple[Any, str]], list[str]]:
    """Clients by name with their scenarios, ours first, and the names of those that are not installed."""
    from benchmarks.faults.ours import backstay
    from benchmarks.faults.peers import PEERS, hushed, installed

    hushed()
    found: dict[str, tuple[Any, str]] = {"backstay": (backstay, "abcdefg")}
    for plugin in plugins:
        module, _, factory = plugin.partition(":")
        found[plugin] = (getattr(importlib.import_module(module), factory), "abcdefg")
    found |= {name: (factory, scenarios) for name, (factory, scenarios, needs) in PEERS.items() if installed(needs)}
    missing = sorted({each for *_, needs in PEERS.values() for each in needs if not installed((each,))})
    return {name: each for name, each in found.items() if wanted in name}, missing


def heading(name: str, chosen: argparse.Namespace) -> None:
    """The table's head."""
    if chosen.json:
        return
    from benchmarks.faults.vendors import SCENARIOS

    about = (SCENARIOS[name].vendor.__doc__ or "").splitlines()[0]
    sys.stdout.write(f"\n{about} [means of {chosen.seeds} seeds; recover_s is the worst; load x {chosen.rate:g}]\n")
    sys.stdout.write(f"{'client':42s}" + "".join(f"{column:>15s}" for column in COLUMNS[name]) + "\n")


def line(name: str, label: str, found: dict[str, Any]) -> None:
    """One client's row."""
    sys.stdout.write(f"{label:42s}" + "".join(f"{found[column]:15.2f}" for column in COLUMNS[name]) + "\n")
    sys.stdout.flush()


def verdicts(result: dict[str, dict[str, Any]]) -> None:
    """Our numbers beside the goals."""
    from benchmarks.faults.goals import GOALS

    for name, clients in result.items():
        ours = clients.get("backstay")
        for column, bound, least in GOALS.get(name, ()) if ours else ():
            value = ours[column]
            reached = value >= bound if least else value <= bound
            sign = ">=" if least else "<="
            sys.stdout.write(f"({name}) {column} {sign} {bound:g}: {value:.3g} {'reached' if reached else 'MISSED'}\n")


if __name__ == "__main__":
    main()
