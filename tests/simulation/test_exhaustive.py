"""One tree, built and activated on each platform, with one trouble at every await and every request in turn.

Here every eleventh of them is played, other ones for each draw of the vendors' behaviours; all of them by
`python -m benchmarks.simulate --exhaustive`.
"""

from __future__ import annotations

from collections import Counter

import pytest

from backstay.testing.simulation import Sabotage
from backstay.testing.simulation.exhaustive import Trouble, endure, play, troubles
from benchmarks.simulate.platforms import STAGES

EVERY = 11
DRAWS = range(2)
"""Seeds of the vendors' behaviours."""


def told(trouble: Trouble, wrongs: object) -> str:
    return f"{trouble}: {wrongs}"


@pytest.mark.parametrize("seed", DRAWS)
@pytest.mark.parametrize("vendor", STAGES)
def test_whatever_goes_wrong_there_is_one_active_tree(vendor: str, seed: int) -> None:
    """The process dies, is cancelled or stands still, or a request meets a fault: nothing twice, nothing lost."""
    kinds: Counter[str] = Counter()
    for trouble in troubles(STAGES[vendor], seed=seed, every=EVERY, offset=3 * seed):
        wrongs = endure(STAGES[vendor], trouble)
        assert not wrongs, told(trouble, wrongs[:3])
        kinds[trouble.what] += 1
    assert set(kinds) == {"crash", "lost", "cancel", "stall", "fault"}
    assert sum(kinds.values()) > 100


@pytest.mark.parametrize("vendor", STAGES)
def test_without_trouble_it_is_made_once(vendor: str) -> None:
    """The control: a calm run is right, and long enough for trouble to strike in many places."""
    seen = play(STAGES[vendor], Trouble())
    assert seen.wrongs == []
    assert seen.awaits > 80
    assert sum(writes for _, writes in seen.requests) >= 4


def test_a_trouble_that_the_safeguards_do_not_meet_shows() -> None:
    """The judge sees: without the journal a process that dies after sending leaves an ad group that is made again."""
    stage = STAGES["tiktok"]
    awaits = play(stage, Trouble()).awaits
    found = [
        wrong.kind
        for at in range(1, awaits, 3)
        for wrong in endure(stage, Trouble("crash", at), Sabotage(journal=True))
    ]
    assert "parked" in found
