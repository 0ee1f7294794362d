"""Our adapters over real sockets, against a sandbox in another process that fails for a moment."""

from __future__ import annotations

import pytest

from benchmarks.faults.real.play import Play, play
from benchmarks.faults.vendors import Scenario, Vendor

SECONDS, START, END = 2.4, 0.6, 1.0
"""Real ones: what only a socket and another process can show has no virtual time."""
BROKEN = Play(
    "every connection breaks for a moment", Scenario(Vendor, ((0, SECONDS, 20),), SECONDS, 1.0, 5.0), START, END,
    faults={"rules": [{"kind": "connect_refused", "start": START, "end": END}]},
)  # fmt: skip
SLOW = Play(
    "each of them takes longer for a moment", Scenario(Vendor, ((0, SECONDS, 20),), SECONDS, 1.0, 5.0), START, END,
    brownout={"places": 8, "seconds": 0.02, "slower": 4.0, "start": START, "end": END},
)  # fmt: skip
SMALL = Play("little is allowed", Scenario(Vendor, ((0, SECONDS, 8),), SECONDS, 5.0, 20.0), small=True)


@pytest.mark.parametrize("vendor", ["tiktok", "meta"])
@pytest.mark.parametrize("played", [BROKEN, SLOW, SMALL], ids=["outage", "brownout", "limit"])
async def test_a_vendor_that_is_back_is_used_again(played: Play, vendor: str) -> None:
    """Every call ends; what came to the server is bounded; who asks late enough after the fault is answered."""
    run = await play(played, vendor, 1)
    counts, offered = run.vendor.counts, len(run.answers)
    assert offered > 10
    assert counts.refused <= 5
    assert 0 < counts.sent <= 1.2 * offered + 12
    late = [answer.ok for answer in run.answers if answer.began > END + 1.0]
    assert late == [True] * len(late)
