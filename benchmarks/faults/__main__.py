"""Ours and the peers under faults: `python -m benchmarks.faults [--seeds N] [--rate X] [--scenario a..f] [--json]`.

    --probes    small questions instead, with an answer each: breakers, caches, limiters, deadlines, hedges
    --series    goodput and calls sent over time instead of numbers, for pictures (JSON, one seed)
    --real      our adapters against the sandbox in another process, over real sockets (b, c and d, in short)

Another library plugs in with `--plugin package.module:factory`, where `factory(context)` gives an async function of a
request; `benchmarks/README.md` shows one in ten lines. A missed goal is printed with
by how much; the exit status is 1 if a rule of `backstay.testing.invariants` was broken.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from typing import Any

from benchmarks.faults import time as virtual

Clients = dict[str, tuple[Any, str]]
ALL = "abcdefg"

COLUMNS = {
    "a": ("success", "goodput", "calls_per_req", "calls_per_ok", "p50", "p99"),
    "b": ("success", "out_calls_x", "calls_per_ok", "p99", "p99_all", "peak_after_x", "recover_s"),
    "c": ("goodput", "during_goodput", "last20_goodput", "calls_per_req", "calls_per_ok", "p50", "p99", "recover_s"),
    "d": ("success", "calls_per_req", "n429", "bans", "p50", "p99"),
    "e": ("success", "calls_per_req", "duplicates", "orphans", "find_reads", "p50", "p99"),
    "f": ("success", "calls_per_req", "p50", "p99"),
    "g": ("success", "calls_per_req", "out_calls_x", "p50", "p99"),
}


def main() -> int:
    """Play and report."""
    chosen = arguments()
    if chosen.real:
        from benchmarks.faults.real import main as over_sockets

        return over_sockets(chosen)
    virtual.install()  # before any library is imported
    if chosen.probes:
        from benchmarks.faults.probes import main as probed

        return probed(chosen)
    clients, missing = competitors(chosen.plugin, chosen.client)
    if missing:
        sys.stderr.write(f"not installed: {', '.join(missing)}; pip install -r benchmarks/requirements-peers.txt\n")
    return drawn(chosen, clients) if chosen.series else compared(chosen, clients)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--scenario", default="abcdef", type=letters, help="letters: a, cd, or a..f; g is a seventh one"
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.0, help="multiplies the load: 1.2 and 1.35 make c worse")
    parser.add_argument("--client", default="", help="only clients whose name holds this")
    parser.add_argument("--plugin", action="append", default=[], help="package.module:factory; may be given again")
    parser.add_argument("--probes", action="store_true")
    parser.add_argument("--series", action="store_true")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return parser.parse_args(given)


def letters(text: str) -> str:
    """The scenarios: single letters, or a span as in a..f."""
    chosen = re.sub(r"([a-g])\.\.([a-g])", lambda span: ALL[ALL.index(span[1]) : ALL.index(span[2]) + 1], text)
    if wrong := set(chosen) - set(ALL):
        raise argparse.ArgumentTypeError(f"{text!r}: there is no scenario {min(wrong)!r}; there are a to g")
    return "".join(sorted(set(chosen)))


def competitors(plugins: list[str], wanted: str) -> tuple[Clients, list[str]]:
    """Clients by name with their scenarios, ours first, and the packages that are not installed."""
    from benchmarks.faults.ours import backstay
    from benchmarks.faults.peers import PEERS, hushed, installed

    hushed()
    found: Clients = {"backstay": (backstay, ALL)}
    for plugin in plugins:
        module, _, factory = plugin.partition(":")
        found[plugin] = (getattr(importlib.import_module(module), factory), ALL)
    found |= {name: (factory, scenarios) for name, (factory, scenarios, needs) in PEERS.items() if installed(needs)}
    missing = sorted({each for *_, needs in PEERS.values() for each in needs if not installed((each,))})
    return {name: each for name, each in found.items() if wanted in name}, missing


def compared(chosen: argparse.Namespace, clients: Clients) -> int:
    """Play every client, and judge ours."""
    from benchmarks.faults.drive import metrics, play, summary

    result: dict[str, dict[str, Any]] = {}
    complaints: list[str] = []
    for name in chosen.scenario:
        heading(name, chosen)
        for label, (factory, scenarios) in clients.items():
            if name not in scenarios:
                continue
            runs = [play(name, factory, seed, chosen.rate) for seed in seeds(chosen)]
            complaints += [f"({name}) {text}" for each in runs for text in each.told.get("complaints", ())]
            found = result.setdefault(name, {})[label] = summary([metrics(name, each) for each in runs])
            if not chosen.json:
                line(name, label, found)
    if chosen.json:
        sys.stdout.write(json.dumps(result) + "\n")
    sys.stderr.write("".join(f"a rule was broken: {text}\n" for text in complaints))
    if not chosen.json:
        verdicts(result, chosen.rate)
    return int(bool(complaints))


def drawn(chosen: argparse.Namespace, clients: Clients) -> int:
    """What happens over time, for one seed."""
    from benchmarks.faults.drive import play, series

    result = {
        name: {
            label: series(play(name, factory, chosen.first_seed, chosen.rate))
            for label, (factory, scenarios) in clients.items()
            if name in scenarios
        }
        for name in chosen.scenario
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def seeds(chosen: argparse.Namespace) -> range:
    """The seeds of the run."""
    return range(chosen.first_seed, chosen.first_seed + chosen.seeds)


def heading(name: str, chosen: argparse.Namespace) -> None:
    """The table's head."""
    if chosen.json:
        return
    from benchmarks.faults.vendors import SCENARIOS

    about = (SCENARIOS[name].vendor.__doc__ or "").splitlines()[0]
    sys.stdout.write(f"\n{about} [means of {chosen.seeds} seeds; recover_s is the worst; load x {chosen.rate:g}]\n")
    sys.stdout.write(f"{'client':54s}" + "".join(f"{column:>15s}" for column in COLUMNS[name]) + "\n")


def line(name: str, label: str, found: dict[str, Any]) -> None:
    """One client's row."""
    sys.stdout.write(f"{label:54s}" + "".join(f"{found[column]:15.2f}" for column in COLUMNS[name]) + "\n")
    sys.stdout.flush()


def verdicts(result: dict[str, dict[str, Any]], rate: float) -> None:
    """Our numbers beside the goals."""
    from benchmarks.faults.goals import judged

    for name, clients in result.items():
        ours = clients.get("backstay", {})
        for goal in judged(name, ours, rate) if ours else ():
            sys.stdout.write(f"({name}) {goal.sentence(ours)}\n")


if __name__ == "__main__":
    raise SystemExit(main())
