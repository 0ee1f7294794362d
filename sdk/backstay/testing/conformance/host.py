"""What makes media hosts swappable: the same keys, bytes, conflicts and lost answers, wherever they are kept.

class TestShelf(MediaHostConformance):
    @pytest.fixture
    def bench(self) -> HostBench:
        return HostBench(lambda: Shelf(...), fetch=...)
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from backstay.content.capabilities import ContentCapability as Can
from backstay.content.protocols import MediaHost
from backstay.errors import ConflictError, InvalidRequestError, UnsupportedCapabilityError

DATA: Final = b"\xff\xd8 a picture"
OTHER: Final = b"\xff\xd8 another picture"
TYPE: Final = "image/jpeg"
KEY: Final = "spring/slide-1.jpg"
BAD_KEYS: Final = (
    "", "/", "/a.jpg", "..", "../a.jpg", "a/../b.jpg", "a//b.jpg", "a/", ".a", "a/.b", "a\\b", "a b", "a?b", "a#b",
    "a%2fb", "\u00e4.jpg", "a\nb", "a\0b", "x" * 501,
)  # fmt: skip
"""Keys that could lead elsewhere, or mean something else in an address."""


@dataclass(frozen=True)
class HostBench:
    """A media host under test."""

    make: Callable[[], MediaHost]
    """A new process's host on the same place."""
    fetch: Callable[[str], Awaitable[bytes | None]]
    """What somebody gets who fetches an address; None: nothing is there."""


class MediaHostConformance:
    """Subclass it and override the fixture `bench`."""

    @pytest.fixture
    def bench(self) -> HostBench:
        """The host under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: HostBench) -> None:
        """The adapter has every method of MediaHost."""
        assert isinstance(bench.make(), MediaHost)

    async def test_h01_bytes_can_be_fetched_at_their_address(self, bench: HostBench) -> None:
        """H1: as they were given; the answer tells key, type, size and digest."""
        hosted = await bench.make().put(DATA, TYPE, key=KEY)
        assert await bench.fetch(hosted.url) == DATA
        assert (hosted.key, hosted.media_type, hosted.size) == (KEY, TYPE, len(DATA))
        assert hosted.sha256 == hashlib.sha256(DATA).hexdigest()
        assert hosted.served.source == "live"

    async def test_h02_the_same_bytes_again_change_nothing(self, bench: HostBench) -> None:
        """H2: the same address, from this process and from another."""
        host = bench.make()
        first = await host.put(DATA, TYPE, key=KEY)
        assert (await host.put(DATA, TYPE, key=KEY)).url == first.url
        assert (await bench.make().put(DATA, TYPE, key=KEY)).url == first.url

    async def test_h03_other_bytes_are_a_conflict(self, bench: HostBench) -> None:
        """H3: what is fetched stays what it was; the error names the key and the cure."""
        hosted = await bench.make().put(DATA, TYPE, key=KEY)
        with pytest.raises(ConflictError) as caught:
            await bench.make().put(OTHER, TYPE, key=KEY)
        assert (caught.value.field, caught.value.value) == ("key", KEY)
        assert caught.value.hint
        assert await bench.fetch(hosted.url) == DATA

    async def test_h04_what_is_deleted_is_gone(self, bench: HostBench) -> None:
        """H4: twice is as once, and the key is free again."""
        host = bench.make()
        if Can.HOST_DELETE not in host.capabilities:
            with pytest.raises(UnsupportedCapabilityError):
                await host.delete(KEY)
            return
        hosted = await host.put(DATA, TYPE, key=KEY)
        await host.delete(KEY)
        await host.delete(KEY)
        assert await bench.fetch(hosted.url) is None
        again = await host.put(OTHER, TYPE, key=KEY)
        assert await bench.fetch(again.url) == OTHER

    @pytest.mark.parametrize("key", BAD_KEYS, ids=[f"key {number}" for number in range(len(BAD_KEYS))])
    async def test_h05_a_key_leads_nowhere_else(self, bench: HostBench, key: str) -> None:
        """H5: it is refused, for keeping and for deleting."""
        host = bench.make()
        works: list[Any] = [host.put(DATA, TYPE, key=key), host.delete(key)]
        for work in works:
            with pytest.raises(InvalidRequestError) as caught:
                await work
            assert caught.value.field == "key"
            assert caught.value.hint

    async def test_h06_nothing_is_no_media(self, bench: HostBench) -> None:
        """H6: no bytes, and no type."""
        with pytest.raises(InvalidRequestError):
            await bench.make().put(b"", TYPE, key=KEY)
        with pytest.raises(InvalidRequestError):
            await bench.make().put(DATA, "jpeg", key=KEY)

    async def test_h07_of_several_at_once_one_wins(self, bench: HostBench) -> None:
        """H7: with other bytes the rest is refused, and what is fetched is whole."""
        host = bench.make()
        works = [host.put(DATA if number % 2 else OTHER, TYPE, key=KEY) for number in range(4)]
        found = await asyncio.gather(*works, return_exceptions=True)
        kept = [each for each in found if not isinstance(each, BaseException)]
        refused = [each for each in found if isinstance(each, BaseException)]
        assert len({each.sha256 for each in kept}) == 1
        assert {type(each) for each in refused} == {ConflictError}
        fetched = await bench.fetch(kept[0].url)
        assert fetched is not None
        assert hashlib.sha256(fetched).hexdigest() == kept[0].sha256


__all__ = ["HostBench", "MediaHostConformance"]
