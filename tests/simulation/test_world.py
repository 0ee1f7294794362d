"""The whole stack in seeded storms on every platform: what the world's own log says of everything that was said."""

from __future__ import annotations

from collections import Counter

import pytest

from backstay.testing.simulation import Outcome, simulate
from benchmarks.simulate.platforms import STAGES

SEEDS = 50
EVERY = tuple(STAGES)
"""How the seeds are shared out: all platforms at once, and each of them alone."""
SHARES = (EVERY, *((name,) for name in EVERY))


def played(seed: int) -> Outcome:
    """A seed of this suite; every tenth keeps everything in files."""
    names = SHARES[seed % len(SHARES)]
    return simulate(seed, [STAGES[name] for name in names], files=seed % 10 == 9)


def told(outcome: Outcome) -> str:
    """Why it failed, and how to play it again."""
    names = ",".join(SHARES[outcome.seed % len(SHARES)])
    again = f"python -m benchmarks.simulate --seed {outcome.seed} --platforms {names}"
    return "\n".join([again, *map(str, outcome.wrongs[:5]), *outcome.tail()])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_twice_nothing_lost_and_no_answer_untrue(seed: int) -> None:
    """No duplicate, no extra, no orphan, no untrue answer, no cap exceeded, nothing left under way."""
    outcome = played(seed)
    assert not outcome.wrongs, told(outcome)
    assert (outcome.duplicates, outcome.parked, outcome.orphans, outcome.wrong_answers) == (0, 0, 0, 0)


def test_these_seeds_are_storms() -> None:
    """The runs prove something: answers are lost, processes die, and much is asked for."""
    total: Counter[str] = Counter()
    for seed in range(12):
        outcome = played(seed)
        total.update({name: getattr(outcome, name) for name in ("operations", "lost_answers", "crashes")})
    assert total["operations"] > 300
    assert total["lost_answers"] > 10
    assert total["crashes"] > 5


@pytest.mark.parametrize("seed", [0, 9])
def test_the_same_seed_is_the_same_run(seed: int) -> None:
    """Line by line, in memory and in files: a failure is played again from its seed."""
    one, other = played(seed), played(seed)
    assert one.trace == other.trace
    assert one.digest == other.digest
