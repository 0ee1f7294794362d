"""One post with one trouble at every await and every request in turn: none twice, none lost.

Every step x every fault, before the vendor has done what was asked and after, and a crash, a lost crash and a
cancellation at every await; all of them for a picture, every fourth for a carousel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from backstay.content import Post, PublishRequest
from backstay.testing.posting import Stage, Trouble, endure, play, troubles
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY
from benchmarks.simulate.publishers import STAGE, WORDS, laggard
from tests.support.posts import CAROUSEL, IMAGE, jpeg

PAIR = CAROUSEL.but(media=(jpeg("1"), jpeg("2")))


@pytest.mark.parametrize(
    ("request_", "seed", "every"),
    [(IMAGE, 2, 1), (IMAGE, 0, 4), (PAIR, 2, 4)],
    ids=["image", "image, lenient", "carousel"],
)
def test_whatever_goes_wrong_there_is_one_post(request_: PublishRequest, seed: int, every: int) -> None:
    """And the caller, who calls again until it is out, is told the truth about it."""
    kinds: Counter[str] = Counter()
    for number, trouble in enumerate(troubles(STAGE, request_, seed=seed)):
        if number % every == 0:
            wrongs = endure(STAGE, request_, trouble)
            assert not wrongs, (trouble, wrongs)
            kinds[trouble.what] += 1
    assert set(kinds) == {"crash", "lost", "cancel", "fault"}
    assert sum(kinds.values()) > 60


def test_without_trouble_it_goes_out_once() -> None:
    """The control: calm, and long enough for trouble to strike at each step."""
    seen = play(STAGE, PAIR, Trouble(seed=2))
    assert seen.wrongs == []
    assert {"media/item", "media/carousel", "container", "media_publish", "post"} <= set(seen.requests)


class Blind(Instagram):
    """One that never looks: what is lost it takes for not done."""

    async def _look_published(self, *_: Any, **__: Any) -> Sequence[Post]:
        return ()


def test_a_publisher_that_does_not_look_is_found_out() -> None:
    """The judge sees: without looking, a lost answer is a second post."""
    blind = Stage(laggard, lambda runtime, wire: Blind(ACCOUNT, KEY, runtime=runtime, transport=wire), WORDS)
    wrongs = [
        wrong for trouble in troubles(blind, IMAGE, seed=2) if trouble.kind for wrong in endure(blind, IMAGE, trouble)
    ]
    assert "2 posts are out" in wrongs
