"""Real processes, a real file, SIGKILL: nothing acknowledged is lost, nothing is created twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


def test_killed_processes_lose_nothing_and_make_nothing_twice() -> None:
    """Twenty kills at random moments, two workers on one state folder, answers lost on the way.

    More by command: `python -m benchmarks.crash --kills 200`.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash", "--kills", "20", "--seed", "1", "--json"],
        cwd=TOP, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    result = json.loads(ran.stdout)
    assert ran.returncode == 0, result
    assert {name: result[name] for name in ("lost", "duplicates", "orphans", "changed", "open")} == {
        "lost": 0, "duplicates": 0, "orphans": 0, "changed": 0, "open": 0,
    }  # fmt: skip
    assert result["kills"] >= 20
    # It proves something: keys were left open by the dead and found again, and others were replayed.
    assert result["how"]["adopted"] > 0
    assert result["how"]["replayed"] > 0
