"""The SQLite store: it agrees with a dict, survives a kill, and says what is wrong with its file."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstay import sqlfile
from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.sqlfile import Format
from backstay.stores import schema, writer
from backstay.stores.protocol import Entry, log_problem
from backstay.stores.sqlite import SqliteStore
from backstay.stores.writer import Change
from backstay.testing.clock import VirtualClock

Problems = list[tuple[str, BaseException]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.db"


@pytest.fixture
def problems() -> Problems:
    return []


@pytest.fixture
def store(path: Path, problems: Problems) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path, on_problem=lambda *what: problems.append(what))) as opened:
        yield opened


def entry(value: object, *tags: str) -> Entry:
    return Entry(value, 1_000.5, 60.0, frozenset(tags))


def values(store: SqliteStore, *keys: str) -> list[Any]:
    found = [store.get(key) for key in keys]
    return [None if item is None else item.value for item in found]


def test_what_was_put_is_there_at_once_and_after_the_commit(store: SqliteStore) -> None:
    """A reader sees its own writes before they are in the file, and the same ones after."""
    put = entry({"spend": Money.of("12.50 USD"), "ids": ("1", "2"), "rate": Decimal("0.1")}, "t", "u")
    store.put("k", put)
    assert store.get("k") is put
    store.flush()
    assert store.get("k") == put
    assert store.get("other") is None


def test_an_entry_outlives_its_store(path: Path) -> None:
    """Closing writes everything; the next store reads it."""
    with closing(SqliteStore(path)) as first:
        for n in range(50):
            first.put(f"k{n}", entry(n, f"t{n % 2}"))
    with closing(SqliteStore(path)) as second:
        assert values(second, "k0", "k49") == [0, 49]
        second.drop_tag("t0")
        assert values(second, "k0", "k49") == [None, 49]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "drop", "drop_tag", "drop_prefix", "clear", "flush"]),
        st.sampled_from(["a", "a/1", "a/\U0010ffff", "b", "%", "A/1"]),
        st.sampled_from(["t", "u"]),
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=STEPS)
def test_it_agrees_with_a_dict(store: SqliteStore, problems: Problems, steps: list[tuple[str, str, str]]) -> None:
    """After every step, in the file or still on the way there."""
    store.clear()
    model: dict[str, tuple[int, str]] = {}
    for number, (step, key, tag) in enumerate(steps):
        if step == "put":
            store.put(key, entry(number, tag))
            model[key] = (number, tag)
        elif step == "flush":
            store.flush()
        else:
            name = {"drop": [key], "drop_tag": [tag], "drop_prefix": [key], "clear": []}[step]
            getattr(store, step)(*name)
            gone = {
                "drop": lambda k, t, key=key: k == key,
                "drop_tag": lambda k, t, tag=tag: t == tag,
                "drop_prefix": lambda k, t, key=key: k.startswith(key),
                "clear": lambda k, t: True,
            }[step]
            model = {k: v for k, v in model.items() if not gone(k, v[1])}
        for k in ("a", "a/1", "a/\U0010ffff", "b", "%", "A/1"):
            found = store.get(k)
            assert (None if found is None else found.value) == (model[k][0] if k in model else None), problems


@pytest.mark.parametrize(
    ("step", "name"), [("drop_tag", "new"), ("drop_prefix", "k"), ("clear", None), ("drop", "k"), ("drop_tag", "other")]
)
def test_what_is_dropped_on_its_way_does_not_uncover_what_it_replaced(
    store: SqliteStore, path: Path, step: str, name: str | None
) -> None:
    """An older answer in the file stays covered while the newer one and its invalidation wait for the disk."""
    store.put("k", entry("old", "old"))
    store.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the writing thread waits from here on
        store.put("k", entry("new", "new"))
        getattr(store, step)(*([] if name is None else [name]))
        waiting = values(store, "k")
        other.execute("ROLLBACK")
    store.flush()
    assert waiting == values(store, "k") == ["new" if name == "other" else None]


KILLED = """
import os, signal, sys
from backstay.stores.protocol import Entry
from backstay.stores.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
for n in range(200):
    store.put(f"k{n}", Entry({"n": n, "text": "x" * 1000}, 1.0, 60.0, frozenset({"t"})))
store.flush()
print("flushed", flush=True)
for n in range(10**6):
    store.put(f"more{n % 500}", Entry("y" * 1000, 1.0, 60.0))
"""


def test_a_killed_process_loses_nothing_that_was_flushed(path: Path) -> None:
    """SIGKILL in the middle of writing: every flushed entry is there and the file is whole."""
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "flushed\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()

    with closing(SqliteStore(path, on_problem=lambda *what: pytest.fail(str(what)))) as store:
        assert [store.get(f"k{n}") for n in range(200)].count(None) == 0
        last = store.get("k199")
        assert last is not None
        assert (last.value["n"], last.tags) == (199, {"t"})
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


SHARED = """
import sys
from backstay.stores.protocol import Entry
from backstay.stores.sqlite import SqliteStore
path, name = sys.argv[1:]
problems = []
store = SqliteStore(path, on_problem=lambda *what: problems.append(what))
for n in range(300):
    store.put(f"{name}{n}", Entry(n, 1.0, 60.0, frozenset({"t"})))
    store.put("both", Entry(name, 1.0, 60.0))
    if n % 50 == 0:
        store.flush()
store.close()
assert not problems, problems
"""


def test_processes_share_a_file(path: Path) -> None:
    """Four of them open, make and write one file at once: no lock error, nothing lost."""
    children = [
        subprocess.Popen([sys.executable, "-c", SHARED, str(path), name], stderr=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    said = [child.communicate()[1] for child in children]
    assert [child.returncode for child in children] == [0] * 4, said

    with closing(SqliteStore(path)) as store:
        assert values(store, *(f"{name}{n}" for name in "abcd" for n in (0, 299))) == [0, 299] * 4
        assert values(store, "both")[0] in set("abcd")


def test_a_change_by_another_store_is_seen(path: Path) -> None:
    """What another process put or dropped counts at once, although values are kept decoded."""
    with closing(SqliteStore(path)) as one, closing(SqliteStore(path)) as other:
        one.put("k", entry([1]))
        one.flush()
        assert values(other, "k") == [[1]]
        one.put("k", entry([2]))
        one.flush()
        assert values(other, "k") == [[2]]
        other.drop("k")
        other.flush()
        assert values(one, "k") == [None]


def test_a_value_is_decoded_once(store: SqliteStore) -> None:
    """The second read of the same text gives the same object."""
    store.put("k", entry({"a": [1]}))
    store.flush()
    assert store.get("k") is store.get("k")


def test_the_oldest_make_room(path: Path) -> None:
    """The file stays near its bound, and keeps the newest."""
    with closing(SqliteStore(path, max_entries=32)) as store:
        for n in range(500):
            store.put(f"k{n}", entry(n, "t"))
            store.flush()
        kept = [n for n in range(500) if store.get(f"k{n}") is not None]
    assert 32 <= len(kept) <= 34
    assert kept == list(range(500 - len(kept), 500))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM tags").fetchone() == (len(kept),)


def test_the_file_is_its_owners_alone(path: Path, store: SqliteStore) -> None:
    """Mode 0600 for the file and its side files, also where the file was open to others before."""
    store.put("k", entry(1))
    store.flush()
    modes = {stat.S_IMODE(Path(f"{path}{suffix}").stat().st_mode) for suffix in ("", "-wal", "-shm")}
    assert modes == {0o600}
    path.chmod(0o644)
    SqliteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["not a database at all, just text" * 40, None])
def test_a_damaged_file_is_moved_aside_and_reported(path: Path, problems: Problems, damage: str | None) -> None:
    """Garbage for a file, or garbage in its middle: the cache starts empty, and the old file can be looked at."""
    if damage is None:
        with closing(SqliteStore(path)) as good:
            for n in range(500):
                good.put(f"k{n}", entry("x" * 500))
        raw = bytearray(path.read_bytes())
        raw[8192:40_000] = b"\xff" * (40_000 - 8192)
        path.write_bytes(raw)
    else:
        path.write_text(damage)
    before = path.read_bytes()

    for number in (1, 2):
        with closing(SqliteStore(path, on_problem=lambda *what: problems.append(what))) as store:
            assert values(store, "k0") == [None]
            store.put("k0", entry("new"))
            assert len(problems) == number
        path.write_bytes(before)

    assert Path(f"{path}.corrupt-1").read_bytes() == before
    assert Path(f"{path}.corrupt-2").exists()
    assert [where for where, _ in problems] == ["cache.file"] * 2
    assert "corrupt-1" in str(problems[0][1].__notes__)


def test_side_files_are_moved_along(path: Path) -> None:
    """A new file must not meet the log of the damaged one, nor overwrite what was moved before."""
    for name in ("", "-wal", "-shm", ".corrupt-1"):
        Path(f"{path}{name}").write_text(name)
    assert schema._move_aside(path) == Path(f"{path}.corrupt-2")
    left = sorted(file.name.removeprefix(path.name) for file in path.parent.iterdir())
    assert left == [".corrupt-1", ".corrupt-2", ".corrupt-2-shm", ".corrupt-2-wal"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """The refusal names the path and the cure."""
    with pytest.raises(InvalidRequestError, match="no such folder") as caught:
        SqliteStore(tmp_path / "nowhere" / "answers.db")
    assert caught.value.value == str(tmp_path / "nowhere" / "answers.db")
    assert caught.value.hint
    assert str(tmp_path / "nowhere") in caught.value.hint


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """And left as it is: no mode is changed, nothing is moved."""
    mode = stat.S_IMODE(tmp_path.stat().st_mode)
    with pytest.raises(InvalidRequestError, match="cannot be used"):
        SqliteStore(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode


def test_another_programs_database_is_left_alone(path: Path) -> None:
    """It is refused, unchanged, and not moved."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE precious (x)")
    before = path.read_bytes()
    with pytest.raises(InvalidRequestError, match="another program's"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(path: Path) -> None:
    """An older backstay must not write a file of a newer one."""
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InvalidRequestError, match="version 99"):
        SqliteStore(path)


@pytest.mark.parametrize(("busy", "opens"), [(3, True), (10_000, False)])
def test_a_busy_file_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, opens: bool) -> None:
    """SQLite refuses some things at once while another process opens or closes: five seconds of patience, not more."""
    clock, real, tries = VirtualClock(), sqlfile._connect_checked, list[float]()

    def sometimes(path: Path, form: Format) -> sqlite3.Connection:
        tries.append(clock.monotonic())
        if len(tries) > busy:
            return real(path, form)
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    monkeypatch.setattr(sqlfile, "SystemClock", lambda: clock)
    monkeypatch.setattr(sqlfile, "_connect_checked", sometimes)
    if opens:
        SqliteStore(path).close()
        assert len(tries) == 4
    else:
        with pytest.raises(InvalidRequestError, match="locked"):
            SqliteStore(path)
        assert tries[-1] - tries[0] == pytest.approx(5.0, abs=sqlfile.PAUSE)


def test_an_older_file_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps that it lacks are made, and the entries stay."""
    with closing(SqliteStore(path)) as old:
        old.put("k", entry(1))
    step = ("ALTER TABLE entries ADD COLUMN region TEXT",)
    monkeypatch.setattr(schema, "FORMAT", replace(schema.FORMAT, steps=(*schema.FORMAT.steps, step)))
    with closing(SqliteStore(path)) as new:
        assert values(new, "k") == [1]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        assert db.execute("SELECT region FROM entries").fetchone() == (None,)


def test_a_value_that_is_no_data_is_reported_and_not_kept(store: SqliteStore, problems: Problems) -> None:
    """Objects that the codec does not know do not break the read that brought them."""
    store.put("k", entry(object()))
    assert values(store, "k") == [None]
    assert [(where, type(error)) for where, error in problems] == [("cache.write", InvalidRequestError)]


def test_half_a_surrogate_pair_costs_nobody_else(store: SqliteStore, problems: Problems) -> None:
    """No UTF-8, so it cannot be stored: reported, and the other puts of the batch are written."""
    store.put("good", entry(1))
    store.put("bad", entry("\ud800"))
    store.put("\ud800", entry(1))
    store.put("tag", entry(1, "\ud800"))
    store.drop("\ud800")
    store.drop_tag("\ud800")
    store.flush()
    assert values(store, "good", "bad", "tag") == [1, None, None]
    assert [where for where, _ in problems] == ["cache.write"] * 3


def test_a_damaged_value_is_reported_and_missed(path: Path, store: SqliteStore, problems: Problems) -> None:
    """A text that cannot be read counts as no entry."""
    store.put("k", entry(1))
    store.flush()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE entries SET value = '{half'")
    assert values(store, "k") == [None]
    assert [where for where, _ in problems] == ["cache.read"]


def test_a_drop_that_cannot_be_written_still_hides(
    store: SqliteStore, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk fails, an invalidated answer must not come back; when it works again, the drop is made."""
    store.put("old", entry(1, "t"))
    store.put("key", entry(2))
    store.flush()

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setitem(writer._DO, "tag", fails)
        store.drop_tag("t")
        store.drop("key")
        store.put("key", entry(3))
        store.put("new", entry(4, "t"))
        store.flush()
        assert [where for where, _ in problems] == ["cache.write"]
        assert values(store, "old", "key", "new") == [None, None, None]
    store.put("new", entry(5, "t"))
    assert values(store, "old", "key", "new") == [None, None, 5]
    store.flush()
    assert values(store, "old", "key", "new") == [None, None, 5]


def test_endless_failures_do_not_fill_the_memory(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many drops that are owed become one that drops everything."""
    store.put("k", entry(1))
    store.flush()

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setitem(writer._DO, "tag", fails)
        for n in range(writer.BATCH + 1):
            store.drop_tag(f"t{n}")
            if n % 100 == 0:
                store.flush()
        store.flush()
        assert [change.kind for change in store._writer._owed] == ["all"]
        assert len(store._pending.changes) == 1
    assert values(store, "k") == [None]


def test_a_callback_that_fails_does_not_end_the_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Both faults are logged, and the next put is written."""

    def broken(where: str, error: BaseException) -> None:
        raise RuntimeError("listener")

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with closing(SqliteStore(path, on_problem=broken)) as store:
        with monkeypatch.context() as patch:
            patch.setitem(writer._DO, "put", fails)
            store.put("k", entry(1))
            store.flush()
        store.put("k", entry(2))
        store.flush()
        assert values(store, "k") == [2]
    assert "disk full" in caplog.text
    assert "listener" in caplog.text


def test_a_disk_that_does_not_keep_up_costs_puts_and_no_memory(
    store: SqliteStore, problems: Problems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound a put is refused and reported; drops are always taken."""
    monkeypatch.setattr(writer, "QUEUED", 3)
    go = threading.Event()
    monkeypatch.setitem(writer._DO, "all", lambda *_: go.wait(10))
    store.clear()
    for n in range(5):
        store.put(f"k{n}", entry(n))
    store.drop("k0")
    assert values(store, "k0", "k1", "k4") == [None, 1, None]
    go.set()
    store.flush()
    assert [where for where, _ in problems] == ["cache.write"] * 3


def test_a_closed_store_says_so(path: Path) -> None:
    """Using it after closing is refused; closing twice is not."""
    store = SqliteStore(path)
    store.close()
    store.close()
    for use in (lambda: store.get("k"), lambda: store.put("k", entry(1)), store.clear, store.flush):
        with pytest.raises(InvalidRequestError, match="closed"):
            use()


def test_a_forgotten_store_ends_its_thread(path: Path) -> None:
    """Collected without being closed, it writes what was queued and leaves no thread."""
    store = SqliteStore(path)
    thread = store._writer._thread
    store.put("k", entry(1))
    del store
    thread.join(5)
    assert not thread.is_alive()
    with closing(SqliteStore(path)) as again:
        assert values(again, "k") == [1]


def test_problems_are_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """The default callback warns, scrubbed."""
    log_problem("cache.read", ValueError("access_token=abcdef123456"))
    assert "cache.read: ValueError" in caplog.text
    assert "abcdef123456" not in caplog.text


def test_a_change_hides_what_it_drops() -> None:
    """By tag, by prefix, or everything; a put hides nothing of another key."""
    tags = frozenset({"t"})
    assert Change("tag", "t").hides("k", tags)
    assert not Change("tag", "k").hides("k", tags)
    assert Change("prefix", "k").hides("kk", tags)
    assert not Change("prefix", "t").hides("k", tags)
    assert Change("all").hides("k", tags)
    assert not Change("put", "k").hides("k", tags)
