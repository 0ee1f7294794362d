"""Draws docs/services/ab_test.svg from docs/services/hooks.yaml, with the standard library and backstay alone.

python docs/_generate/ab_picture.py
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from backstay.services.ab_test import Evidence, Verdict, evidence_of, watched
from backstay.services.ab_test.estimate import estimates
from backstay.services.stats.posterior import Posterior
from backstay.services.stats.special import normal_quantile

sys.path.insert(0, str(Path(__file__).parent))  # `drawing` is beside this script, in no package
from drawing import BAND, BLUE, GREY, INK, ORANGE, Panel, Point, band, grid, page, path, text

FOLDER = Path(__file__).resolve().parents[1] / "services"
SOURCE, TARGET = FOLDER / "hooks.yaml", FOLDER / "ab_test.svg"
WIDTH, HEIGHT = 760, 560


# The upper panel: what can be said on each day --------------------------------------------------------------------


def sequence(days: Sequence[Verdict], ended: Verdict) -> list[str]:
    """The difference with its confidence sequence, and the interval that may be looked at only once."""
    rows = [(each.days, each.comparisons[0]) for each in days if each.comparisons and each.comparisons[0].z is not None]
    panel = Panel(64, 74, WIDTH - 64 - 26, 210, (3, 28), (-0.4, 0.8))
    drawn = [
        text(24, 32, "How much better the promise converts than the question", size=15, bold=True),
        text(
            24,
            52,
            "Band: confidence sequence, right on all days together. Dashed: 95 % interval, right on one day only.",
            fill=GREY,
        ),
        *grid(panel, range(7, 29, 7), (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8), lambda y: f"{y:+.0%}" if y else "0 %"),
    ]
    wide = [(day, each.low, each.high) for day, each in rows if each.low is not None and each.high is not None]
    drawn.append(band(panel, wide, f'fill="{BAND}" fill-opacity="0.75"'))
    for side in (-1, 1):
        line = [panel.at(day, min(0.8, max(-0.4, _once(each.change, each.z, side)))) for day, each in rows]
        drawn.append(path(line, f'stroke="{ORANGE}" stroke-width="1.3" stroke-dasharray="4 3" fill="none"'))
    middle = [panel.at(day, min(0.8, max(-0.4, each.change or 0.0))) for day, each in rows]
    drawn.append(path(middle, f'stroke="{BLUE}" stroke-width="2.2" fill="none"'))
    x, top = panel.at(ended.days, panel.y[1])
    drawn.append(path([(x, top), (x, top + panel.height)], f'stroke="{INK}" stroke-width="1.4" fill="none"'))
    told = f"day {ended.days}, three whole weeks: zero is excluded", f"{ended.outcome.value}: {ended.arm}"
    drawn += [text(x - 8, top + 14 + 16 * n, words, anchor="end", bold=n == 1) for n, words in enumerate(told)]
    zero = [panel.at(panel.x[0], 0.0), panel.at(panel.x[1], 0.0)]
    drawn.append(path(zero, f'stroke="{INK}" stroke-width="0.8" fill="none"'))
    drawn.append(
        text(panel.left + panel.width, panel.top + panel.height + 32, "days of data", size=11, fill=GREY, anchor="end")
    )
    return drawn


def _once(change: float | None, z: float | None, side: int) -> float:
    """A bound of the fixed interval of the relative difference."""
    middle = math.log1p(change or 0.0)
    return math.expm1(middle + side * normal_quantile(0.975) * abs(middle / z)) if z else 0.0


# The lower panel: what is believed of each arm --------------------------------------------------------------------


def posteriors(evidence: Evidence) -> list[str]:
    """The believed conversion rates after one, two, three and four weeks."""
    drawn = [text(24, 356, "What is believed of both conversion rates", size=15, bold=True)]
    for number, week in enumerate((1, 2, 3, 4)):
        panel = Panel(38 + number * 178, 388, 160, 126, (0.042, 0.068), (0.0, 330.0))
        found = _beliefs(evidence, 7 * week)
        drawn += [*grid(panel, (), (), str), *_axis(panel)]
        for posterior, colour in zip(found, (GREY, BLUE), strict=True):
            shape = [panel.at(x, min(330.0, _density(posterior, x))) for x in _steps(panel.x)]
            drawn.append(path(shape, f'stroke="{colour}" stroke-width="1.8" fill="{colour}" fill-opacity="0.16"'))
        drawn.append(text(panel.left, 380, f"after {7 * week} days", size=12))
    drawn.append(text(WIDTH - 26, 356, "question", fill=GREY, anchor="end", bold=True))
    drawn.append(text(WIDTH - 92, 356, "promise", fill=BLUE, anchor="end", bold=True))
    return drawn


def _axis(panel: Panel) -> list[str]:
    left, right = panel.at(panel.x[0], 0.0), panel.at(panel.x[1], 0.0)
    ticks = [
        text(*_under(panel.at(x, 0.0)), f"{x:.1%}", size=11, fill=GREY, anchor="middle") for x in (0.045, 0.055, 0.065)
    ]
    return [path([left, right], f'stroke="{GREY}" stroke-width="1" fill="none"'), *ticks]


def _under(place: Point) -> Point:
    return place[0], place[1] + 16


def _beliefs(evidence: Evidence, days: int) -> list[Posterior]:
    cut = [arm.series.model_copy(update={"days": arm.series.days[:days]}) for arm in evidence.arms]
    return [each.posterior for each in estimates(cut, evidence.plan) if each.posterior is not None]


def _density(posterior: Posterior, rate: float) -> float:
    return math.exp(posterior.log_density(math.log(rate / (1 - rate)))) / (rate * (1 - rate))


def _steps(ends: tuple[float, float]) -> list[float]:
    return [ends[0] + (ends[1] - ends[0]) * n / 120 for n in range(121)]


def picture() -> str:
    """The whole drawing."""
    evidence = evidence_of(SOURCE)
    *_, ended = watched(evidence)
    daily = evidence.but(plan=evidence.plan.but(whole_weeks=False, max_days=28))
    body = [*sequence(list(watched(daily, to_the_end=True)), ended), *posteriors(evidence)]
    return page(WIDTH, HEIGHT, "An A/B test over four weeks: confidence sequence and posteriors", body)


if __name__ == "__main__":
    TARGET.write_text(picture(), "utf8")
    print(TARGET)
