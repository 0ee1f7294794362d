"""The memory store against a plain dict."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backstay.errors import InvalidRequestError
from backstay.stores.memory import MemoryStore
from backstay.stores.protocol import Entry

ROOM = 4
keys = st.sampled_from(["a", "a/1", "a/2", "b", "b/1", "c"])
tags = st.frozensets(st.sampled_from(["t", "u", "v"]))


class MemoryMachine(RuleBasedStateMachine):
    """Same answers, same order of leaving, and no tag that leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore(ROOM)
        self.model: OrderedDict[str, Entry] = OrderedDict()

    @rule(key=keys, tags=tags, value=st.integers())
    def put(self, key: str, tags: frozenset[str], value: int) -> None:
        entry = Entry(value, 0.0, 1.0, tags)
        self.store.put(key, entry)
        self.model.pop(key, None)
        self.model[key] = entry
        if len(self.model) > ROOM:
            self.model.popitem(last=False)

    @rule(key=keys)
    def get(self, key: str) -> None:
        assert self.store.get(key) is self.model.get(key)
        if key in self.model:
            self.model.move_to_end(key)

    @rule(key=keys)
    def drop(self, key: str) -> None:
        self.store.drop(key)
        self.model.pop(key, None)

    @rule(tag=st.sampled_from(["t", "u", "v", "w"]))
    def drop_tag(self, tag: str) -> None:
        self.store.drop_tag(tag)
        self.keep(lambda key, entry: tag not in entry.tags)

    @rule(prefix=st.sampled_from(["a", "a/", "b/", "", "x"]))
    def drop_prefix(self, prefix: str) -> None:
        self.store.drop_prefix(prefix)
        self.keep(lambda key, entry: not key.startswith(prefix))

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.model.clear()

    def keep(self, good: object) -> None:
        assert callable(good)
        self.model = OrderedDict((key, entry) for key, entry in self.model.items() if good(key, entry))

    @invariant()
    def same(self) -> None:
        assert list(self.store._entries) == list(self.model)
        assert len(self.store) <= ROOM
        tagged = {(tag, key) for key, entry in self.model.items() for tag in entry.tags}
        assert {(tag, key) for tag, names in self.store._tagged.items() for key in names} == tagged
        assert all(self.store._tagged.values())


TestMemoryMachine = MemoryMachine.TestCase


def test_threads_leave_it_whole() -> None:
    """Hits, puts and drops of several threads raise nothing and leave no tag behind."""
    store, errors = MemoryStore(8), list[BaseException]()

    def work(seed: int) -> None:
        try:
            for n in range(3_000):
                key = f"{(n * 7 + seed) % 13}"
                store.put(key, Entry(n, 0.0, 1.0, frozenset({f"t{n % 3}"})))
                store.get(f"{n % 13}")
                if n % 5 == 0:
                    store.drop_tag(f"t{n % 3}")
                    store.drop_prefix("1")
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store.drop_prefix("")
    assert len(store) == 0
    assert store._tagged == {}


@pytest.mark.parametrize("room", [0, -1, True, 1.5, "10"])
def test_a_store_without_room_is_refused(room: object) -> None:
    """The refusal names the field and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        MemoryStore(room)  # type: ignore[arg-type]  # that is the point
    assert caught.value.field == "max_entries"
    assert caught.value.hint
