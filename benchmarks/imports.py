"""What importing costs: `python -m benchmarks.imports [--json]`. Whole interpreters, interleaved, compiled modules."""

from __future__ import annotations

import compileall
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import backstay
from benchmarks.measure import arguments, median, report

ROWS = {
    "backstay": "import backstay",
    "backstay, its engine used": "import backstay; backstay.resilient; backstay.Runtime",
    "adapters": "from backstay.adapters import TikTokAds",
    "dependencies": "import httpx, pydantic, structlog",
    "pydantic": "import pydantic",
    "httpx": "import httpx",
    "aiohttp": "import aiohttp",
}
CODE = "import time; began = time.perf_counter(); {0}; print((time.perf_counter() - began) * 1e3)"


def once(statement: str) -> float:
    """Milliseconds in a new interpreter."""
    done = subprocess.run([sys.executable, "-c", CODE.format(statement)], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and report."""
    chosen = arguments(__doc__ or "", rounds=9)
    top = Path(backstay.__file__).parent
    compileall.compile_dir(top, quiet=1)
    compileall.compile_dir(top.parent.parent / "adapters", quiet=1)
    found: dict[str, list[float]] = {name: [] for name in ROWS}
    order = list(ROWS) * chosen.rounds
    random.Random(1).shuffle(order)
    for name in order:
        found[name].append(once(ROWS[name]))
    ms = {name: median(values) for name, values in found.items()}
    result: dict[str, Any] = {
        "backstay_ms": ms["backstay"],
        "adapters_ms": ms["adapters"],
        "dependencies_ms": ms["dependencies"],
        "rows": [{"name": name, "ms": value, "spread_ms": spread(found[name])} for name, value in ms.items()],
    }
    base = ms["dependencies"]
    table: list[list[object]] = [["import", "ms", "of httpx + pydantic + structlog"]]
    table += [[name, value, round(value / base, 2)] for name, value in ms.items()]
    table.append(["targets: backstay 0.25, adapters 1.15", "", ""])
    report(result, table, as_json=chosen.json)


def spread(values: list[float]) -> float:
    """Between the quartiles."""
    low, _, high = statistics.quantiles(values, n=4)
    return round(high - low, 2)


if __name__ == "__main__":
    main()
