"""The world counts what really happened."""

from __future__ import annotations

import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import State, Thing, World
from backstay.writes.marker import mark, token

KEY = token("tiktok", "1", "create_campaign", "spring")
NAME = mark("Spring", KEY)


def campaign(world: World, id_: str, *, state: State = State.PAUSED, name: str = NAME, now: float = 0.0) -> Thing:
    """A campaign of account 1."""
    return world.create(now, id=id_, account="1", level="campaign", name=name, state=state)


def tree(world: World, **data: object) -> list[Thing]:
    """A paused campaign with an ad group and an ad."""
    top = campaign(world, "c")
    group = world.create(0.0, id="g", account="1", level="ad_group", parent="c", data=data)
    return [top, group, world.create(0.0, id="a", account="1", level="ad", parent="g")]


def test_the_key_is_read_from_the_name() -> None:
    """A marked name carries its token, and a later rename does not lose it."""
    world = World()
    thing = campaign(world, "c")
    world.update(1.0, thing, name="renamed by hand")
    assert thing.key == KEY
    assert world.objects(KEY) == [thing]
    assert world.objects("other") == []


@pytest.mark.parametrize(
    ("states", "duplicates", "parked"),
    [
        ([State.ACTIVE], [], []),
        ([State.PAUSED], [], []),
        ([State.ACTIVE, State.PAUSED], [], ["1"]),
        ([State.PAUSED, State.PAUSED], [], ["1"]),
        ([State.ACTIVE, State.ACTIVE], ["0", "1"], []),
        ([State.ACTIVE, State.PAUSED, State.ACTIVE], ["0", "2"], ["1"]),
    ],
)
def test_duplicates_ran_and_parked_never_did(states: list[State], duplicates: list[str], parked: list[str]) -> None:
    """Two objects of a key that ever ran are duplicates; extras that never ran are parked."""
    world = World()
    for number, state in enumerate(states):
        campaign(world, str(number), state=state)
    assert world.duplicates().get(KEY, []) == [id_ for id_ in map(str, range(len(states))) if id_ in duplicates]
    assert world.parked() == parked


def test_a_duplicate_stays_one_after_it_was_stopped() -> None:
    """What ran, ran: pausing it later does not undo it."""
    world = World()
    first, second = campaign(world, "1", state=State.ACTIVE), campaign(world, "2", state=State.ACTIVE)
    world.set_state(1.0, first, State.REMOVED)
    world.set_state(1.0, second, State.PAUSED)
    assert world.summary()["duplicates"] == 1


def test_orphans_are_active_and_unknown() -> None:
    """A journal owns by id or by key; paused objects are nobody's worry."""
    world = World()
    campaign(world, "1", state=State.ACTIVE)
    campaign(world, "2", state=State.ACTIVE, name="made by hand")
    campaign(world, "3", name="paused by hand")
    assert world.orphans(set()) == ["1", "2"]
    assert world.orphans({KEY}) == ["2"]
    assert world.orphans({"1", "2"}) == []


def test_a_tree_spends_only_when_every_level_is_on() -> None:
    """Campaign, ad group and ad must be active, and the schedule must have begun."""
    world = World()
    things = tree(world, _starts=100.0, _ends=200.0)
    for thing in things:
        assert world.active_trees() == []
        world.set_state(1.0, thing, State.ACTIVE)
    assert world.active_trees() == ["c"]
    assert [world.could_spend(now) for now in (99.0, 100.0, 199.0, 200.0)] == [[], ["a"], ["a"], []]


def test_lists_lag_behind_and_changes_need_not() -> None:
    """A new object shows after the lag; its changes show at once, unless they lag too."""
    for lagging, shown in ((False, "new"), (True, "old")):
        world = World(read_lag=3.0, lag_updates=lagging)
        thing = campaign(world, "c", name="old")
        assert thing.seen(2.9) is None
        world.update(10.0, thing, name="new")
        seen = thing.seen(11.0)
        assert seen is not None
        assert seen.name == shown
        assert thing.name == "new"


def test_a_change_never_shows_before_its_object() -> None:
    """An update right after the create stays hidden as long as the object is."""
    world = World(read_lag=5.0)
    thing = campaign(world, "c")
    world.set_state(1.0, thing, State.ACTIVE)
    assert thing.seen(4.9) is None
    assert thing.now.state is State.ACTIVE


def test_the_same_seed_gives_the_same_lags() -> None:
    """Drawn lags are repeatable and lie in their range."""

    def lags(seed: int) -> list[float]:
        world = World(seed, read_lag=(0.0, 3.0))
        return [campaign(world, str(number)).visible_at for number in range(20)]

    assert lags(1) == lags(1) != lags(2)
    assert all(0.0 <= lag <= 3.0 for lag in lags(1))


def test_the_log_tells_what_happened() -> None:
    """Each effect with its kind and whether the object could spend afterwards."""
    world = World()
    thing = campaign(world, "c")
    world.update(1.0, thing, budget=5)
    world.set_state(2.0, thing, State.ACTIVE)
    world.set_state(3.0, thing, State.REMOVED)
    assert [(each.at, each.kind, each.can_spend) for each in world.log] == [
        (0.0, "create", False), (1.0, "update", False), (2.0, "status", True), (3.0, "delete", False),
    ]  # fmt: skip


def test_an_id_is_given_once() -> None:
    """A simulator that reuses an id has a bug, and hears of it."""
    world = World()
    campaign(world, "c")
    with pytest.raises(InvalidRequestError):
        campaign(world, "c")
