"""A campaign's past as platforms report it, and the curve that follows from it.

Numbers of the attribution window are provisional: results still come in for them. They are refused, unless they are
left out or completed by a `Completion`. Numbers of unequal basis, or of a basis that said less, are never put together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field, model_validator

from backstay.ads import AdPlatform, DateRange, MetricsQuery, MetricsReport, Money, Ref
from backstay.answer import is_stale
from backstay.errors import InvalidRequestError
from backstay.services.budgets.fitting import Fit, Prior, Shape, fit
from backstay.services.budgets.settings import Candidate
from backstay.services.live import LIVE
from backstay.services.series import (
    UNKNOWN_WINDOW,
    DayNumbers,
    Series,
    basis_fields,
    differing,
    require_basis_fields,
    series_of,
    settled,
    window_of,
)
from backstay.spec import Spec

LEAST_KNOWN: Final = 0.2
"""Of a day's results; days of which less is in are left out, since a few results would be blown up into many."""


class Result(StrEnum):
    """What a campaign is judged by."""

    CONVERSIONS = "conversions"
    CLICKS = "clicks"
    REVENUE = "revenue"


class Completion(Spec):
    """Which part of a day's results is in: after one day, after two, and so on; later all of them."""

    shares: tuple[float, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _grows(self) -> Self:
        for number, (before, now) in enumerate(zip((0.0, *self.shares), self.shares, strict=False)):
            if not (0 < now <= 1 and now >= before):
                raise InvalidRequestError(
                    f"shares.{number}: {now:g} after {before:g}", field=f"shares.{number}", value=now,
                    hint="give shares above 0, up to 1, that never fall",
                )  # fmt: skip
        return self

    def share(self, age: int) -> float:
        """Of a day that ended `age - 1` days ago."""
        return self.shares[age - 1] if age <= len(self.shares) else 1.0


def completion_of(days: Sequence[Sequence[float]]) -> Completion:
    """From earlier days, each with its results as they were after one day, after two, and so on.

    The chain ladder: how much all days together grew from one age to the next. The longest is taken as complete.
    Raises InvalidRequestError where nothing can be told.
    """
    longest = max(map(len, days), default=0)
    growth = []
    for age in range(longest - 1):
        both = [(each[age], each[age + 1]) for each in days if len(each) > age + 1]
        before, after = (sum(each[n] for each in both) for n in (0, 1))
        if before <= 0:
            raise InvalidRequestError(
                f"no results after {age + 1} days, so that growth cannot be told", field="days", value=before,
                hint="give more days, or write a Completion by hand", rule="budgets.completion",
            )  # fmt: skip
        growth.append(max(1.0, after / before))
    if not growth:
        raise InvalidRequestError(
            "no day was read at two ages", field="days", value=len(days), rule="budgets.completion",
            hint="give each day's results after one day, after two, and so on",
        )  # fmt: skip
    shares = [1.0]
    for factor in reversed(growth):
        shares.insert(0, shares[0] / factor)
    return Completion(shares=tuple(shares))


class History(Spec):
    """The days of one campaign or ad group."""

    series: Series
    ref: Ref | None = None
    stale: bool = False
    """The report was served stale: no plan is made on it."""
    basis_fields: str = Field(default_factory=basis_fields)
    """What a basis consisted of when these days were read."""

    def joined(self, newer: History) -> History:
        """With newer days; of a day that both have, the newer numbers. Raises InvalidRequestError for another basis."""
        for each in (self, newer):
            require_basis_fields(each.basis_fields, f"the history of {each.series.name}")
        one, other = self.series.basis, newer.series.basis
        if one != other:
            fields = "basis" if one is None or other is None else ", ".join(differing(one, other))
            raise InvalidRequestError(
                f"{self.series.name} was counted differently before: {fields}", field="basis", value=fields,
                rule="services.basis", hint="read the whole history anew, with one attribution",
            )  # fmt: skip
        days = {day.day: day for day in (*self.series.days, *newer.series.days)}
        merged = self.series.but(days=tuple(days[each] for each in sorted(days)))
        return self.but(series=merged, stale=self.stale or newer.stale)

    def points(
        self, now: datetime, *, result: Result = Result.CONVERSIONS, completion: Completion | None = None,
        leave_out: bool = False,
    ) -> tuple[tuple[float, float], ...]:  # fmt: skip
        """Spend and results of each day that is over and that spent something.

        Raises InvalidRequestError for provisional days, unless they are to be completed or left out; for days of
        several currencies; and for a history of another version's basis.
        """
        require_basis_fields(self.basis_fields, f"the history of {self.series.name}")
        today = self._today(now)
        final = set(settled(self.series, today, self._window()))
        over = [day for day in self.series.days if day.day < today]
        open_days = [day.day for day in over if day.day not in final]
        if open_days and completion is None and not leave_out:
            raise InvalidRequestError(
                f"{self.series.name}: results of {len(open_days)} days are provisional, of {open_days[0]} first",
                field="history", value=str(open_days[0]), rule="budgets.provisional",
                hint="give completion=, or leave_out=True, or ask for days before the attribution window",
            )  # fmt: skip
        self._one_currency(over)
        self._no_negative(over)
        told = [(day, 1.0 if day.day in final else _share(completion, day.day, today)) for day in over]
        return tuple(
            (float(day.spend.amount), _result(day, result) / share)
            for day, share in told if day.spend is not None and day.spend.amount > 0 and share >= LEAST_KNOWN
        )  # fmt: skip

    def fitted(self, now: datetime, shape: Shape = Shape.LOG, *, prior: Prior | None = None, **how: Any) -> Fit:
        """The curve of these days; `how` are the options of `points`."""
        return fit(self.points(now, **how), shape, prior=prior)

    def candidate(
        self, now: datetime, *, budget: Money, unit: Money, shape: Shape = Shape.LOG, prior: Prior | None = None,
        result: Result = Result.CONVERSIONS, completion: Completion | None = None, leave_out: bool = False,
        **facts: Any,
    ) -> Candidate:  # fmt: skip
        """What a plan is made of: the curve with what is not known of it, the basis, and whether it is stale."""
        spent = next((day.spend.currency for day in self.series.days if day.spend is not None), budget.currency)
        if spent != budget.currency:
            raise InvalidRequestError(
                f"{self.series.name} spent {spent}, its budget is in {budget.currency}", field="budget",
                value=str(budget), rule="budgets.input", hint="give the budget in the account's currency",
            )  # fmt: skip
        found = self.fitted(now, shape, prior=prior, result=result, completion=completion, leave_out=leave_out)
        told = {
            "name": self.series.name, "ref": self.ref, "budget": budget, "unit": unit, "curve": found.curve,
            "spread": found.root, "weak": found.weak, "basis": self.series.basis, "stale": self.stale,
            "basis_fields": self.basis_fields,
        }  # fmt: skip
        return Candidate(**{**told, **facts})

    def _today(self, now: datetime) -> date:
        return now.astimezone(self.series.basis.timezone if self.series.basis is not None else UTC).date()

    def _window(self) -> int:
        window = window_of(self.series.basis)
        return UNKNOWN_WINDOW if window is None else window

    def _no_negative(self, days: Sequence[DayNumbers]) -> None:
        wrong = next((day for day in days if day.spend is not None and day.spend.amount < 0), None)
        if wrong is not None:
            n = self.series.days.index(wrong)
            raise InvalidRequestError(
                f"{self.series.name} spent {wrong.spend} on {wrong.day}, less than nothing",
                field=f"history.{n}.spend", value=str(wrong.spend), rule="budgets.input",
                hint="correct it, or leave this day out",
            )  # fmt: skip

    def _one_currency(self, days: Sequence[DayNumbers]) -> None:
        known = sorted({day.spend.currency for day in days if day.spend is not None})
        if len(known) > 1:
            raise InvalidRequestError(
                f"{self.series.name} spent {' and '.join(known)}", field="history", value=", ".join(known),
                rule="budgets.input", hint="give days of one account",
            )  # fmt: skip


def history_of(name: str, told: MetricsReport | Series, ref: Ref | None = None) -> History:
    """From a report (of one object, if `ref` is given, else of all its rows together) or from a series.

    Raises InvalidRequestError for rows of unequal basis, for a report without days, and for one without the object.
    """
    if isinstance(told, Series):
        return History(series=told.but(name=name), ref=ref)
    rows = [row for row in told.rows if ref is None or row.ref == ref]
    if not rows:
        raise InvalidRequestError(
            f"the report has no row of {name}", field="rows", value=str(ref), hint="see its missing_days, and its level"
        )
    return History(series=series_of(name, rows, rows[0].ref.platform), ref=ref, stale=is_stale(told))


async def read_histories(platform: AdPlatform, refs: Mapping[str, Ref], days: DateRange) -> dict[str, History]:
    """Ask a platform for the days of its objects, live; raises BackstayError, and what `history_of` raises."""
    found: dict[str, History] = {}
    for level in dict.fromkeys(ref.level for ref in refs.values()):
        own = {name: ref for name, ref in refs.items() if ref.level is level}
        report = await platform.get_metrics(MetricsQuery(level=level, days=days, refs=tuple(own.values())), **LIVE)
        found |= {name: history_of(name, report, ref) for name, ref in own.items()}
    return {name: found[name] for name in refs}


def _share(completion: Completion | None, day: date, today: date) -> float:
    return 0.0 if completion is None else completion.share((today - day).days)


def _result(day: DayNumbers, result: Result) -> float:
    if result is Result.CLICKS:
        return float(day.clicks)
    if result is Result.CONVERSIONS:
        return float(day.conversions)
    if day.revenue is None:
        raise InvalidRequestError(
            f"{day.day} has no revenue", field="result", value=result.value, hint="judge by conversions, or add revenue"
        )
    return float(day.revenue.amount)
