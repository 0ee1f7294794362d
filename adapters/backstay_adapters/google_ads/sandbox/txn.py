"""A mutate in the making: its operations see each other's work, and the world sees it all at once or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backstay.sandbox.world import State, Thing
from backstay_adapters.google_ads.sandbox.failure import Problem, Refusal, Step
from backstay_adapters.google_ads.sandbox.kinds import PLURALS, Kind
from backstay_adapters.google_ads.sandbox.protos import Message

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx
    from backstay_adapters.google_ads.sandbox.settings import Customer


@dataclass(slots=True)
class Draft:
    """A resource as it will be after the operations so far."""

    kind: Kind
    name: str
    """Its resource name."""
    pb: Message
    state: State
    parent: str | None = None
    key: str | None = None
    thing: Thing | None = None
    """None until the world knows it."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further data for the world."""

    @property
    def label(self) -> str:
        """What it is called; empty for what has no name."""
        return str(getattr(self.pb, "name", ""))


class Txn:
    """The operations of one request."""

    def __init__(self, ctx: Ctx, customer: Customer) -> None:
        self.ctx = ctx
        self.customer = customer
        self.real: dict[str, str] = {}
        """Temporary resource names and what became of them."""
        self.failed: set[str] = set()
        """Temporary resource names whose operations failed."""
        self.touched: set[str] = set()
        """Resources that an operation has changed."""
        self._drafts: dict[str, Draft] = {}
        self._steps: list[Callable[[], object]] = []

    def find(self, name: str) -> Draft | None:
        """A resource of the customer, as it is after the operations so far; removed ones included."""
        name = self.real.get(name, name)
        known = self._drafts.get(name)
        if known is not None:
            return known
        thing = self.ctx.sim.thing(name)
        if thing is None or thing.account != self.customer.id:
            return None
        kind = PLURALS[name.split("/")[2]]
        return Draft(kind, name, thing.data["_pb"], thing.state, thing.parent, thing.key, thing)

    def all(self, kind: Kind) -> list[Draft]:
        """All resources of a kind, as they are after the operations so far."""
        account = self.customer.id
        names = [thing.data["_name"] for thing in self.ctx.world.at(account, kind.where())]
        names += [name for name, each in self._drafts.items() if each.kind is kind and each.thing is None]
        return [draft for name in names if (draft := self.find(name)) is not None]

    def named(self, kind: Kind, label: str) -> list[Draft]:
        """Resources of a kind that bear a name."""
        known = {
            thing.data["_name"] for thing in self.ctx.world.named(self.customer.id, kind.where(), label)
        } | self._drafts.keys()
        found = (self.find(name) for name in sorted(known))
        return [each for each in found if each is not None and each.kind is kind and each.label == label]

    def create(self, draft: Draft) -> None:
        """Add a new resource; a link or a criterion that was removed comes back under its old name."""
        if draft.name in self._drafts and self._drafts[draft.name].state is not State.REMOVED:
            return  # the same asset twice in one request
        draft.thing = draft.thing or self.ctx.sim.thing(draft.name)
        if draft.thing is not None:
            self.update(draft, state=draft.state)
            return
        self._drafts[draft.name] = draft
        self._steps.append(lambda: self._create(draft))

    def update(self, draft: Draft, *, state: State | None = None, **extra: Any) -> None:
        """Change a resource; `draft` is the new one, `state` what it is set to, if that changes."""
        self._drafts[draft.name] = draft
        self._steps.append(lambda: self._update(draft, state, extra))

    def tag(self, draft: Draft, key: str | None) -> None:
        """The marker that a label puts on a resource; the first one stays."""
        if draft.thing is None:
            draft.key = draft.key or key
        else:
            self._steps.append(lambda: self._tag(draft.name, key))

    def _tag(self, name: str, key: str | None) -> None:
        thing = self.ctx.sim.thing(name)
        if thing is not None:
            thing.key = thing.key or key

    def commit(self) -> None:
        """Let it all happen."""
        for step in self._steps:
            step()

    def _create(self, draft: Draft) -> None:
        data = {"_kind": draft.kind.word, "_name": draft.name, "_pb": draft.pb, **draft.extra}
        draft.thing = self.ctx.world.create(
            self.ctx.now, id=draft.kind.id_of(draft.name), account=self.customer.id, level=draft.kind.where(),
            name=draft.label, state=draft.state if draft.kind.tree else State.PAUSED, parent=draft.parent, data=data,
            spends=draft.kind.tree, key=draft.key,
        )  # fmt: skip
        if not draft.kind.tree:
            draft.thing.key = None  # a budget or a label named like its campaign is no second campaign

    def _update(self, draft: Draft, state: State | None, extra: dict[str, Any]) -> None:
        thing = self.ctx.sim.thing(draft.name)
        if thing is None:
            return
        data = {"_pb": draft.pb, **extra}
        if state is None or draft.label != thing.name:
            self.ctx.world.update(self.ctx.now, thing, name=draft.label, **data)
        if state is not None:
            self.ctx.world.set_state(self.ctx.now, thing, state, **data)


@dataclass(slots=True)
class Op:
    """One operation on its way."""

    txn: Txn
    kind: Kind
    index: int
    operation: Message
    prefix: tuple[Step, ...]
    """Where the operation is in the request."""

    @property
    def action(self) -> str:
        """create, update or remove; empty when the operation is empty."""
        return self.operation.WhichOneof("operation") or ""

    def refuse(self, family: str, member: str, text: str, *path: Step, trigger: str | None = None) -> Refusal:
        """A refusal that says where."""
        inside = (self.action,) if self.action else ()
        return Refusal(Problem(family, member, text, (*self.prefix, *inside, *path), trigger))

    def required(self, *path: Step) -> Refusal:
        """The vendor's words for what is missing."""
        return self.refuse("field_error", "REQUIRED", "The required field was not present.", *path)

    def resolve(self, kind: Kind, name: str, *path: Step) -> Draft:
        """What a field refers to: a resource of that kind that has not been removed."""
        if not name:
            raise self.required(*path)
        if name in self.txn.failed:
            text = "Resource was not created because its parent had errors."
            raise self.refuse("new_resource_creation_error", "TEMP_ID_RESOURCE_HAD_ERRORS", text, *path, trigger=name)
        found = self.txn.find(name)
        if found is None or found.kind is not kind:
            raise self.refuse("mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", *path, trigger=name)
        return found
