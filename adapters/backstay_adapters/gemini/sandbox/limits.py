"""The simulated quotas: requests a minute and a day; no header tells of them."""

from __future__ import annotations

from collections import deque
from typing import Final

from backstay.policies.settings import refuse
from backstay_adapters.gemini.sandbox.refusal import quota
from backstay_adapters.gemini.sandbox.settings import TIERS

SPANS: Final = ((60.0, "GenerateRequestsPerMinutePerProjectPerModel"), (86_400.0, "GenerateRequestsPerDayPerProject"))


class Limits:
    """Counts requests; without a tier nothing is refused."""

    def __init__(self, tier: str | None) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        self.tier = tier
        self._taken: deque[float] = deque()

    def take(self, now: float, model: str) -> None:
        """One request; raises the vendor's refusal."""
        if self.tier is None:
            return
        for most, (span, name) in reversed(list(zip(TIERS[self.tier], SPANS, strict=True))):
            recent = [at for at in self._taken if at > now - span]
            if len(recent) >= most:
                # The vendor speaks of seconds even where the quota is that of a day.
                raise quota(name, most, model, min(60.0, round(recent[0] + span - now, 3)))
        self._taken.append(now)


__all__ = ["Limits"]
