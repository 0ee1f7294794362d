"""The benchmark of faults in short, many times: no rule is broken, whatever the numbers are."""

from __future__ import annotations

import pytest

from benchmarks.faults.drive import metrics, play, recovery, summary
from benchmarks.faults.goals import GOALS, judged
from benchmarks.faults.ours import backstay
from benchmarks.faults.vendors import SHORT, Brownout, Outage

SEEDS = range(1, 51)
KEYS = {"offered", "success", "goodput", "calls_per_req", "calls_per_ok", "p50", "p99", "p99_all", "_recover_all"}
WINDOW = {"recover_s", "out_calls_x", "peak_after_x", "last20_goodput", "during_goodput"}
OWN = {"trips", "complaints"}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_rule_holds_under_every_fault(seed: int) -> None:
    """Transient errors, outage, brownout, rate limits, lost answers, slow tails; callers who give up among them."""
    for name in SHORT:
        found = play(name, backstay, seed, scenarios=SHORT)
        assert found.told["complaints"] == [], name
        if isinstance(found.vendor, Outage | Brownout):
            assert recovery(found, found.vendor.B) <= 2.0, name


@pytest.mark.parametrize("name", SHORT)
def test_the_same_seed_gives_the_same_trace(name: str) -> None:
    """Everything that happens, to the microsecond; and another seed another one."""
    first, again, other = (play(name, backstay, seed, scenarios=SHORT).told["trace"] for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a", set()),
        ("b", WINDOW),
        ("c", WINDOW),
        ("d", {"r429_per_req", "n429", "bans"}),
        ("e", {"duplicates", "orphans", "phantom_ok", "find_reads"}),
        ("f", set()),
    ],
)
def test_the_metrics_have_their_names(name: str, more: set[str]) -> None:
    """What `--json` prints, and every goal finds its number."""
    found = summary([metrics(name, play(name, backstay, 1, scenarios=SHORT))])
    assert set(found) == KEYS | more | OWN
    assert list(judged(name, found, 1.0)) == list(GOALS[name])
