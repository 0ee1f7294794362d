"""Draws docs/services/rules.svg: three days of one campaign under two rules, decided by the rules themselves.

python docs/_generate/rules_picture.py
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from backstay.ads import Budget, ConfiguredStatus, DateRange, Level, Money, Platform, Ref
from backstay.services.document import parse
from backstay.services.rules import Decision, Facts, Inputs, Kind, Numbers, Outcome, decide
from backstay.services.rules.file import rules_in
from backstay.services.rules.history import Done, History

sys.path.insert(0, str(Path(__file__).parent))  # `drawing` is beside this script, in no package
from drawing import BAND, BLUE, GREY, INK, ORANGE, Panel, band, dot, grid, page, path, text

TARGET = Path(__file__).resolve().parents[1] / "services" / "rules.svg"
WIDTH, HEIGHT = 760, 500
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = 72
REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
RULES = """\
rules:
  - id: dear
    mode: apply
    when: {metric: cpa, op: ">", value: 10}
    then: [{do: pause}]
    back: {when: {metric: cpa, op: "<", value: 8}, after: PT12H}
  - id: more
    mode: apply
    when: {metric: cpa, op: "<", value: 7}
    then: [{do: scale_budget, percent: 20}]
    limits: {cool_down: PT6H, max_change_per_day: 50}
    scope: {statuses: [active]}
"""


@dataclass
class Hour:
    """One hour: what the campaign cost, what was decided, and the budget that it then had."""

    at: int
    cost: float
    budget: float
    running: bool
    decisions: list[Decision]

    def acts(self, kind: Kind) -> bool:
        """Whether a rule did that."""
        return any(each.acts and each.kind is kind for each in self.decisions)

    @property
    def held(self) -> str | None:
        """Why a raise was held back."""
        found = [each for each in self.decisions if each.outcome is Outcome.HELD and each.kind is Kind.INCREASE]
        return found[0].reason.value if found and found[0].reason else None


def cost_at(hour: int) -> float:
    """A cost per result as campaigns have it: slow waves and small ones."""
    return 8.1 + 2.6 * math.sin((hour - 9) / 11.5) + 0.5 * math.sin(hour / 2.1)


def played() -> list[Hour]:
    """Each hour the rules look, decide and act; what they do changes what they see next."""
    rules = rules_in(parse(RULES, "rules.yaml")).rules
    budget, running, history = Money("100.00", "EUR"), True, History()
    hours = []
    for hour in range(HOURS):
        at, cost = BEGIN + timedelta(hours=hour), cost_at(hour)
        facts = _facts(at, cost, budget, running=running)
        decisions = list(decide(Inputs(run=str(hour), at=at, rules=rules, facts=(facts,), history=history)).decisions)
        hours.append(Hour(hour, cost, float(budget.amount), running, decisions))
        for each in decisions:
            if each.acts and each.kind is not None:
                done = Done(key=each.key or "", rule=each.rule, ref=REF, kind=each.kind, at=at, before=each.before,
                            after=each.after)  # fmt: skip
                history = history.but(done=(*history.done, done))
                running = running if each.after is not None else each.kind is Kind.RESUME
                budget = each.after or budget
        hours[-1].budget = float(budget.amount)
    return hours


def _facts(at: datetime, cost: float, budget: Money, *, running: bool) -> Facts:
    spend = Money(Decimal(f"{cost * 10:.2f}"), "EUR")
    numbers = Numbers(
        window="today", days=DateRange(at.date(), at.date()), conversions=Decimal(10), spend=spend, fetched_at=at
    )
    configured = ConfiguredStatus.ACTIVE if running else ConfiguredStatus.PAUSED
    return Facts(
        ref=REF, zone=ZoneInfo("UTC"), currency="EUR", configured=configured, budget=Budget.daily(budget),
        numbers=(numbers,),
    )  # fmt: skip


# The upper panel: the cost and what it makes the rules do -------------------------------------------------------------


def cost(hours: list[Hour]) -> list[str]:
    """The cost per result, the band between the two thresholds, and the times when the campaign was off."""
    panel = Panel(64, 78, WIDTH - 64 - 26, 190, (0, HOURS), (4, 12))
    drawn = [
        text(
            24, 30, "Cost per result: off above 10.00, on again below 8.00 and not before 12 hours", size=15, bold=True
        ),
        text(24, 52, "Blue band: between the thresholds nothing changes. Grey: the campaign is off.", fill=GREY),
    ]
    drawn += [_off(panel, first, last) for first, last in pauses(hours)]
    drawn.append(band(panel, [(0, 8, 10), (HOURS, 8, 10)], f'fill="{BAND}" fill-opacity="0.45"'))
    drawn += grid(panel, range(0, HOURS + 1, 12), (4, 6, 8, 10, 12), lambda y: f"{y:g}")
    line = [panel.at(each.at, each.cost) for each in hours]
    drawn.append(path(line, f'stroke="{BLUE}" stroke-width="2.2" fill="none"'))
    for each in hours:
        for kind, word, colour in ((Kind.PAUSE, "pause", ORANGE), (Kind.RESUME, "resume", BLUE)):
            if each.acts(kind):
                drawn += _mark(panel, each.at, each.cost, word, colour)
    return drawn


def pauses(hours: list[Hour]) -> list[tuple[int, int]]:
    """From when to when it was off."""
    begins = [each.at for each in hours if each.acts(Kind.PAUSE)]
    ends = [each.at for each in hours if each.acts(Kind.RESUME)]
    return [(begin, next((end for end in ends if end > begin), HOURS)) for begin in begins]


def _off(panel: Panel, first: int, last: int) -> str:
    (x1, top), (x2, bottom) = panel.at(first, panel.y[1]), panel.at(last, panel.y[0])
    return f'<rect x="{x1:.1f}" y="{top:.1f}" width="{x2 - x1:.1f}" height="{bottom - top:.1f}" fill="#eef0f2"/>'


def _mark(panel: Panel, x: float, y: float, word: str, colour: str) -> list[str]:
    across, up = panel.at(x, y)
    return [dot((across, up), f'fill="{colour}"', 4.5), text(across + 8, up - 7, word, fill=colour, bold=True)]


# The lower panel: the budget, raise by raise --------------------------------------------------------------------------


def budget(hours: list[Hour]) -> list[str]:
    """The budget in steps; what was held back, and why."""
    most = max(each.budget for each in hours) + 20
    panel = Panel(64, 346, WIDTH - 64 - 26, 100, (0, HOURS), (80, most))
    drawn = [
        text(24, 318, "Budget: +20 % below 7.00, at most every 6 hours and 50 % a day", size=15, bold=True),
        *(_off(panel, first, last) for first, last in pauses(hours)),
        *grid(panel, range(0, HOURS + 1, 12), range(100, int(most) + 1, 50), lambda y: f"{y:g}"),
    ]
    steps = [place for each in hours for place in (panel.at(each.at, each.budget), panel.at(each.at + 1, each.budget))]
    drawn.append(path(steps, f'stroke="{INK}" stroke-width="2" fill="none"'))
    for each in hours:
        across, up = panel.at(each.at, each.budget)
        if each.held:
            colour = GREY if each.held == "cool_down" else ORANGE
            drawn.append(dot((across, up - 9), f'fill="{colour}"', 2))
        if each.acts(Kind.INCREASE):
            drawn.append(dot((across, up), f'fill="{BLUE}"', 4.5))
    drawn.append(text(WIDTH - 26, HEIGHT - 12, "hours", size=11, fill=GREY, anchor="end"))
    drawn.append(
        text(24, HEIGHT - 12, "Blue: raised. Small dots: held back, grey by the cool-down, orange by the day's limit.",
             size=11, fill=GREY)
    )  # fmt: skip
    return drawn


def picture() -> str:
    """The whole drawing."""
    hours = played()
    return page(WIDTH, HEIGHT, "Three days of a campaign under two rules", [*cost(hours), *budget(hours)])


if __name__ == "__main__":
    TARGET.write_text(picture(), "utf8")
    print(TARGET)
