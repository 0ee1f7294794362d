"""A file of a test: its plan, and the arms' daily numbers.

plan: {id: hooks, metric: cvr, design: observational_arms, control: A}
basis: {timezone: Europe/Berlin, attribution: {click_days: 7, view_days: 1}}
arms:
  - name: A
    days:
      - {day: 2026-01-05, clicks: 812, conversions: 41, spend: 120.00 USD}
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any

from backstay.ads import MetricBasis, Platform
from backstay.errors import InvalidRequestError
from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.plan import AbPlan
from backstay.services.document import Document, read
from backstay.services.series import DayNumbers, Series, require_basis_fields
from backstay.spec import Spec


class _ArmFile(Spec):
    name: str
    days: tuple[dict[str, Any], ...]
    units: int | None = None
    platform: Platform | None = None
    basis: dict[str, Any] | None = None


class _File(Spec):
    plan: dict[str, Any]
    arms: tuple[dict[str, Any], ...]
    basis: dict[str, Any] | None = None
    basis_fields: str | None = None
    as_of: date | None = None


def evidence_of(path: str | Path) -> Evidence:
    """The evidence in a file; raises InvalidRequestError with line and field for what is wrong in it."""
    return evidence_in(read(path))


def evidence_in(document: Document) -> Evidence:
    """The evidence in a document that was read.

    Without `as_of` all days are taken as final; with it, as the numbers of that day, so that unsettled ones are left
    out. `basis_fields`, where a file has it, must name the fields that a basis has in this version.
    """
    file = document.build(_File)
    if file.basis_fields is not None:
        try:
            require_basis_fields(file.basis_fields, "basis_fields")
        except InvalidRequestError as error:
            raise document.placed(error) from None
    plan = document.build(AbPlan, file.plan, under="plan")
    common = None if file.basis is None else document.build(MetricBasis, file.basis, under="basis")
    arms = tuple(_arm(document, arm, n, common, final=file.as_of is None) for n, arm in enumerate(file.arms))
    try:
        plan.check_arms(tuple(arm.name for arm in arms))
    except InvalidRequestError as error:
        raise document.placed(error, "" if error.field == "arms" else "plan") from None
    return Evidence(plan=plan, arms=arms, as_of=_as_of(file.as_of, arms))


def _arm(
    document: Document, data: dict[str, Any], number: int, common: MetricBasis | None, *, final: bool
) -> ArmEvidence:  # fmt: skip
    under = f"arms.{number}"
    arm = document.build(_ArmFile, data, under=under)
    days = tuple(
        document.build(DayNumbers, {"final": final, **day}, under=f"{under}.days.{n}") for n, day in enumerate(arm.days)
    )
    basis = common if arm.basis is None else document.build(MetricBasis, arm.basis, under=f"{under}.basis")
    told = {"name": arm.name, "days": days, "basis": basis, "platform": arm.platform}
    series = document.build(Series, told, under=under)
    return document.build(ArmEvidence, {"series": series, "units": arm.units}, under=under)


def _as_of(told: date | None, arms: tuple[ArmEvidence, ...]) -> datetime:
    """The evening of the day that the file names, or the morning after its last day; in the latest zone of the arms."""
    days = [day.day for arm in arms for day in arm.series.days]
    day = told or (max(days, default=date(2000, 1, 1)) + timedelta(days=1))
    zones: list[tzinfo] = [arm.series.basis.timezone for arm in arms if arm.series.basis is not None]
    return max(datetime.combine(day, time(12), zone) for zone in zones or [UTC])
