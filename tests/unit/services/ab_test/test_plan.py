"""Plans that do not fit are refused before anything begins, with field, value and cure."""

from __future__ import annotations

import math
from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay.services.ab_test.words import Design, Metric, Stopping
from backstay.services.stats.sizes import SizeFormula
from tests.support.ab import evidence, plan, series


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": ""}, "id"),
        ({"metric": "cvx"}, "metric"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"effect": 0.0}, "effect"),
        ({"equivalence": 1.0}, "equivalence"),
        ({"max_days": 6}, "max_days"),
        ({"min_results": 0}, "min_results"),
        ({"stop_loss": 0.5}, "stop_loss"),
        ({"settle_days": -1}, "settle_days"),
        ({"target_cpa": 12.0}, "money"),
        ({"design": Design.CROSS_PLATFORM, "metric": Metric.CVR}, "metric"),
        ({"stopping": Stopping.GROUP_SEQUENTIAL, "looks": 3, "max_days": 28}, "looks"),
        ({"stopping": Stopping.GROUP_SEQUENTIAL, "looks": 5, "max_days": 28, "whole_weeks": False}, "looks"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(facts: dict[str, Any], field: str) -> None:
    """Each by its field."""
    with pytest.raises(InvalidRequestError) as caught:
        plan(**facts)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("names", "facts", "field"),
    [
        (("A",), {}, "arms"), (("A", "A"), {}, "arms"), (("A", "b c"), {}, "arms"), (("B", "C"), {}, "control"),
        (("A", "B"), {"weights": (1.0, 1.0, 1.0)}, "weights"),
    ],
)  # fmt: skip
def test_arms_that_do_not_fit_the_plan_are_refused(names: tuple[str, ...], facts: Any, field: str) -> None:
    """Too few, twice the same, no file's name, no control, shares for others."""
    with pytest.raises(InvalidRequestError) as caught:
        evidence([series(name, [50]) for name in names], **facts)
    assert caught.value.field == field


def test_planned_looks_share_the_days() -> None:
    """Four looks in 28 days are one a week; with single days other numbers fit."""
    assert plan(stopping=Stopping.GROUP_SEQUENTIAL, looks=4, max_days=28).step == 7
    assert plan(stopping=Stopping.GROUP_SEQUENTIAL, looks=5, max_days=25, whole_weeks=False).step == 1


def test_a_plan_knows_its_size() -> None:
    """For a baseline, by the formula that is named."""
    assert plan(effect=0.2).size(0.10) == 3841
    assert plan(effect=0.2).size(0.10, formula=SizeFormula.EVAN_MILLER) == 3623
    assert plan(effect=0.2).tau == pytest.approx(math.log(1.2))


@pytest.mark.parametrize(
    ("facts", "window", "left_out"),
    [
        ({}, 28, 28), ({}, None, 7), ({"settle_days": 3}, 28, 3), ({"metric": Metric.CTR}, 28, 0),
        ({"metric": Metric.CTR, "settle_days": 2}, None, 2),
    ],
)  # fmt: skip
def test_days_that_are_left_out(facts: Any, window: int | None, left_out: int) -> None:
    """The window of the basis, seven days where it names none, none for clicks; a plan may say otherwise."""
    assert plan(**facts).left_out(window) == left_out
