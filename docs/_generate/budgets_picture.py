"""Draws docs/services/budgets.svg from docs/services/budgets.yaml, with the standard library and backstay alone.

python docs/_generate/budgets_picture.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from backstay.services.budgets import BudgetPlan, Candidate, Change
from backstay.services.budgets.file import Told, told_of

sys.path.insert(0, str(Path(__file__).parent))  # `drawing` is beside this script, in no package
from drawing import BLUE, GREY, INK, LINE, ORANGE, Panel, Point, dot, grid, page, path, text

FOLDER = Path(__file__).resolve().parents[1] / "services"
SOURCE, TARGET = FOLDER / "budgets.yaml", FOLDER / "budgets.svg"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WIDTH, HEIGHT = 760, 470
MOST, TOP = 200.0, 110.0
"""Euros and results a day at the edges of the panels."""
DARK = {
    "#ffffff": "#14181d", INK: "#e6edf3", GREY: "#9aa7b4", LINE: "#2d353e", BLUE: "#6cb6ff", ORANGE: "#ff922b",
}  # fmt: skip
"""Each colour where the reader's system is dark."""


def panel(number: int) -> Panel:
    """The place of a campaign."""
    return Panel(58 + number * 236, 96, 200, 190, (0.0, MOST), (0.0, TOP))


def campaign(place: Panel, candidate: Candidate, change: Change, days: Sequence[Point]) -> list[str]:
    """A curve with the days that tell it, where the budget was, and where it is put."""
    value = candidate.curve.value
    line = [place.at(x, value(x)) for x in (MOST * n / 100 for n in range(101))]
    old, new = float(change.old.amount), float(change.new.amount)
    return [
        *grid(place, (0, 50, 100, 150, 200), (0, 25, 50, 75, 100), lambda y: f"{y:g}"),
        text(place.left, place.top - 14, candidate.name, size=13, bold=True),
        *(dot(place.at(*day), f'fill="{GREY}" fill-opacity="0.55"', 2.4) for day in days),
        path(line, f'stroke="{BLUE}" stroke-width="2.2" fill="none"'),
        *_tangent(place, candidate, new, change.marginal_after),
        dot(place.at(old, value(old)), f'fill="#ffffff" stroke="{INK}" stroke-width="1.8"'),
        dot(place.at(new, value(new)), f'fill="{ORANGE}" stroke="{ORANGE}"'),
    ]


def _tangent(place: Panel, candidate: Candidate, at: float, slope: float | None) -> list[str]:
    """What the next unit of money brings there: equal slopes are what the plan is after."""
    if not at or slope is None:
        return []
    ends = [(x, candidate.curve.value(at) + slope * (x - at)) for x in (at - 38, min(at + 38, MOST))]
    line = path([place.at(*end) for end in ends], f'stroke="{ORANGE}" stroke-width="1.6" fill="none"')
    x, y = place.at(min(at, MOST - 55), candidate.curve.value(at))
    return [line, text(x, y + 34, f"{slope:.2f} for one more", size=11, fill=GREY)]


def shares(plan: BudgetPlan) -> list[str]:
    """The total as it is divided before and after."""
    drawn, total = [], float(plan.limits.total.amount)
    for row, side in enumerate(("old", "new")):
        y, left = 366 + 40 * row, 58.0
        drawn.append(text(left - 8, y + 17, "now" if side == "old" else "new", anchor="end", bold=side == "new"))
        for number, change in enumerate(plan.changes):
            amount = getattr(change, side)
            width = 672 * float(amount.amount) / total
            if width:
                style = f'fill="{BLUE}" fill-opacity="{(0.45, 0.3, 0.18)[number]}"'
                drawn.append(f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="26" {style}/>')
                drawn.append(text(left + 8, y + 17, f"{change.name} {amount.amount:.2f}"))
            left += width
    return drawn


def words(plan: BudgetPlan) -> list[str]:
    """What it says in one line, and how sure that is."""
    low, high = plan.gain_interval or (plan.gain, plan.gain)
    head = (
        f"{plan.limits.total.amount:.0f} euros a day: {plan.value_before:.0f} results now, {plan.value_after:.0f} after"
    )
    told = "Ring: the budget now. Dot: the budget planned, and what its next euro brings. Small dots: days."
    gain = (
        f"{plan.gain:+.0f} results a day; in nine of ten cases between {low:+.0f} and {high:+.0f}, as the days tell it"
    )
    return [
        text(24, 32, head, size=15, bold=True), text(24, 52, told, fill=GREY), text(58, 456, gain, fill=GREY),
        text(WIDTH - 28, 318, "euros a day", size=11, fill=GREY, anchor="end"),
        text(24, 78, "results a day", size=11, fill=GREY),
    ]  # fmt: skip


def style() -> str:
    """The same picture where the reader's system is dark: rules win over the colours of the marks."""
    rules = "".join(
        f'[{what}="{light}"]{{{what}:{dark}}}' for light, dark in DARK.items() for what in ("fill", "stroke")
    )
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"


def picture() -> str:
    """The whole drawing."""
    told: Told = told_of(SOURCE, NOW)
    pairs = zip(told.candidates, told.plan.changes, strict=True)
    body = [style(), *words(told.plan)]
    for number, (candidate, change) in enumerate(pairs):
        body += campaign(panel(number), candidate, change, told.points[candidate.name])
    title = "Response curves of three campaigns, with their budgets before and after"
    return page(WIDTH, HEIGHT, title, [*body, *shares(told.plan)])


if __name__ == "__main__":
    TARGET.write_text(picture(), "utf8")
    print(TARGET)
