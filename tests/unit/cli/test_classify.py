"""`backstay classify`: one answer explained, a file of answers judged line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backstay.cli.classify import (
    Answer,
    answer_of,
    classify_lines,
    explain,
    find_table,
    header_lines,
    mount,
    read_bytes,
    read_lines,
)
from backstay.errors import InvalidRequestError
from backstay.table import ANYTHING, ErrorTable, Facts, Row

LIMITED = {"code": 40100, "message": "App 1 reaches the QPS limit 10", "request_id": "R"}
KEYS = ["id", "type", "code", "retryable", "retry_after_s", "certainty", "rule"]


def lines(*rows: object) -> list[bytes]:
    """Rows as the lines of a file."""
    return [json.dumps(row).encode() + b"\n" for row in rows]


def row(**more: object) -> dict[str, Any]:
    """A line's object."""
    return {
        "id": "a",
        "vendor": "tiktok",
        "operation": None,
        "http_status": 200,
        "headers": {},
        "body": LIMITED,
        **more,
    }


def test_a_line_gives_exactly_the_promised_keys() -> None:
    """Other programs read this output."""
    (result,) = classify_lines(lines(row()))
    assert list(result) == KEYS
    assert result == {
        "id": "a", "type": "API_RATE_LIMIT", "code": "1003", "retryable": True, "retry_after_s": 1.0,
        "certainty": "refused", "rule": "tiktok.rate.app",
    }  # fmt: skip


def test_a_success_has_no_type() -> None:
    """Nothing went wrong, so nothing is named."""
    (result,) = classify_lines(lines(row(body={"code": 0, "message": "OK", "data": {}})))
    assert list(result) == KEYS
    assert (result["type"], result["retryable"]) == (None, False)


@pytest.mark.parametrize("body", ["<html>502</html>", None, json.dumps(LIMITED)])
def test_a_body_may_be_a_text_as_it_came(body: object) -> None:
    """Pages and JSON in a string are read as from the wire; no body is an empty one."""
    (result,) = classify_lines(lines(row(body=body, http_status=502)))
    assert result["type"] == ("API_RATE_LIMIT" if body == json.dumps(LIMITED) else "PLATFORM_SERVICE_ERROR")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"not json", "line"),
        (b"[1]", "line"),
        (b"\xff\xfe{", "line"),
        (b"[" * 100_000, "line"),
        (lines({"vendor": "tiktok", "body": {}})[0], "id"),
        (lines({"id": "a", "body": {}})[0], "vendor"),
        (lines(row(vendor=7))[0], "vendor"),
        (lines(row(vendor="nobody"))[0], "vendor"),
        (lines(row(vendor="../etc"))[0], "vendor"),
        (lines(row(vendor=""))[0], "vendor"),
        (lines({"id": "a", "vendor": "tiktok"})[0], "body"),
        (lines(row(http_status="200"))[0], "http_status"),
        (lines(row(http_status=True))[0], "http_status"),
        (lines(row(http_status=-1))[0], "http_status"),
        (lines(row(headers=[]))[0], "headers"),
        (lines(row(operation=5))[0], "operation"),
    ],
)
def test_a_line_that_cannot_be_judged_is_reported_and_the_rest_goes_on(line: bytes, field: str) -> None:
    """The error names line, field and cure; the lines before and after keep their results."""
    before, broken, after = classify_lines([*lines(row()), line, *lines(row(id="z"))])
    assert (before["type"], after["id"], after["type"]) == ("API_RATE_LIMIT", "z", "API_RATE_LIMIT")
    assert list(broken) == ["id", "error"]
    assert (broken["error"]["field"], broken["error"]["line"]) == (field, 2)
    assert broken["error"]["hint"]


def test_empty_lines_are_passed_over_and_a_vendor_may_be_given_for_all() -> None:
    """A file of one vendor need not repeat its name; numbers of lines still count from the file."""
    results = list(classify_lines([b"\n", *lines({"id": 1, "body": LIMITED}), b"  \n", b"x"], vendor="tiktok"))
    assert [result.get("type", "error") for result in results] == ["API_RATE_LIMIT", "error"]
    assert results[1]["error"]["line"] == 4


def test_a_fault_in_one_vendors_table_takes_no_other_line_with_it() -> None:
    """A table that raises is an INTERNAL_ERROR of its line."""

    def broken(*_: object) -> Facts:
        raise RuntimeError("access_token=abcdefgh")

    def find(vendor: str) -> ErrorTable:
        rows = (Row("acme.last", ANYTHING, "BAD_RESPONSE"),)
        return ErrorTable("acme", broken, rows) if vendor == "acme" else find_table(vendor)

    first, second = classify_lines(lines(row(vendor="acme"), row()), find=find)
    assert first["error"] == {"type": "INTERNAL_ERROR", "line": 1, "message": "RuntimeError"}
    assert second["type"] == "API_RATE_LIMIT"


def test_grpc_takes_the_place_of_the_body() -> None:
    """Google's failures come as the call's status and trailing metadata."""
    failure = {"status": "UNAVAILABLE"}
    assert answer_of({"vendor": "google_ads", "http_status": None, "grpc": failure}).body == failure
    assert answer_of(row(grpc=None)).body == LIMITED


@pytest.mark.parametrize("name", ["tiktok", " TikTok "])
def test_a_vendor_is_found_by_name(name: str) -> None:
    """Case and blanks do not matter."""
    assert find_table(name).vendor == "tiktok"


def test_an_unknown_vendor_is_refused_with_those_that_are_there() -> None:
    """The cure names what is installed."""
    with pytest.raises(InvalidRequestError) as caught:
        find_table("nobody")
    assert "tiktok" in (caught.value.hint or "")


def test_one_answer_is_explained() -> None:
    """Type, wait, cure and the row that decided, with the vendor's own words."""
    told = explain(Answer("tiktok", 200, {}, json.dumps(LIMITED).encode()))
    assert (told["type"], told["retry_after_s"], told["scope"]) == ("API_RATE_LIMIT", 1.0, "app")
    assert (told["vendor_code"], told["request_ids"]) == (40100, ["R"])
    assert "send fewer calls" in told["what_to_do"]
    assert explain(Answer("tiktok", 200, {}, b'{"code": 0}'))["type"] is None


def test_an_explanation_shows_no_secret() -> None:
    """What a vendor echoes is scrubbed."""
    body = {"code": 40002, "message": "bad access_token=abcdefgh12345"}
    assert "abcdefgh12345" not in json.dumps(explain(Answer("tiktok", 200, {}, body)))


def test_headers_are_read_as_people_write_them() -> None:
    """Names in any case, values with colons; a line without one is refused and its value not repeated."""
    assert header_lines(["Retry-After: 3", "X-Url:http://a:1"]) == {"retry-after": "3", "x-url": "http://a:1"}
    with pytest.raises(InvalidRequestError) as caught:
        header_lines(["Access-Token abcdefgh12345"])
    assert "abcdefgh12345" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback of the operating system's."""
    monkeypatch.chdir(tmp_path)
    for read in (read_bytes, lambda file: list(read_lines(file))):
        with pytest.raises(InvalidRequestError, match=r"none\.jsonl"):
            read("none.jsonl")


def test_the_module_needs_no_typer() -> None:
    """The plain functions work where the extra `cli` is not installed."""
    code = (
        "import sys; sys.modules['typer'] = None; import backstay.cli.classify as core; "
        "print(core.find_table('tiktok').vendor)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "tiktok"


# The command


@pytest.fixture
def run() -> Any:
    """Run the command as a user does."""
    typer = pytest.importorskip("typer")
    from typer.testing import CliRunner

    app = typer.Typer()
    mount(app)
    return lambda *arguments, given=None: CliRunner().invoke(app, list(arguments), input=given)


def test_the_command_explains_what_it_is_given(run: Any, tmp_path: Path) -> None:
    """From standard input, from a file, and as JSON."""
    spoken = run("--vendor", "tiktok", "--status", "200", "--header", "X-TT-LOGID: L", given=json.dumps(LIMITED))
    assert spoken.exit_code == 0
    assert "API_RATE_LIMIT" in spoken.output
    assert "R, L" in spoken.output
    file = tmp_path / "body.json"
    file.write_text(json.dumps(LIMITED), encoding="utf-8")
    printed = run("--vendor", "tiktok", "--json", str(file))
    assert json.loads(printed.output)["rule"] == "tiktok.rate.app"


def test_the_command_judges_a_file_and_tells_by_its_exit_code(run: Any, tmp_path: Path) -> None:
    """All lines are printed; one that could not be judged makes the exit code 1."""
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"".join(lines(row(), row(id="b"))))
    good = run("--jsonl", str(file))
    assert (good.exit_code, len(good.output.splitlines())) == (0, 2)
    file.write_bytes(b"".join([b"broken\n", *lines(row())]))
    bad = run("--jsonl", str(file))
    assert bad.exit_code == 1
    assert [sorted(json.loads(line)) for line in bad.output.splitlines()] == [["error", "id"], sorted(KEYS)]


@pytest.mark.parametrize(
    "arguments",
    [[], ["--vendor", "nobody"], ["--vendor", "tiktok", "--status", "5"], ["--jsonl", "no/such/file"],
     ["--vendor", "tiktok", "no/such/file"], ["--vendor", "tiktok", "--header", "x"]],
)  # fmt: skip
def test_a_mistake_in_the_command_gets_its_cure_and_exit_code_2(run: Any, arguments: list[str]) -> None:
    """What is wrong and what helps, in one line on standard error, never a traceback."""
    result = run(*arguments, given="{}")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.count("\n") == 1
