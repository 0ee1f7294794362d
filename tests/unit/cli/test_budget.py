"""`backstay services budget`: plans of files, for people and for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backstay.cli.app import app
from backstay.errors import InvalidRequestError
from backstay.services.budgets.file import plan_of

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


DAYS = """limits: {total: 100.00 EUR, max_change: null}
rates: {day: 2026-03-02, to: EUR, one: {USD: 0.8}}
basis: {timezone: Europe/Berlin, attribution: {click_days: 7}}
campaigns:
  - {name: search, budget: 50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 100, b: 10}}
  - name: video
    budget: 50.00 USD
    unit: 0.01 USD
    days:
      - {day: 2026-01-01, spend: 10.00 USD, conversions: 30}
      - {day: 2026-01-02, spend: 40.00 USD, conversions: 70}
      - {day: 2026-01-03, spend: 90.00 USD, conversions: 106}
      - {day: 2026-02-28, spend: 50.00 USD, conversions: 9}
leave_out: true
"""
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_file_may_give_days_and_rates(tmp_path: Path) -> None:
    """The curve is fitted to the settled days, dollars count at the rate, and the gain has an interval."""
    found = plan_of(written(tmp_path, DAYS), NOON)
    assert [each.new.currency for each in found.changes] == ["EUR", "USD"]
    assert sum(each.new.amount * each.counts for each in found.changes) <= 100
    assert found.gain_interval is not None
    assert found.gain_interval[0] < found.gain < found.gain_interval[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("leave_out: true", "leave_out: false", r"line 9, campaigns\.1\.days: video: results of 1 days are prov"),
        ("USD: 0.8", "GBP: 0.8", "no exchange rate between USD and EUR"),
        ("day: 2026-03-02", "day: 2026-01-02", "the exchange rates are of 2026-01-02"),
        ("USD: 0.8", "USD: -1", "line 2"),
        ("conversions: 70", "conversions: -70", "line 11"),
        ("leave_out: true", "basis_fields: timezone", "line 14, basis_fields: basis_fields was written"),
    ],
)  # fmt: skip
def test_faults_of_days_and_rates_are_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Provisional days, rates that are missing, old or no rates, numbers below 0, a basis of another version."""
    with pytest.raises(InvalidRequestError, match=message):
        plan_of(written(tmp_path, DAYS.replace(old, new)), NOON)


def test_the_table_tells_how_sure_the_gain_is(tmp_path: Path) -> None:
    """A line under it."""
    rows = [line for line in DAYS.splitlines() if not line.startswith("rates")]
    text = "\n".join(rows).replace("USD", "EUR")
    assert "gain in nine of ten cases" in runner.invoke(app, ["services", "budget", written(tmp_path, text)]).stdout


def test_a_fault_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    """A curve with a negative parameter, on the file's third line."""
    result = runner.invoke(app, ["services", "budget", written(tmp_path, FILE.replace("a: 100", "a: -1"))])
    assert result.exit_code != 0
    assert "line 3" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 50", "50.00 USD, unit: 0.01 USD, curve: {kind: log, a: 50",
         r"line 4, campaigns\.1\.budget: video is in USD, the total in EUR"),
        ("name: video", "name: search", r"line 2, campaigns: campaigns of different names"),
        ("name: video", "name: video, low: 500.00 EUR", r"line 4, campaigns\.1\.low: infeasible: video has bounds 500"),
        ("name: video", "name: video, low: -5.00 EUR", r"line 4, campaigns\.1\.low: less than nothing"),
        ("name: video", "name: video, low: 9 EUR, high: 5 EUR", r"line 4, campaigns\.1\.high: less than low, 9 EUR"),
        ("max_change: null", "exposure: true", r"line 3, campaigns\.0\.overspend: how far search can be overspent"),
        ("max_change: null", "caps: [{name: a, amount: 50 EUR, members: [serach]}]", r"line 1, limits\.caps: a has "),
        ("max_change: null", "caps: [{name: a, amount: 50 USD, members: [search]}]",
         r"line 1, limits\.caps\.0\.amount: the total is in EUR"),
        ("total: 100.00 EUR", "total: [100 EUR]", r"line 1, limits\.total: no amount and currency"),
        ("total: 100.00 EUR", "total: {eur: 100}", r"line 1, limits\.total: no amount and currency"),
        ("max_change: null", "caps: [{name: a, amount: null, members: [search]}]",
         r"line 1, limits\.caps\.0\.amount: no amount and currency"),
        ("video, budget: 50.00 EUR", "video, budget: null", r"line 4, campaigns\.1\.budget: no amount and currency"),
        ("name: video", "name: video, low: [1]", r"line 4, campaigns\.1\.low: no amount and currency"),
        (", a: 50, b: 10", ", a: 50", r"line 4, campaigns\.1\.curve\.b: Field required"),
        ("name: video", 'name: ""', r"line 4, campaigns\.1\.name: String should have at least 1 character"),
        ("campaigns:", "rates: {day: 2026-03-02, to: EUR, one: [1]}\ncampaigns:", r"line 2, rates\.one: "),
        ("campaigns:", "rates: {day: 2026-03-02, to: EUR, one: null}\ncampaigns:", r"line 2, rates\.one: "),
        ("campaigns:", "rates: {day: 2026-03-02, to: EUR, one: {USD: -1}}\ncampaigns:", r"line 2, rates\.one\.USD: "),
        ("campaigns:", "rates: {day: 2026-03-02, to: EUR, one: {usd: 1}}\ncampaigns:", r"line 2, rates\.one: "),
    ],
)  # fmt: skip
def test_what_a_plan_refuses_is_told_at_its_place_in_the_file(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Campaigns by their place, not by the words of the solver; a cap in other money is no cap in the total's."""
    text = FILE.replace(old, new)
    assert text != FILE
    with pytest.raises(InvalidRequestError, match=message):
        plan_of(written(tmp_path, text), NOON)


def test_a_negative_spend_is_told_at_its_day(tmp_path: Path) -> None:
    """Such a day tells nothing of the curve; it is not left out in silence."""
    rows = ("01, spend: 10", "02, spend: -5")
    days = "".join(f"      - {{day: 2026-01-{row} EUR, conversions: 9}}\n" for row in rows)
    text = FILE.replace(", curve: {kind: log, a: 50, b: 10}}", "}").replace(
        "  - {name: video, budget: 50.00 EUR, unit: 0.01 EUR}",
        "  - name: video\n    budget: 50.00 EUR\n    unit: 0.01 EUR\n    days:\n" + days.rstrip(),
    )
    with pytest.raises(
        InvalidRequestError, match=r"line 9, campaigns\.1\.days\.1\.spend: video spent -5 EUR"
    ) as caught:
        plan_of(written(tmp_path, text), NOON)
    assert (caught.value.value, caught.value.hint) == ("-5 EUR", "correct it, or leave this day out")
