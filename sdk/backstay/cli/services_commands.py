"""The commands `backstay services ...`: what the services say of numbers in files, and do on platforms if asked to."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from backstay.cli.campaigns_commands import campaigns
from backstay.cli.carousel_commands import carousel
from backstay.cli.refusing import refused
from backstay.cli.rules_commands import rules
from backstay.cli.services_live import JsonFlag
from backstay.clock import SystemClock, utc
from backstay.errors import BackstayError
from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.file import evidence_of
from backstay.services.ab_test.history import watched
from backstay.services.ab_test.verdict import ArmResult, Comparison, Verdict
from backstay.services.ab_test.words import Metric
from backstay.services.budgets.file import plan_of
from backstay.services.budgets.plan import BudgetPlan

services = typer.Typer(name="services", help="Services on numbers in files, and on platforms.", no_args_is_help=True)

services.command()(rules)
services.command()(campaigns)
services.command()(carousel)


@services.callback()
def root() -> None:
    """Services on numbers in files, and on platforms."""


@services.command()
def ab(
    file: Annotated[str, typer.Argument(help="YAML or JSON: the plan, and the arms' daily numbers.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="One look a day, as the manager would, until the test has ended.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Judge an A/B test: what may be said of it, and whether it may stop."""
    from backstay.cli.app import out, print_json

    try:
        evidence = evidence_of(file)
        verdicts = list(watched(evidence)) if watch else [decide(evidence)]
    except BackstayError as error:
        refused(error)
    if as_json:
        print_json([each.as_json() for each in verdicts] if watch else verdicts[0].as_json())
        return
    if watch:
        out.print(_days(verdicts))
    for each in _tables(verdicts[-1]):
        out.print(each)


@services.command()
def budget(
    file: Annotated[str, typer.Argument(help="YAML or JSON: the limits, and the campaigns with their curves.")],
    as_json: JsonFlag = False,
) -> None:
    """Plan budgets: what each campaign should get, why, and what binds."""
    from backstay.cli.app import out, print_json

    try:
        found = plan_of(file, utc(SystemClock().wall()))
    except BackstayError as error:
        refused(error)
    if as_json:
        print_json(found.as_json())
        return
    table = Table(title=f"{found.id}: {found.gain:+.4g} results a day by {found.method}")
    for name in ("campaign", "now", "new", "why"):
        table.add_column(name, justify="right" if name in {"now", "new"} else "left")
    for each in found.changes:
        table.add_row(*map(Text, (each.name, str(each.old), str(each.new), each.reason)))
    out.print(table)
    for note in _told(found):
        out.print(Text(note))


def _told(plan: BudgetPlan) -> tuple[str, ...]:
    """How sure the gain is, how good the plan is, and its notes."""
    sure = (
        ""
        if plan.gain_interval is None
        else "gain in nine of ten cases: {:+.4g} to {:+.4g}".format(*plan.gain_interval)
    )
    top = "" if plan.value_ceiling is None else f"no budgets bring more than {plan.value_ceiling:.4g} a day"
    return tuple(filter(None, (sure, top, *plan.notes)))


def _tables(verdict: Verdict) -> list[Any]:
    """The arms, the comparisons, and what may be said."""
    days = (
        f"{verdict.first} to {verdict.last}, {verdict.days} days" if verdict.days else "no whole week of settled days"
    )
    arms = Table(title=f"{verdict.evidence.plan.id}: {verdict.metric.value} by {verdict.design.value} ({days})")
    for name in ("arm", verdict.metric.value, "results", "chance to be best", "expected loss"):
        arms.add_column(name, justify="left" if name == "arm" else "right")
    for arm in verdict.arms:
        arms.add_row(*map(Text, _arm(arm, verdict.metric)))
    compared = Table()
    for name in ("compared", "change", "interval, at any look", "p, at any look", "adjusted", "p of harm"):
        compared.add_column(name, justify="left" if name == "compared" else "right")
    for each in verdict.comparisons:
        compared.add_row(*map(Text, _comparison(each)))
    lines = [
        f"{verdict.outcome.value.upper()}{f' {verdict.arm}' if verdict.arm else ''}: {', '.join(verdict.reasons)}",
        verdict.claim, *verdict.notes, f"Judged by {verdict.method}.",
    ]  # fmt: skip
    return [*([arms] if verdict.arms else []), *([compared] if verdict.comparisons else []), *map(Text, lines)]


def _arm(arm: ArmResult, metric: Metric) -> tuple[str, ...]:
    rate = metric in {Metric.CTR, Metric.CVR}
    value = "undefined" if arm.value is None else f"{arm.value:.4%}" if rate else f"{arm.value:.4f}"
    return arm.name, value, f"{arm.results:g}", _share(arm.chance_best), _share(arm.expected_loss, 2)


def _comparison(each: Comparison) -> tuple[str, ...]:
    interval = f"{_share(each.low, 1, sign='+')} to {_share(each.high, 1, sign='+')}"
    numbers = ("undefined" if p is None else f"{p:.3g}" for p in (each.p, each.adjusted_p, each.harm_p))
    return f"{each.arm} with {each.control}", _share(each.change, 1, sign="+"), interval, *numbers


def _share(value: float | None, digits: int = 1, *, sign: str = "") -> str:
    return "undefined" if value is None else f"{value:{sign}.{digits}%}"


def _days(verdicts: list[Verdict]) -> Table:
    """One line a day."""
    table = Table(title="Day by day")
    for name in ("morning of", "days", "outcome", "adjusted p", "why"):
        table.add_column(name, justify="right" if name in {"days", "adjusted p"} else "left")
    for each in verdicts:
        ps = [one.adjusted_p for one in each.comparisons if one.adjusted_p is not None]
        told = f"{each.outcome.value}{f' {each.arm}' if each.arm else ''}"
        day = each.evidence.as_of.date()
        table.add_row(str(day), str(each.days), told, f"{min(ps):.3g}" if ps else "", Text(", ".join(each.reasons)))
    return table


__all__ = ["services"]
