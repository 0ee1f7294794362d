"""A file of budgets: the limits, and the campaigns with their curves or with the days that tell them.

limits: {total: 100.00 EUR, max_change: 0.2}
rates: {day: 2026-03-02, to: EUR, one: {USD: 0.92}}
basis: {timezone: Europe/Berlin, attribution: {click_days: 7}}
leave_out: true
campaigns:
  - {name: search, budget: 50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 100, b: 10}}
  - name: video
    budget: 50.00 USD
    unit: 0.01 USD
    shape: log
    days:
      - {day: 2026-02-01, spend: 40.00 USD, conversions: 61}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from backstay.ads import MetricBasis
from backstay.errors import InvalidRequestError
from backstay.policies.exchange import Rates
from backstay.services.budgets.fitting import Shape, fit
from backstay.services.budgets.history import Completion, Result, history_of
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Limits
from backstay.services.document import Document, read
from backstay.services.series import DayNumbers, Series, require_basis_fields
from backstay.spec import Spec

T = TypeVar("T")
_PAST = ("shape", "result", "days")
_PLACES: Final = {
    "total": "limits.total", "min_return": "limits.min_return", "groups": "limits.caps", "items": "campaigns",
}  # fmt: skip
"""Where a file says what a plan refuses."""


class _Rates(Spec):
    day: date
    to: str
    one: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says, and the plan that follows."""

    plan: BudgetPlan
    candidates: tuple[Candidate, ...]
    points: Mapping[str, tuple[tuple[float, float], ...]]
    """Spend and results of the days of those campaigns that have some."""


class _Past(Spec):
    """What is said of a campaign's days."""

    shape: Shape = Shape.LOG
    result: Result = Result.CONVERSIONS
    days: tuple[dict[str, Any], ...]


class _File(Spec):
    limits: dict[str, Any]
    campaigns: tuple[dict[str, Any], ...]
    id: str = "budgets"
    rates: dict[str, Any] | None = None
    basis: dict[str, Any] | None = None
    basis_fields: str | None = None
    completion: tuple[float, ...] | None = None
    leave_out: bool = False


def plan_of(path: str | Path, now: datetime) -> BudgetPlan:
    """The plan of a file; raises InvalidRequestError with line and field for what is wrong in it."""
    return told_of(path, now).plan


def told_of(path: str | Path, now: datetime) -> Told:
    """The plan with what it was made of; raises as `plan_of` does."""
    document = read(path)
    file = document.build(_File)
    if file.basis_fields is not None:
        fields = file.basis_fields
        _placed(document, "", lambda: require_basis_fields(fields, "basis_fields"))
    limits = document.build(Limits, file.limits, under="limits")
    rates = None if file.rates is None else _rates(document, file.rates)
    points: dict[str, tuple[tuple[float, float], ...]] = {}
    some = tuple(
        _candidate(document, file, each, f"campaigns.{n}", now, points) for n, each in enumerate(file.campaigns)
    )
    try:
        return Told(plan(some, limits, now=now, id=file.id, rates=rates), some, points)
    except InvalidRequestError as error:
        raise document.placed(_in_file(error, [each.name for each in some])) from None


def _in_file(error: InvalidRequestError, names: Sequence[str]) -> InvalidRequestError:
    """The same refusal with the path of the field in the file; a plan speaks of campaigns by their names."""
    told = error.field or ""
    found = next((n for n, name in enumerate(names) if told.startswith(f"{name}.")), None)
    path = _PLACES.get(told, told) if found is None else f"campaigns.{found}{told.removeprefix(names[found])}"
    return _renamed(error, path)


def _renamed(error: InvalidRequestError, field: str) -> InvalidRequestError:
    return InvalidRequestError(
        error.message.removeprefix(f"{error.field}: "), field=field, value=error.value, hint=error.hint, rule=error.rule
    )


def _candidate(
    document: Document, file: _File, data: dict[str, Any], under: str, now: datetime,
    points: dict[str, tuple[tuple[float, float], ...]],
) -> Candidate:  # fmt: skip
    if "days" not in data:
        return document.build(Candidate, data, under=under)
    past = document.build(_Past, {name: data[name] for name in _PAST if name in data}, under=under)
    basis = None if file.basis is None else document.build(MetricBasis, file.basis, under="basis")
    days = tuple(document.build(DayNumbers, day, under=f"{under}.days.{n}") for n, day in enumerate(past.days))
    name = str(data.get("name", ""))
    history = history_of(name, document.build(Series, {"name": name, "days": days, "basis": basis}, under=under))
    completion = None if file.completion is None else document.build(Completion, {"shares": file.completion})
    how: Any = {"result": past.result, "completion": completion, "leave_out": file.leave_out}
    points[name] = _placed(document, f"{under}.days", lambda: history.points(now, **how))
    found = _placed(document, f"{under}.days", lambda: fit(points[name], past.shape))
    own = {name: value for name, value in data.items() if name not in _PAST}
    learned = {"curve": found.curve, "spread": found.root, "weak": found.weak, "basis": basis}
    return document.build(Candidate, {**learned, **own}, under=under)


def _rates(document: Document, data: dict[str, Any]) -> Rates:
    one = data.get("one")
    exact = {name: str(rate) for name, rate in one.items()} if isinstance(one, Mapping) else one
    told = document.build(_Rates, {**data, "one": exact} if "one" in data else data, under="rates")
    try:
        return Rates(told.day, told.to, told.one)
    except InvalidRequestError as error:  # of `rates`, or of `rates[USD]`
        field = (error.field or "").replace("rates[", "one.").removesuffix("]")
        raise document.placed(_renamed(error, "one" if field == "rates" else field), "rates") from None


def _placed(document: Document, under: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except InvalidRequestError as error:
        raise document.placed(error, under) from None
