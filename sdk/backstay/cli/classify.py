"""`backstay classify`: what a vendor's error means, for one answer or for a file of them.

Everything here is plain functions over an adapter's table; only the command that `mount` makes prints.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backstay.errors import BackstayError, InvalidRequestError
from backstay.table import ErrorTable, Facts, Verdict
from backstay.taxonomy import lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import typer

GROUP: Final = "backstay.adapters"
"""The entry points under which adapters announce themselves; each is named as its vendor."""

FOLDER: Final = "backstay_adapters"
"""Where adapters live that have no entry point, as in a checkout."""

ALIASES: Final[Mapping[str, str]] = {
    "anthropic": "claude", "facebook": "meta", "google": "google_ads", "openai_images": "openai",
}  # fmt: skip
"""Names that people use for a vendor, and ours."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a vendor's, as it is handed in for classification."""

    vendor: str
    status: int | None
    headers: Mapping[str, str]
    body: object
    operation: str | None = None


@lru_cache(maxsize=32)
def find_table(vendor: str) -> ErrorTable:
    """The error table of a vendor's adapter, found by name; the adapter is imported only now.

    Raises:
        InvalidRequestError: no adapter of that name is installed, or it has no table, or it cannot be imported.
    """
    name = vendor.strip().lower().replace("-", "_")
    name = ALIASES.get(name, name)
    known = {point.name: point.module for point in entry_points(group=GROUP)}
    if not name.isidentifier():
        raise _unknown_vendor(vendor, known)
    try:
        table = getattr(import_module(f"{known.get(name, f'{FOLDER}.{name}')}.errors"), "TABLE", None)
    except ModuleNotFoundError as error:
        if error.name is not None and name in error.name.split("."):  # the adapter itself is not there
            raise _unknown_vendor(vendor, known) from None
        raise _refused("vendor", vendor, f"install what its adapter needs: {error}") from error
    if not isinstance(table, ErrorTable):
        raise _unknown_vendor(vendor, known)
    return table


def judge(answer: Answer, find: Callable[[str], ErrorTable] = find_table) -> Verdict | None:
    """What the vendor's table says about an answer; None is success."""
    table = find(answer.vendor)
    return table.classify(answer.status, answer.headers, answer.body, answer.operation)


def explain(answer: Answer, find: Callable[[str], ErrorTable] = find_table) -> dict[str, Any]:
    """One answer with all that is known about it, in the order in which a person asks."""
    verdict = judge(answer, find)
    if verdict is None:
        return {"vendor": answer.vendor, "type": None, "meaning": "a success: nothing to do"}
    kind = lookup(verdict.type)
    facts = _facts(answer, find)
    return {
        "vendor": answer.vendor,
        "type": verdict.type,
        "code": verdict.code,
        "meaning": kind.en,
        "vendor_code": facts.code,
        "vendor_message": _scrubbed(facts.shown or facts.message),
        "request_ids": list(facts.request_ids),
        "retryable": verdict.retryable,
        "retry_after_s": verdict.retry_after,
        "certainty": verdict.certainty.value,
        "scope": verdict.scope,
        "what_to_do": verdict.hint or verdict.action,
        "rule": verdict.rule,
    }


def summary(name: object, verdict: Verdict | None) -> dict[str, Any]:
    """The object that is printed for one line of a file; `type` is null for a success."""
    if verdict is None:
        nothing = dict.fromkeys(("type", "code"))
        return {"id": name, **nothing, "retryable": False, "retry_after_s": None, "certainty": None, "rule": None}
    return {
        "id": name,
        "type": verdict.type,
        "code": verdict.code,
        "retryable": verdict.retryable,
        "retry_after_s": verdict.retry_after,
        "certainty": verdict.certainty.value,
        "rule": verdict.rule,
    }


def classify_lines(
    lines: Iterable[bytes], vendor: str | None = None, find: Callable[[str], ErrorTable] = find_table
) -> Iterator[dict[str, Any]]:
    """One object a line, in order; a line that cannot be judged gives `{"id", "error": {...}}` and the rest goes on.

    A line is a JSON object with `id`, `vendor` (or the `vendor` given here), `operation`, `http_status`, `headers`
    and `body`, or `grpc` in place of the last; empty lines are passed over.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _classify_line(number, line, vendor, find)


def answer_of(row: Mapping[str, Any], vendor: str | None = None) -> Answer:
    """A line's object as an answer.

    Raises:
        InvalidRequestError: a key is missing or holds what it cannot; field, value and cure are named.
    """
    name = row.get("vendor") or vendor
    if not isinstance(name, str):
        raise _refused("vendor", name, 'name the vendor: "vendor": "tiktok", or --vendor')
    if not row.keys() & {"body", "grpc", "http_status"}:
        raise _refused("body", None, 'give the answer: "body", "grpc" or at least "http_status"')
    body = row["grpc"] if row.get("grpc") is not None else row.get("body")
    return Answer(
        name, _status(row.get("http_status")), _headers(row.get("headers")), body, _text_or_none(row, "operation")
    )


def header_lines(lines: Iterable[str]) -> dict[str, str]:
    """`Name: value` lines as headers.

    Raises:
        InvalidRequestError: a line without a colon.
    """
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise _refused("header", name.split(" ")[0], "write it as Name: value")
        found[name.strip().lower()] = value.strip()
    return found


def read_bytes(file: str) -> bytes:
    """The content of a file; `-` is standard input.

    Raises:
        InvalidRequestError: the file cannot be read.
    """
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise _unreadable("file", file, error) from None


def read_lines(file: str) -> Iterator[bytes]:
    """The lines of a file, one after the other; `-` is standard input.

    Raises:
        InvalidRequestError: the file cannot be read.
    """
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as source:
            yield from source
    except OSError as error:
        raise _unreadable("jsonl", file, error) from None


def _classify_line(number: int, line: bytes, vendor: str | None, find: Callable[[str], ErrorTable]) -> dict[str, Any]:
    name: object = None
    try:
        row = _row(number, line)
        name = row.get("id")
        return summary(_required(name), judge(answer_of(row, vendor), find))
    except BackstayError as error:
        return {"id": name, "error": _told(error, number)}
    except Exception as error:  # noqa: BLE001 - a fault of one vendor's table must not take the other lines with it
        return {"id": name, "error": {"type": "INTERNAL_ERROR", "line": number, "message": type(error).__name__}}


def _row(number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _refused("line", number, f"write one JSON object a line ({type(error).__name__})") from None
    if not isinstance(row, dict):
        raise _refused("line", number, "write one JSON object a line")
    return row


def _required(name: object) -> object:
    if name is None:
        raise _refused("id", None, 'give every line an "id", so that its result can be found')
    return name


def _told(error: BackstayError, number: int) -> dict[str, Any]:
    return {"type": error.type, "line": number, "field": error.field, "message": error.message, "hint": error.hint}


def _status(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 999:
        raise _refused("http_status", value, "a whole number from 100 to 999, or null")
    return value


def _headers(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused("headers", value, 'an object: {"name": "value"}')
    return {str(name).lower(): str(said) for name, said in value.items()}


def _text_or_none(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise _refused(name, value, "a text or null")
    return value


def _facts(answer: Answer, find: Callable[[str], ErrorTable]) -> Facts:
    return find(answer.vendor).decode(answer.status, answer.headers, answer.body, answer.operation)


def _scrubbed(message: str) -> str | None:
    from backstay.redact import scrub

    return scrub(message) or None


def _unknown_vendor(vendor: str, known: Iterable[str]) -> InvalidRequestError:
    installed = ", ".join(sorted(known)) or "none"
    return _refused("vendor", vendor, f"use a vendor whose adapter is installed: {installed}")


def _unreadable(field: str, file: str, error: OSError) -> InvalidRequestError:
    return _refused(field, file, f"give a file that can be read ({error.strerror or type(error).__name__})")


def _refused(field: str, value: object, cure: str) -> InvalidRequestError:
    shown = repr(value)[:80]
    return InvalidRequestError(f"{field} is {shown}", field=field, value=shown, hint=cure, rule="cli.classify")


# The command


def mount(app: typer.Typer) -> None:
    """Add `classify` to a typer application."""
    import typer

    @app.command()
    def classify(
        file: str = typer.Argument("-", help="The body of the answer; - is standard input."),
        vendor: str | None = typer.Option(None, help="Whose answer it is: tiktok, meta, google_ads ..."),
        status: int | None = typer.Option(None, help="Its HTTP status."),
        header: list[str] = typer.Option([], help="A header, 'Name: value'; may be given often."),  # noqa: B008 - typer's way
        operation: str | None = typer.Option(None, help="The operation that was asked for."),
        jsonl: str | None = typer.Option(None, help="A file with one answer a line (JSON); - is standard input."),
        as_json: bool = typer.Option(False, "--json", help="Print the explanation as JSON."),
    ) -> None:
        """Say what a vendor's answer means: type, code, whether it may pass, how long to wait, what to do."""
        try:
            if jsonl:
                raise typer.Exit(_print_lines(classify_lines(read_lines(jsonl), vendor), typer.echo))
            answer = Answer(_named(vendor), _status(status), header_lines(header), read_bytes(file), operation)
            _print_one(explain(answer), typer.echo, as_json=as_json)
        except BackstayError as error:
            typer.echo(f"{error.message}: {error.hint}", err=True)
            raise typer.Exit(2) from None


def _named(vendor: str | None) -> str:
    if not vendor:
        raise _refused("vendor", None, "say whose answer it is: --vendor tiktok")
    return vendor


def _print_lines(results: Iterable[dict[str, Any]], echo: Callable[[str], object]) -> int:
    """Print each result; 1 if one of them could not be judged, else 0."""
    failed = 0
    for result in results:
        failed = max(failed, int("error" in result))
        echo(json.dumps(result))
    return failed


def _print_one(explained: Mapping[str, Any], echo: Callable[[str], object], *, as_json: bool) -> None:
    if as_json:
        echo(json.dumps(explained))
        return
    for name, value in explained.items():
        if value not in (None, []):
            shown = ", ".join(value) if isinstance(value, list) else value
            echo(f"{name.replace('_', ' ') + ':':<16} {shown}")
