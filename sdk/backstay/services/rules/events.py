"""Progress of rules, in the stream of all events."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event
from backstay.services.events import ServiceTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesRan(Event):
    """A run was decided."""

    name = "rules_ran"
    run: str
    decisions: int
    actions: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleActed(Event):
    """An action of a rule has ended; `end` is a word of `End`."""

    name = "rule_acted"
    run: str
    rule: str
    ref: str
    action: str
    before: str | None
    after: str | None
    end: str
    error_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNotified(Event):
    """A rule that is true wanted this to be told."""

    name = "rule_notified"
    run: str
    rule: str
    ref: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesTrouble(ServiceTrouble):
    """A platform could not be read; its objects are left out of this run, and looked at in the next."""

    name = "rules_trouble"
    run: str
