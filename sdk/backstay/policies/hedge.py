"""When a second request is worth its cost: after the time in which nearly all answers come, and rarely.

The delay is learned from the live durations, so it moves with the vendor. It pays to ask twice only where what has not
come by then takes longer than asking anew; one late call in eight is left alone, to go on learning that. And the number
is bounded whatever the durations do: when everything is slow at once, every call passes the learned delay, and a
hedge for each of them would double the load at the worst time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backstay.policies.settings import above, whole, within

_STEP: Final = 0.05
_FLOOR: Final = 1e-6
_UP, _DOWN = 1.02, 1 / 1.02
_FADE: Final = 0.1
_LEFT_ALONE: Final = 8
"""One late call in so many is not hedged: only those show how late they would have been."""


@dataclass(frozen=True, slots=True)
class HedgeOptions:
    """A second request follows after the `quantile` of the durations, once `enough` of them were seen.

    At most a `share` of the calls gets one, and `saved` of them at once.
    """

    quantile: float = 0.95
    share: float = 0.05
    saved: float = 3.0
    enough: int = 50

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        above("quantile", self.quantile, 0.0)
        within("quantile", self.quantile, 0.0, 0.999)
        within("share", self.share, 0.0, 1.0)
        within("saved", self.saved, 1.0)
        whole("enough", self.enough, 1)


class Hedge:
    """Learns an operation's durations, and counts what may be hedged."""

    __slots__ = ("_excess", "_first", "_late", "balance", "delay", "options", "usual")

    def __init__(self, options: HedgeOptions | None = None) -> None:
        """Begin without any knowledge: nothing is hedged."""
        self.options = options or HedgeOptions()
        self.delay = 0.0
        """Seconds by which nearly all answers have come; 0.0 while too little is known."""
        self.usual = 0.0
        """Seconds that an answer takes, about the median."""
        self.balance = 0.0
        self._excess = 0.0
        self._late = 0
        self._first: list[float] = []

    @property
    def pays(self) -> bool:
        """Whether what is late comes later than an answer to a new request would."""
        return self._excess > self.usual > 0.0

    def begin(self) -> float:
        """A call begins; the seconds after which it may be hedged, 0.0 for never."""
        options = self.options
        balance = self.balance + options.share
        self.balance = balance if balance < options.saved else options.saved
        return self.delay if self._excess > self.usual else 0.0

    def spend(self) -> bool:
        """Pay for a second request; False when there have been too many, or when this one is left alone."""
        self._late += 1
        if self.balance < 1.0 or self._late % _LEFT_ALONE == 0:
            return False
        self.balance -= 1.0
        return True

    def ended(self, took: float, *, hedged: bool = False) -> None:
        """A call was answered after `took` seconds, by the first request or, if `hedged`, with a second one's help."""
        delay = self.delay
        if not delay:
            self._learn(took)
            return
        self.usual *= _UP if took > self.usual else _DOWN
        if took < delay:
            self.delay = max(_FLOOR, delay * (1.0 - _STEP * (1.0 - self.options.quantile)))
            return
        self.delay = delay * (1.0 + _STEP * self.options.quantile)
        if not hedged:
            self._excess += (took - delay - self._excess) * _FADE

    def _learn(self, took: float) -> None:
        first, options = self._first, self.options
        first.append(took)
        if len(first) < options.enough:
            return
        first.sort()
        place = min(len(first) - 1, int(options.quantile * len(first)))
        late = first[place:]
        self.delay = max(_FLOOR, first[place])
        self.usual = max(_FLOOR, first[len(first) // 2])
        self._excess = sum(late) / len(late) - self.delay
        first.clear()
