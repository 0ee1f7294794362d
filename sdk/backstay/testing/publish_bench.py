"""A bench for a publisher: its simulator, a journal that outlives its processes, posts to publish, and what they hit.

A publisher's tests give the conformance suite one of these and nothing else; see `backstay.testing.conformance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backstay.content.capabilities import ContentCapability as Can
from backstay.content.protocols import Publisher
from backstay.content.publish import PublishRequest
from backstay.content.words import ContainerState, PostKind
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule, SimTransport
from backstay.testing.bench import VendorError
from backstay.testing.clock import VirtualClock
from backstay.testing.content_bench import ContentBench
from backstay.testing.posting import Posts, Stage
from backstay.writes.memory import MemoryJournal

KINDS: Mapping[PostKind, Can] = {
    PostKind.IMAGE: Can.PUBLISH_IMAGE, PostKind.CAROUSEL: Can.PUBLISH_CAROUSEL, PostKind.REEL: Can.PUBLISH_REEL,
    PostKind.STORY: Can.PUBLISH_STORY,
}  # fmt: skip
"""What a publisher says of each kind."""


class PublishBench(ContentBench[Publisher]):
    """One vendor, one clock, one journal; each `adapter()` is a new process that knows what the journal knows.

    `posts` are a post of each kind that the vendor publishes, the first one with a caption. `publishing` and
    `preparing` name the simulator's operations (globs): the one that shows something to the public, and those before
    it. `refused` are posts that the vendor would refuse. `somebody(bench, caption)` posts something with the vendor's
    own app. `states` are the vendor's words for a container's state, and ours. `rules` may have `refused_but_live`: the
    vendor says no to a publishing that it has carried out.
    """

    def __init__(
        self,
        vendor: Callable[[int], Posts],
        make: Callable[[Runtime, Any], Publisher],
        *,
        posts: Sequence[PublishRequest],
        publishing: str,
        preparing: str,
        somebody: Callable[[PublishBench, str], object],
        refused: Sequence[PublishRequest] = (),
        states: Mapping[str, ContainerState] | None = None,
        rules: Mapping[str, FaultRule] | None = None,
        errors: Sequence[VendorError] = (),
        seed: int = 0,
        shell: Callable[[Any, VirtualClock], Any] = SimTransport,
    ) -> None:
        self.journal = MemoryJournal(lease=2.0)
        super().__init__(
            vendor(seed), make, shell=shell, rules=rules or {}, generate=publishing, errors=errors, seed=seed
        )  # fmt: skip
        self.posts = {each.kind: each for each in posts}
        self.asked = posts[0]
        """The post that most cases publish."""
        self.preparing = preparing
        self.publishing = publishing
        self.refused = tuple(refused)
        self.states = dict(states or {})
        self.stage = Stage(vendor, make)
        self._somebody = somebody

    def new_runtime(self) -> Runtime:
        """A process of its own; the journal is shared."""
        self.runtime = Runtime.in_memory(
            clock=self.clock, journal=self.journal.twin(), listeners=(self.events.append,)
        )  # fmt: skip
        return self.runtime

    @property
    def live(self) -> list[Any]:
        """Every post that is out."""
        vendor: Any = self.simulator
        return list(vendor.live())

    @property
    def published(self) -> int:
        """How often publishing was asked for."""
        rule = FaultRule(FaultKind.LATENCY, operation=self.publishing)
        return sum(rule.matches(each, self.simulator.operation(each), 0.0) for each in self.transport.requests)

    def somebody_posts(self, caption: str) -> None:
        """With the vendor's own app."""
        self._somebody(self, caption)


__all__ = ["KINDS", "PublishBench"]
