"""The command `backstay explain`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backstay.cli.explain import explain
from backstay.errors import BackstayError

if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER = "-"


def mount(app: typer.Typer) -> None:
    """Add `explain` to a typer application."""

    @app.command("explain")
    def run(
        adapter: Annotated[str, typer.Argument(help="tiktok, meta, google_ads ..., or the class, as in TikTokAds.")],
        type_: Annotated[
            str | None, typer.Argument(metavar="[TYPE]", help="An error type, as in PLATFORM_SERVICE_ERROR.")
        ] = None,
        operation: Annotated[str | None, typer.Option(help="This operation only, as in set_budget.")] = None,
        tier: Annotated[str | None, typer.Option(help="The level of API access, where the vendor has several.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    ) -> None:
        """Say what applies to an adapter's calls, where each number comes from, and what would follow an error."""
        try:
            told = explain(adapter, type_, operation, tier)
        except BackstayError as error:
            typer.echo(f"{error.message}: {error.hint}", err=True)
            raise typer.Exit(2) from None
        if as_json:
            typer.echo(json.dumps(told))
            return
        console = Console()
        for table in tables(told):
            console.print(table)


def tables(told: dict[str, Any]) -> Iterator[Table | Text]:
    """What is printed, one after the other: the profile, the operations, the error."""
    level = told.get("tier") or told.get("level")
    yield _profile(told, f"{told['adapter']}{f' ({level})' if level else ''}")
    yield _operations(told["operations"])
    if "error" in told:
        yield from _error(told["error"])


def _profile(told: dict[str, Any], title: str) -> Table:
    table = _table(title, "setting", "value", "from")
    table.caption = told["note"] or None
    for name, fact in told["profile"].items():
        table.add_row(*map(Text, (name, _shown(fact["value"]), fact["from"])))
    return table


def _operations(operations: dict[str, dict[str, Any]]) -> Table:
    table = _table("operations", "name", "effect", "attempt / all", "fresh / stale", "more")
    table.columns[0].no_wrap = True
    for name, fact in operations.items():
        times = f"{_seconds(fact['attempt_timeout'])} / {_seconds(fact['deadline'])}"
        ages = f"{_seconds(fact['fresh_for'])} / {_seconds(fact['stale_up_to'])}"
        table.add_row(*map(Text, (name, fact["effect"], times, ages, ", ".join(_more(fact)))))
    return table


def _more(fact: dict[str, Any]) -> Iterator[str]:
    if fact["hedged"]:
        yield "hedged"
    if fact["cost"] != 1.0:
        yield f"costs {_shown(fact['cost'])}"
    yield f"limits {' '.join(fact['limits'])}"


def _error(error: dict[str, Any]) -> Iterator[Table | Text]:
    table = _table(f"after {error['type']}", "question", "answer")
    for question, answer in _answers(error):
        table.add_row(Text(question), Text(answer))
    yield table
    then = _table("what follows one failed attempt", "effect", "not sent", "refused", "unknown")
    for effect, by in error["then"].items():
        then.add_row(*map(Text, (effect, by["not_sent"], by["refused"], by["unknown"])))
    yield then
    if error["rows"]:
        rows = _table("the vendor's rows", "rule", "may pass", "certainty", "wait")
        for row in error["rows"]:
            rows.add_row(
                *map(Text, (row["rule"], _yes(row["may_pass"]), row["certainty"], _seconds(row["wait"] or 0.0)))
            )
        yield rows


def _answers(error: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "what it is", f"{error['meaning']} (code {error['code']})"
    yield "may it pass by itself?", _yes(error["may_pass"])
    yield "usual certainty", error["usual_certainty"]
    yield "the breaker", error["breaker"]
    yield "fewer calls at once from now on?", _yes(error["fewer_at_once"])
    yield "does the vendor's wait hold everybody?", _yes(error["holds_everybody"])
    if error["credential_renewed"]:
        yield "is there a second try?", "yes, once, if the credentials come from a provider that has a new one"
    if error["may_pass"]:
        yield "price of a retry", _shown(error["price_of_a_retry"])
        spans = ", ".join(f"{least:g} to {most:g} s" for least, most in error["waits"])
        yield "waits, unless the vendor asks for more", spans
    ages = ", ".join(f"{name} (up to {_seconds(age)})" for name, age in error["stale"].items())
    yield "a stored answer may stand in for", ages or "nothing"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        inside = (" in ".join(map(_shown, each)) if isinstance(each, list | tuple) else _shown(each) for each in value)
        return ", ".join(inside) or NEVER
    return NEVER if value is None or value == "" else str(value)


def _seconds(value: float) -> str:
    if value <= 0.0:
        return NEVER
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if value >= size and value % size == 0:
            return f"{value / size:g} {unit}"
    return f"{value:g} s"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
