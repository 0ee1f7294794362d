"""Letters for tests, and a stage on which writes fail."""

from __future__ import annotations

import copy
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from backstay import Runtime
from backstay.ads import (
    AdGroupSpec,
    Budget,
    CampaignSpec,
    CampaignTree,
    Compliance,
    GroupTree,
    Money,
    Objective,
    OptimizationGoal,
    Targeting,
)
from backstay.events import Event
from backstay.letters import Incident, Letter, LetterError, LetterOptions, Outcome
from backstay.letters.model import letter_id
from backstay.testing.clock import VirtualClock, run
from tests.support.kiosk import Kiosk

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment after the start."""
    return START + timedelta(seconds=seconds)


def letter(key: str = "a", seconds: float = 0.0, **facts: Any) -> Letter:
    """A letter of a call that failed so many seconds after the start."""
    base: dict[str, Any] = {
        "dlq_id": letter_id(key), "timestamp": at(seconds), "first_at": at(seconds), "key": key, "vendor": "tiktok",
        "account": "7001", "operation": "create_campaign", "effect": "create", "original_event": {"event_id": key},
        "error": LetterError(type="ConnectionFailedError", message="no way"), "retry_count": 3,
        "outcome": Outcome.FAILED, "type": "CONNECTION_FAILED", "call": "{}",
    }  # fmt: skip
    return Letter(**{**base, **facts})


def incident(key: str = "a", seconds: float = 0.0, token: str | None = None, **facts: Any) -> Incident:
    """One failure on its way to a store."""
    return Incident(token or f"{key}@{seconds}", letter(key, seconds, **facts))


class Shop(Kiosk):
    """A kiosk whose every refusal is an error of its own, as from a wire."""

    def _refuse(self) -> None:
        if self.refuses is not None:
            raise copy.copy(self.refuses)


class Stage:
    """A process with a kiosk."""

    def __init__(self, state: Path | None = None, clock: VirtualClock | None = None, **options: Any) -> None:
        self.clock = clock or VirtualClock()
        self.events: list[Event] = []
        facts: dict[str, Any] = {
            "clock": self.clock, "listeners": (self.events.append,), "letters": LetterOptions(**options),
        }  # fmt: skip
        self.runtime = Runtime.in_memory(**facts) if state is None else Runtime(state=state, **facts)
        self.ads = Shop(self.runtime)

    def run(self, work: Awaitable[Any]) -> Any:
        async def main() -> Any:
            try:
                return await work
            finally:
                await self.runtime.aclose()

        return run(main(), self.clock)

    async def failed(self, work: Awaitable[Any]) -> BaseException:
        """What it raises."""
        with pytest.raises(Exception) as caught:
            await work
        return caught.value

    async def letters(self) -> tuple[Letter, ...]:
        return await self.runtime.letters.list(None)

    def told(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def spec(name: str = "Spring", **changes: Any) -> CampaignSpec:
    budget = Budget.daily(Money("100.00", "EUR"))
    base = {"name": name, "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(), "budget": budget}
    return CampaignSpec(**{**base, **changes})


def tree() -> CampaignTree:
    group = AdGroupSpec(name="All", optimization=OptimizationGoal.CLICKS, targeting=Targeting())
    return CampaignTree(campaign=spec(), groups=(GroupTree(ad_group=group, ads=()),))
