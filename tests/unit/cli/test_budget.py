"""`backstay services budget`: plans of files, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from backstay.cli.app import app

FILE = """limits: {total: 100.00 EUR, max_change: null}
campaigns:
  - {name: search, budget: 50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 100, b: 10}}
  - {name: video, budget: 50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 50, b: 10}}
"""
runner = CliRunner()


def written(tmp_path: Path, text: str) -> str:
    """A file with this text."""
    path = tmp_path / "budgets.yaml"
    path.write_text(text, "utf8")
    return str(path)


def test_a_plan_for_people_and_for_programs(tmp_path: Path) -> None:
    """O1: 70 and 30, in a table and as JSON with what binds."""
    path = written(tmp_path, FILE)
    assert "70.00 EUR" in runner.invoke(app, ["services", "budget", path]).stdout
    told = json.loads(runner.invoke(app, ["services", "budget", path, "--json"]).stdout)
    assert [(each["new"], each["binds"]) for each in told["changes"]] == [
        ("70.00 EUR", "total"),
        ("30.00 EUR", "total"),
    ]
    assert told["gain"] > 0


def test_a_fault_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    """A curve with a negative parameter, on the file's third line."""
    result = runner.invoke(app, ["services", "budget", written(tmp_path, FILE.replace("a: 100", "a: -1"))])
    assert result.exit_code != 0
    assert "line 3" in " ".join(result.output.split())
