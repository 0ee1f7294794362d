"""The whole stack in a storm, in virtual time: platforms, processes that die, clocks that differ, and a judge.

    outcome = simulate(7, stages)       # what was counted, what is wrong, and the trace

A seed draws the vendors' unknown behaviours, faults, crashes, cancellations and what the service asks for; afterwards
the world's own log is compared with everything that was said. The same seed is the same run, line by line.
"""

from __future__ import annotations

from backstay.testing.simulation.judge import Wrong
from backstay.testing.simulation.play import Outcome, simulate
from backstay.testing.simulation.stage import STATUS, Look, Played, Stage, Tune, lags
from backstay.testing.simulation.store import Sabotage

__all__ = ["STATUS", "Look", "Outcome", "Played", "Sabotage", "Stage", "Tune", "Wrong", "lags", "simulate"]
