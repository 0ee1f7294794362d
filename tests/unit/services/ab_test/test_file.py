"""Files of tests: what they may leave out, and how what is wrong in them is told."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.file import evidence_in, evidence_of
from backstay.services.ab_test.words import Metric
from backstay.services.document import parse
from backstay.services.series import basis_fields

TEXT = """\
plan:
  id: hooks
  metric: cvr
  design: observational_arms
  control: A
  target_cpa: 12.50 EUR
basis: {timezone: Europe/Berlin, attribution: {click_days: 7}}
arms:
  - name: A
    units: 4000
    days:
      - {day: 2026-01-05, clicks: 800, conversions: 41, spend: 120.10 EUR}
      - {day: 2026-01-06, clicks: 790, conversions: 39.5, spend: 120.10 EUR}
  - name: B
    platform: tiktok
    days:
      - day: 2026-01-05
        clicks: 800
        conversions: 44
        spend: 119.99 EUR
      - {day: 2026-01-06, clicks: 810, conversions: 51, spend: 120 EUR}
"""


def test_a_file_is_read_exactly(tmp_path: Path) -> None:
    """Money and fractions stay what was written; days of a file without `as_of` are final."""
    path = tmp_path / "test.yaml"
    path.write_text(TEXT, "utf8")
    found = evidence_of(path)
    assert (found.plan.id, found.plan.metric, found.plan.target_cpa) == ("hooks", Metric.CVR, Money.of("12.50 EUR"))
    a, b = found.arms
    assert [day.conversions for day in a.series.days] == [Decimal(41), Decimal("39.5")]
    assert b.series.days[0].spend == Money.of("119.99 EUR")
    assert (a.units, b.units, b.series.platform, a.series.platform) == (4000, None, "tiktok", None)
    assert a.series.basis == b.series.basis
    assert a.series.basis is not None
    assert a.series.basis.attribution.click_days == 7
    assert all(day.final for arm in found.arms for day in arm.series.days)
    assert found.as_of.date() == date(2026, 1, 7)
    assert decide(found).reasons


def test_a_file_may_say_when_it_was_read_and_how_each_arm_is_counted() -> None:
    """With `as_of` the last days have not settled; an arm's own basis stands for the common one."""
    text = TEXT.replace("arms:\n", "as_of: 2026-01-20\narms:\n", 1)
    text = text.replace("    platform: tiktok\n", "    basis: {timezone: UTC}\n")
    found = evidence_in(parse(text, "test.yaml"))
    assert found.as_of.date() == date(2026, 1, 20)
    assert not any(day.final for arm in found.arms for day in arm.series.days)
    assert found.arms[1].series.basis != found.arms[0].series.basis
    assert decide(found).reasons == ("basis",)


def test_json_is_read_alike() -> None:
    """With tabs as well, and with the line of a fault."""
    data: dict[str, Any] = {
        "plan": {"id": "hooks", "metric": "cpa", "design": "cross_platform", "control": "A"},
        "arms": [
            {"name": name, "days": [{"day": "2026-01-05", "conversions": 1.25, "spend": "10.10 EUR"}]}
            for name in ("A", "B")
        ],
    }
    text = json.dumps(data, indent="\t")
    found = evidence_in(parse(text, "test.json"))
    assert found.arms[0].series.days[0].conversions == Decimal("1.25")
    wrong = text.replace("1.25", "-1", 1)
    with pytest.raises(InvalidRequestError, match=r"test\.json, line 14, arms\.0\.days\.0\.conversions"):
        evidence_in(parse(wrong, "test.json"))


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("metric: cvr", "metric: cvx", 3, "plan.metric"),
        ("control: A", "control: C", 5, "plan.control"),
        ("  id: hooks", "  id: a b", 2, "plan.id"),
        ("12.50 EUR", "12.50", 6, "plan.target_cpa"),
        ("  control: A", "  control: A\n  alhpa: 0.1", 6, "plan.alhpa"),
        ("Europe/Berlin", "Mars/Olympus", 7, "basis.timezone"),
        ("click_days: 7", "click_days: x", 7, "basis.attribution.click_days"),
        ("clicks: 790", "clicks: 790.5", 13, "arms.0.days.1.clicks"),
        ("conversions: 44", "conversions: -44", 19, "arms.1.days.0.conversions"),
        ("day: 2026-01-06, clicks: 810", "day: 2026-01-05, clicks: 810", 21, "arms.1.days.1.day"),
        ("day: 2026-01-06, clicks: 810", "day: 2026-13-06, clicks: 810", 21, "arms.1.days.1.day"),
        ("spend: 120 EUR", "spend: 120", 21, "arms.1.days.1.spend"),
        ("spend: 120 EUR", "spend: 120 euro", 21, "arms.1.days.1.spend"),
        ("units: 4000", "units: many", 10, "arms.0.units"),
        ("platform: tiktok", "platform: myspace", 15, "arms.1.platform"),
        ("name: B", "name: A", 8, "arms"),
        ("    units: 4000\n", "", 9, None),
        ("  metric: cvr\n", "", 1, "plan.metric"),
        ("basis:", "bases:", 7, "bases"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field(old: str, new: str, line: int, field: str | None) -> None:
    """And with the cure; a row that changes nothing wrong passes."""
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    if field is None:
        evidence_in(parse(text, "test.yaml"))
        return
    with pytest.raises(InvalidRequestError) as caught:
        evidence_in(parse(text, "test.yaml"))
    assert (caught.value.field, caught.value.message.split(":")[0]) == (field, f"test.yaml, line {line}, {field}")
    assert caught.value.hint


def test_a_file_of_an_older_basis_is_refused() -> None:
    """A file that says what a basis consisted of when it was written is not read as if it said more."""
    evidence_in(parse(f"basis_fields: {basis_fields()}\n{TEXT}", "test.yaml"))
    older = basis_fields().replace("modelled,", "")
    with pytest.raises(InvalidRequestError, match=r"line 1, basis_fields.*other fields: modelled"):
        evidence_in(parse(f"basis_fields: {older}\n{TEXT}", "test.yaml"))
