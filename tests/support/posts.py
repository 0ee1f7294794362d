"""A publisher on its simulator: one vendor, one clock, one journal, and processes that come and go."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from backstay import Runtime
from backstay.content import PostKind, PostMedia, PublishRequest
from backstay.events import Event
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing import VirtualClock
from backstay.testing.clock import run
from backstay.writes.memory import MemoryJournal
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY, InstagramSandbox

T = TypeVar("T")


def jpeg(name: str = "a", **facts: Any) -> PostMedia:
    """A picture at a public address."""
    return PostMedia(url=f"https://cdn.example/{name}.jpg", **facts)


def mp4(name: str = "a", **facts: Any) -> PostMedia:
    """A video at a public address."""
    return PostMedia(url=f"https://cdn.example/{name}.mp4", media_type="video/mp4", **facts)


IMAGE = PublishRequest(kind=PostKind.IMAGE, media=(jpeg(),), caption="Hello")
CAROUSEL = PublishRequest(kind=PostKind.CAROUSEL, media=(jpeg("1"), jpeg("2"), jpeg("3")), caption="Hello")
REEL = PublishRequest(kind=PostKind.REEL, media=(mp4(),), caption="Hello")
STORY = PublishRequest(kind=PostKind.STORY, media=(jpeg(),))


class Desk:
    """What a test of posts stands at."""

    def __init__(self, **settings: Any) -> None:
        self.clock = VirtualClock(7)
        self.vendor = InstagramSandbox(**{"seed": 7, **settings})
        self.transport = SimTransport(self.vendor, self.clock)
        self.journal = MemoryJournal(lease=2.0)
        self.events: list[Event] = []

    def process(self, **facts: Any) -> Instagram:
        """An adapter in a new process; the journal is what outlives them."""
        runtime = Runtime.in_memory(clock=self.clock, journal=self.journal.twin(), listeners=(self.events.append,))
        return Instagram(ACCOUNT, KEY, runtime=runtime, transport=self.transport, **facts)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In virtual time."""
        return run(work, self.clock)

    def breaks(self, kind: FaultKind, operation: str = "media_publish", **facts: Any) -> None:
        """From now on this goes wrong, once unless it is said otherwise."""
        self.vendor.faults = FaultPlan([FaultRule(kind, operation=operation, **{"times": 1, **facts})])

    def says(self, error: str, operation: str = "media_publish", **facts: Any) -> None:
        """The vendor says this, once unless it is said otherwise."""
        self.breaks(FaultKind.VENDOR_ERROR, operation, error=error, **facts)

    def heals(self) -> None:
        """Nothing goes wrong any more."""
        self.vendor.faults = None

    @property
    def asked(self) -> list[str]:
        """The operations of all requests so far."""
        return [self.vendor.operation(each) for each in self.transport.requests]

    def posts(self) -> int:
        """How many are out."""
        return len(self.vendor.live())
