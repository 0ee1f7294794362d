"""Generations: what a fetch must have begun after, to be stored."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from backstay.stores.generations import Generations


@pytest.mark.parametrize(
    ("kind", "name", "outdated"),
    [
        ("key", "a/1", True),
        ("key", "a/2", False),
        ("tag", "t", True),
        ("tag", "a/1", False),
        ("prefix", "a/", True),
        ("prefix", "", True),
        ("prefix", "t", False),
        ("prefix", "a/1/", False),
    ],
)
def test_a_fetch_is_outdated_by_what_concerns_it(kind: str, name: str, outdated: bool) -> None:
    """Begun before: by its key, one of its tags, a prefix of its key. Begun after: never."""
    generations = Generations()
    begun = generations.now
    generations.mark(kind, name)

    assert generations.outdated(begun, "a/1", ("s", "t")) is outdated
    assert not generations.outdated(generations.now, "a/1", ("s", "t"))


def test_what_was_forgotten_concerns_everything() -> None:
    """Bounded memory errs on the safe side: an old fetch is refused, a new one is not."""
    generations = Generations(limit=2)
    begun = generations.now
    generations.mark("tag", "t")
    for name in "xyz":
        generations.mark("key", name)

    assert generations.outdated(begun, "other", ())
    assert not generations.outdated(generations.now - 1, "other", ())


def test_everything_can_be_marked() -> None:
    """After `mark_all` nothing that began before is stored."""
    generations = Generations()
    begun = generations.now
    generations.mark_all()

    assert generations.outdated(begun, "k", ())
    assert not generations.outdated(generations.now, "k", ())


class GenerationsMachine(RuleBasedStateMachine):
    """Against a full history: never a fetch stored that an invalidation concerned."""

    def __init__(self) -> None:
        super().__init__()
        self.generations = Generations(limit=3)
        self.history: list[tuple[str, str]] = []

    @rule(kind=st.sampled_from(["key", "tag", "prefix"]), name=st.sampled_from(["a", "ab", "b", "c", "ca"]))
    def mark(self, kind: str, name: str) -> None:
        self.generations.mark(kind, name)
        self.history.append((kind, name))

    @rule(back=st.integers(0, 8), key=st.sampled_from(["a", "ab", "b", "c", "ca"]), tag=st.sampled_from(["a", "b"]))
    def ask(self, back: int, key: str, tag: str) -> None:
        begun = max(0, len(self.history) - back)
        since = self.history[begun:]
        concerned = any(
            (kind == "key" and name == key)
            or (kind == "tag" and name == tag)
            or (kind == "prefix" and key.startswith(name))
            for kind, name in since
        )
        outdated = self.generations.outdated(begun, key, (tag,))
        assert outdated or not concerned
        if len(set(since)) <= 2:  # within the limit nothing is refused without a reason
            assert outdated is concerned


TestGenerationsMachine = GenerationsMachine.TestCase
