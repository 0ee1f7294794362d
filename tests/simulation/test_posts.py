"""Several posts at once in seeded storms. Ten thousand seeds: `python -m benchmarks.simulate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backstay.content import Post
from backstay.testing.posting import Stage
from backstay.testing.posting_storm import storm
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY
from benchmarks.simulate.publishers import STAGE, WORDS, laggard

SEEDS = 40


def test_storms_leave_no_post_twice_and_none_lost() -> None:
    """Nobody is told a wrong thing, whatever goes wrong; nearly all are out in the end."""
    total: Counter[str] = Counter()
    for seed in range(SEEDS):
        outcome = storm(STAGE, seed)
        assert outcome.wrongs == [], f"seed {seed}"
        total.update(posts=outcome.posts, crashes=outcome.crashes, open=outcome.open_posts)
        total.update(outcome.errors)
    assert total["posts"] > SEEDS
    assert total["crashes"] > 10
    assert total["open"] <= 2
    assert total["UNKNOWN_OUTCOME"] > 0


class Blind(Instagram):
    """One that never looks."""

    async def _look_published(self, *_: Any, **__: Any) -> Sequence[Post]:
        return ()


class Greedy(Instagram):
    """One that takes the latest post for its own."""

    async def _look_published(self, request: Any, container: Any, **_: Any) -> Sequence[Post]:
        found = await self.read_recent(request.kind, self.runtime_start)
        return [found[0].model_copy(update={"container_id": container.id})] if found else ()

    @property
    def runtime_start(self) -> Any:
        from backstay.clock import utc

        return utc(0.0)


def test_what_a_publisher_does_wrong_shows() -> None:
    """The judge sees double posts of one that does not look, and lies of one that takes the latest for its own."""
    for kind, wrong in ((Blind, "double_posts"), (Greedy, "wrong_answers")):

        def make(runtime: Any, wire: Any, kind: type[Instagram] = kind) -> Instagram:
            return kind(ACCOUNT, KEY, runtime=runtime, transport=wire)

        stage = Stage(laggard, make, WORDS, STAGE.operations)
        assert sum(getattr(storm(stage, seed), wrong) for seed in range(60)) > 0, wrong
