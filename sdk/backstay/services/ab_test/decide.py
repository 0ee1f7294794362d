"""The decision: evidence in, verdict out. Pure, so that `replay` can make it again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backstay.errors import ConflictError
from backstay.services.ab_test import guards
from backstay.services.ab_test.claims import claim, method
from backstay.services.ab_test.compare import Rule, comparison, equivalent, harm_seen, look_of, seen, significant
from backstay.services.ab_test.estimate import Estimate, estimates
from backstay.services.ab_test.evidence import ArmEvidence, ArmLook, Evidence, Look
from backstay.services.ab_test.results import beliefs, shown
from backstay.services.ab_test.verdict import Comparison, RatioCheck, Verdict
from backstay.services.ab_test.windows import Windows, overdue, part, windows
from backstay.services.ab_test.words import Outcome, Reason, Stopping
from backstay.services.hashing import fingerprint
from backstay.services.series import window_of
from backstay.services.stats.multiple import holm
from backstay.services.stats.rates import stop_loss_chance

Answer = tuple[Outcome, str | None, tuple[Reason, ...], tuple[str, ...]]
"""Outcome, arm, reasons, notes."""


def decide(evidence: Evidence) -> Verdict:
    """The verdict of a look.

    Raises:
        InvalidRequestError: the numbers are of another version's basis, or in several currencies.
    """
    evidence.check()
    return _Case(evidence).verdict()


def replay(verdict: Verdict) -> Verdict:
    """The verdict made again from the evidence that it carries.

    Raises:
        ConflictError: it came out differently: the evidence was changed, or this version decides differently.
    """
    again = decide(verdict.evidence)
    for name in ("data_hash", "outcome", "arm", "reasons", "first", "last", "days", "best"):
        if getattr(again, name) != getattr(verdict, name):
            raise _differs(name, getattr(again, name), getattr(verdict, name))
    for now, then in zip(again.comparisons, verdict.comparisons, strict=True):
        if not math.isclose(now.p or 0.0, then.p or 0.0, rel_tol=1e-6, abs_tol=1e-12):  # machines differ in last digits
            raise _differs("comparisons.p", now.p, then.p)
    return again


def _differs(name: str, now: object, then: object) -> ConflictError:
    return ConflictError(
        f"the verdict comes out differently: {name} is {now}, not {then}", field=name, value=str(then),
        rule="ab_test.replay", hint="the evidence was changed after the verdict, or another version made it",
    )  # fmt: skip


@dataclass
class _Case:
    """One look on its way to a verdict."""

    evidence: Evidence
    notes: list[str] = field(default_factory=list)
    lucky: bool = False
    """The better arm owes it to one order."""

    @cached_property
    def live(self) -> list[ArmEvidence]:
        return [arm for arm in self.evidence.arms if not arm.stopped]

    @cached_property
    def days(self) -> Windows:
        return windows(self.evidence, self.live)

    @cached_property
    def treatments(self) -> list[ArmEvidence]:
        return [arm for arm in self.live if arm.name != self.evidence.plan.control]

    @cached_property
    def rule(self) -> Rule:
        """Errors are shared out among all arms that ever were, stopped ones too."""
        plan = self.evidence.plan
        planned = plan.stopping is Stopping.GROUP_SEQUENTIAL
        look = len(self.days.counted) // part(self.evidence) if planned else 1
        return Rule(plan, len(self.evidence.arms) - 1, look)

    @cached_property
    def counted(self) -> dict[str, Estimate]:
        return self._estimates(self.days.counted)

    @cached_property
    def harmed(self) -> dict[str, Estimate]:
        return self._estimates(self.days.settled)

    def _estimates(self, days: Any) -> dict[str, Estimate]:
        made = estimates([arm.series.between(days) for arm in self.live], self.evidence.plan)
        return {arm.name: each for arm, each in zip(self.live, made, strict=True)}

    @cached_property
    def ratio(self) -> RatioCheck | None:
        return guards.ratio_check(self.evidence, self.live)

    @cached_property
    def looks(self) -> list[ArmLook]:
        """What this look adds, for each treatment."""
        control, before = self.evidence.plan.control, self.evidence.before
        found = []
        for arm in self.treatments:
            now = seen(self.counted[control], self.counted[arm.name])
            harm = harm_seen(self.evidence.plan, self.harmed[control], self.harmed[arm.name])
            units = self.counted[control].units + self.counted[arm.name].units
            known = before.of(arm.name) if before else ArmLook(arm=arm.name)
            found.append(look_of(self.rule, arm.name, now, harm, units, known))
        return found

    @cached_property
    def adjusted(self) -> dict[str, float]:
        ps = holm([look.p for look in self.looks], self.rule.comparisons)
        return {look.arm: p for look, p in zip(self.looks, ps, strict=True)}

    # The ladder ---------------------------------------------------------------------------------------------------

    def verdict(self) -> Verdict:
        """The first rung that holds."""
        if any(arm.series.basis is None for arm in self.live):
            self.notes.append("no basis is given: nobody vouches that the arms are counted alike")
        broken = self._broken()
        if broken is not None:
            return self._made(*broken, compared=False)
        for rung in (self._stale, self._stop_loss, self._harm, self._decided, self._out_of_time):
            answer = rung()
            if answer is not None:
                return self._made(*answer)
        return self._made(Outcome.CONTINUE, None, (*self._lacking(), Reason.NOT_DECIDED), self._settling())

    def _broken(self) -> Answer | None:
        """What makes the numbers incomparable."""
        for reason, guard in ((Reason.BASIS, guards.unequal_basis), (Reason.UNDEFINED, guards.undefined_numbers)):
            found = guard(self.evidence, self.live)
            if found:
                return self._unless_stale(reason, found)
        if self.ratio is not None and self.ratio.alarm:
            return self._unless_stale(Reason.SRM, (f"users per arm: {', '.join(map(str, self.ratio.units))}",))
        found = guards.interruptions(self.live, self.days)
        return self._unless_stale(Reason.INTERRUPTED, found) if found else None

    def _unless_stale(self, reason: Reason, notes: tuple[str, ...]) -> Answer:
        if self.evidence.stale:
            return Outcome.CONTINUE, None, (Reason.STALE, reason), notes
        return Outcome.INVALID, None, (reason,), notes

    def _stale(self) -> Answer | None:
        if not self.evidence.stale:
            return None
        return Outcome.CONTINUE, None, (Reason.STALE,), ("the numbers were not served live: they end nothing",)

    def _stop_loss(self) -> Answer | None:
        found = guards.stop_losses(self.evidence, self.live, self.days)
        if not found:
            return None
        name, times = max(found, key=lambda each: each[1])
        chance = stop_loss_chance(times)
        note = (
            f"{name} spent {times:.2f} times the target cost without a conversion; on target the chance is {chance:.3g}"
        )
        return Outcome.HARM, name, (Reason.STOP_LOSS,), (note,)

    def _harm(self) -> Answer | None:
        """One-sided, with an alpha of its own, on all settled days; it waits for no week."""
        if self.harmed[self.evidence.plan.control].results < self.evidence.plan.min_results:
            return None
        worst = min(self.looks, key=lambda look: look.harm_p)
        if worst.harm_p > self.rule.harm_alpha:
            return None
        note = f"{worst.arm} is worse than {self.evidence.plan.control} with p {worst.harm_p:.3g}"
        return Outcome.HARM, worst.arm, (Reason.WORSE,), (note,)

    def _decided(self) -> Answer | None:
        if self._lacking():
            return None
        if all(equivalent(self.rule, look) for look in self.looks):
            return Outcome.NO_DIFFERENCE, None, (Reason.EQUIVALENT,), ()
        sure = [look for look in self.looks if significant(self.rule, look, self.adjusted[look.arm])]
        ahead = [look.arm for look in sure if look.z is not None and look.z > 0]
        if ahead:
            return self._winner(ahead)
        if len(sure) == len(self.looks) and all(look.z is not None and look.z < 0 for look in sure):
            return Outcome.WINNER, self.evidence.plan.control, (Reason.CONTROL_BETTER,), ()
        return None

    def _winner(self, ahead: list[str]) -> Answer | None:
        """Of the arms that surely beat the control, the one of least expected loss."""
        _, losses = beliefs(self.counted)
        best = min(ahead, key=lambda name: (losses.get(name, 0.0), name))
        if self._one_order(best):
            self.lucky = True
            self.notes.append(f"without the largest order {best} is no longer better than {self.evidence.plan.control}")
            return None
        return Outcome.WINNER, best, (Reason.BETTER,), ()

    def _one_order(self, arm: str) -> bool:
        """Whether it owes it to one order; where orders are not known, the number is shown and nothing is held back."""
        own, control = self.counted[arm], self.counted[self.evidence.plan.control].value
        if own.without_largest is None or control is None or own.without_largest > control:
            return False
        if not own.orders_known:
            self.notes.append(f"without its largest day {arm} is no longer better: orders are not known")
        return own.orders_known

    def _out_of_time(self) -> Answer | None:
        plan = self.evidence.plan
        if len(self.days.settled) < plan.max_days and not overdue(self.evidence, self.live):
            return None
        note = f"{len(self.days.settled)} of {plan.max_days} days of data"
        return Outcome.TIMEOUT, None, (Reason.OUT_OF_TIME, *self._lacking()), (note,)

    def _settling(self) -> tuple[str, ...]:
        """What is waited for, where days are over and none has settled."""
        if self.days.settled or not all(self.days.complete.values()):
            return ()
        longest = max(self.evidence.plan.left_out(window_of(arm.series.basis)) for arm in self.live)
        return (f"days count when they are more than {longest} days old, or called final",)

    def _lacking(self) -> tuple[Reason, ...]:
        """What is missing for a winner."""
        plan, found = self.evidence.plan, []
        if not self.days.settled:
            return (Reason.NO_DATA,)
        if len(self.days.counted) < plan.min_days:
            found.append(Reason.TOO_FEW_DAYS)
        if any(each.results < plan.min_results for each in self.counted.values()):
            found.append(Reason.TOO_FEW_RESULTS)
        if self.rule.bound is not None and len(self.days.settled) > len(self.days.counted):
            found.append(Reason.BETWEEN_LOOKS)
        if self.lucky:
            found.append(Reason.ONE_ORDER)
        return tuple(found)

    # The verdict --------------------------------------------------------------------------------------------------

    def _made(
        self, outcome: Outcome, arm: str | None, reasons: tuple[Reason, ...], notes: tuple[str, ...],
        *, compared: bool = True,
    ) -> Verdict:  # fmt: skip
        evidence, plan = self.evidence, self.evidence.plan
        facts = shown(evidence, self.counted, self.days.counted) if compared else {}
        return Verdict(
            outcome=outcome, arm=arm, reasons=tuple(dict.fromkeys(reasons)), notes=(*notes, *self.notes),
            claim=claim(plan, outcome, arm, self.live), method=method(plan, self.rule.comparisons), design=plan.design,
            metric=plan.metric, comparisons=self._comparisons() if compared else (), ratio=self.ratio,
            looks=self._looks(compared=compared), data_hash=self.data_hash, evidence=evidence, **facts,
        )  # fmt: skip

    def _comparisons(self) -> tuple[Comparison, ...]:
        control = self.counted[self.evidence.plan.control]
        return tuple(
            comparison(self.rule, look, seen(control, self.counted[look.arm]), self.adjusted[look.arm])
            for look in self.looks
        )

    @cached_property
    def data_hash(self) -> str:
        return fingerprint(self.evidence)

    def _looks(self, *, compared: bool) -> tuple[Look, ...]:
        """The looks so far, and this one if it saw settled days that none before saw. Stale numbers are no look."""
        evidence, days, before = self.evidence, self.days.settled, self.evidence.before
        if not compared or not days or evidence.stale:
            return evidence.looks
        own = fingerprint(tuple(arm.series.between(days) for arm in self.live))
        if before is not None and before.data_hash == own:
            return evidence.looks
        kept = [each for each in before.arms if each.arm not in self.adjusted] if before else []
        new = Look(
            number=len(evidence.looks) + 1, at=evidence.as_of, first=days[0], last=days[-1], days=len(days),
            data_hash=own, arms=(*kept, *self.looks), srm_p=self.ratio.sequential_p if self.ratio else None,
        )  # fmt: skip
        return (*evidence.looks, new)
