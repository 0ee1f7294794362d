"""Where a process keeps what outlives it, and that nothing is kept before a write needs it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backstay.engine.claim import moment
from backstay.runtime import Runtime
from backstay.writes.folder import DATABASE, MEMORY, state_folder
from backstay.writes.journal import JournalKey, Record
from backstay.writes.memory import MemoryJournal
from backstay.writes.sqlite import SqliteJournal

RECORD = Record(JournalKey("tiktok", "7001", "create_campaign", "k"), "p", owner="me")


@pytest.mark.parametrize(
    ("chosen", "environment", "folder"),
    [
        ("/here", {"BACKSTAY_STATE": "/there"}, "/here"),
        (Path("/here"), {}, "/here"),
        (None, {"BACKSTAY_STATE": "/there", "XDG_STATE_HOME": "/xdg"}, "/there"),
        (None, {"XDG_STATE_HOME": "/xdg", "HOME": "/somebody"}, "/xdg/backstay"),
        (None, {"XDG_STATE_HOME": "", "HOME": "/somebody"}, "/somebody/.local/state/backstay"),
        (None, {"XDG_STATE_HOME": "not/absolute", "HOME": "/somebody"}, "/somebody/.local/state/backstay"),
        (None, {"BACKSTAY_STATE": "", "HOME": "/somebody"}, "/somebody/.local/state/backstay"),
        (MEMORY, {"BACKSTAY_STATE": "/there"}, None),
    ],
)
def test_the_folder_is_chosen_or_the_usual_one(
    chosen: object, environment: dict[str, str], folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument, then BACKSTAY_STATE, then where the system keeps such things."""
    for name in ("BACKSTAY_STATE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = state_folder(chosen)  # type: ignore[arg-type]  # a table of what the annotation says
    assert found == (None if folder is None else Path(folder))


def test_a_durable_runtime_writes_with_its_first_write(tmp_path: Path) -> None:
    """Not when it is made, and not when its journal is looked at."""
    runtime = Runtime(state=tmp_path / "state", listeners=())
    assert isinstance(runtime.journal, SqliteJournal)
    assert runtime.database is not None
    assert not (tmp_path / "state").exists()
    asyncio.run(runtime.journal.claim(RECORD, moment(runtime.clock)))
    assert (tmp_path / "state" / DATABASE).exists()
    asyncio.run(runtime.aclose())


def test_a_runtime_in_memory_touches_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    monkeypatch.setenv("BACKSTAY_STATE", "/proc/nobody/can/write/here")
    runtime = Runtime.in_memory(listeners=())
    assert isinstance(runtime.journal, MemoryJournal)
    assert (runtime.state, runtime.database) == (None, None)
    asyncio.run(runtime.journal.claim(RECORD, moment(runtime.clock)))
    asyncio.run(runtime.aclose())


def test_a_journal_can_be_given(tmp_path: Path) -> None:
    """It is used, and no file is made for another."""
    given = MemoryJournal()
    runtime = Runtime(state=tmp_path / "state", journal=given, listeners=())
    assert runtime.journal is given
    asyncio.run(runtime.journal.claim(RECORD, moment(runtime.clock)))
    assert not (tmp_path / "state").exists()


def test_this_run_cannot_write_to_the_users_home() -> None:
    """The tests' default folder is a temporary one, and the home folder is a file: a slip fails instead."""
    folder = state_folder(None)
    assert folder is not None
    assert str(folder).startswith(os.environ["BACKSTAY_STATE"])
    assert Path.home().is_file()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        (Path.home() / ".local" / "state").mkdir(parents=True)


IMPORTED = """
import importlib, pkgutil
import backstay, backstay_adapters
from backstay.adapters import TikTokAds
for package in (backstay,):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith(".__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError:
                pass
from backstay.runtime import default_runtime
ads = TikTokAds("7001", "token")
runtime = default_runtime()
assert ads.runtime is runtime
runtime.journal, runtime.database, runtime.state
"""


def test_importing_and_making_an_adapter_writes_nothing(tmp_path: Path) -> None:
    """In a process of its own, with a home folder that can be looked at afterwards."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"BACKSTAY_STATE", "XDG_STATE_HOME"}
    }
    ran = subprocess.run(
        [sys.executable, "-B", "-c", IMPORTED], env={**environment, "HOME": str(tmp_path)}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert list(tmp_path.rglob("*")) == []
