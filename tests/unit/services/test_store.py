"""Stored states: whole or not at all, one writer a name, and nothing that cannot be read back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from backstay.errors import BadResponseError, ConflictError, InvalidRequestError, ResourceError
from backstay.services.ab_test.book import Book as AbBook
from backstay.services.ab_test.plan import AbPlan
from backstay.services.carousel import CarouselPlan
from backstay.services.carousel.book import Book as CarouselBook
from backstay.services.rules.book import Book as RulesBook
from backstay.services.rules.state import RulesState
from backstay.services.store import FileStore, MemoryStore, Store, check_name, loaded
from tests.support.ab import plan


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Both kinds."""
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "state")


async def test_what_was_saved_is_loaded(store: Store) -> None:
    """With the number of times that it was saved."""
    assert await store.load("a") is None
    assert await store.save("a", plan(), revision=0) == 1
    assert await store.save("a", plan(alpha=0.01), revision=1) == 2
    assert await store.save("b", plan(), revision=0) == 1
    kept = await store.load("a")
    assert kept == (plan(alpha=0.01), 2)


@pytest.mark.parametrize("revision", [0, 2])
async def test_whoever_has_not_seen_the_last_change_is_refused(store: Store, revision: int) -> None:
    """Two services of one name would undo each other's work."""
    await store.save("a", plan(), revision=0)
    with pytest.raises(ConflictError, match="somebody else"):
        await store.save("a", plan(alpha=0.01), revision=revision)
    assert await store.load("a") == (plan(), 1)


async def test_what_another_service_has_saved_is_refused(store: Store) -> None:
    """Named with its kind; what is one's own is loaded with its revision, and nothing is revision 0."""
    assert await loaded(store, "a", AbPlan, "plan") == (None, 0)
    await store.save("a", plan(), revision=0)
    assert await loaded(store, "a", AbPlan, "plan") == (plan(), 1)
    with pytest.raises(InvalidRequestError, match="the store holds no rules under a") as caught:
        await loaded(store, "a", RulesState, "rules")
    assert (caught.value.field, caught.value.value) == ("store", "AbPlan")
    assert "of its own" in (caught.value.hint or "")


async def test_services_refuse_each_others_states(store: Store) -> None:
    """Whichever finds something else under its name."""
    for name in ("rules", "carousel-a"):
        await store.save(name, plan(), revision=0)
    await store.save(f"ab-{plan().id}", RulesState(), revision=0)
    with pytest.raises(InvalidRequestError, match="holds no rules"):
        await RulesBook(store, "rules").load()
    with pytest.raises(InvalidRequestError, match="holds no carousel"):
        await CarouselBook.open(store, CarouselPlan(id="a", topic="Sails"))
    with pytest.raises(InvalidRequestError, match="holds no A/B test"):
        await AbBook.open(store, plan(), {})


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a" * 81, "a b", "ä"])
async def test_a_name_is_a_files_name(store: Store, name: str) -> None:
    """On every system."""
    with pytest.raises(InvalidRequestError):
        await store.load(name)
    with pytest.raises(InvalidRequestError):
        await store.save(name, plan(), revision=0)
    assert check_name("a.b-c_9") == "a.b-c_9"


async def test_files_are_for_their_owner_and_readable_json(tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700; no temporary file is left."""
    store = FileStore(tmp_path / "state")
    await store.save("a", plan(), revision=0)
    file = tmp_path / "state" / "a.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text("utf8"))["revision"] == 1
    assert {each.name for each in file.parent.iterdir()} == {"a.json", ".a.lock"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"revision": 1}', '{"revision": "x", "state": 1}'])
async def test_a_damaged_file_is_told_not_replaced(tmp_path: Path, text: str) -> None:
    """Starting anew over it would forget what was done."""
    store = FileStore(tmp_path)
    (tmp_path / "a.json").write_text(text, "utf8")
    with pytest.raises(BadResponseError, match="cannot be read"):
        await store.load("a")
    with pytest.raises(BadResponseError):
        await store.save("a", plan(), revision=0)
    assert (tmp_path / "a.json").read_text("utf8") == text


async def test_a_disk_that_takes_nothing_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The save fails as a whole, and may be tried again."""
    store = FileStore(tmp_path)
    await store.save("a", plan(), revision=0)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ResourceError, match="No space left") as caught:
            await store.save("a", plan(alpha=0.01), revision=1)
    assert caught.value.retryable
    assert await store.load("a") == (plan(), 1)
    assert await store.save("a", plan(alpha=0.01), revision=1) == 2


async def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """By its path and with a cure, when reading as when saving."""
    (tmp_path / "file").write_text("", "utf8")
    store = FileStore(tmp_path / "file")
    with pytest.raises(ResourceError, match=r"a cannot be read: .*Not a directory"):
        await store.load("a")
    with pytest.raises(ResourceError, match="a cannot be saved"):
        await store.save("a", plan(), revision=0)


async def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """As any other damaged one."""
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(BadResponseError, match="cannot be read"):
        await FileStore(tmp_path).load("a")
