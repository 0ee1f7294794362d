"""The second act of `backstay demo`: a carousel from topic to post, through faults and a process that dies.

The vendors are found by name, as for the first act. Everything is virtual time; what is drawn lands in a folder, with
the post as one HTML file.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backstay.cli.sandboxes import find_sandboxes
from backstay.clock import SystemClock
from backstay.compose import Fallback
from backstay.content import Post
from backstay.errors import BackstayError
from backstay.events import CostRecorded, Event
from backstay.hosting import FolderHost
from backstay.money import Money
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport, SimTransport2, Simulator, storm
from backstay.services.carousel import Carousel, CarouselPlan, CarouselState, CarouselStep, preview
from backstay.services.store import MemoryStore
from backstay.testing.clock import VirtualClock, run
from backstay.writes.memory import MemoryJournal

Progress = Callable[[int | None, str], None]
"""Steps that are done (None: as many as before), and what is to be said."""

NEEDED: Final = ("claude", "instagram", "openai", "perplexity")
SPARE: Final = "gemini"
PLAN: Final = CarouselPlan(
    id="demo", topic="Why sails, keels and rudders let a boat climb against the wind", slides=6,
    look="flat colours, evening sky, large quiet shapes", money=Money("10.00", "USD"),
)  # fmt: skip
DIES_AFTER: Final = "picture 3"
AGAIN: Final = 60.0
"""Seconds until a run that failed is tried again."""
MOST_RUNS: Final = 60
ADDRESS: Final = "https://media.example.com"

_KIND: Final = FaultKind
BAD: Final[Mapping[str, tuple[FaultRule, ...]]] = {
    # The requirements' example: two timeouts and a 503, waits of 2, 4 and 8 s, then an answer.
    "perplexity": (FaultRule(_KIND.TIMEOUT, times=2), FaultRule(_KIND.HTTP_5XX, times=1, status=503)),
    "claude": (FaultRule(_KIND.VENDOR_ERROR, skip=3, times=9, error="overloaded_error"),),
    "openai": (FaultRule(_KIND.RATE_LIMIT, skip=1, times=2, retry_after=6.0),),
    "instagram": (FaultRule(_KIND.RESET_AFTER, operation="media_publish", times=1),),
}
"""What surely goes wrong, before the storm's own dice."""


@dataclass
class Act:
    """The vendors' worlds, and what happened so far."""

    sandboxes: dict[str, Simulator]
    modules: dict[str, Any]
    folder: Path
    progress: Progress
    clock: VirtualClock
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    store: MemoryStore = field(default_factory=MemoryStore)
    counts: Counter[str] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    dies_after: str | None = DIES_AFTER
    task: asyncio.Task[Post] | None = None
    """The process that runs."""

    def __post_init__(self) -> None:
        """The act's own time begins."""
        self.began = self.clock.monotonic()

    def hear(self, event: Event) -> None:
        """Count what the event stream tells, show the steps, and end the process where it is to end."""
        self.counts[event.name] += 1
        if isinstance(event, CostRecorded) and event.outcome == "unknown":
            self.counts["lost_answers"] += 1
        if event.name == "write_settled" and event.facts()["outcome"] == "adopted":
            self.counts["adopted"] += 1
        if isinstance(event, CarouselStep):
            self.progress(event.done, event.step)
            if event.step == self.dies_after:
                self.dies_after = None
                self.counts["deaths"] += 1
                if self.task is not None:
                    self.task.cancel()

    def process(self) -> Carousel:
        """A new process: nothing remembered but journal, store and worlds."""
        from backstay.adapters import Claude, Instagram, OpenAIImages, Perplexity

        runtime = Runtime.in_memory(clock=self.clock, listeners=(self.hear,), journal=self.journal)
        token = {name: module.TOKEN for name, module in self.modules.items()}
        claude = Claude(token["claude"], runtime=runtime, transport=self._wire2("claude"))
        return Carousel(
            PLAN,
            research=Perplexity(
                token["perplexity"], runtime=runtime, transport=self._wire("perplexity"), profile="external_api"
            ),
            text=Fallback(claude, self._spare(runtime), timeout=60.0),
            images=OpenAIImages(token["openai"], runtime=runtime, transport=self._wire2("openai")),
            host=FolderHost(self.folder / "pictures", ADDRESS, runtime=runtime),
            publisher=Instagram(
                self.modules["instagram"].ACCOUNTS[0], token["instagram"], runtime=runtime,
                transport=self._wire("instagram"),
            ),
            store=self.store,
        )  # fmt: skip

    def _spare(self, runtime: Runtime) -> Any:
        """Who writes when the first writer is away: Gemini, or Claude for another team."""
        from backstay.adapters import Claude, Gemini

        made = Gemini if SPARE in self.modules else Claude
        return made(self.modules[self._second].TOKEN, account="spare", runtime=runtime, transport=self._wire2("spare"))

    @property
    def _second(self) -> str:
        return SPARE if SPARE in self.modules else "claude"

    def _wire(self, name: str) -> SimTransport:
        return SimTransport(self.sandboxes[name], self.clock)

    def _wire2(self, name: str) -> SimTransport2:
        return SimTransport2(self.sandboxes[name], self.clock)


def play_carousel(seed: int, faults: str, folder: Path, progress: Progress) -> dict[str, Any]:
    """Play the act and judge it by the publisher's own log; the result is a part of the demo's JSON.

    A vendor that is not installed leaves it out: then there is only `skipped`, with the names.
    """
    modules = find_sandboxes()
    missing = [name for name in NEEDED if name not in modules]
    if missing:
        return {"skipped": missing, "ok": True}
    wall = SystemClock()
    began = wall.monotonic()
    act = Act(_sandboxes(modules, seed, faults), modules, folder, progress, VirtualClock(seed))
    if faults == "calm":
        act.dies_after = None
    post, state, pictures = run(_play(act), act.clock)
    (folder / "post.html").write_text(preview(state, pictures, account="backstay.demo"), "utf8")
    return {"seconds": round(wall.monotonic() - began, 3), **_told(act, post, state)}


def _sandboxes(modules: Mapping[str, Any], seed: int, faults: str) -> dict[str, Simulator]:
    spare = SPARE if SPARE in modules else "claude"
    homes = {**{name: name for name in NEEDED}, "spare": spare}
    return {
        name: modules[home].SANDBOX(seed=seed + number, faults=_plan(name, seed + number, faults))
        for number, (name, home) in enumerate(homes.items())
    }


def _plan(name: str, seed: int, faults: str) -> FaultPlan | str:
    if faults == "calm":
        return "calm"
    dice = storm(seed)
    return FaultPlan((*BAD.get(name, ()), *dice.rules), seed, read_lag=dice.read_lag, name="storm")


async def _play(act: Act) -> tuple[Post | None, CarouselState, list[Any]]:
    """Run it in one process after another until it is out."""
    post = None
    for _ in range(MOST_RUNS):
        act.counts["processes"] += 1
        carousel = act.process()
        act.task = asyncio.create_task(carousel.run())
        try:
            post = await act.task
            break
        except asyncio.CancelledError:
            act.progress(None, f"the process dies after {DIES_AFTER}; the next one goes on")
        except BackstayError as error:
            act.raised[error.type] += 1
            act.progress(None, str(error)[:120])
            if error.rule == "carousel.degraded":
                await carousel.remake()
            await act.clock.sleep(AGAIN)
    carousel = act.process()
    state = await carousel.state()
    return post, state, [await carousel.picture(number) for number, made in enumerate(state.pictures, 1) if made]


def _told(act: Act, post: Post | None, state: CarouselState) -> dict[str, Any]:
    live = len(act.sandboxes["instagram"].world.objects(level="post"))
    world = {"posts": live, "double_posts": max(0, live - 1), "lost_posts": int(post is not None and not live)}
    fallbacks = {each.step: each.by for each in state.done if each.cause is not None}
    keys = [each.key for each in state.media if each is not None]
    return {
        "topic": PLAN.topic,
        "simulated_seconds": round(act.clock.monotonic() - act.began, 1),
        "steps": state.made,
        "processes": act.counts["processes"],
        "deaths": act.counts["deaths"],
        "calls": act.counts["cost_recorded"],
        "retries": act.counts["retry_attempt"],
        "lost_answers": act.counts["lost_answers"],
        "adopted": act.counts["adopted"],
        "fallbacks": fallbacks,
        "errors": dict(sorted(act.raised.items())),
        "spent": f"{state.spent:.4f} USD",
        "degraded": list(state.degraded),
        "post": None if post is None else {"permalink": post.permalink, "how": post.how},
        "preview": str(act.folder / "post.html"),
        "pictures": [str(act.folder / "pictures" / key) for key in keys],
        "world": world,
        "ok": post is not None and live == 1 and not state.degraded,
    }


__all__ = ["play_carousel"]
