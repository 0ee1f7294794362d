"""The audit file of rules: what was appended comes back, whatever a crash has left at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from backstay.ads import Level, Platform, Ref
from backstay.errors import ResourceError
from backstay.services.rules.record import End, EndRecord, FileAudit


def ended(key: str) -> EndRecord:
    """The end of one action."""
    ref = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "1")
    return EndRecord(run="r1", key=key, rule="cap", ref=ref, at=datetime(2026, 3, 2, tzinfo=UTC), end=End.APPLIED)


async def test_a_line_that_a_crash_cut_off_is_left_out_and_spoils_no_other(tmp_path: Path) -> None:
    """Neither the one before it nor the one that is appended after it."""
    audit = FileAudit(tmp_path / "rules.jsonl")
    await audit.append(ended("first"))
    await audit.append(ended("torn"))
    audit.path.write_bytes(audit.path.read_bytes()[:-30])
    assert await audit.records() == [ended("first")]
    await audit.append(ended("next"))
    assert await audit.records() == [ended("first"), ended("next")]
    assert audit.path.stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    """With the path and the cure."""
    audit = FileAudit(tmp_path / "nowhere" / "rules.jsonl")
    with pytest.raises(ResourceError) as caught:
        await audit.append(ended("first"))
    assert (caught.value.field, caught.value.rule) == ("audit", "services.audit")
    assert caught.value.hint
