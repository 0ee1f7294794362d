"""The commands `backstay letters ...`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from backstay.cli.journal import connected
from backstay.cli.letters import COLUMNS, Office, facts, guard_of, opened, row
from backstay.cli.refusing import refused
from backstay.errors import BackstayError
from backstay.letters import Letter, LetterOptions

T = TypeVar("T")

letters = typer.Typer(
    name="letters", help="Dead letters: writes that were given up. Look at them, replay or discard them.",
    no_args_is_help=True,
)  # fmt: skip

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Folder = Annotated[str | None, typer.Option("--folder", help="The state folder; default $BACKSTAY_STATE.")]
Vendor = Annotated[str | None, typer.Option("--vendor", help="Only letters of this vendor.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids, or their first characters (at least 4).")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Where the vendor is, instead of its own host.")]
Sandbox = Annotated[str | None, typer.Option("--sandbox", help="A running sandbox's address, for all its accounts.")]
Spend = Annotated[
    str | None,
    typer.Option("--spend", help='All that may run afterwards: "500 USD" or "unlimited". Else nothing is switched on.'),
]
DAY: Final = 86_400.0


@letters.command("list")
def list_letters(
    state: Annotated[str, typer.Option(help="waiting, replayed, discarded or all.")] = "waiting",
    vendor: Vendor = None,
    limit: Annotated[int, typer.Option(help="Letters at most.", min=1)] = 100,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """List letters, the oldest failure first."""

    async def work() -> tuple[Letter, ...]:
        async with opened(folder) as office:
            return await office.list(state, vendor, limit)

    found = _run(work())
    if as_json:
        _json({"letters": [letter.as_json() for letter in found]})
        return
    table = Table(title=f"{len(found)} dead letters ({state})")
    for column in COLUMNS:
        table.add_column(column, no_wrap=column in {"id", "times"}, overflow="fold")
    for letter in found:
        table.add_row(*map(Text, row(letter)))
    _out(table)


@letters.command()
def show(
    id: Annotated[str, typer.Argument(help="The id, or its first characters.")],  # noqa: A002 - its name on the line
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Show all that one letter says."""

    async def work() -> Letter:
        async with opened(folder) as office:
            return (await office.find([id]))[0]

    letter = _run(work())
    if as_json:
        _json(letter.as_json())
        return
    table = Table(title=f"Dead letter {letter.dlq_id}", show_header=False)
    for name, value in facts(letter).items():
        table.add_row(name.replace("_", " "), Text(value if isinstance(value, str) else _text(value)))
    _out(table)


@letters.command()
def replay(
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Every letter that waits and can be replayed.")] = False,
    vendor: Vendor = None,
    base_url: BaseUrl = None,
    sandbox: Sandbox = None,
    spend: Spend = None,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Make the calls of letters again, with their keys; it looks before it sends. Tokens come from the environment."""
    _need_ids(ids, every=every, cure="name letters by their ids, or use --all")

    async def work() -> tuple[dict[str, Any], ...]:
        async with opened(folder, guard=guard_of(spend)) as office:
            if sandbox is None:
                return await _replay(office, ids, vendor, base_url, quiet=as_json)
            async with connected(office.runtime, sandbox) as adapters:
                office.use(adapters)
                return await _replay(office, ids, vendor, base_url, quiet=as_json)

    results = _run(work())
    failed = sum(result["outcome"] == "failed" for result in results)
    if as_json:
        _json({"results": list(results), "replayed": len(results) - failed, "failed": failed})
    else:
        table = Table(title=f"{len(results) - failed} replayed, {failed} failed")
        for column in ("id", "operation", "outcome", "error"):
            table.add_column(column, no_wrap=column == "id")
        for result in results:
            how = f" ({result['how']})" if result.get("how") else ""
            texts = (result["dlq_id"][:8], result["operation"], result["outcome"] + how, result["error"] or "")
            table.add_row(*map(Text, texts))
        _out(table)
    raise typer.Exit(1 if failed else 0)


async def _replay(
    office: Office, ids: list[str] | None, vendor: str | None, base_url: str | None, *, quiet: bool
) -> tuple[dict[str, Any], ...]:
    chosen = await office.find(ids) if ids else await office.list("waiting", vendor)
    if not ids:
        chosen = tuple(letter for letter in chosen if letter.replayable)
    with _progress(quiet=quiet) as bar:
        task = bar.add_task("replay", total=len(chosen), note="")

        def told(letter: Letter, outcome: str) -> None:
            bar.update(task, advance=1, note=f"{letter.operation}: {outcome}")

        return await office.replay(chosen, base_url, told)


@letters.command()
def discard(ids: Ids = None, folder: Folder = None, as_json: JsonFlag = False) -> None:
    """Decide that letters are not wanted any more. An unknown outcome stays open in the journal all the same."""
    _need_ids(ids)

    async def work() -> tuple[Letter, ...]:
        async with opened(folder) as office:
            return await office.discard(await office.find(ids or ()))

    done = [letter.dlq_id for letter in _run(work())]
    if as_json:
        _json({"discarded": done})
    else:
        _out(f"discarded: {', '.join(done)}")


@letters.command()
def purge(
    max_age: Annotated[float, typer.Option(help="Days; what is older is deleted.", min=0.0)] = 30.0,
    max_count: Annotated[int, typer.Option(help="Letters that stay at most.", min=1)] = 100_000,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Delete letters that are too old or too many; those that are over go first. For cron."""

    async def work() -> dict[str, int]:
        options = LetterOptions(max_age=max_age * DAY, max_count=max_count, alarm=min(1_000, max_count))
        async with opened(folder, options) as office:
            return asdict(await office.purge())

    gone = _run(work())
    if as_json:
        _json({"deleted": gone})
    else:
        _out(f"deleted: {gone['settled']} that were over, {gone['waiting']} that still waited")


def _need_ids(ids: list[str] | None, *, every: bool = False, cure: str = "name letters by their ids") -> None:
    from backstay.cli.app import fail

    if not ids and not every:
        fail("ids", "", cure)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except BackstayError as error:
        refused(error)


def _progress(*, quiet: bool) -> Progress:
    from backstay.cli.app import err

    columns = (TextColumn("[bold]replay"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet)


def _json(value: Any) -> None:
    from backstay.cli.app import print_json

    print_json(value)


def _out(what: Any) -> None:
    from backstay.cli.app import out

    out.print(what)


def _text(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=2)


__all__ = ["letters"]
