"""Response curves: what a campaign brings for what it spends, and what the next unit of money brings."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from backstay.spec import Spec

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_LARGEST = 700.0
"""exp of more than this is no float."""


class LogCurve(Spec):
    """a ln(1 + x/b): each doubling beyond b brings about the same."""

    kind: Literal["log"] = "log"
    a: Positive
    b: Positive

    @property
    def concave(self) -> bool:
        """Whether the next unit never brings more than the last one."""
        return True

    def value(self, spend: float) -> float:
        """The result of a spend."""
        return self.a * math.log1p(spend / self.b)

    def marginal(self, spend: float) -> float:
        """What the next unit of money brings."""
        return self.a / (self.b + spend)

    def spend_at(self, marginal: float) -> float:
        """The spend from which on the next unit brings less than this."""
        return max(0.0, self.a / marginal - self.b)


class PowerCurve(Spec):
    """a x^p with p < 1: the first unit of money is worth any price."""

    kind: Literal["power"] = "power"
    a: Positive
    p: float = Field(gt=0, lt=1)

    @property
    def concave(self) -> bool:
        """See `LogCurve`."""
        return True

    def value(self, spend: float) -> float:
        """See `LogCurve`."""
        return float(self.a * spend**self.p)

    def marginal(self, spend: float) -> float:
        """See `LogCurve`; without end at 0."""
        return float(self.a * self.p * spend ** (self.p - 1)) if spend > 0 else math.inf

    def spend_at(self, marginal: float) -> float:
        """See `LogCurve`."""
        return math.exp(min(_LARGEST, math.log(self.a * self.p / marginal) / (1 - self.p)))


class HillCurve(Spec):
    """a x^s / (k^s + x^s): saturates at a, half of it at k; shaped like an S if s > 1."""

    kind: Literal["hill"] = "hill"
    a: Positive
    k: Positive
    s: Positive

    @property
    def concave(self) -> bool:
        """See `LogCurve`."""
        return self.s <= 1

    def value(self, spend: float) -> float:
        """See `LogCurve`."""
        return self.a / (1 + math.exp(min(_LARGEST, -self.s * math.log(spend / self.k)))) if spend > 0 else 0.0

    def marginal(self, spend: float) -> float:
        """See `LogCurve`."""
        if spend <= 0:
            return math.inf if self.s < 1 else self.a / self.k if self.s == 1 else 0.0
        share = self.value(spend) / self.a
        return self.a * share * (1 - share) * self.s / spend

    def spend_at(self, marginal: float) -> float:
        """See `LogCurve`; of a curve with s > 1, on its falling side."""
        low, high = 0.0, self.k
        if self.s > 1:
            low = self.k * ((self.s - 1) / (self.s + 1)) ** (1 / self.s)  # the steepest point
        if self.marginal(low) <= marginal:
            return 0.0
        while self.marginal(high) > marginal:
            low, high = high, 2 * high
        for _ in range(200):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            low, high = (middle, high) if self.marginal(middle) > marginal else (low, middle)
        return (low + high) / 2


Curve = Annotated[LogCurve | PowerCurve | HillCurve, Field(discriminator="kind")]
