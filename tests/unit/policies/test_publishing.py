"""What a look says after a publishing whose answer was lost."""

from __future__ import annotations

import pytest

from backstay.policies.publishing import Fate, Sighting, judge_post


@pytest.mark.parametrize(
    ("fate", "matches", "telling", "alone", "caught_up", "sighting"),
    [
        (Fate.DEAD, 0, True, True, False, Sighting.NEVER),
        (Fate.DEAD, 3, False, False, True, Sighting.NEVER),
        # Published: named by one match, and only where no other post of ours can be the one that shows.
        (Fate.LIVE, 1, True, True, False, Sighting.NAMED),
        (Fate.LIVE, 1, True, False, False, Sighting.UNNAMED_YET),
        (Fate.LIVE, 1, True, False, True, Sighting.NAMED),
        (Fate.LIVE, 0, True, True, False, Sighting.UNNAMED_YET),
        (Fate.LIVE, 0, True, True, True, Sighting.LIVE),
        (Fate.LIVE, 2, True, True, True, Sighting.LIVE),
        # Without a caption nothing tells posts apart: the latest one is not taken for ours.
        (Fate.LIVE, 1, False, True, True, Sighting.LIVE),
        (Fate.LIVE, 0, False, True, False, Sighting.LIVE),
        # Not published, as far as reads show: nothing is proof before they have caught up, which the caller counts.
        (Fate.WAITING, 0, True, True, False, Sighting.QUIET),
        (Fate.WAITING, 0, True, True, True, Sighting.QUIET),
        (Fate.WAITING, 1, True, True, True, Sighting.UNCERTAIN),
        (Fate.WAITING, 1, False, True, True, Sighting.UNCERTAIN),
        (Fate.UNSEEN, 0, True, True, True, Sighting.UNCERTAIN),
        (Fate.UNSEEN, 1, True, True, True, Sighting.UNCERTAIN),
    ],
)  # fmt: skip
def test_what_a_look_says(
    fate: Fate, matches: int, telling: bool, alone: bool, caught_up: bool, sighting: Sighting
) -> None:
    """The container's word decides whether it is live; a name needs one single match besides."""
    assert judge_post(fate, matches=matches, telling=telling, alone=alone, caught_up=caught_up) is sighting


@pytest.mark.parametrize(
    ("fate", "matches", "explained", "sighting"),
    [
        (Fate.WAITING, 1, 1, Sighting.QUIET), (Fate.WAITING, 2, 1, Sighting.UNCERTAIN),
        (Fate.WAITING, 1, 2, Sighting.QUIET), (Fate.LIVE, 1, 1, Sighting.LIVE), (Fate.LIVE, 2, 1, Sighting.LIVE),
        (Fate.UNSEEN, 1, 1, Sighting.UNCERTAIN),
    ],
)  # fmt: skip
def test_posts_that_are_out_without_a_name_explain_what_shows(
    fate: Fate, matches: int, explained: int, sighting: Sighting
) -> None:
    """As many as there are of them say nothing of ours; and beside them nothing is named."""
    found = judge_post(fate, matches=matches, telling=True, alone=True, caught_up=True, explained=explained)
    assert found is sighting
