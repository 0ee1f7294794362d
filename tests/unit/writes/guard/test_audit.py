"""The audit record: durable before anything goes on, readable after any crash, and never a secret in it."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from backstay.ads import Bid, Budget, CampaignPatch, CampaignSpec, Compliance, Objective
from backstay.errors import ResourceError
from backstay.money import Money
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.guard import FileAudit, read_audit
from backstay.writes.guard.shown import shown


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


@pytest.fixture
def audit(path: Path) -> Iterator[FileAudit]:
    with closing(FileAudit(path)) as opened:
        yield opened


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


async def test_a_line_is_there_when_append_returns(path: Path, audit: FileAudit) -> None:
    """In a file of mode 0600, in a folder of mode 0700, made by the first line and not before."""
    assert not path.parent.exists()
    await audit.append({"id": "1", "phase": "intent", "note": "ü"})
    assert lines(path) == [{"id": "1", "phase": "intent", "note": "ü"}]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_each_line_is_flushed_and_many_are_flushed_together(
    path: Path, audit: FileAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody goes on before his line is on the disk; those who wait at one moment share a flush."""
    flushed: list[int] = []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        flushed.append(len(path.read_bytes().splitlines()))

    monkeypatch.setattr(os, "fsync", fsync)
    await audit.append({"id": "0"})
    assert flushed[-1] == 1

    async def one(number: int) -> None:
        await audit.append({"id": str(number)})
        assert flushed[-1] >= 1
        assert any(f'"id":"{number}"' in line for line in path.read_text().splitlines())

    await asyncio.gather(*map(one, range(1, 200)))
    assert flushed[-1] == 200
    assert len(flushed) < 200


async def test_a_file_that_was_moved_away_is_begun_anew(path: Path, audit: FileAudit) -> None:
    """Rotation is the user's: rename, and the next line opens a new file."""
    await audit.append({"id": "1"})
    path.rename(path.with_suffix(".1"))
    await audit.append({"id": "2"})
    assert [line["id"] for line in lines(path)] == ["2"]
    path.unlink()
    await audit.append({"id": "3"})
    assert [line["id"] for line in lines(path)] == ["3"]


async def test_what_cannot_be_written_is_an_error_that_names_the_cure(path: Path, audit: FileAudit) -> None:
    """And it goes on by itself when the place can be written again."""
    path.parent.parent.joinpath("state").write_text("a file where the folder should be")
    with pytest.raises(ResourceError) as caught:
        await audit.append({"id": "1"})
    assert (caught.value.field, caught.value.rule, caught.value.certainty.value) == ("audit", "guard.audit", "not_sent")
    assert "FileAudit" in (caught.value.hint or "")
    path.parent.unlink()
    await audit.append({"id": "2"})
    assert [line["id"] for line in lines(path)] == ["2"]


async def test_a_full_disk_does_not_spoil_the_next_line(
    path: Path, audit: FileAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line stays, ended; the reader leaves it out."""
    await audit.append({"id": "1", "phase": "intent"})
    real = os.write

    def short(file: int, data: bytes) -> int:
        if len(data) > 10:
            return real(file, bytes(data)[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(ResourceError, match="No space left"):
        await audit.append({"id": "2", "phase": "intent", "note": "x" * 25})
    monkeypatch.undo()
    await audit.append({"id": "3", "phase": "intent"})
    assert [record["id"] for record in read_audit(path)] == ["1", "3"]


def test_several_processes_may_append(path: Path) -> None:
    """Every line of every process is whole."""
    code = f"""
import asyncio
from backstay.writes.guard import FileAudit
async def main():
    audit = FileAudit({str(path)!r})
    await asyncio.gather(*(audit.append({{"id": f"{{n}}", "phase": "intent", "note": "x" * 500}}) for n in range(200)))
asyncio.run(main())
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    assert len(lines(path)) == 600


def test_it_waits_for_nothing_in_virtual_time(path: Path) -> None:
    """However slow the disk is, the same seed gives the same trace."""
    clock = VirtualClock()

    async def main() -> None:
        with closing(FileAudit(path)) as audit:
            for number in range(20):
                await audit.append({"id": str(number)})

    before = clock.monotonic()
    virtually(main(), clock)
    assert clock.monotonic() == before
    assert len(lines(path)) == 20


async def test_intent_and_outcome_are_read_as_one_record(path: Path, audit: FileAudit) -> None:
    """In order; one without an outcome was under way when its process ended."""
    for entry in (
        {"id": "a", "phase": "intent", "at": "1", "operation": "set_status"},
        {"id": "b", "phase": "intent", "at": "2"},
        {"id": "a", "phase": "outcome", "at": "3", "outcome": "done"},
        {"id": "c", "phase": "refused", "at": "4", "rule": "guard.total"},
    ):
        await audit.append(entry)
    found = {record["id"]: record for record in read_audit(path)}
    assert found["a"] == {
        "id": "a", "phase": "outcome", "at": "1", "ended_at": "3", "operation": "set_status", "outcome": "done"
    }  # fmt: skip
    assert "outcome" not in found["b"]
    assert found["c"]["rule"] == "guard.total"


def test_a_record_shows_what_was_set_and_hides_what_it_does_not_know() -> None:
    """By allow-list, at any depth; exact amounts; texts without credentials."""
    spec = CampaignSpec(
        name="Spring, access_token=abcdef123456", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
        budget=Budget.daily(Money("100.50", "USD")), extra={"pin": "1234", "name": "fine"},
    )  # fmt: skip
    found = shown({"spec": spec, "password": "x", "patch": CampaignPatch(bid=Bid.min_roas(Decimal("2.5")))})
    assert found["spec"]["budget"] == {"amount": "100.50 USD", "period": "daily"}
    assert found["spec"]["extra"] == {"pin": "REDACTED", "name": "fine"}
    assert "abcdef123456" not in json.dumps(found)
    assert found["password"] == "REDACTED"
    assert found["patch"] == {"bid": {"strategy": "min_roas", "roas": "2.5"}}
    assert shown(b"1234") == "4 bytes"
