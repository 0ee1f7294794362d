"""The commands."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from backstay.cli import doctor as doctoring
from backstay.cli import explain_commands, journal_commands
from backstay.cli.audit import audit
from backstay.cli.classify import mount
from backstay.cli.letters_commands import letters
from backstay.cli.services_commands import services
from backstay.errors import BackstayError

app = typer.Typer(
    name="backstay",
    help="Keeps a campaign service standing when a vendor falls over.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console()
err = Console(stderr=True)

mount(app)
app.add_typer(letters)
app.add_typer(services)
explain_commands.mount(app)
journal_commands.mount(app)
app.command()(audit)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def root() -> None:
    """Keeps a campaign service standing when a vendor falls over."""


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same seed is the same day.")] = 7,
    faults: Annotated[str, typer.Option(help="calm or storm.")] = "storm",
    real: Annotated[
        bool, typer.Option("--real", help="The day on real sockets and in real time; the post stays in virtual time.")
    ] = False,
    folder: Annotated[
        str, typer.Option("--out", help="Where the post's pictures and preview go; else a new temporary folder.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Play a campaign service's bad day and a post's way out on the embedded sandbox; its own log judges them."""
    from backstay.cli import demo as day
    from backstay.cli import post

    if faults not in day.PLANS:
        fail("--faults", faults, f"one of {', '.join(day.PLANS)}")
    place = _folder(folder)
    with Progress(
        TextColumn("[bold]{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn(),
        console=err, transient=True, disable=as_json,
    ) as bar:  # fmt: skip
        task = bar.add_task("the day", total=14.0 if real else 7_200.0, note="")

        def progress(moment: float, note: str) -> None:
            fields: dict[str, Any] = {"note": note} if note else {}
            bar.update(task, completed=moment, **fields)

        result = day.play(seed, faults, real=real, progress=progress)
        second = bar.add_task("the post", total=post.PLAN.steps, note="")

        def step(done: int | None, note: str) -> None:
            bar.update(second, completed=done, note=note)

        result["carousel"] = post.play_carousel(seed, faults, place, step)
    result["ok"] = result["ok"] and result["carousel"]["ok"]
    if as_json:
        print_json(result)
    else:
        out.print(demo_table(result))
        out.print(post_table(result["carousel"]))
    raise typer.Exit(0 if result["ok"] else 1)


def _folder(given: str) -> Path:
    """The folder of the post; exit status 2 where it cannot be made."""
    if not given:
        return Path(tempfile.mkdtemp(prefix="backstay-demo-"))
    try:
        Path(given).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail("--out", given, f"a folder that can be made: {error.strerror}")
    return Path(given).absolute()


def post_table(result: dict[str, Any]) -> Table:
    """The post's way in one table."""
    if "skipped" in result:
        table = Table(title="A post: left out")
        table.add_column("not installed")
        table.add_column("cure")
        for name in result["skipped"]:
            table.add_row(name, f'pip install "backstay\\[{name}]"')
        return table
    table = Table(title=f"A post: {result['simulated_seconds']:.0f} s in {result['seconds']} s")
    table.add_column("what")
    table.add_column("", overflow="fold")
    for name in ("topic", "steps", "processes", "deaths", "calls", "retries", "lost_answers", "adopted"):
        table.add_row(name.replace("_", " "), str(result[name]))
    table.add_row("spent, lost answers included", result["spent"])
    for step, by in result["fallbacks"].items():
        table.add_row(f"  {step}", f"by {by} instead")
    for kind, count in result["errors"].items():
        table.add_row(f"  raised {kind}", str(count))
    table.add_section()
    for name, count in result["world"].items():
        table.add_row(f"world: {name.replace('_', ' ')}", str(count))
    table.add_row("verdict, from the publisher's own log", "[green]ok[/]" if result["ok"] else "[red]NOT ok[/]")
    table.add_row("open it", Text(result["preview"]))
    return table


def demo_table(result: dict[str, Any]) -> Table:
    """The day in one table."""
    hours = result["simulated_seconds"] / 3600
    table = Table(
        title=f"A bad day ({result['faults']}, seed {result['seed']}): {hours:.1f} h in {result['seconds']} s"
    )
    table.add_column("what")
    for name in result["platforms"]:
        table.add_column(name, justify="right")
    rows = ("operations", "attempts", "retries", "stale_served", "adopted")
    for row in rows:
        table.add_row(row.replace("_", " "), *(str(each[row]) for each in result["platforms"].values()))
    for kind in sorted({kind for each in result["platforms"].values() for kind in each["errors"]}):
        table.add_row(f"  raised {kind}", *(str(each["errors"].get(kind, 0)) for each in result["platforms"].values()))
    table.add_section()
    for name, count in result["world"].items():
        table.add_row(f"world: {name.replace('_', ' ')}", str(count))
    verdict = "[green]ok[/]" if result["ok"] else "[red]NOT ok[/]"
    table.add_row("verdict, from the world's own log", verdict)
    return table


@app.command()
def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also open connections to the vendors.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say what is installed, what is missing, and the cure for each red line."""
    checks = doctoring.examine(online=online)
    report = doctoring.as_json(checks)
    if as_json:
        print_json(report)
    else:
        table = Table(title="backstay doctor")
        for column in ("check", "", "found", "cure"):
            table.add_column(column)
        marks = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}
        for check in checks:
            table.add_row(check.name, marks[check.verdict], check.found, check.cure)
        out.print(table)
    raise typer.Exit(0 if report["ok"] else 1)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="A loopback port; 0 takes a free one.")] = 8765,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    faults: Annotated[str, typer.Option(help="calm, storm, or the path of a JSON file.")] = "calm",
    seed: Annotated[int, typer.Option(help="The same seed is the same world.")] = 0,
    tier: Annotated[
        str, typer.Option(help="Enforce the limits of this level where a vendor has it (tiktok: basic, meta: limited).")
    ] = "",
    vendor: Annotated[list[str] | None, typer.Option(help="Serve this vendor only; may be given again.")] = None,
    grpc_port: Annotated[int, typer.Option(help="A loopback port for gRPC; 0 takes a free one.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Serve the simulators on loopback, so that a service of your own can be tested against them."""
    from backstay.cli.serving import serve_until_stopped

    try:
        serve_until_stopped(
            host=host, port=port, faults=faults, seed=seed, tier=tier, announce=announce(as_json), vendors=vendor or (),
            grpc_port=grpc_port,
        )  # fmt: skip
    except BackstayError as error:
        fail(error.field or "sandbox", str(error.value), error.hint or error.message)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def announce(as_json: bool) -> Any:
    """Tell where the sandbox listens."""

    def told(facts: dict[str, Any]) -> None:
        if as_json:
            print_json(facts)
            return
        for name, vendor in facts["vendors"].items():
            out.print(f"{name} on [bold]{vendor['url']}[/]")
            out.print(f"  account {vendor['accounts'][0]}, token {vendor['token']}")
            if "roots" in vendor:
                out.print(f"  with TLS on {vendor['tls']}, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={vendor['roots']}")
        out.print(f"world and faults: {facts['admin']}  (Ctrl-C stops)")

    return told


def print_json(value: Any) -> None:
    """JSON on standard output, one object."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def fail(field: str, value: str, cure: str) -> NoReturn:
    """Refuse on standard error and exit with 2."""
    err.print(f"[red]{field}[/] cannot be {value!r}: {cure}")
    raise typer.Exit(2)
