"""CampaignPlan: what would be created, changed, paused, activated, and what is left as it is. Nothing is written."""

from __future__ import annotations

from typing import Any

from backstay.ads import Level, Ref
from backstay.services.campaigns.spec import Place
from backstay.services.campaigns.words import MONEY, STATUS, Cause, Do
from backstay.services.hashing import fingerprint
from backstay.spec import Spec


class Field(Spec):
    """One field of an object, in words for people."""

    name: str
    before: str = ""
    after: str = ""


class Step(Spec):
    """One thing to do."""

    do: Do
    id: str
    on: str
    group: str = ""
    ad: str = ""
    ref: Ref | None = None
    """None of what is not there yet."""
    fields: tuple[Field, ...] = ()
    cause: Cause = Cause.SPEC

    @property
    def place(self) -> Place:
        """Which object."""
        return Place(self.group, self.ad)

    @property
    def level(self) -> Level:
        """Its kind."""
        return self.place.level

    @property
    def target(self) -> str:
        """The campaign and its platform."""
        return f"{self.id}@{self.on}"

    @property
    def money(self) -> bool:
        """Whether an amount of money is changed."""
        return self.do in MONEY

    @property
    def status(self) -> bool:
        """Whether something is switched on or off."""
        return self.do in STATUS

    @property
    def text(self) -> str:
        """In one line."""
        changes = "; ".join(f"{each.name} {each.before} -> {each.after}" for each in self.fields if each.before)
        facts = ", ".join(f"{each.name} {each.after}".strip() for each in self.fields if not each.before)
        return f"{self.do.value} {self.place}" + (f": {changes or facts}" if self.fields else "")

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        marks = {"level": self.level.value, "money": self.money, "status": self.status}
        return {**self.model_dump(mode="json"), **marks, "ref": None if self.ref is None else str(self.ref)}


class Trouble(Spec):
    """What is wanted and cannot be; nothing is sent while there is one."""

    id: str
    on: str
    field: str
    value: str = ""
    message: str
    hint: str


class Unread(Spec):
    """A platform that could not be read: nothing is done there, and nothing that may spend more elsewhere."""

    on: str
    error_type: str
    message: str
    retryable: bool = True


class Differs(Spec):
    """What the same spec means on different platforms."""

    id: str
    what: str
    by: tuple[tuple[str, str], ...]


class Left(Spec):
    """Objects that are as they are wanted."""

    id: str
    on: str
    objects: int


class CampaignPlan(Spec):
    """All of it, in the order in which it would be done."""

    set: str
    steps: tuple[Step, ...] = ()
    left: tuple[Left, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    unread: tuple[Unread, ...] = ()
    differs: tuple[Differs, ...] = ()
    held: tuple[Step, ...] = ()
    """Activations that wait until `release()`, because all was paused by `pause_all()`."""

    @property
    def hash(self) -> str:
        """Of its steps: the same plan is made as long as nothing is changed anywhere."""
        return fingerprint(self.steps)

    @property
    def empty(self) -> bool:
        """Whether everything is as it is wanted, as far as could be read."""
        return not (self.steps or self.troubles or self.unread or self.held)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        told = self.model_dump(mode="json", exclude={"steps", "held"})
        steps = {"steps": [each.as_json() for each in self.steps], "held": [each.as_json() for each in self.held]}
        return {**told, **steps, "hash": self.hash, "empty": self.empty}


def in_order(steps: list[Step]) -> tuple[Step, ...]:
    """What stops or lowers spend first, what raises it last; otherwise as they are."""
    order = {do: number for number, do in enumerate(Do)}
    return tuple(sorted(steps, key=lambda each: order[each.do]))
