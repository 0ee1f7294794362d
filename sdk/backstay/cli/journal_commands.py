"""The commands `backstay journal ...` and `backstay orphans`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from backstay.cli.journal import COLUMNS, connected, facts, opened, orphan_facts, recovered_facts, row
from backstay.cli.refusing import refused
from backstay.errors import BackstayError
from backstay.writes.journal import Record
from backstay.writes.recover import Orphan, Recovered, Verdict

T = TypeVar("T")

journal = typer.Typer(
    name="journal", help="Writes under their keys: what was made, what is open. Look, settle, give up.",
    no_args_is_help=True,
)  # fmt: skip

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Folder = Annotated[str | None, typer.Option("--folder", help="The state folder; default $BACKSTAY_STATE.")]
Sandbox = Annotated[
    str | None, typer.Option("--sandbox", help="A running sandbox's address; default: the vendors in the environment.")
]
Id = Annotated[str, typer.Argument(help="The id, or its first characters (at least 4).")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids, or their first characters; default: all that are open.")]


@journal.command("list")
def list_records(
    state: Annotated[str, typer.Option(help="open, all, or one state.")] = "open",
    limit: Annotated[int, typer.Option(help="The newest ones at most.", min=1)] = 100,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """List records, the oldest first."""

    async def work() -> tuple[Record, ...]:
        async with opened(folder) as archive:
            return await archive.list(state, limit)

    found = _run(work())
    if as_json:
        _json({"records": [facts(record) for record in found]})
        return
    table = Table(title=f"{len(found)} records ({state})")
    for column in COLUMNS:
        table.add_column(column, no_wrap=column == "id", overflow="fold")
    for record in found:
        table.add_row(*map(Text, row(record)))
    _out(table)


@journal.command()
def show(id: Id, folder: Folder = None, as_json: JsonFlag = False) -> None:  # noqa: A002 - its name on the line
    """Show all that one record says."""

    async def work() -> Record:
        async with opened(folder) as archive:
            return await archive.find(id)

    told = facts(_run(work()))
    if as_json:
        _json(told)
        return
    _out(_facts_table(f"Record {told['id']}", told))


@journal.command()
def recover(ids: Ids = None, sandbox: Sandbox = None, folder: Folder = None, as_json: JsonFlag = False) -> None:
    """Settle open records by looking at the vendors, never by sending. Waits for attempts and reads that may lag."""

    async def work() -> tuple[Recovered, ...]:
        async with opened(folder) as archive, connected(archive.runtime, sandbox) as adapters:
            with _progress("looking", quiet=as_json) as bar:
                task = bar.add_task("recover", note="open records are watched until they can be judged")

                def told(found: Recovered) -> None:
                    bar.update(task, note=f"{found.record.key.operation}: {found.verdict}")

                return await archive.recover(adapters, ids or (), told)

    found = _run(work())
    left = sum(each.verdict is Verdict.OPEN for each in found)
    if as_json:
        _json({"recovered": [recovered_facts(each) for each in found], "open": left})
    else:
        table = Table(title=f"{len(found) - left} settled, {left} still open")
        for column in ("id", "what", "key", "verdict", "made", "why"):
            table.add_column(column, no_wrap=column == "id", overflow="fold")
        for each in found:
            told = recovered_facts(each)
            texts = (told["id"], f"{told['adapter']} {told['operation']}", told["key"], told["verdict"])
            table.add_row(*map(Text, (*texts, told["made"] or "", told["why"])))
        _out(table)
    raise typer.Exit(1 if left else 0)


@journal.command()
def abandon(
    id: Id,  # noqa: A002 - its name on the line
    note: Annotated[str, typer.Option(help="Why, for whoever uses the key again.")] = "",
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Give an open record up after looking at the vendor by hand. Its key stays closed: use a new one."""

    async def work() -> Record:
        async with opened(folder) as archive:
            return await archive.abandon(id, note, _waiting)

    told = facts(_run(work()))
    if as_json:
        _json(told)
    else:
        _out(f"abandoned: {told['id']} ({told['operation']}, key {escape(told['key'])})")


def _waiting(seconds: float) -> None:
    from backstay.cli.app import err

    err.print(f"the write is still claimed: waiting {seconds:.0f} s for a sign of life of the process that began it")


def orphans(sandbox: Sandbox = None, folder: Folder = None, as_json: JsonFlag = False) -> None:
    """List objects that carry a marker of ours and that no record of the journal owns. Changes nothing."""

    async def work() -> list[Orphan]:
        found: list[Orphan] = []
        async with opened(folder) as archive, connected(archive.runtime, sandbox) as adapters:
            with _progress("listing", quiet=as_json) as bar:
                task = bar.add_task("orphans", note=f"{len(adapters)} accounts")
                async for orphan in archive.orphans(adapters):
                    found.append(orphan)
                    bar.update(task, note=f"{len(found)} found")
        return found

    found = [orphan_facts(orphan) for orphan in _run(work())]
    if as_json:
        _json({"orphans": found})
    else:
        table = Table(title=f"{len(found)} objects without an owner")
        for column in ("ref", "name", "status", "journal_id", "why"):
            table.add_column(column.replace("_", " "), overflow="fold")
        for orphan in found:
            table.add_row(*(Text(str(value)) for value in orphan.values()))
        _out(table)
    raise typer.Exit(1 if found else 0)


def mount(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(journal)
    app.command("orphans")(orphans)


def _facts_table(title: str, told: dict[str, Any]) -> Table:
    table = Table(title=title, show_header=False)
    for name, value in told.items():
        if value not in (None, "", [], {}):
            table.add_row(name.replace("_", " "), Text(value if isinstance(value, str) else str(value)))
    return table


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except BackstayError as error:
        refused(error)


def _progress(what: str, *, quiet: bool) -> Progress:
    from backstay.cli.app import err

    columns = (SpinnerColumn(), TextColumn(f"[bold]{what}"), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet)


def _json(value: Any) -> None:
    from backstay.cli.app import print_json

    print_json(value)


def _out(what: Any) -> None:
    from backstay.cli.app import out

    out.print(what)


__all__ = ["journal", "mount", "orphans"]
