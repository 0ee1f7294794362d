"""`backstay audit`: what was written, refused, or is open."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.ads import ConfiguredStatus
from backstay.cli.app import app
from backstay.money import Money
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.testing import VirtualClock, run
from backstay.testing.samples import Samples
from backstay.writes.guard import SpendGuard
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A create, an activation that passed, one that was refused, and one whose process died."""
    clock, samples = VirtualClock(), Samples("USD", ("6252001",), {})

    async def main() -> None:
        guard = SpendGuard(total=Money("150", "USD"))
        runtime = Runtime(state=tmp_path, clock=clock, listeners=(), guard=guard, actor="night-shift")
        shell = SimTransport(TikTokSandbox(), clock)
        ads = TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=shell)
        made = [await ads.create_campaign(samples.campaign(name), idempotency_key=name) for name in ("One", "Two")]
        await ads.set_status(made[0].value.ref, ConfiguredStatus.ACTIVE)
        with pytest.raises(Exception, match="total"):
            await ads.set_status(made[1].value.ref, ConfiguredStatus.ACTIVE)
        await runtime.aclose()

    run(main(), clock)
    with (tmp_path / "audit.jsonl").open("a") as file:
        file.write('{"id":"dead","phase":"intent","at":"2026-01-01T00:00:00","operation":"set_status"}\n{"id":"br')
    return tmp_path


def ask(folder: Path, *options: str) -> Any:
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["audit", "--folder", str(folder), *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in options else result.stdout


@pytest.mark.parametrize(("options", "count"), [
    ((), 5), (("--last", "2"), 2), (("--which", "refused"), 1), (("--which", "open"), 1),
])  # fmt: skip
def test_the_records_are_listed(folder: Path, options: tuple[str, ...], count: int) -> None:
    """All, the newest, those that were refused, those without an outcome; a broken line is left out."""
    records = ask(folder, "--json", *options)["records"]
    assert len(records) == count
    if "refused" in options:
        assert records[0]["rule"] == "guard.total"
    if "open" in options:
        assert records[0]["id"] == "dead"


def test_the_table_says_who_and_what_became_of_it(folder: Path) -> None:
    """The actor, the verdict with its exposure, the outcome or the rule."""
    shown = re.sub(r"\s+", " ", re.sub(r"[^\w.\-/ ]", " ", ask(folder)))
    for text in ("5 writes", "night-shift", "refused", "guard.total"):
        assert text in shown


def test_what_was_never_used_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And makes no folder."""
    monkeypatch.setenv("BACKSTAY_STATE", str(tmp_path / "none"))
    result = CliRunner().invoke(app, ["audit", "--json"])
    assert json.loads(result.stdout)["records"] == []
    assert not (tmp_path / "none").exists()
    assert ask(tmp_path, "--json")["records"] == []


@pytest.mark.parametrize(("options", "words"), [
    (("--folder", "typo"), ("--folder", "typo", "no such folder")),
    (("--folder", "notes.txt"), ("--folder", "notes.txt", "no folder")),
    (("--file", "typo.jsonl"), ("--file", "typo.jsonl", "No such file")),
    (("--file", "notes.txt"), ("--file", "notes.txt", "no line of it")),
    (("--file", "."), ("--file", "Is a directory")),
])  # fmt: skip
def test_what_is_no_record_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """A misspelled path is not an empty record; an empty file is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text('hello\n{"a": 1}\n[]\n')
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["audit", *options])
    assert result.exit_code == 2
    for word in words:
        assert word in result.stderr
    (tmp_path / "notes.txt").write_text("")
    assert CliRunner().invoke(app, ["audit", "--file", "notes.txt"]).exit_code == 0


def test_a_wrong_word_is_refused(tmp_path: Path) -> None:
    """With the words that there are."""
    result = CliRunner().invoke(app, ["audit", "--which", "lost"])
    assert result.exit_code == 2
