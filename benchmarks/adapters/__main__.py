"""What an adapter costs beside a bare client and the vendor's SDK: `python -m benchmarks.adapters [--json]`.

The bare client does the same requests on the same transport and builds the same objects. The servers are other
processes and answer the same bytes to all; our limits are set so high that nobody waits for them.
"""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.measure import arguments, report

ADAPTERS = ("tiktok", "meta", "google_ads")


def main() -> None:
    """Measure and report."""
    chosen = arguments(__doc__ or "", rounds=9, only=ADAPTERS)
    rows: list[dict[str, Any]] = []
    for name in chosen.only or ADAPTERS:
        rows += importlib.import_module(f"benchmarks.adapters.{name}").rows(chosen.rounds)
    names = list(dict.fromkeys(name for each in rows for name in each))
    table: list[list[object]] = [names, *([each.get(name, "") for name in names] for each in rows)]
    report({"rows": rows}, table, as_json=chosen.json)


if __name__ == "__main__":
    main()
