"""Services on faulty platforms, in virtual time: the budget optimizer, an A/B test and the rules, and a judge of them.

    outcome = simulate_services(7, stages)      # what was counted, what is wrong, and the trace

Campaigns' numbers are planted and change with time, so that whoever decides on old ones decides wrongly. Everything
else is the platforms': faults, lost answers, reads that lag; and processes die, stand still, and work beside each other
on one store.
"""

from __future__ import annotations

from benchmarks.simulate.services.play import Outcome, simulate_services

__all__ = ["Outcome", "simulate_services"]
