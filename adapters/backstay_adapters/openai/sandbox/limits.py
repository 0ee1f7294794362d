"""The simulated limits: requests and pictures a minute, told in headers where the vendor tells them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from backstay.policies.settings import refuse
from backstay_adapters.openai.sandbox.refusal import Refusal
from backstay_adapters.openai.sandbox.settings import ORGANIZATION, TIERS

MINUTE: Final = 60.0
WORDS: Final = ("requests", "images")


class Limits:
    """Counts what was asked for in the last minute; without a tier nothing is refused and nothing said."""

    def __init__(self, tier: str | None) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        self.tier = tier
        self._taken: dict[str, deque[float]] = {word: deque() for word in WORDS}

    def take(self, now: float, pictures: int, model: str) -> None:
        """One request for so many pictures; raises the vendor's refusal."""
        if self.tier is None:
            return
        wanted = {"requests": 1, "images": pictures}
        for word, most in self._sizes().items():
            taken = self._fresh(word, now)
            if len(taken) + wanted[word] > most:
                wait = taken[min(len(taken), wanted[word]) - 1] + MINUTE - now if taken else MINUTE
                raise rate_limited(word, most, wait, model, self.headers(now))
        for word, count in wanted.items():
            self._taken[word].extend([now] * count)

    def headers(self, now: float) -> dict[str, str]:
        """What an answer says."""
        found: dict[str, str] = {}
        for word, most in self._sizes().items() if self.tier else ():
            taken = self._fresh(word, now)
            found[f"x-ratelimit-limit-{word}"] = str(most)
            found[f"x-ratelimit-remaining-{word}"] = str(most - len(taken))
            found[f"x-ratelimit-reset-{word}"] = go_duration(taken[-1] + MINUTE - now if taken else 0.0)
        return found

    def _sizes(self) -> Mapping[str, int]:
        return dict(zip(WORDS, TIERS[self.tier or ""], strict=True))

    def _fresh(self, word: str, now: float) -> deque[float]:
        taken = self._taken[word]
        while taken and taken[0] <= now - MINUTE:
            taken.popleft()
        return taken


def rate_limited(word: str, most: int, wait: float, model: str, headers: Mapping[str, str]) -> Refusal:
    """429 with the vendor's words; `wait` in seconds."""
    message = (
        f"Rate limit reached for {model} in organization {ORGANIZATION} on {word} per min: Limit {most}, Used {most}, "
        f"Requested 1. Please try again in {go_duration(wait)}. Visit "
        "https://platform.openai.com/account/rate-limits to learn more."
    )
    return Refusal(429, word, message, "rate_limit_exceeded", headers=headers)


def go_duration(seconds: float) -> str:
    """A time as Go prints it: 12s, 7m12s, 15ms."""
    if seconds < 1.0:
        return f"{round(seconds * 1000)}ms" if seconds > 0 else "0s"
    minutes, rest = divmod(seconds, 60.0)
    shown = f"{rest:.3f}".rstrip("0").rstrip(".")
    return f"{int(minutes)}m{shown}s" if minutes else f"{shown}s"


__all__ = ["Limits", "go_duration", "rate_limited"]
