"""Writes the tables of docs/faults.md from what `benchmarks.faults` measured; faults_picture.py draws the rest.

python -m benchmarks.faults --seeds 8 --scenario a..g --json   > docs/_generate/faults.json
python -m benchmarks.faults --series --scenario a..f           > docs/_generate/faults-series.json
python -m benchmarks.faults --seeds 8 --scenario c --rate 1.2 --json > docs/_generate/faults-1.2.json   (and 1.35)
python -m benchmarks.faults --probes --json                    > docs/_generate/faults-probes.json
python docs/_generate/faults.py && python docs/_generate/faults_picture.py
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

TOP: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))

from benchmarks.faults.__main__ import COLUMNS  # noqa: E402 - the checkout is not installed
from benchmarks.faults.goals import judged  # noqa: E402

DOCS: Final = TOP / "docs"
PAGE: Final = DOCS / "faults.md"
PART: Final = re.compile(r"(<!-- generated: ([\w.]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
OURS: Final = "backstay"
Result = Mapping[str, Mapping[str, Any]]

WORDS: Final = {
    "success": "success %",
    "goodput": "goodput %",
    "calls_per_req": "calls / request",
    "calls_per_ok": "calls / success",
    "p50": "p50 ms",
    "p99": "p99 ms",
    "p99_all": "p99 of all ms",
    "out_calls_x": "calls in the fault / offered",
    "peak_after_x": "busiest second after / load",
    "recover_s": "back after s (worst seed)",
    "during_goodput": "goodput in the fault %",
    "last20_goodput": "goodput at the end %",
    "n429": "429s",
    "bans": "bans",
    "duplicates": "made twice",
    "orphans": "made and lost",
    "find_reads": "looks",
    "reads_per_create": "looks / create",
    "trips": "breaker trips",
}


def load(name: str) -> Any:
    """What a run has printed."""
    return json.loads((DOCS / "_generate" / f"{name}.json").read_text("utf8"))


# Tables -------------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: int = 1) -> str:
    """A Markdown table; the columns from `right` on are numbers."""
    rule = ["---" if n < right else "--:" for n in range(len(head))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))


def number(column: str, value: float) -> str:
    """As many digits as mean something."""
    if math.isinf(value):
        return "**never**"
    if column in {"success", "goodput", "during_goodput", "last20_goodput"}:
        return f"{value:.1f}" if value < 99 else f"{value:.2f}"
    if column in {"p50", "p99", "p99_all", "n429", "find_reads"}:
        return f"{value:.0f}"
    return f"{value:.1f}" if column in {"recover_s", "bans", "duplicates", "orphans"} else f"{value:.2f}"


def scenario(result: Result, name: str) -> str:
    """All clients of a scenario; ours is bold."""
    rows = []
    for client, found in result[name].items():
        cells = [client, *(number(column, found[column]) for column in COLUMNS[name])]
        rows.append([f"**{cell.strip('*')}**" for cell in cells] if client == OURS else cells)
    return table(["client", *(WORDS[column] for column in COLUMNS[name])], rows)


def goals(result: Result) -> str:
    """Every goal with our number."""
    rows = []
    for name in result:
        ours = result[name][OURS]
        for goal in judged(name, ours, 1.0):
            bound, value = f"{'≥' if goal.least else '≤'} {goal.bound:,g}", number(goal.what, goal.value(ours))
            rows.append([f"({name})", WORDS[goal.what], bound, value, "yes" if goal.reached(ours) else "**no**"])
    return table(["scenario", "what", "goal", "backstay", "reached"], rows, right=2)


def sweep() -> str:
    """Scenario (c) at three loads."""
    rates = {"0.70": load("faults"), "0.84": load("faults-1.2"), "0.945": load("faults-1.35")}
    head = ["client", *(f"{what}, load {rate}" for rate in rates for what in ("goodput %", "back after s"))]
    first = next(iter(rates.values()))["c"]
    rows = [
        [
            client,
            *(
                number(column, found["c"][client][column])
                for found in rates.values()
                for column in ("goodput", "recover_s")
            ),
        ]
        for client in first
        if all(client in found["c"] for found in rates.values())
    ]
    return table(head, [[f"**{cell.strip('*')}**" for cell in row] if row[0] == OURS else row for row in rows])


def probes(group: str) -> str:
    """One group of probes."""
    rows = load("faults-probes")[group]
    columns = list(dict.fromkeys(key for facts in rows.values() for key in facts))
    cells = [[name, *(str(facts.get(column, "")) for column in columns)] for name, facts in rows.items()]
    return table([group, *(column.replace("_", " ") for column in columns)], cells)


def parts() -> dict[str, str]:
    """Every generated part of the page."""
    result = load("faults")
    return {
        "goals": goals(result), "sweep": sweep(),
        **{name: scenario(result, name) for name in "abcdefg"},
        **{f"probes.{group}": probes(group) for group in ("breaker", "cache", "limiter", "deadline", "hedge")},
    }  # fmt: skip


def page(text: str) -> str:
    """The page with fresh tables."""
    fresh = parts()
    return PART.sub(lambda found: f"{found[1]}{fresh[found[2]]}{found[4]}", text)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text("utf8")), "utf8")
    print(PAGE)


if __name__ == "__main__":
    main()
