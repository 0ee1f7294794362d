"""Several posts at once in a seeded storm, on processes that die: none twice, none lost, nobody told a wrong thing.

    outcome = storm(stage, seed)
    assert not outcome.wrongs

The seed draws what is posted (some with the same words, some without any), what goes wrong and when, how late reads
show what was done, and where processes die or are cancelled. Whoever fails calls again with the same key.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.content.publish import Post, PostMedia, PublishRequest
from backstay.content.words import PostKind
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing.clock import VirtualClock, run
from backstay.testing.posting import MAYBE_DONE, Stage
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.memory import MemoryJournal

LEASE: Final = 5.0
TRIES: Final = 12
MORTAL: Final = 5
"""The first tries of each post, in which its process may die."""
KINDS: Final = (
    FaultKind.LATENCY, FaultKind.TIMEOUT, FaultKind.RESET_BEFORE, FaultKind.RESET_AFTER, FaultKind.CONNECT_REFUSED,
    FaultKind.HTTP_5XX, FaultKind.HTML, FaultKind.HALF_JSON, FaultKind.EMPTY, FaultKind.RATE_LIMIT,
    FaultKind.VENDOR_ERROR, FaultKind.TIMEOUT, FaultKind.RESET_AFTER,
)  # fmt: skip
"""Those that lose answers are drawn more often."""
WORDS: Final = ("the same words", "the same words", "words of its own", "")


@dataclass(slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    posts: int = 0
    """That were told of to their callers."""
    double_posts: int = 0
    lost_posts: int = 0
    """A caller was told of a post, and none is out."""
    wrong_answers: int = 0
    """A caller was told of another post than its own."""
    open_posts: int = 0
    """Given up after all tries: UNKNOWN_OUTCOME, or a storm that did not end."""
    crashes: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)


def storm(stage: Stage, seed: int) -> Outcome:
    """Play a seed in virtual time and judge it."""
    clock = VirtualClock(seed)
    return run(_Storm(stage, seed, clock).play(), clock)


class _Storm:
    def __init__(self, stage: Stage, seed: int, clock: VirtualClock) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - a seeded trace, not a secret
        self.stage = stage
        self.clock = clock
        self.vendor = stage.vendor(seed)
        self.vendor.faults = FaultPlan(list(self._rules()), seed)
        self.journal = MemoryJournal(lease=LEASE)
        self.outcome = Outcome(seed)
        self.told: dict[str, Post] = {}
        self.processes: list[Process] = []

    async def play(self) -> Outcome:
        """See the module."""
        asked = {f"post/{number}": self._request(number) for number in range(self.draw.randint(1, 4))}
        await asyncio.gather(*(self._until_out(key, request) for key, request in asked.items()))
        for key, request in asked.items():
            self._judge(key, request)
        for key, names in self.vendor.world.duplicates().items():
            self.outcome.double_posts += 1
            self.outcome.wrongs.append(f"twice ({key}): {names}")
        for process in self.processes:
            process.bury()
        return self.outcome

    # What is drawn ------------------------------------------------------------------------------------------------

    def _rules(self) -> Iterator[FaultRule]:
        draw = self.draw
        for _ in range(draw.randint(1, 4)):
            kind, facts = draw.choice(KINDS), dict[str, Any]()
            if kind in MAYBE_DONE:
                facts["after_commit"] = draw.choice((True, False, None))
            if kind is FaultKind.VENDOR_ERROR:
                facts["error"] = draw.choice(self.stage.words)
            if kind is FaultKind.LATENCY:
                facts["delay"] = (0.1, 70.0)
            operation = draw.choice(("*", *self.stage.operations))
            rate, end = draw.choice((0.1, 0.3, 0.6)), draw.choice((60.0, 200.0, 600.0))
            yield FaultRule(kind, rate=rate, operation=operation, end=end, **facts)

    def _request(self, number: int) -> PublishRequest:
        kind = self.draw.choice((PostKind.IMAGE, PostKind.CAROUSEL, PostKind.STORY, PostKind.REEL))
        video = kind is PostKind.REEL
        ending, media_type = ("mp4", "video/mp4") if video else ("jpg", "image/jpeg")
        media = tuple(
            PostMedia(url=f"https://cdn.example/{number}-{place}.{ending}", media_type=media_type)
            for place in range(2 if kind is PostKind.CAROUSEL else 1)
        )
        return PublishRequest(kind=kind, media=media, caption="" if kind is PostKind.STORY else self.draw.choice(WORDS))

    def _process(self, tries: int) -> Process:
        mortal = tries < MORTAL
        dies = self.draw.randint(5, 120) if mortal and self.draw.random() < 0.4 else None
        cancels = self.draw.randint(5, 100) if mortal and self.draw.random() < 0.15 else None
        process = Process(dies_at=dies, cancels_at=cancels)
        self.processes.append(process)
        return process

    # Publishing ---------------------------------------------------------------------------------------------------

    async def _until_out(self, key: str, request: PublishRequest) -> None:
        await self.clock.sleep(20.0 * self.draw.random())
        for tries in range(TRIES):
            process = self._process(tries)
            try:
                self.told[key] = await process.run(self._publish(process, key, request))
            except Gone:
                self.outcome.crashes += 1
            except asyncio.CancelledError:
                self.outcome.errors["cancelled"] += 1
            except BackstayError as error:
                self.outcome.errors[error.type] += 1
                await self.clock.sleep(300.0 * self.draw.random())
            else:
                return
        self.outcome.open_posts += 1

    async def _publish(self, process: Process, key: str, request: PublishRequest) -> Post:
        runtime = Runtime.in_memory(clock=self.clock, journal=process.cut(self.journal.twin()), listeners=())
        wire = Wire(SimTransport(self.vendor, self.clock), process, arrives=self.draw.random() < 0.7)
        return await self.stage.make(runtime, wire).publish_post(request, idempotency_key=key)

    # Judging ------------------------------------------------------------------------------------------------------

    def _judge(self, key: str, request: PublishRequest) -> None:
        outcome, post = self.outcome, self.told.get(key)
        ours = [each for each in self.vendor.live() if self._shows(each, request.media)]
        if post is None:
            return
        outcome.posts += 1
        if not ours:
            outcome.lost_posts += 1
            outcome.wrongs.append(f"{key} was told of {post.id} ({post.how}), and nothing is out")
        elif (post.id not in {None, ours[0].id}) or post.container_id != ours[0].data["_container"]:
            outcome.wrong_answers += 1
            outcome.wrongs.append(f"{key} was told of {post.id}, and {ours[0].id} is its own")

    def _shows(self, thing: Any, media: Sequence[PostMedia]) -> bool:
        return tuple(self.vendor.addresses(thing)) == tuple(each.url for each in media)


__all__ = ["Outcome", "storm"]
