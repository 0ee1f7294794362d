"""A media host that is a folder: whole files, no other bytes under a key, no way out."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from backstay import Runtime
from backstay.content import MediaHost
from backstay.errors import ConflictError, InvalidRequestError, ResourceError
from backstay.hosting import FolderHost

JPEG = b"\xff\xd8 a picture"
BASE = "https://media.example/m/"


@pytest.fixture
def host(tmp_path: Path) -> FolderHost:
    return FolderHost(tmp_path / "media", BASE, runtime=Runtime.in_memory(listeners=()))


async def test_bytes_are_kept_at_an_address(host: FolderHost) -> None:
    """Whole, readable by a web server, nothing else beside them."""
    hosted = await host.put(JPEG, "image/jpeg", key="spring/1.jpg")
    file = host.folder / "spring/1.jpg"
    assert isinstance(host, MediaHost)
    assert file.read_bytes() == JPEG
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert (hosted.url, hosted.size, hosted.expires_at) == (f"{BASE}spring/1.jpg", len(JPEG), None)
    assert hosted.served.source == "live"
    assert [each.name for each in file.parent.iterdir()] == ["1.jpg"]


async def test_the_same_bytes_again_change_nothing_and_others_are_refused(host: FolderHost) -> None:
    """What somebody fetches under an address stays what it was."""
    first = await host.put(JPEG, "image/jpeg", key="a.jpg")
    inode = (host.folder / "a.jpg").stat().st_ino
    assert await host.put(JPEG, "image/jpeg", key="a.jpg") == first
    assert (host.folder / "a.jpg").stat().st_ino == inode
    with pytest.raises(ConflictError) as caught:
        await host.put(JPEG + b"!", "image/jpeg", key="a.jpg")
    assert (caught.value.field, caught.value.value) == ("key", "a.jpg")
    assert caught.value.hint
    assert (host.folder / "a.jpg").read_bytes() == JPEG


async def test_a_key_without_an_ending_gets_that_of_its_type(host: FolderHost) -> None:
    """A web server tells the type by it; the key itself stays as it is, for deleting and for other bytes."""
    hosted = await host.put(JPEG, "image/jpeg", key="a")
    assert (hosted.key, hosted.url) == ("a", f"{BASE}a.jpg")
    with pytest.raises(ConflictError):
        await host.put(b"\x89PNG", "image/png", key="a")
    await host.delete("a")
    assert list(host.folder.iterdir()) == []


async def test_deleting_what_is_not_there_is_no_error(host: FolderHost) -> None:
    """And the key is free again."""
    await host.put(JPEG, "image/jpeg", key="a.jpg")
    await host.delete("a.jpg")
    await host.delete("a.jpg")
    await host.put(JPEG + b"!", "image/jpeg", key="a.jpg")
    assert (host.folder / "a.jpg").read_bytes() == JPEG + b"!"


@pytest.mark.parametrize(
    "key",
    [
        "", "/", "/etc/passwd", "..", "../a.jpg", "a/../../b.jpg", "a//b.jpg", "a/", ".hidden", "a/.git/config",
        "a\\b.jpg",
        "a\0.jpg", "a b.jpg", "ä.jpg", "a?b", "a#b", "a%2e%2e/b", "C:a", "x" * 501, "a\n.jpg", "-/../x",
    ],
)  # fmt: skip
async def test_a_key_that_could_lead_elsewhere_is_refused(host: FolderHost, key: str) -> None:
    """Before anything is touched."""
    for work in (host.put(JPEG, "image/jpeg", key=key), host.delete(key)):
        with pytest.raises(InvalidRequestError) as caught:
            await work
        assert caught.value.field == "key"
    assert not host.folder.exists()


async def test_a_link_does_not_lead_out_of_the_folder(host: FolderHost, tmp_path: Path) -> None:
    """Neither for writing nor for deleting."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.jpg").write_bytes(JPEG)
    host.folder.mkdir()
    (host.folder / "way").symlink_to(outside)
    for work in (host.put(JPEG, "image/jpeg", key="way/a.jpg"), host.delete("way/b.jpg")):
        with pytest.raises(InvalidRequestError, match="out of the folder"):
            await work
    assert [each.name for each in outside.iterdir()] == ["b.jpg"]


@pytest.mark.parametrize(
    ("data", "media_type", "field"),
    [
        (b"", "image/jpeg", "data"),
        ("text", "image/jpeg", "data"),
        (JPEG, "jpeg", "media_type"),
        (JPEG, "a/b\n", "media_type"),
    ],
)
async def test_what_is_no_media_is_refused(host: FolderHost, data: bytes, media_type: str, field: str) -> None:
    """The field is named."""
    with pytest.raises(InvalidRequestError) as caught:
        await host.put(data, media_type, key="a.jpg")
    assert caught.value.field == field


@pytest.mark.parametrize("address", ["media.example", "ftp://media.example", "https://", "https://media.example/?a=1"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    """The folder must be served somewhere."""
    with pytest.raises(InvalidRequestError) as caught:
        FolderHost(tmp_path, address)
    assert caught.value.field == "base_url"


async def test_of_two_at_once_one_wins(host: FolderHost) -> None:
    """With other bytes the other one is refused; with the same ones both are served."""
    found = await asyncio.gather(
        *(host.put(data, "image/jpeg", key="a.jpg") for data in (JPEG, JPEG + b"!")), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in found) == ["ConflictError", "HostedMedia"]
    await asyncio.gather(*(host.put(JPEG, "image/jpeg", key="b.jpg") for _ in range(5)))
    assert (host.folder / "b.jpg").read_bytes() == JPEG


async def test_a_file_system_without_links_works_as_well(host: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some cannot link."""

    def no_links(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "link", no_links)
    await host.put(JPEG, "image/jpeg", key="a.jpg")
    with pytest.raises(ConflictError):
        await host.put(JPEG + b"!", "image/jpeg", key="a.jpg")
    assert [each.name for each in host.folder.iterdir()] == ["a.jpg"]


async def test_a_disk_that_takes_nothing_is_a_typed_error(host: FolderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves no half of a file behind."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left") as caught:
        await host.with_options(max_attempts=1).put(JPEG, "image/jpeg", key="a.jpg")
    assert caught.value.retryable
    assert list(host.folder.iterdir()) == []
