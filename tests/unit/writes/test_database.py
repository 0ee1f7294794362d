"""The state file: what a write returned from is on the disk, and what cannot be kept is said."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backstay.errors import IdempotencyConflictError, InvalidRequestError, ResourceError
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.database import Database, Room

NOTES = Room("notes", (("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)",),))
OTHERS = Room("others", (("CREATE TABLE others (x)",),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "backstay.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(Database(path)) as opened:
        opened.add(NOTES)
        yield opened


def note(text: str) -> Any:
    return lambda db: db.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid


def texts(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM notes ORDER BY id")]


async def test_what_was_written_is_read_and_outlives_the_object(path: Path, database: Database) -> None:
    """A write's result comes back; another object on the same file sees what it did."""
    assert await database.write(note("one")) == 1
    assert await database.read(texts) == ["one"]
    with closing(Database(path)) as other:
        other.add(NOTES)
        assert await other.read(texts) == ["one"]


def test_nothing_is_made_before_it_is_needed(path: Path, database: Database) -> None:
    """A process that never writes leaves no file and no folder."""
    database.add(OTHERS)
    assert not path.parent.exists()


async def test_the_file_is_its_owners_alone(path: Path, database: Database) -> None:
    """Mode 0600 in a folder of mode 0700; committed with FULL in WAL mode."""
    await database.write(note("one"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    asked = await database.read(
        lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    )
    assert asked == [2, "wal"]


async def test_a_job_that_fails_undoes_its_own_part_only(database: Database) -> None:
    """Committed together with others, it takes nobody along, and its error comes to its caller."""

    def fails(db: sqlite3.Connection) -> None:
        note("lost")(db)
        raise IdempotencyConflictError("other payload")

    results = await asyncio.gather(
        *(database.write(work) for work in (note("a"), fails, note("b"), note("a"))), return_exceptions=True
    )
    assert results[0] == 1
    assert isinstance(results[1], IdempotencyConflictError)
    assert isinstance(results[3], sqlite3.IntegrityError)
    assert await database.read(texts) == ["a", "b"]


async def test_what_waits_is_committed_together(database: Database) -> None:
    """While a transaction is under way, a hundred writes gather; they become one more transaction."""
    commits: list[str] = []
    await database.write(lambda db: db.set_trace_callback(commits.append))
    go = threading.Event()
    first = asyncio.ensure_future(database.write(lambda db: go.wait(10)))
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(database.write(note(str(n)))) for n in range(100)]
    await asyncio.sleep(0)
    commits.clear()
    go.set()
    await asyncio.gather(first, *rest)
    assert len(await database.read(texts)) == 100
    assert commits.count("COMMIT") <= 2


async def test_a_commit_that_fails_is_nobodys_success(
    path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: every caller of the transaction is told, nothing is kept, and the next write works."""
    await database.write(note("before"))
    await database.write(lambda db: db.execute("PRAGMA max_page_count = 5"))
    big = "x" * 50_000
    results = await asyncio.gather(database.write(note("small")), database.write(note(big)), return_exceptions=True)
    assert isinstance(results[1], ResourceError)
    assert "full" in str(results[1])
    assert results[1].field == "state"
    await database.write(lambda db: db.execute("PRAGMA max_page_count = 100000"))
    await database.write(note("after"))
    kept = await database.read(texts)
    assert big not in kept
    assert ("small" in kept) is not isinstance(results[0], Exception)
    assert kept[-1] == "after"


async def test_a_cancelled_write_that_has_not_begun_is_not_made(database: Database) -> None:
    """One that waits behind another is taken out of the line."""
    go = threading.Event()
    first = asyncio.ensure_future(database.write(lambda db: go.wait(10)))
    await asyncio.sleep(0.05)
    second = asyncio.ensure_future(database.write(note("never")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    go.set()
    await first
    assert await database.read(texts) == []


async def test_rooms_have_versions_of_their_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room's newer steps are made when its file is older; the other room is left alone; what is there stays."""
    with closing(Database(path)) as old:
        old.add(NOTES)
        old.add(OTHERS)
        await old.write(note("kept"))
    newer = Room("notes", (*NOTES.steps, ("ALTER TABLE notes ADD COLUMN colour TEXT",)))
    with closing(Database(path)) as new:
        new.add(newer)
        assert await new.read(lambda db: db.execute("SELECT text, colour FROM notes").fetchall()) == [("kept", None)]
        versions = await new.read(lambda db: dict(db.execute("SELECT name, version FROM rooms").fetchall()))
    assert versions == {"notes": 2, "others": 1}


async def test_a_newer_room_or_file_is_refused(path: Path, database: Database) -> None:
    """An older backstay must not write what a newer one has made; the refusal says what to do."""
    await database.write(lambda db: db.execute("UPDATE rooms SET version = 7"))
    with closing(Database(path)) as older:
        older.add(NOTES)
        with pytest.raises(InvalidRequestError, match="version 7, we know 1") as caught:
            await older.read(texts)
        assert "upgrade" in (caught.value.hint or "")
    database.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with closing(Database(path)) as oldest, pytest.raises(InvalidRequestError, match="version 99"):
        await oldest.read(texts)


@pytest.mark.parametrize("where", ["head", "middle", "text"])
async def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path, where: str) -> None:
    """Never moved, never emptied: it may be all that knows of yesterday's writes."""
    with closing(Database(path)) as good:
        good.add(NOTES)
        for n in range(300):
            await good.write(note(f"{n} {'x' * 500}"))
    raw = bytearray(path.read_bytes())
    if where == "text":
        raw = bytearray(b"not a database, just text\n" * 400)
    else:
        start = 0 if where == "head" else 8192
        raw[start : start + 20_000] = b"\xff" * 20_000
    path.write_bytes(raw)
    for _ in range(2):
        with closing(Database(path)) as broken:
            broken.add(NOTES)
            with pytest.raises(InvalidRequestError, match="damaged") as caught:
                await broken.write(note("new"))
            assert caught.value.value == str(path)
            assert caught.value.hint
    assert path.read_bytes() == raw
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]


async def test_another_programs_file_is_left_alone(path: Path) -> None:
    """Refused, unchanged."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE precious (x)")
    before = path.read_bytes()
    with closing(Database(path)) as ours, pytest.raises(InvalidRequestError, match="another program's"):
        await ours.read(texts)
    assert path.read_bytes() == before


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """The refusal names the file and the cure; when the cause is gone, the same object works."""
    (tmp_path / "file").write_text("in the way")
    with closing(Database(tmp_path / "file" / "state.db")) as database:
        database.add(NOTES)
        with pytest.raises(ResourceError, match=r"state\.db") as caught:
            await database.write(note("one"))
        assert "Runtime(state=" in (caught.value.hint or "")
        (tmp_path / "file").unlink()
        assert await database.write(note("one")) == 1


async def test_a_closed_file_says_so(database: Database) -> None:
    """Closing twice is harmless, using it afterwards is refused."""
    await database.write(note("one"))
    database.close()
    database.close()
    with pytest.raises(InvalidRequestError, match="closed"):
        await database.read(texts)


async def test_a_forgotten_file_ends_its_thread(path: Path) -> None:
    """Collected without being closed, it leaves no thread behind."""
    database = Database(path)
    database.add(NOTES)
    await database.write(note("one"))
    thread = database._committer._thread
    assert thread is not None
    del database
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()


def test_virtual_time_stands_still_while_the_disk_works(path: Path, database: Database) -> None:
    """A write takes no virtual time, and a timer of a microsecond does not overtake it."""
    clock = VirtualClock()

    async def main() -> list[str]:
        order: list[str] = []
        other = asyncio.create_task(clock.sleep(1e-6))
        other.add_done_callback(lambda _: order.append("timer"))
        await database.write(note("one"))
        order.append("write")
        await other
        return order

    before = clock.monotonic()
    assert virtually(main(), clock) == ["write", "timer"]
    assert clock.monotonic() - before == pytest.approx(1e-6)


SHARED = """
import asyncio, sys
from backstay.writes.database import Database, Room
path, name = sys.argv[1:]
room = Room("notes", (("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)",),))
async def main():
    database = Database(path)
    database.add(room)
    async def one(n):
        await database.write(lambda db: db.execute("INSERT INTO notes (text) VALUES (?)", (f"{name}{n}",)))
        print(f"{name}{n}", flush=True)
    await asyncio.gather(*(one(n) for n in range(200)))
    database.close()
asyncio.run(main())
"""


async def test_processes_share_a_file(path: Path, database: Database) -> None:
    """Four of them make, open and write one file at once: no lock error, nothing lost."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", SHARED, str(path), name],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for name in "abcd"
    ]
    said = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0] * 4, said
    assert sorted(await database.read(texts)) == sorted(f"{name}{n}" for name in "abcd" for n in range(200))


async def test_a_killed_process_loses_nothing_that_was_acknowledged(path: Path, database: Database) -> None:
    """SIGKILL in the middle of writing: whatever a caller was told is there, and the file is whole."""
    endless = SHARED.replace("range(200)", "range(100_000)")
    child = subprocess.Popen([sys.executable, "-c", endless, str(path), "k"], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [child.stdout.readline().strip() for _ in range(300)]
    child.send_signal(signal.SIGKILL)
    told += [line.strip() for line in child.stdout.read().split("\n")[:-1]]
    child.wait()
    child.stdout.close()
    assert set(told) <= set(await database.read(texts))
    assert await database.read(lambda db: db.execute("PRAGMA integrity_check").fetchone()) == ("ok",)


async def test_a_file_that_is_closed_before_a_job_leaves_stays_closed(tmp_path: Path) -> None:
    """The job is refused by the file's name; no thread is begun anew for it."""
    database = Database(tmp_path / "state.db")
    await database.read(lambda db: db.total_changes)
    task = asyncio.create_task(database.write(lambda db: db.total_changes))
    asyncio.get_running_loop().call_soon(database.close)  # after it has asked, before it leaves
    with pytest.raises(InvalidRequestError, match="closed"):
        await task
    assert database._committer._thread is None
