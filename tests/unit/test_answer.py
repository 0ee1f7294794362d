"""Answers: where they came from travels beside them and is in nobody's way."""

from __future__ import annotations

import copy
import math
import pickle
from datetime import UTC, datetime
from typing import ClassVar, Generic, TypeVar

import pytest
from pydantic import Field, ValidationError

from backstay.answer import UNSERVED, Answer, Served, is_stale, require_live, stamp, with_served
from backstay.errors import StaleInputError
from backstay.values import EMPTY, unchecked

T = TypeVar("T")
LIVE = Served(source="live", by="tiktok", fetched_at=datetime(2026, 1, 1, tzinfo=UTC), request_ids=("a", "b"))
STALE = Served(source="stale", by="tiktok", age=60.0, cause="CIRCUIT_OPEN")


class Thing(Answer):
    """An answer."""

    name: str
    parts: tuple[int, ...] = ()


class Holder(Answer, Generic[T]):
    """An answer that holds others."""

    _carries: ClassVar = ("value", "more")
    value: T
    more: tuple[T, ...] = ()


def test_an_answer_says_where_it_came_from() -> None:
    """A copy is marked; the original, perhaps in a cache, is not."""
    thing = Thing(name="a")
    marked = with_served(thing, LIVE)
    assert marked.served is LIVE
    assert thing.served is UNSERVED
    assert with_served(marked, STALE).served is STALE
    assert marked.served is LIVE


def test_a_fresh_object_is_marked_in_place() -> None:
    """`stamp` makes no copy."""
    thing = Thing(name="a")
    assert stamp(thing, LIVE) is thing
    assert thing.served is LIVE


def test_it_is_no_part_of_equality_hash_or_dumps() -> None:
    """Two answers with the same content are the same, wherever they came from."""
    live, stale = with_served(Thing(name="a"), LIVE), with_served(Thing(name="a"), STALE)
    assert live == stale
    assert hash(live) == hash(stale)
    assert live.model_dump() == {"extra": {}, "name": "a", "parts": ()}
    assert live.model_dump_json() == stale.model_dump_json()
    assert repr(live) == repr(stale)
    assert "served" not in Thing.model_json_schema()["properties"]
    assert live != with_served(Thing(name="b"), LIVE)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_it_survives_pickle(protocol: int) -> None:
    """With every protocol that pydantic supports, marked or not."""
    marked = with_served(Thing(name="a", parts=(1,), extra={"x": [1]}), LIVE)
    back = pickle.loads(pickle.dumps(marked, protocol))
    assert (back, back.served, back.extra) == (marked, LIVE, {"x": [1]})
    assert pickle.loads(pickle.dumps(Thing(name="a"), protocol)).served is UNSERVED


def test_parametrised_answers_pickle() -> None:
    """Also when the parametrised class was made inside a function and has no name to be found by."""
    held = with_served(Holder[Thing](value=Thing(name="a")), LIVE)
    back = pickle.loads(pickle.dumps(held))
    assert back == held
    assert type(back) is Holder[Thing]
    assert back.served == back.value.served == LIVE


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda answer: answer.model_copy()])
def test_it_survives_copies(copied: object) -> None:
    """Shallow, deep, and pydantic's own."""
    marked = with_served(Thing(name="a"), LIVE)
    assert copied(marked).served == LIVE
    assert copied(marked) == marked
    assert copied(Thing(name="a")).served is UNSERVED


def test_a_changed_copy_leaves_the_original_alone() -> None:
    """`with_served` shares no dict that `model_copy(update=)` could write to."""
    thing = Thing(name="a")
    marked = with_served(thing, LIVE)
    assert marked.model_copy(update={"name": "b"}).name == "b"
    assert (thing.name, marked.name) == ("a", "a")


def test_answers_inside_are_served_as_the_whole() -> None:
    """What a container carries came with the same call; the carried originals stay unmarked."""
    part, more = Thing(name="a"), Thing(name="b")
    whole = with_served(Holder(value=part, more=(more,)), LIVE)
    assert whole.value.served is whole.more[0].served is LIVE
    assert part.served is more.served is UNSERVED
    assert stamp(Holder(value=1, more=(2,)), LIVE).served is LIVE


def test_answers_are_frozen() -> None:
    """Neither a field nor the vendor's remainder can be changed."""
    thing = Thing(name="a", extra={"x": 1})
    with pytest.raises(ValidationError):
        thing.name = "b"
    with pytest.raises(ValidationError):
        thing.served = LIVE  # type: ignore[misc] # the point of the test
    for change in (lambda e: e.update(x=2), lambda e: e.pop("x"), lambda e: e.__setitem__("x", 2), lambda e: e.clear()):
        with pytest.raises(TypeError, match="read-only"):
            change(thing.extra)
    assert thing.extra == {"x": 1}


def test_the_vendors_remainder_is_a_copy() -> None:
    """Changing the dict that an answer was made from does not change the answer."""
    raw = {"x": 1}
    thing = Thing(name="a", extra=raw)
    raw["x"] = 2
    assert thing.extra["x"] == 1


@pytest.mark.parametrize(
    ("served", "stale"),
    [(LIVE, False), (STALE, True), (Served("cache"), False), (Served("replayed"), False), (None, True)],
)
def test_what_counts_as_stale(served: Served | None, stale: bool) -> None:
    """What was served after an error, and what no adapter gave."""
    thing = Thing(name="a")
    assert is_stale(thing if served is None else with_served(thing, served)) is stale


@pytest.mark.parametrize("served", [STALE, Served("cache"), Served("replayed"), None])
def test_writes_take_live_answers_only(served: Served | None) -> None:
    """Everything else is refused, with the source and the cure."""
    thing = Thing(name="a")
    with pytest.raises(StaleInputError) as caught:
        require_live(thing if served is None else with_served(thing, served), field="expect")
    assert caught.value.field == "expect"
    assert "max_age=0" in caught.value.hint
    assert caught.value.retryable is False


def test_a_live_answer_passes() -> None:
    """`require_live` gives back what it was given."""
    live = with_served(Thing(name="a"), LIVE)
    assert require_live(live) is live


def test_an_answer_made_by_hand_is_as_old_as_can_be() -> None:
    """Nobody vouches for it, and it says so."""
    assert Thing(name="a").served.age == math.inf
    assert Thing(name="a").served.cause == "NOT_SERVED"


# Without pydantic's checks ------------------------------------------------------------------------------------------


def test_an_unchecked_answer_is_like_any_other() -> None:
    """Made without checks, it equals, hashes, prints, dumps and pickles as one that was made with them."""
    quick = unchecked(Thing)(parts=(1,), name="a")
    slow = Thing(name="a", parts=(1,))
    assert (quick, hash(quick), repr(quick)) == (slow, hash(slow), repr(slow))
    assert quick.model_dump_json() == slow.model_dump_json()
    assert pickle.loads(pickle.dumps(quick)) == copy.deepcopy(quick) == quick.model_copy() == slow
    assert quick.model_copy(update={"name": "b"}) == Thing(name="b", parts=(1,))
    assert quick.served is UNSERVED
    assert with_served(quick, LIVE).served is LIVE
    with pytest.raises(ValidationError):
        quick.name = "b"  # type: ignore[misc]  # the point of the test


def test_an_unchecked_answer_has_the_defaults_of_its_class() -> None:
    """Those that a factory makes too; what is made so is frozen, and shared."""

    class Nest(Answer):
        thing: Thing = Field(default_factory=lambda: Thing(name="usual"))
        more: int = 3

    make = unchecked(Nest)
    assert make() == Nest() == make(more=3)
    assert make().thing == Thing(name="usual")
    assert make(more=4) == Nest(more=4)


def test_a_marked_copy_keeps_its_fields_to_itself() -> None:
    """It shares them with the original until one of them is copied with a change."""
    thing = Thing(name="a")
    marked = with_served(thing, LIVE)
    assert marked.model_copy(update={"name": "b"}).name == "b"
    assert (thing.name, marked.name) == ("a", "a")


def test_an_empty_mapping_is_not_copied_and_another_one_is_in_depth() -> None:
    """Pydantic copies defaults for every object; a vendor's own fields may hold lists."""
    thing = Thing(name="a", extra={"ids": [1]})
    assert copy.deepcopy(EMPTY) is EMPTY
    assert Thing(name="b").extra is EMPTY
    assert copy.deepcopy(thing).extra == thing.extra
    assert copy.deepcopy(thing).extra["ids"] is not thing.extra["ids"]
