"""The command `backstay services campaigns`: a file's campaigns planned, applied, watched, switched off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from backstay.cli.refusing import refused
from backstay.cli.services_live import Folder, JsonFlag, Sandbox, Spend, live, table
from backstay.errors import BackstayError, InvalidRequestError
from backstay.events import Event
from backstay.services.campaigns.events import CampaignStepped
from backstay.services.campaigns.file import campaigns_in, require_platforms
from backstay.services.campaigns.manager import CampaignManager
from backstay.services.campaigns.plan import CampaignPlan, Step
from backstay.services.campaigns.report import Applied, Drift, PausedAll
from backstay.services.document import Document, read
from backstay.services.store import FileStore

if TYPE_CHECKING:
    from rich.table import Table

Found = CampaignPlan | Applied | Drift | PausedAll


class What(StrEnum):
    """What is to be done."""

    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"
    PAUSE = "pause"
    RELEASE = "release"


def campaigns(
    file: Annotated[str, typer.Argument(help="YAML or JSON: the campaigns, and the platforms that each is on.")],
    what: Annotated[
        What,
        typer.Argument(
            help="plan: write nothing. apply. drift: live against file. pause: all off. release: undo that."
        ),
    ] = What.PLAN,
    plan: Annotated[str | None, typer.Option("--plan", help="Apply only what the plan of this hash says.")] = None,
    sandbox: Sandbox = None,
    spend: Spend = None,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Make platforms be as a file says: once, whatever fails on the way; what is not in it any more is paused."""
    from backstay.cli.app import out, print_json

    try:
        if plan is not None and what is not What.APPLY:
            raise InvalidRequestError("it goes with apply", field="--plan", value=plan, hint="write apply --plan HASH")
        found = asyncio.run(_done(read(file), what, plan, sandbox, spend, folder, quiet=as_json))
    except BackstayError as error:
        refused(error)
    if as_json:
        print_json(found.as_json())
    else:
        for each in _tables(found):
            out.print(each)
    raise typer.Exit(0 if _well(found) else 1)


async def _done(
    document: Document, what: What, plan: str | None, sandbox: str | None, spend: str | None, folder: str | None,
    *, quiet: bool,
) -> Found:  # fmt: skip
    spec = campaigns_in(document)
    async with live(sandbox, spend, folder) as where:
        with _progress(quiet=quiet) as bar:
            task = bar.add_task(what.value, note="reading the platforms")

            def told(event: Event) -> None:
                if isinstance(event, CampaignStepped):
                    bar.update(task, note=f"{event.number} of {event.of}: {event.target}, {event.step}")

            on = _named(where.adapters, {target.on for target in spec.targets})
            require_platforms(document, on)
            manager = CampaignManager(spec, on=on, store=FileStore(where.folder), tell=told)
            if what is What.APPLY:
                return await manager.apply(plan)
            if what is What.DRIFT:
                return await manager.drift()
            if what is What.PAUSE:
                return await manager.pause_all()
            if what is What.RELEASE:
                await manager.release()
            return await manager.plan()


def _named(adapters: Iterable[Any], used: set[str]) -> dict[str, Any]:
    """Adapters by the names that files have for them: the vendor, or vendor/account where it has several."""
    some = list(adapters)
    vendors = [adapter.vendor for adapter in some]
    found: dict[str, Any] = {}
    for adapter in some:
        full = f"{adapter.vendor}/{adapter.account}"
        short = vendors.count(adapter.vendor) == 1 and full not in used
        found[adapter.vendor if short else full] = adapter
    return found


def _well(found: Found) -> bool:
    if isinstance(found, CampaignPlan):
        return not (found.troubles or found.unread)
    return found.none if isinstance(found, Drift) else found.ok


# Showing ------------------------------------------------------------------------------------------------------------


def _tables(found: Found) -> list[Any]:
    if isinstance(found, CampaignPlan):
        return _plan(found)
    if isinstance(found, Applied):
        return _applied(found)
    return [_drift(found) if isinstance(found, Drift) else _paused(found)]


def _plan(found: CampaignPlan) -> list[Any]:
    left = sum(each.objects for each in found.left)
    title = f"{found.set}: {len(found.steps)} steps, {left} objects stay as they are (plan {found.hash})"
    steps = table(title, "campaign", "on", "what", "marks", "why")
    for step in (*found.steps, *found.held):
        steps.add_row(*map(Text, (step.id, step.on, step.text, _marks(step, found), step.cause.value)))
    shown: list[Any] = [steps]
    if found.differs:
        differs = table("What is not the same on its platforms", "campaign", "what", "where")
        for each in found.differs:
            differs.add_row(*map(Text, (each.id, each.what, ", ".join(f"{on}: {told}" for on, told in each.by))))
        shown.append(differs)
    if found.troubles:
        troubles = table("Nothing is sent before these are mended", "campaign", "on", "field", "trouble", "cure")
        for one in found.troubles:
            troubles.add_row(*map(Text, (one.id, one.on, one.field, one.message, one.hint)))
        shown.append(troubles)
    return [*shown, *(Text(f"{one.on} could not be read: {one.error_type} {one.message}") for one in found.unread)]


def _marks(step: Step, plan: CampaignPlan) -> str:
    return " ".join(
        word
        for word, holds in (("money", step.money), ("status", step.status), ("held", step in plan.held))
        if holds
    )  # fmt: skip


def _applied(found: Applied) -> list[Any]:
    title = f"{found.plan.set}: {len(found.done)} done, {len(found.failed)} failed, {len(found.skipped)} not tried"
    steps = table(title, "campaign", "on", "what", "result")
    rows = [(step, "done") for step in found.done]
    rows += [(each.step, f"failed: {each.error_type} {each.message} ({each.hint})") for each in found.failed]
    rows += [(each.step, f"not tried: {each.why}") for each in found.skipped]
    rows += [(step, "held: all was paused; release it first") for step in found.plan.held]
    for step, result in rows:
        steps.add_row(*map(Text, (step.id, step.on, step.text, result)))
    more = [Text(f"{each.on} could not be read: {each.error_type} {each.message}") for each in found.plan.unread]
    return [steps, *more]


def _drift(found: Drift) -> Table:
    title = f"{found.set}: {len(found.found)} differences"
    shown = table(title, "campaign", "on", "object", "field", "wanted", "shows", "by")
    for each in found.found:
        texts = (each.id, each.on, each.place, each.field, each.wanted, each.shows, each.by.value)
        shown.add_row(*map(Text, texts))
    for one in found.unread:
        shown.add_row("", Text(one.partition(":")[0]), Text("could not be read"), "", "", Text(one), "")
    return shown


def _paused(found: PausedAll) -> Table:
    title = f"{found.set}: {len(found.paused)} paused, {len(found.failed)} may be running"
    shown = table(title, "campaign", "on", "result")
    for ref in found.paused:
        shown.add_row("", Text(ref.platform.value), Text(f"paused {ref}"))
    for each in found.failed:
        told = f"NOT paused {each.ref or ''}: {each.error_type} {each.message} ({each.hint})"
        shown.add_row(*map(Text, (each.id, each.on, told)))
    return shown


def _progress(*, quiet: bool) -> Progress:
    from backstay.cli.app import err

    columns = (SpinnerColumn(), TextColumn("[bold]campaigns"), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=quiet)


__all__ = ["campaigns"]
