"""`python -m benchmarks.faults`: what it prints, what it refuses, and how another library plugs in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
README = (TOP / "benchmarks/README.md").read_text("utf8")


def played(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One run in a process of its own: it patches the clocks for all who are imported after it."""
    folders = [str(TOP), *([str(path)] if path else [])]
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", *arguments], cwd=TOP, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)}, timeout=300,
    )  # fmt: skip


def test_it_prints_one_json_object_by_scenario_and_client() -> None:
    """The keys are those of the metrics; ours is called backstay."""
    ran = played("--scenario", "a", "--client", "backstay", "--seeds", "1", "--json")
    result = json.loads(ran.stdout)
    assert (ran.returncode, list(result), list(result["a"])) == (0, ["a"], ["backstay"])
    assert {"offered", "success", "goodput", "calls_per_req", "calls_per_ok", "p50", "p99"} <= set(
        result["a"]["backstay"]
    )


def test_it_prints_a_table_and_the_goals() -> None:
    """For people: the numbers, and whether they are good enough."""
    ran = played("--scenario", "f", "--client", "backstay", "--seeds", "1")
    assert re.search(r"^backstay +100\.00", ran.stdout, re.MULTILINE)
    assert "(f) p99 <= 200:" in ran.stdout


def test_another_library_plugs_in_with_the_ten_lines_of_the_page(tmp_path: Path) -> None:
    """The example of the page is played, beside ours and under its own name."""
    code = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "def client" in block)
    assert len([line for line in code.splitlines() if line.strip() and not line.startswith(("#", "import"))]) <= 10
    (tmp_path / "mine.py").write_text(code, "utf8")
    ran = played(
        "--plugin", "mine:client", "--client", "mine", "--scenario", "e", "--seeds", "1", "--json", path=tmp_path
    )
    found = json.loads(ran.stdout)["e"]["mine:client"]
    assert found["success"] > 99.0
    assert found["duplicates"] > 20


def test_series_are_what_a_picture_needs() -> None:
    """Goodput and calls sent, a point every two seconds."""
    ran = played("--series", "--scenario", "d", "--client", "backstay")
    series = json.loads(ran.stdout)["d"]["backstay"]
    assert {name: len(values) for name, values in series.items()} == {"goodput": 45, "sent": 45}
    assert max(series["goodput"]) == 100.0


def test_our_answers_to_the_probes_are_right() -> None:
    """Each probe has one right answer."""
    ran = played("--probes", "--client", "backstay")
    assert ran.stdout.count("reached") == 12
    assert "MISSED" not in ran.stdout
    assert "  error=" not in ran.stdout


@pytest.mark.parametrize(("scenario", "words"), [("x", "'x'"), ("a..z", "'.'")])
def test_an_unknown_scenario_is_refused(scenario: str, words: str) -> None:
    """What was asked for, and what there is."""
    ran = played("--scenario", scenario)
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "a to g" in ran.stderr
