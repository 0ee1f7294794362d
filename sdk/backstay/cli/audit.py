"""The command `backstay audit`: who asked for which write, what it was judged, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from backstay.cli.refusing import check_folder, refused
from backstay.errors import BackstayError, InvalidRequestError
from backstay.writes.folder import state_folder
from backstay.writes.guard.audit import AUDIT, read_audit

COLUMNS: Final = ("at", "who", "what", "ref", "before", "after", "verdict", "outcome")
OPEN: Final = "under way, or its process died"


def audit(
    which: Annotated[str, typer.Option(help="all, refused or open (no outcome was written).")] = "all",
    last: Annotated[int, typer.Option(help="The newest ones at most.", min=1)] = 50,
    file: Annotated[Path | None, typer.Option(help="Another file, for example a rotated one.")] = None,
    folder: Annotated[str | None, typer.Option("--folder", help="The state folder; default $BACKSTAY_STATE.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the writes of the audit record, the oldest first."""
    from backstay.cli.app import fail, out, print_json

    if which not in {"all", "refused", "open"}:
        fail("--which", which, "all, refused or open")
    path = _asked(file, folder)
    try:
        found = list(deque(chosen(_records(path, named=file is not None), which), maxlen=last))
    except BackstayError as error:
        refused(error)
    except OSError as error:
        fail("audit" if file is None else "--file", str(path), f"{error.strerror}; check the path and its permissions")
    if as_json:
        print_json({"file": str(path), "records": found})
        return
    table = Table(title=f"{len(found)} writes ({which})")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for record in found:
        table.add_row(*map(Text, row(record)))
    out.print(table)


def _asked(file: Path | None, folder: str | None) -> Path:
    try:
        return file or _usual(folder)
    except BackstayError as error:
        refused(error)


def _usual(folder: str | None) -> Path:
    check_folder(folder)
    return (state_folder(folder) or Path()) / AUDIT


def _records(path: Path, *, named: bool) -> list[dict[str, Any]]:
    """All records of a file; none where nothing was ever written, unless the file was named."""
    if not named and not path.exists():
        return []
    found = list(read_audit(path))
    if not found and path.stat().st_size:
        raise InvalidRequestError(
            "no line of it is an audit line", field="--file" if named else "audit", value=str(path),
            hint=f"name an {AUDIT}, or one that was rotated and unpacked",
        )  # fmt: skip
    return found


def chosen(records: Iterable[dict[str, Any]], which: str) -> Iterator[dict[str, Any]]:
    """The records asked for."""
    for record in records:
        is_open = record["phase"] == "intent"
        if which == "all" or (which == "refused" and record["phase"] == "refused") or (which == "open" and is_open):
            yield record


def row(record: dict[str, Any]) -> tuple[str, ...]:
    """One record in a table's columns."""
    context = record.get("context") or {}
    who = record.get("actor") or ", ".join(f"{name}={value}" for name, value in context.items())
    verdict = "refused" if record["phase"] == "refused" else record.get("verdict", {}).get("exposure_after", "allowed")
    rule = record.get("rule") or record.get("error") or ""
    ended = record.get("outcome") or (rule if record["phase"] == "refused" else OPEN)
    if record.get("outcome") not in {None, "done"} and rule:
        ended = f"{ended} ({rule})"
    where = "/".join(record[name] for name in ("vendor", "account") if name in record)
    what = f"{where} {record.get('operation', '')}".strip()
    return (
        str(record.get("at", ""))[:19], who, what, str(record.get("ref", "")), _text(record.get("before")),
        _text(record.get("after")), verdict, ended,
    )  # fmt: skip


def _text(value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    return ", ".join(f"{name}={_text(each)}" for name, each in value.items())


__all__ = ["audit", "chosen", "row"]
