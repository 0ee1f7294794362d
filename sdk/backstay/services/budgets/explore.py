"""Thompson sampling: a plan for curves that may be true, so that little known campaigns come to be known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from backstay.errors import InvalidRequestError
from backstay.policies.exchange import Rates
from backstay.services.budgets.gain import drawn, interval, value
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Limits


def explore(
    candidates: Sequence[Candidate], limits: Limits, *, now: datetime, normal: Callable[[], float],
    id: str = "budgets", rates: Rates | None = None,  # noqa: A002 - the field's own name
) -> BudgetPlan:  # fmt: skip
    """Draw each campaign's curve as its errors allow, and plan for those; the gain is told by the curves believed in.

    `normal` gives standard normal numbers, as in `random.Random(7).normalvariate`; the same ones give the same plan.
    All limits hold; `low` of a campaign is the least that it gets however the draw goes. The gain may be negative: that
    is what exploring costs. Raises what `plan` raises, and InvalidRequestError where no curve has an error.
    """
    if not any(each.spread for each in candidates):
        raise InvalidRequestError(
            "no curve has an error to explore", field="spread", value=len(candidates), rule="budgets.explore",
            hint="give candidates of a history (History.candidate), or spread=Fit.root",
        )  # fmt: skip
    curves = {each.name: drawn(each, normal) for each in sorted(candidates, key=lambda each: each.name)}
    found = plan([each.but(curve=curves[each.name]) for each in candidates], limits, now=now, id=id, rates=rates)
    old, new = ({each.name: getattr(each, side) for each in found.changes} for side in ("old", "new"))
    return found.but(
        value_before=value(candidates, old), value_after=value(candidates, new),
        gain_interval=interval(candidates, old, new), value_ceiling=None,
        notes=(*found.notes, "explores: reasons and marginals are of curves that were drawn"),
    )  # fmt: skip
