"""The whole stack in seeded storms: `python -m benchmarks.simulate --seeds 10000 [--platforms tiktok,meta] [--json]`.

Every seed draws vendors' behaviours, faults, crashes, cancellations, clocks that differ and what a service asks for,
plays it in virtual time on several processes with one store, and compares the world's log with everything that was
said; and publishes several posts at once in a storm of their own. `--seed S` plays one again, line by line: the same
hash is the same run. `--exhaustive` builds and activates one tree on each platform with one trouble at every await and
every request. `--services` plays the budget optimizer, an A/B test and the rules on platforms with such troubles, and
judges caps, actions and decisions. Ends with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from backstay.testing.posting import endure as post_endure
from backstay.testing.posting import troubles as post_troubles
from backstay.testing.posting_storm import storm
from backstay.testing.simulation import simulate
from backstay.testing.simulation.exhaustive import Trouble, endure, troubles
from benchmarks.simulate.platforms import STAGES
from benchmarks.simulate.publishers import SAMPLES
from benchmarks.simulate.publishers import STAGE as POSTERS
from benchmarks.simulate.services import simulate_services


@dataclass(frozen=True)
class Game:
    """What can be played."""

    simulate: Callable[..., Any]
    counted: tuple[str, ...]
    own: frozenset[str]
    """Kinds of what must not be that have a number of their own."""
    posts: tuple[str, ...] = ()
    """What is counted of the publishers, whose posts each seed publishes in a storm of their own, if any."""
    option: str = ""
    """Of the command line."""


GAMES: Final = {
    "calls": Game(
        simulate, ("operations", "lost_answers", "crashes", "duplicates", "parked", "orphans"),
        frozenset({"duplicate", "parked", "orphan"}), ("posts", "double_posts", "lost_posts"),
    ),
    "services": Game(
        simulate_services,
        ("plans", "moves", "actions", "verdicts", "stale_answers", "lost_answers", "crashes", "cap_exceeded",
         "double_actions", "stale_decisions"),
        frozenset({"cap", "double", "stale"}), option=" --services",
    ),
}  # fmt: skip
SHOWN_FAILURES = 5
SEEDS_OF_A_WORKER = 100
"""Then another process takes over: what leaks in the simulation itself does not add up over ten thousand seeds."""


def main() -> int:
    """Play and report."""
    chosen = arguments()
    if chosen.exhaustive:
        return exhaust(chosen)
    if chosen.seed is not None:
        return replay(chosen.seed, chosen.platforms, chosen.game)
    began = time.monotonic()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    total: Counter[str] = Counter()
    failed: list[int] = []
    for number, found in enumerate(played(seeds, chosen.platforms, chosen.jobs, chosen.game), 1):
        total.update(found["counts"])
        if found["wrongs"]:
            failed.append(found["seed"])
            if len(failed) <= SHOWN_FAILURES:
                tell(found, chosen.platforms, chosen.game)
        progress(number, len(seeds), len(failed), quiet=chosen.json)
    result = {
        "seeds": len(seeds), **{name: total[name] for name in (*GAMES[chosen.game].counted, *GAMES[chosen.game].posts)},
        "wrong_answers": total["wrong_answers"],
        "seconds": round(time.monotonic() - began, 1), "platforms": chosen.platforms, "failed_seeds": sorted(failed),
    }  # fmt: skip
    report(result, as_json=chosen.json)
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, help="how many; 100, or 1 with --exhaustive")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seed", type=int, help="play this one only, and print its whole trace")
    parser.add_argument("--exhaustive", action="store_true", help="every trouble everywhere")
    parser.add_argument(
        "--services", dest="game", action="store_const", const="services", default="calls",
        help="services on the platforms, instead of calls",
    )  # fmt: skip
    parser.add_argument("--platforms", default=",".join(STAGES), help=f"some of {', '.join(STAGES)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that play at a time")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    chosen.seeds = chosen.seeds or (1 if chosen.exhaustive else 100)
    chosen.platforms = [name for name in chosen.platforms.split(",") if name]
    if unknown := [name for name in chosen.platforms if name not in STAGES]:
        parser.error(f"--platforms {unknown[0]}: there are {', '.join(STAGES)}")
    if chosen.seeds < 1 or chosen.jobs < 1 or not chosen.platforms:
        parser.error("--seeds and --jobs are at least 1, and there is at least one platform")
    return chosen


def play(seed: int, platforms: list[str], game: str) -> tuple[Any, Any]:
    """One seed, and its posts if any; every tenth keeps journal, letters, ledger and audit record in files."""
    outcome = GAMES[game].simulate(seed, [STAGES[name] for name in platforms], files=seed % 10 == 9)
    return outcome, storm(POSTERS, seed) if GAMES[game].posts else None


def played(seeds: range, platforms: list[str], jobs: int, game: str) -> Iterator[dict[str, Any]]:
    """What became of each seed, in the order in which they end."""
    work = partial(summary, platforms=platforms, game=game)
    if jobs == 1 or len(seeds) == 1:
        yield from map(work, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=SEEDS_OF_A_WORKER) as pool:
        yield from pool.imap_unordered(work, seeds)


def summary(seed: int, platforms: list[str], game: str) -> dict[str, Any]:
    """A seed's counts; of one that failed, why, and the lines that tell of it."""
    try:
        outcome, posts = play(seed, platforms, game)
    except Exception:
        told = f"the simulation itself broke:\n{traceback.format_exc()}"
        return {"seed": seed, "counts": {"wrong_answers": 1}, "digest": "", "tail": [], "wrongs": [told]}
    counts = {name: getattr(outcome, name) for name in GAMES[game].counted}
    # All that must not be and has no number of its own.
    other = [wrong for wrong in outcome.wrongs if wrong.kind not in GAMES[game].own]
    tail = outcome.tail() if outcome.wrongs else []
    counts["wrong_answers"] = len(other) + (posts.wrong_answers if posts else 0)
    return {
        "seed": seed, "counts": counts | {name: getattr(posts, name) for name in GAMES[game].posts},
        "digest": outcome.digest, "tail": tail,
        "wrongs": [*map(str, outcome.wrongs), *(posts.wrongs if posts else ())],
    }  # fmt: skip


def exhaust(chosen: argparse.Namespace) -> int:
    """Every trouble on every platform."""
    began, failed = time.monotonic(), 0
    runs: Counter[str] = Counter()
    for name in chosen.platforms:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
            asked = list(troubles(STAGES[name], seed=seed))
            for number, (trouble, wrongs) in enumerate(endured(name, asked, chosen.jobs), 1):
                runs[name] += 1
                if wrongs:
                    failed += 1
                    sys.stderr.write(f"\n{name}: {trouble}\n  " + "\n  ".join(wrongs[:5]) + "\n")
                progress(number, len(asked), failed, quiet=chosen.json)
    failed += exhaust_posts(range(chosen.first_seed, chosen.first_seed + chosen.seeds), runs)
    result = {"runs": dict(runs), "wrong": failed, "seconds": round(time.monotonic() - began, 1)}
    report(result, as_json=chosen.json)
    return 1 if failed else 0


def exhaust_posts(seeds: range, runs: Counter[str]) -> int:
    """Every trouble of one post, a picture and a carousel; how many ended wrong."""
    failed = 0
    for name, request in SAMPLES.items():
        for trouble in (each for seed in seeds for each in post_troubles(POSTERS, request, seed=seed)):
            runs[name] += 1
            wrongs = post_endure(POSTERS, request, trouble)
            if wrongs:
                failed += 1
                sys.stderr.write(f"\n{name}: {trouble}\n  " + "\n  ".join(wrongs[:5]) + "\n")
    return failed


def endured(name: str, asked: list[Trouble], jobs: int) -> Iterator[tuple[Trouble, list[str]]]:
    """What is wrong after each of them."""
    work = partial(one_trouble, name)
    if jobs == 1:
        yield from map(work, asked)
        return
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=10 * SEEDS_OF_A_WORKER) as pool:
        yield from pool.imap_unordered(work, asked, chunksize=10)


def one_trouble(name: str, trouble: Trouble) -> tuple[Trouble, list[str]]:
    """One run."""
    return trouble, list(map(str, endure(STAGES[name], trouble)))


def replay(seed: int, platforms: list[str], game: str) -> int:
    """The whole trace of one seed."""
    outcome, posts = play(seed, platforms, game)
    for line in outcome.trace:
        print(line)
    for wrong in outcome.wrongs:
        print(f"WRONG {wrong}")
    wrongs = posts.wrongs if posts else []
    for wrong_post in wrongs:
        print(f"WRONG {wrong_post}")
    print(f"seed {seed}: {len(outcome.wrongs) + len(wrongs)} wrong, trace {outcome.digest}")
    return 1 if outcome.wrongs or wrongs else 0


def tell(found: dict[str, Any], platforms: list[str], game: str) -> None:
    """Why a seed failed, and how to play it again."""
    lines = [
        f"seed {found['seed']} failed (trace {found['digest']}):",
        *(f"  {wrong}" for wrong in found["wrongs"][:5]),
    ]
    lines += [f"    {line[:300]}" for line in found["tail"]]
    options = f"--seed {found['seed']} --platforms {','.join(platforms)}{GAMES[game].option}"
    sys.stderr.write("\n" + "\n".join([*lines, f"  play it again: python -m benchmarks.simulate {options}"]) + "\n")


def progress(done: int, of: int, failed: int, *, quiet: bool) -> None:
    """A bar on the terminal."""
    if quiet or not sys.stderr.isatty():
        return
    width = 30 * done // of
    sys.stderr.write(f"\r[{'#' * width}{'.' * (30 - width)}] {done}/{of} seeds, {failed} failed ")
    if done == of:
        sys.stderr.write("\n")
    sys.stderr.flush()


def report(result: dict[str, Any], *, as_json: bool) -> None:
    """JSON, or a line for each number."""
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:14} {value}")


if __name__ == "__main__":
    sys.exit(main())
