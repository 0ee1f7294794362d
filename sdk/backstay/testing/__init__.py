"""The public test kit: virtual time, captured events, cassettes, and the conformance suite for adapters.

With pytest the fixtures `backstay_clock`, `backstay_run`, `backstay_events` and `backstay_cassette` are there as soon
as backstay is installed.
"""

from __future__ import annotations

from backstay.testing.clock import VirtualClock, VirtualLoop, VirtualTimeDeadlock, run
from backstay.testing.events import capture_events

__all__ = ["VirtualClock", "VirtualLoop", "VirtualTimeDeadlock", "capture_events", "run"]
