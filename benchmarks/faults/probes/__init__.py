"""Small questions with an answer each: breakers, caches, limiters, waits and deadlines, hedges; ours and the peers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.peers import hushed, installed
from benchmarks.faults.time import run

Function = Callable[..., Any]
Wrap = Callable[[Function, VirtualClock], Function]
"""Guards an async function; a peer has no use for the clock, since it sees the patched one."""
Makers = Mapping[str, tuple[Wrap, tuple[str, ...]]]
"""By name: how to guard a function, and the packages that needs."""
Facts = dict[str, Any]


class Boom(Exception):  # noqa: N818 - its name is printed as an answer
    """What the dependency raises."""


def asked(question: Callable[[Function, VirtualClock], Coroutine[Any, Any, Facts]], makers: Makers) -> dict[str, Facts]:
    """The answers to one question, by library; what breaks in a library is its answer."""
    found = {}
    for name, (wrap, needs) in makers.items():
        if not installed(needs):
            continue
        clock = VirtualClock(1)
        try:
            found[name] = run(
                question(lambda function, wrap=wrap, clock=clock: wrap(function, clock), clock), clock, tick=1e-6
            )
        except Exception as error:
            found[name] = {"error": repr(error)[:100]}
    return found


def main(chosen: argparse.Namespace) -> int:
    """Ask all of them, print the answers."""
    from benchmarks.faults.probes import breakers, caches, limiters, times

    hushed()
    result: dict[str, dict[str, Facts]] = {}
    for module in (breakers, caches, limiters, times):
        result |= module.ask()
    result = {
        group: {name: facts for name, facts in rows.items() if chosen.client in name} for group, rows in result.items()
    }
    if chosen.json:
        sys.stdout.write(json.dumps(result) + "\n")
        return 0
    for group, rows in result.items():
        sys.stdout.write(f"\n{group}\n")
        for name, facts in rows.items():
            sys.stdout.write(f"  {name:34s}" + "  ".join(f"{key}={value}" for key, value in facts.items()) + "\n")
    for sentence in verdicts(result):
        sys.stdout.write(sentence + "\n")
    return 0


GOALS = (
    ("breaker", "halfopen_calls_of_100", 1),
    ("breaker", "stale_success_lets_in_of_20", 0),
    ("breaker", "recover_after_cancelled_probe_s", 1.0),
    ("breaker", "cancel_counts_as_failure", "no"),
    ("cache", "cold_100", 1),
    ("cache", "leader_cancelled_calls", 2),  # one more is the price of a first caller that needs no task of its own
    ("cache", "leader_cancelled_failed_of_99", 0),
    ("cache", "fails_100", 1),
    ("limiter", "all_110_in_s", 10.0),
    ("limiter", "after_cancel_last_in_s", 5.0),
    ("deadline", "returned_at", 5.0),
    ("hedge", "calls_per_request", 1.05),
)
"""(group, question, the most that is good)."""


def verdicts(result: Mapping[str, Mapping[str, Facts]]) -> list[str]:
    """Our answers beside the goals."""
    told = []
    for group, question, bound in GOALS:
        value = result.get(group, {}).get("backstay", {}).get(question)
        if value is not None:
            good = value == bound if isinstance(bound, str) else value <= bound + 0.01
            sign = "=" if isinstance(bound, str) else "<="
            told.append(f"({group}) {question} {sign} {bound}: {value} {'reached' if good else 'MISSED'}")
    return told
