"""What an engine keeps: the history, and the actions whose end is not known or which wait for consent."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Ref
from backstay.services.rules.decide import Decision
from backstay.services.rules.history import Breaker, Done, History, Slot
from backstay.services.rules.rule import Tag
from backstay.spec import Spec


class Intent(Spec):
    """An action that was decided."""

    run: str
    decision: Decision
    since: AwareDatetime

    @property
    def key(self) -> str:
        """The action's key."""
        return self.decision.key or ""


class Tagged(Spec):
    """What rules have marked an object with."""

    ref: Ref
    tags: tuple[str, ...]


class RulesState(Spec):
    """All of it."""

    history: History = History()
    open: tuple[Intent, ...] = ()
    """May have been written: their objects are locked."""
    proposals: tuple[Intent, ...] = ()
    killed: bool = False
    tags: tuple[Tagged, ...] = ()

    @property
    def tagged(self) -> dict[Ref, tuple[str, ...]]:
        """The marks by object."""
        return {each.ref: each.tags for each in self.tags}

    @property
    def seen(self) -> History:
        """The history as decisions see it."""
        return self.history.but(
            locked=tuple(dict.fromkeys(each.decision.ref for each in self.open)),
            keys=tuple(each.key for each in (*self.open, *self.proposals)),
        )

    def without(self, key: str) -> RulesState:
        """Without an action, wherever it stands."""
        return self.but(
            open=tuple(each for each in self.open if each.key != key),
            proposals=tuple(each for each in self.proposals if each.key != key),
        )

    def ended(self, done: Done) -> RulesState:
        """An action was carried out."""
        return self.without(done.key).but(history=self.history.but(done=(*self.history.done, done)))

    def with_breaker(self, breaker: Breaker) -> RulesState:
        """With one rule's breaker replaced."""
        others = tuple(each for each in self.history.breakers if each.rule != breaker.rule)
        return self.but(history=self.history.but(breakers=(*others, breaker)))

    def with_tags(self, marks: Iterable[tuple[Ref, Iterable[Tag]]]) -> RulesState:
        """With marks set and taken away."""
        found = {ref: dict.fromkeys(tags) for ref, tags in self.tagged.items()}
        for ref, tags in marks:
            for each in tags:
                own = found.setdefault(ref, {})
                own.pop(each.tag, None) if each.off else own.setdefault(each.tag)
        return self.but(tags=tuple(Tagged(ref=ref, tags=tuple(own)) for ref, own in found.items() if own))

    def with_slots(self, slots: Iterable[Slot]) -> RulesState:
        """With these slots run."""
        new = {(each.rule, each.account): each for each in (*self.history.slots, *slots)}
        return self.but(history=self.history.but(slots=tuple(new.values())))
