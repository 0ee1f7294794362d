"""Pure decisions: small state machines that are told what happened and when, and answer what to do.

Nothing here awaits, sleeps, reads a clock, draws a random number or logs: `now` (monotonic seconds) and
random numbers in [0, 1) are arguments. The objects are not thread-safe by themselves; the engine owns the
lock.
"""
