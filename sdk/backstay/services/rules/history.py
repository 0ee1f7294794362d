"""What the rules have done so far, as far as it still matters: for limits, locks, breakers and slots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Money, Ref
from backstay.services.rules.words import Kind, Part
from backstay.spec import Spec


class Done(Spec):
    """One action that was carried out."""

    key: str
    rule: str
    ref: Ref
    kind: Kind
    part: Part = Part.BUDGET
    """Of a decrease or an increase."""
    at: AwareDatetime
    before: Money | None = None
    after: Money | None = None


class Slot(Spec):
    """The last slot that a rule has run in, by the zone's account."""

    rule: str
    account: str
    begin: AwareDatetime


class Breaker(Spec):
    """A rule's writes of late, oldest first."""

    rule: str
    failures: tuple[bool, ...] = ()
    disabled: str | None = None
    """Why it is out, until somebody enables it."""


class History(Spec):
    """All of it."""

    done: tuple[Done, ...] = ()
    locked: tuple[Ref, ...] = ()
    keys: tuple[str, ...] = ()
    """Actions that were decided and whose end is not known, or which wait for consent."""
    slots: tuple[Slot, ...] = ()
    breakers: tuple[Breaker, ...] = ()

    def of(self, ref: Ref, rule: str | None = None) -> list[Done]:
        """What was done to an object, the newest last."""
        return [each for each in self.done if each.ref == ref and rule in {None, each.rule}]

    def breaker(self, rule: str) -> Breaker:
        """A rule's; a fresh one if nothing has happened."""
        return next((each for each in self.breakers if each.rule == rule), Breaker(rule=rule))

    def slot(self, rule: str, account: str) -> datetime | None:
        """The begin of the last one."""
        return next((each.begin for each in self.slots if (each.rule, each.account) == (rule, account)), None)

    def knows(self, key: str) -> bool:
        """Whether an action was decided before."""
        return key in self.keys or any(each.key == key for each in self.done)

    def kept(self, now: datetime, days: int = 60) -> History:
        """Without what is older than any limit looks back; the last action on each object stays."""
        newest = {(each.ref, each.rule): each for each in self.done}.values()
        return self.but(
            done=tuple(each for each in self.done if now - each.at < timedelta(days=days) or each in newest)
        )


def counted(breaker: Breaker, failures: Iterable[bool]) -> Breaker:
    """With further writes: more than half of at least twenty failed puts the rule out."""
    seen = (*breaker.failures, *failures)[-40:]
    out = len(seen) >= 20 and 2 * sum(seen) > len(seen)
    reason = f"{sum(seen)} of {len(seen)} writes failed" if out and breaker.disabled is None else breaker.disabled
    return breaker.but(failures=seen, disabled=reason)
