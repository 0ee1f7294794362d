"""How commands refuse: on standard error, with the field, the value and the cure, and no traceback."""

from __future__ import annotations

from typing import NoReturn

from rich.markup import escape

from backstay.errors import BackstayError, InvalidRequestError
from backstay.writes.folder import VARIABLE, state_folder


def refused(error: BackstayError) -> NoReturn:
    """Say what is wrong, and end: with 2 if it was asked for wrongly, with 1 if it failed and no field is to blame."""
    import typer

    from backstay.cli.app import err, fail

    if error.field is None:
        err.print(f"[red]{error.type}[/]: {escape(error.message)} ({escape(error.hint or 'try again')})")
        raise typer.Exit(1)
    cure = f"{error.message} ({error.hint})" if error.hint else error.message
    fail(error.field, escape(str(error.value)), escape(cure))


def check_folder(folder: str | None) -> None:
    """Refuse a state folder that was named and is not there; the usual one need not be there.

    Raises:
        InvalidRequestError: what is not there would be listed as empty, and every object be called an orphan.
    """
    path = None if folder is not None and not folder.strip() else state_folder(folder)
    if path is not None and (path.is_dir() or (folder is None and not path.exists())):
        return
    raise InvalidRequestError(
        "it is no folder" if path is not None and path.exists() else "there is no such folder",
        field="--folder" if folder is not None else VARIABLE, value=folder if folder is not None else str(path),
        hint=f"name the folder of Runtime(state=...); without --folder it is ${VARIABLE} or the usual one",
    )  # fmt: skip


__all__ = ["check_folder", "refused"]
