"""The command `backstay services carousel`: a file's carousel made, looked at, published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from backstay.cli.refusing import refused
from backstay.cli.services_live import SERVICES, Folder, JsonFlag, Sandbox, live, table
from backstay.compose import Fallback
from backstay.content import ContentCapabilities
from backstay.content import ContentCapability as Can
from backstay.errors import BackstayError, InvalidRequestError
from backstay.events import Event
from backstay.hosting import FolderHost
from backstay.runtime import Runtime
from backstay.services.carousel import Carousel, CarouselState, CarouselStep, preview
from backstay.services.carousel.book import Book
from backstay.services.carousel.file import CarouselFile, carousel_of
from backstay.services.store import FileStore

if TYPE_CHECKING:
    from rich.table import Table


class What(StrEnum):
    """What is to be done."""

    SHOW = "show"
    PREPARE = "prepare"
    PUBLISH = "publish"
    REMAKE = "remake"


def carousel(
    file: Annotated[str, typer.Argument(help="YAML or JSON: the topic, the slides, and who makes which part.")],
    what: Annotated[
        What,
        typer.Argument(
            help="show: ask nobody. prepare: all but the post. publish: all of it. remake: drop what is degraded."
        ),
    ] = What.SHOW,
    media: Annotated[str | None, typer.Option("--media", help="A folder that --address serves; else S3.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="The public address of --media.")] = None,
    page: Annotated[str | None, typer.Option("--preview", help="Write an HTML preview of it to this file.")] = None,
    allow_degraded: Annotated[
        bool, typer.Option("--allow-degraded", help="Publish it though a part is not as good as it should be.")
    ] = False,
    sandbox: Sandbox = None,
    folder: Folder = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a carousel from a topic to a post, once: whatever fails on the way, the same command goes on."""
    from backstay.cli.app import out, print_json

    try:
        found = carousel_of(file)
        state = asyncio.run(
            _done(found, what, (media, address), page, sandbox, folder, allow_degraded=allow_degraded, quiet=as_json)
        )
    except BackstayError as error:
        refused(error)
    if as_json:
        print_json(told(state))
    else:
        out.print(_table(state))


async def _done(
    file: CarouselFile, what: What, place: tuple[str | None, str | None], page: str | None, sandbox: str | None,
    folder: str | None, *, allow_degraded: bool, quiet: bool,
) -> CarouselState:  # fmt: skip
    if what is What.SHOW:
        return await _shown(file, page, folder)
    async with live(sandbox, None, folder, content=True) as where:
        with _progress(quiet=quiet) as bar:
            task = bar.add_task(file.plan.id, total=file.plan.steps, note="")

            def hear(event: Event) -> None:
                if isinstance(event, CarouselStep):
                    bar.update(task, completed=event.done, note=event.step)

            making = Carousel(
                file.plan, store=FileStore(where.folder), tell=hear, **cast(file, where.adapters, place)
            )  # fmt: skip
            match what:
                case What.PREPARE:
                    await making.prepare()
                case What.PUBLISH:
                    await making.run(allow_degraded=allow_degraded)
                case What.REMAKE:
                    await making.remake()
    return await _shown(file, page, folder)


async def _shown(file: CarouselFile, page: str | None, folder: str | None) -> CarouselState:
    """How far it is, from the state folder alone; with `page` the preview is written."""
    home = Runtime(state=folder, listeners=()).state
    assert home is not None  # noqa: S101 - only Runtime.in_memory() has none
    book = await Book.open(FileStore(home / SERVICES), file.plan)
    if page is not None:
        kept = [await book.picture(number) for number, made in enumerate(book.state.pictures) if made]
        pictures = [each.image for each in kept if each is not None]
        await asyncio.to_thread(_write, page, preview(book.state, pictures))
    return book.state


def _write(page: str, text: str) -> None:
    try:
        Path(page).write_text(text, "utf8")
    except OSError as error:
        raise InvalidRequestError(
            f"the preview cannot be written: {error.strerror}", field="--preview", value=page,
            hint="name a file in a folder that is there",
        ) from error  # fmt: skip


# Who makes it -------------------------------------------------------------------------------------------------------


def cast(file: CarouselFile, adapters: Iterable[Any], place: tuple[str | None, str | None]) -> dict[str, Any]:
    """Who makes which part: those that the file names, else all that can, as a fallback of each other."""
    some = [each for each in adapters if isinstance(getattr(each, "capabilities", None), ContentCapabilities)]
    parts = {"research": Can.RESEARCH, "text": Can.TEXT, "images": Can.IMAGE}
    rows = {name: _row(some, name, capability, file.by.get(name, ())) for name, capability in parts.items()}
    return {**rows, "publisher": _able(some, Can.PUBLISH_CAROUSEL)[0], "host": _host(some, *place)}


def _row(adapters: list[Any], part: str, capability: Can, named: tuple[str, ...]) -> Any:
    able = _able(adapters, capability)
    known = {each.capabilities.vendor: each for each in able}
    for vendor in named:
        if vendor not in known:
            raise InvalidRequestError(
                f"{vendor} is not there, or cannot do it", field=f"by.{part}", value=vendor,
                hint=f"one of {', '.join(sorted(known))}; others need their variables in the environment",
            )  # fmt: skip
    chosen = [known[vendor] for vendor in named] or able
    return chosen[0] if len(chosen) == 1 else Fallback(*chosen)


def _able(adapters: list[Any], capability: Can) -> list[Any]:
    found = [each for each in adapters if capability in each.capabilities]
    if not found:
        raise InvalidRequestError(
            f"no vendor that {capability} needs", field="environment", value=capability.value,
            hint="set a vendor's variables (`backstay doctor`), or use --sandbox URL",
        )  # fmt: skip
    return found


def _host(adapters: list[Any], media: str | None, address: str | None) -> Any:
    if media is None and address is None:
        found = [each for each in adapters if Can.HOST in each.capabilities]
        if found:
            return found[0]
    if media is None or address is None:
        raise InvalidRequestError(
            "no place for the pictures", field="--media" if media is None else "--address", value=None,
            hint="give --media FOLDER and the --address that serves it, or the variables of S3",
        )  # fmt: skip
    return FolderHost(media, address, runtime=getattr(adapters[0], "runtime", None))


# Showing ------------------------------------------------------------------------------------------------------------


def told(state: CarouselState) -> dict[str, Any]:
    """The command's JSON."""
    post = state.post
    return {
        "id": state.plan.id,
        "made": state.made,
        "of": state.plan.steps,
        "degraded": list(state.degraded),
        "spent": str(state.spent),
        "caption": None if state.caption is None else state.caption.text,
        "hooks": list(state.hooks),
        "slides": [
            None if slide is None else {"headline": slide.headline, "body": slide.body} for slide in state.slides
        ],
        "done": [
            {"step": each.step, "by": each.by, "attempts": each.attempts, "cause": each.cause} for each in state.done
        ],
        "post": None if post is None else {"id": post.id, "permalink": post.permalink},
    }


def _table(state: CarouselState) -> Table:
    title = f"{state.plan.id}: {state.made} of {state.plan.steps} steps, {state.spent:.4f} spent"
    shown = table(title, "step", "by", "calls", "because of")
    for each in state.done:
        shown.add_row(*map(Text, (each.step, each.by, str(each.attempts), each.cause or "")))
    for part in state.degraded:
        shown.add_row(Text("DEGRADED"), "", "", Text(part))
    if state.post is not None:
        shown.add_row(Text("post"), "", "", Text(state.post.permalink or state.post.id or "live"))
    return shown


def _progress(*, quiet: bool) -> Progress:
    from backstay.cli.app import err

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, transient=True, disable=quiet)


__all__ = ["carousel", "cast", "told"]
