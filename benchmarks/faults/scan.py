"""What another constant would do: `python -m benchmarks.faults.scan strain.target=0.6,0.7,0.8 [--scenario c]`.

A setting is a dotted name inside `Profile` (`backstay explain` lists them all). By default seeds and loads are those on
which our constants were chosen, not those on which the results in `docs/faults.md` are reported: choose here, report
there.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import sys
from functools import partial
from typing import Any

from backstay.errors import InvalidRequestError
from backstay.profile import Profile
from benchmarks.faults.drive import metrics, play, summary
from benchmarks.faults.goals import judged
from benchmarks.faults.ours import backstay

CHOSEN_ON = 300
"""The first seed of a scan; results are reported on seeds 1 to 8."""
RATES = (1.0, 1.2, 1.35)


def main() -> None:
    """Play each value at each load; one line for each, with the goals that it misses."""
    chosen = arguments()
    name, values = setting(chosen.setting)
    for value in values:
        for rate in chosen.rates:
            found = played(chosen, partial(changed, name=name, value=value), rate)
            goals = list(judged(chosen.scenario, found, rate))
            numbers = "  ".join(f"{goal.what}={goal.value(found):.4g}" for goal in goals)
            missed = ", ".join(goal.what for goal in goals if not goal.reached(found))
            sys.stdout.write(
                f"{name}={value!r:8}  load x {rate:<5g} {numbers}{f'  misses {missed}' if missed else ''}\n"
            )
            sys.stdout.flush()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faults.scan", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("setting", help="name=value,value,...")
    parser.add_argument("--scenario", default="c", choices=list("abcdefg"))
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=CHOSEN_ON)
    parser.add_argument("--rates", type=lambda text: [float(each) for each in text.split(",")], default=RATES)
    return parser.parse_args()


def setting(text: str) -> tuple[str, tuple[Any, ...]]:
    """`strain.target=0.6,0.7` as a name and its values."""
    name, _, values = text.partition("=")
    read = ast.literal_eval(f"({values},)") if values else ()
    if not read:
        raise InvalidRequestError("a scan needs values", field="setting", value=text, hint="strain.target=0.6,0.7")
    changed(Profile(), name, read[0])
    return name, read


def changed(profile: Any, name: str, value: Any) -> Any:
    """A copy of nested settings with one of them changed.

    Raises:
        InvalidRequestError: there is no such setting, or not with such a value.
    """
    first, _, rest = name.partition(".")
    if not dataclasses.is_dataclass(profile) or not hasattr(profile, first):
        raise InvalidRequestError("no such setting", field="setting", value=name, hint="see `backstay explain tiktok`")
    inner = changed(getattr(profile, first), rest, value) if rest else value
    return dataclasses.replace(profile, **{first: inner})  # type: ignore[type-var]  # it was looked at


def played(chosen: argparse.Namespace, change: Any, rate: float) -> dict[str, Any]:
    """The metrics of all seeds."""
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    factory = partial(backstay, change=change)
    return summary([metrics(chosen.scenario, play(chosen.scenario, factory, seed, rate)) for seed in seeds])


if __name__ == "__main__":
    main()
