"""The spill file: what is appended is there, drained once, whoever else writes and wherever it breaks off."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from backstay.errors import ResourceError
from backstay.letters.protocol import Incident
from backstay.letters.spill import SpillFile
from tests.support.letters import incident


@pytest.fixture
def spill(tmp_path: Path) -> SpillFile:
    return SpillFile(tmp_path / "state" / "spill.jsonl")


def drained(spill: SpillFile, token: str = "t") -> list[Incident]:
    found: list[Incident] = []
    for batch in spill.take(token):
        found += batch.incidents
        spill.done(batch)
    return found


def test_lines_come_back_in_order_and_once(spill: SpillFile) -> None:
    """The folder is made when it is needed, the file is private, and draining leaves nothing."""
    assert spill.empty
    spill.append((incident("a"), incident("b")))
    spill.append((incident("c", original_event={"event_id": "\U0001f600 line\nbreak"}),))
    assert not spill.empty
    assert stat.S_IMODE(spill.path.stat().st_mode) == 0o600
    assert [found.letter.key for batch in spill.read() for found in batch.incidents] == ["a", "b", "c"]
    taken = drained(spill)
    assert [found.letter.key for found in taken] == ["a", "b", "c"]
    assert taken[2] == incident("c", original_event={"event_id": "\U0001f600 line\nbreak"})
    assert spill.empty
    assert drained(spill) == []
    assert list(spill.path.parent.iterdir()) == []


def test_a_drain_that_broke_off_is_found_again(spill: SpillFile) -> None:
    """Taken but not done: the next one, of any process, reads it with what came since."""
    spill.append((incident("a"),))
    assert len(spill.take("first")) == 1  # and the process dies
    assert not spill.empty
    spill.append((incident("b"),))
    assert [found.letter.key for found in drained(SpillFile(spill.path), "second")] == ["a", "b"]
    assert spill.empty


def test_half_a_line_does_no_harm(spill: SpillFile) -> None:
    """An append that broke off is set aside; the lines before and after it are whole."""
    spill.append((incident("a"),))
    with spill.path.open("ab") as file:
        file.write(b'{"token": "half')
    spill.append((incident("b"),))
    (batch,) = spill.take("t")
    assert [found.letter.key for found in batch.incidents] == ["a", "b"]
    assert batch.unreadable == ('{"token": "half',)
    spill.done(batch)
    aside = spill.path.with_name("spill.jsonl.unreadable")
    assert aside.read_text() == '{"token": "half\n'
    assert spill.empty


@pytest.mark.parametrize("line", ["[]", '"x"', "{}", '{"token": 1}', '{"token": "t"}', "\x00", "no json"])
def test_what_is_no_letter_is_set_aside(spill: SpillFile, line: str) -> None:
    """Nothing is thrown away, and nothing stops the others."""
    spill.append((incident("a"),))
    with spill.path.open("a") as file:
        file.write(f"{line}\n")
    (batch,) = spill.take("t")
    assert [found.letter.key for found in batch.incidents] == ["a"]
    assert batch.unreadable == (line,)


def test_a_disk_that_takes_nothing_is_an_error_and_leaves_no_half_line(
    spill: SpillFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller must hear that the letter is not kept, and what was there stays readable."""
    spill.append((incident("a"),))
    real = os.write

    def full(file: int, data: bytes) -> int:
        if len(data) > 20:
            return real(file, data[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ResourceError, match="No space left") as caught:
        spill.append((incident("b"),))
    assert caught.value.field == "spill"
    monkeypatch.setattr(os, "write", real)
    spill.append((incident("c"),))
    assert [found.letter.key for found in drained(spill)] == ["a", "c"]


def test_no_folder_to_write_in_is_an_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "state").write_text("")
    with pytest.raises(ResourceError, match="spill file"):
        SpillFile(tmp_path / "state" / "spill.jsonl").append((incident(),))


def test_appending_while_it_is_drained_loses_nothing(spill: SpillFile) -> None:
    """Eight threads append while one drains all the time."""
    found: list[Incident] = []
    done = threading.Event()

    def append(name: str) -> None:
        for number in range(25):
            spill.append((incident(f"{name}{number}"),))

    def drain() -> None:
        turn = 0
        while not done.is_set():
            found.extend(drained(spill, str(turn)))
            turn += 1

    draining = threading.Thread(target=drain)
    draining.start()
    writers = [threading.Thread(target=append, args=(name,)) for name in "abcdefgh"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    draining.join()
    found += drained(spill, "last")
    assert sorted(each.letter.key for each in found) == sorted(f"{name}{n}" for name in "abcdefgh" for n in range(25))
