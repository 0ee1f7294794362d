"""Draws docs/services/ab_test.svg from docs/services/hooks.yaml, with the standard library and backstay alone.

python docs/_generate/ab_picture.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backstay.services.ab_test import Evidence, Verdict, evidence_of, watched
from backstay.services.ab_test.estimate import estimates
from backstay.services.stats.posterior import Posterior
from backstay.services.stats.special import normal_quantile

FOLDER = Path(__file__).resolve().parents[1] / "services"
SOURCE, TARGET = FOLDER / "hooks.yaml", FOLDER / "ab_test.svg"
WIDTH, HEIGHT = 760, 560
INK, GREY, LINE = "#1f2933", "#7b8794", "#d9dee3"
BLUE, BAND, ORANGE = "#1864ab", "#a5c8ea", "#d9480f"
Point = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """A rectangle on the page, and the numbers that its edges stand for."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> Point:
        """A place on the page."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height


def path(points: Iterable[Point], style: str, *, closed: bool = False) -> str:
    """A line through points."""
    d = " ".join(f"{'M' if n == 0 else 'L'}{x:.1f} {y:.1f}" for n, (x, y) in enumerate(points))
    return f'<path d="{d}{" Z" if closed else ""}" {style}/>'


def text(
    x: float, y: float, words: str, *, size: int = 12, fill: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """Words at a place."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>{words}</text>'
    )


def grid(panel: Panel, xs: Sequence[float], ys: Sequence[float], label: Callable[[float], str]) -> list[str]:
    """Thin lines with their numbers; the line at zero is darker."""
    drawn = []
    for y in ys:
        (x1, y1), (x2, _) = panel.at(panel.x[0], y), panel.at(panel.x[1], y)
        colour = GREY if y == 0 else LINE
        drawn.append(path([(x1, y1), (x2, y1)], f'stroke="{colour}" stroke-width="1" fill="none"'))
        drawn.append(text(x1 - 8, y1 + 4, label(y), size=11, fill=GREY, anchor="end"))
    for x in xs:
        place, bottom = panel.at(x, panel.y[0])
        drawn.append(text(place, bottom + 16, f"{x:g}", size=11, fill=GREY, anchor="middle"))
    return drawn


def band(panel: Panel, rows: Sequence[tuple[float, float, float]], style: str) -> str:
    """The space between two lines, clipped to the panel."""
    clip = [(x, max(panel.y[0], low), min(panel.y[1], high)) for x, low, high in rows]
    edge = [panel.at(x, high) for x, _, high in clip] + [panel.at(x, low) for x, low, _ in reversed(clip)]
    return path(edge, style, closed=True)


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
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, Helvetica, Arial, sans-serif">\n'
        "<title>An A/B test over four weeks: confidence sequence and posteriors</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n'
    )
    return head + "\n".join(body) + "\n</svg>\n"


if __name__ == "__main__":
    TARGET.write_text(picture(), "utf8")
    print(TARGET)
