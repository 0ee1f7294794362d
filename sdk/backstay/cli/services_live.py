"""What the commands of services have in common that work on platforms: their options, adapters and state folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.table import Table

from backstay.ads import AdPlatform
from backstay.cli.journal import connected
from backstay.cli.letters import guard_of
from backstay.errors import InvalidRequestError
from backstay.runtime import Runtime

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Sandbox = Annotated[
    str | None, typer.Option("--sandbox", help="A running sandbox's address; default: the vendors in the environment.")
]
Spend = Annotated[
    str | None,
    typer.Option("--spend", help='All that may run afterwards: "500 USD" or "unlimited". Else nothing is raised.'),
]
Folder = Annotated[str | None, typer.Option("--folder", help="The state folder; default $BACKSTAY_STATE.")]
ACTOR: Final = "backstay services"
SERVICES: Final = "services"
"""The folder of the services' states, in the state folder."""


class Live(NamedTuple):
    """Where a command works."""

    adapters: list[Any]
    folder: Path
    """Of the services' states; made by the first one that is saved."""


@asynccontextmanager
async def live(
    sandbox: str | None, spend: str | None, folder: str | None, *, content: bool = False
) -> AsyncIterator[Live]:
    """The ad platforms of the environment or of a sandbox, with `content` all vendors, on the state folder's runtime.

    Raises:
        InvalidRequestError: there are none.
    """
    runtime = Runtime(state=folder, listeners=(), guard=guard_of(spend), actor=ACTOR)
    assert runtime.state is not None  # noqa: S101 - only Runtime.in_memory() has none
    try:
        async with connected(runtime, sandbox, keys=content) as adapters:
            chosen = [each for each in adapters if content or isinstance(each, AdPlatform)]
            if not chosen:
                raise InvalidRequestError(
                    "no ad platform is there", field="environment", value=", ".join(each.vendor for each in adapters),
                    hint="set the variables of one (`backstay doctor`), or use --sandbox URL",
                )  # fmt: skip
            yield Live(chosen, runtime.state / SERVICES)
    finally:
        await runtime.aclose()


def table(title: str, *columns: str) -> Table:
    """An empty one, whose long words are folded."""
    made = Table(title=title)
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


__all__ = ["ACTOR", "Live", "live", "table"]
