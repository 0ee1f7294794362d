"""AbPlan: everything that is decided before a test begins, so that nothing is decided by looking at its numbers."""

from __future__ import annotations

import math
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from backstay.ads import AttributionSetting, DateBasis, Money
from backstay.errors import InvalidRequestError
from backstay.services.ab_test.words import AtEnd, Clicks, Design, Metric, SrmMethod, Stopping
from backstay.services.series import UNKNOWN_WINDOW
from backstay.services.stats.group_sequential import Bound
from backstay.services.stats.sizes import SizeFormula, sample_size
from backstay.services.store import check_name
from backstay.spec import Spec

Alpha = Annotated[float, Field(gt=0, lt=0.5)]
Share = Annotated[float, Field(gt=0, le=10)]
WEEK: Final = 7
UNITS: Final = 5_000


class AbPlan(Spec):
    """A test's plan. Relative numbers are shares: 0.1 is 10 %.

    Effects are relative to the control and are judged on the logarithm of the ratio, so no baseline has to be known.
    """

    id: Annotated[str, AfterValidator(check_name)]
    """Names the stored state, and the keys under which the arms are created."""
    metric: Metric
    design: Design
    control: str
    """The arm that the others are compared with."""
    alpha: Alpha = 0.05
    """Chance of a false winner, over all looks and all arms."""
    harm_alpha: Alpha = 0.01
    """Chance to call an arm harmful that is not, over all looks and all arms."""
    stopping: Stopping = Stopping.MSPRT
    effect: Share = 0.1
    """The relative effect hoped for; the mixture's spread is ln(1 + effect)."""
    planned: int | None = Field(default=None, ge=2)
    """Of a confidence sequence: at how many units (impressions, clicks, conversions, for ROAS days), of two arms
    together, it shall be tightest. None: 5000; for ROAS all days."""
    looks: int = Field(default=4, ge=1, le=100)
    """Of a group sequential test."""
    bound: Bound = Bound.OBRIEN_FLEMING
    """Of a group sequential test."""
    equivalence: Annotated[float, Field(gt=0, lt=1)] | None = 0.02
    """Differences up to this share do not matter; None looks for no equivalence."""
    caring: Share = 0.01
    """An expected loss below this share of the control's value is good enough."""
    min_days: int = Field(default=WEEK, ge=1)
    max_days: int = Field(default=28, ge=1)
    """Days of data after which the test ends undecided."""
    whole_weeks: bool = True
    min_results: int = Field(default=25, ge=1)
    """Clicks (CTR) or conversions that each arm needs; 25 give a relative standard error of 20 %."""
    settle_days: int | None = Field(default=None, ge=0, le=90)
    """Days left out at the end unless they are called final. None: the basis' longest window, 7 where it names none;
    0 for CTR, since clicks do not come later."""
    overdispersion: bool = True
    """Widen errors by what daily counts vary more than chance allows."""
    prior: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1.0, 1.0)
    """Of a rate: successes and failures believed in before."""
    srm: SrmMethod = SrmMethod.SEQUENTIAL
    srm_alpha: Alpha = 0.001
    weights: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Planned shares of users, in the order of the arms; empty is equal shares."""
    target_cpa: Money | None = None
    """With it, an arm without any conversion is stopped after spending `stop_loss` times as much."""
    stop_loss: float = Field(default=3.0, ge=1)
    clicks: Clicks = Clicks.ALL
    conversion_events: tuple[str, ...] = ()
    """Asked of the platform; empty takes the account's own setting."""
    attribution: AttributionSetting | None = None
    date_basis: DateBasis = DateBasis.SPEND_DATE
    at_end: AtEnd = AtEnd.LEAVE
    """What becomes of the arms when there is no winner."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.design is Design.CROSS_PLATFORM and self.metric is not Metric.CPA:
            raise _refuse(
                "metric", self.metric.value, "platforms share no users: only cost per result can be set side by side",
                "use metric cpa, or run the arms on one platform",
            )  # fmt: skip
        if self.target_cpa is not None and self.target_cpa.amount <= 0:
            raise _refuse("target_cpa", str(self.target_cpa), "no amount above 0", "leave it out for no stop-loss")
        if self.max_days < self.min_days:
            raise _refuse("max_days", self.max_days, f"less than min_days {self.min_days}", "give at least as many")
        if self.stopping is Stopping.GROUP_SEQUENTIAL and self.max_days % (self.looks * self.step):
            raise _refuse(
                "looks", self.looks, f"{self.max_days} days do not make {self.looks} equal parts",
                f"give max_days a multiple of {self.looks * self.step}",
            )  # fmt: skip
        return self

    @property
    def step(self) -> int:
        """Days by which the data of a verdict grow."""
        return WEEK if self.whole_weeks else 1

    @property
    def planned_units(self) -> int:
        """`planned`, or what stands for None."""
        if self.planned is not None:
            return self.planned
        return 2 * self.max_days if self.metric is Metric.ROAS else UNITS

    @property
    def tau(self) -> float:
        """The spread of the mixture over the logarithm of the ratio."""
        return math.log1p(self.effect)

    def left_out(self, window: int | None) -> int:
        """Days that are left out at the end, for a basis with this longest window."""
        if self.settle_days is not None:
            return self.settle_days
        if self.metric is Metric.CTR:
            return 0
        return UNKNOWN_WINDOW if window is None else window

    def check_arms(self, names: tuple[str, ...]) -> None:
        """Refuse arms that do not fit; raises InvalidRequestError."""
        if len(names) < 2 or len(set(names)) < len(names):
            raise _refuse("arms", list(names), "a test needs at least two arms of different names", "name each arm")
        for name in names:
            check_name(name, "arms")
        if self.control not in names:
            raise _refuse("control", self.control, "no such arm", f"one of {', '.join(names)}")
        if self.weights and len(self.weights) != len(names):
            raise _refuse("weights", list(self.weights), f"there are {len(names)} arms", "give one share for each arm")

    def size(self, baseline: float, *, power: float = 0.8, formula: SizeFormula = SizeFormula.POOLED) -> int:
        """Trials that each arm of a fixed-size test would need to see `effect`; a test with looks needs some more."""
        return sample_size(baseline, baseline * (1 + self.effect), alpha=self.alpha, power=power, formula=formula)


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint)
