"""`backstay services ab`: verdicts of files, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backstay.cli.app import app

runner = CliRunner()
HOOKS = Path(__file__).resolve().parents[3] / "docs/services/hooks.yaml"


def test_a_file_gets_its_verdict() -> None:
    """The arms, the comparison, the verdict, and what may be said."""
    result = runner.invoke(app, ["services", "ab", str(HOOKS)])
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    words = ("WINNER promise: better_than_control", "as delivered", "5.0377%", "+13.9%", "mixture sequential test")
    assert [each for each in words if each not in said] == []


def test_the_verdict_as_json() -> None:
    """One object, with what programs need."""
    result = runner.invoke(app, ["services", "ab", str(HOOKS), "--json"])
    body = json.loads(result.stdout)
    assert (result.exit_code, body["outcome"], body["arm"], body["losers"]) == (0, "winner", "promise", ["question"])
    assert body["comparisons"][0]["p"] < 0.05


def test_each_day_as_the_manager_would_have_seen_it() -> None:
    """Up to the day on which it would have stopped."""
    result = runner.invoke(app, ["services", "ab", str(HOOKS), "--watch", "--json"])
    body = json.loads(result.stdout)
    assert [each["outcome"] for each in body] == ["continue"] * 20 + ["winner"]
    assert body[-1]["days"] == 21
    shown = runner.invoke(app, ["services", "ab", str(HOOKS), "--watch"]).stdout
    assert "2026-01-26" in shown


def test_undefined_numbers_are_said(tmp_path: Path) -> None:
    """An arm without results has no cost for one."""
    text = HOOKS.read_text("utf8").replace("metric: cvr", "metric: cpa").partition("  - name: promise")[0]
    text += "  - name: promise\n    days: [{day: 2026-01-05, spend: 1.00 EUR}]\n"
    path = tmp_path / "test.yaml"
    path.write_text(text, "utf8")
    result = runner.invoke(app, ["services", "ab", str(path)])
    assert result.exit_code == 0
    assert "undefined" in result.stdout
    assert "CONTINUE" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("metric: cvr", "metric: cvx", ("plan.metric", "cvx", "line 4", "'ctr', 'cvr', 'cpa' or 'roas'")),
        ("control: question", "control: nobody", ("plan.control", "nobody", "line 6", "question, promise")),
        ("plan:", "plan: {", ("no YAML", "line")),
        ("effect: 0.15", "target_cpa: -5 EUR", ("plan.target_cpa", "-5 EUR", "line 7", "no amount above 0")),
        ("clicks: 1430", "clicks: .nan", ("arms.0.days.0.clicks cannot be '.nan'", "line 14", "write digits")),
    ],
)
def test_a_bad_file_is_refused_with_line_field_and_cure(
    tmp_path: Path, old: str, new: str, words: tuple[str, ...]
) -> None:  # fmt: skip
    """Exit status 2, on standard error."""
    path = tmp_path / "test.yaml"
    path.write_text(HOOKS.read_text("utf8").replace(old, new, 1), "utf8")
    result = runner.invoke(app, ["services", "ab", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    said = " ".join(result.stderr.split())
    assert [word for word in words if word not in said] == []


def test_a_file_that_is_not_there_is_refused() -> None:
    """As any other."""
    result = runner.invoke(app, ["services", "ab", "nowhere.yaml", "--json"])
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "cannot be read: No such file or directory (check the path" in said
