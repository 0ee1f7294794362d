"""Criteria: keywords of ad groups; places, languages and what else a campaign aims at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, member, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

_CONSTANTS: Final = (("location", "geo_target_constant"), ("language", "language_constant"))
"""Criteria whose id is that of the constant which they name."""

_BAD: Final = frozenset("!@%,*()={};~`<>?\\|^")


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria of one level."""

    parent: str
    """Of which resource they are."""

    def create(self, op: Op, pb: Message) -> Draft:
        """A new criterion."""
        owner = op.resolve(KINDS[self.parent], getattr(pb, self.parent), self.parent)
        setattr(pb, self.parent, owner.name)
        kind = pb.WhichOneof("criterion")
        if kind is None:
            raise op.refuse("criterion_error", "CONCRETE_TYPE_REQUIRED", "A concrete type of criterion is required.")
        if kind == "keyword":
            _keyword(op, pb)
        checks.bids(op, pb)
        state = State.PAUSED if pb.negative else checks.state(op, pb, created=True)
        put(pb, "status", "ENABLED" if pb.negative else member(pb, "status"))
        pb.criterion_id = _id(op, pb, kind)
        put(pb, "type_", kind.upper())
        name = op.kind.name_of(op.txn.customer.id, f"{owner.name.rsplit('/', 1)[-1]}~{pb.criterion_id}")
        self._new(op, name, pb, owner.name)
        return Draft(op.kind, name, pb, state)

    def update(self, op: Op, old: Draft, pb: Message) -> Draft:
        """The changed criterion."""
        checks.bids(op, pb)
        draft = Draft(op.kind, old.name, pb, checks.state(op, pb, created=False), thing=old.thing)
        op.txn.update(draft)
        return draft

    def remove(self, op: Op, old: Draft) -> None:
        """A criterion may always go."""

    def _new(self, op: Op, name: str, pb: Message, owner: str) -> None:
        alive = [each for each in op.txn.all(op.kind) if each.state is not State.REMOVED]
        for other in alive:
            same = other.name == name or (
                getattr(other.pb, self.parent) == owner
                and pb.WhichOneof("criterion") == "keyword" == other.pb.WhichOneof("criterion")
                and other.pb.keyword == pb.keyword
                and other.pb.negative == pb.negative
            )
            if same:
                text = "The resource being created already exists."
                raise op.refuse("mutate_error", "RESOURCE_ALREADY_EXISTS", text, trigger=other.name)


AD_GROUP: Final = Criteria("ad_group")
CAMPAIGN: Final = Criteria("campaign")


def _keyword(op: Op, pb: Message) -> None:
    text = pb.keyword.text
    if not text.strip():
        raise op.required("keyword", "text")
    if member(pb.keyword, "match_type") == "UNSPECIFIED":
        raise op.required("keyword", "match_type")
    family, where = "criterion_error", ("keyword", "text")
    if len(text) > 80:
        raise op.refuse(family, "KEYWORD_TEXT_TOO_LONG", "The keyword text is too long.", *where, trigger=text)
    if len(text.split()) > 10:
        raise op.refuse(family, "KEYWORD_HAS_TOO_MANY_WORDS", "Keyword text has too many words.", *where, trigger=text)
    if _BAD & set(text):
        words = "Keyword text has invalid characters or symbols."
        raise op.refuse(family, "KEYWORD_HAS_INVALID_CHARS", words, *where, trigger=text)


def _id(op: Op, pb: Message, kind: str) -> int:
    for word, field in _CONSTANTS:
        if kind == word:
            tail = str(getattr(getattr(pb, word), field)).rsplit("/", 1)[-1]
            if not tail.isdigit():
                raise op.refuse("criterion_error", "INVALID_CRITERION_ID", "The criterion id is invalid.", word, field)
            return int(tail)
    return int(op.txn.ctx.sim.new_id())
