"""Effect x certainty: the whole matrix, row by row."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from backstay.policies.effect import Certainty, Effect, Move, move, worst

AGAIN, LOOK, STOP = Move
NOT_SENT, REFUSED, UNKNOWN = Certainty
READ, SET, DELETE, GENERATE, CREATE, PUBLISH = Effect

UNKNOWN_ROWS = [
    (READ, True, AGAIN),
    (READ, False, STOP),
    (SET, True, LOOK),
    (SET, False, LOOK),
    (DELETE, True, LOOK),
    (DELETE, False, LOOK),
    (GENERATE, True, AGAIN),
    (GENERATE, False, STOP),
    (CREATE, True, LOOK),
    (CREATE, False, LOOK),
    (PUBLISH, True, LOOK),
    (PUBLISH, False, LOOK),
]


@pytest.mark.parametrize(("effect", "retryable", "verdict"), UNKNOWN_ROWS)
def test_after_an_unknown_outcome(effect: Effect, retryable: bool, verdict: Move) -> None:
    """Only what leaves nothing behind is repeated; a write is looked up first, retryable or not."""
    assert move(effect, UNKNOWN, retryable) is verdict


@pytest.mark.parametrize(("effect", "certainty"), list(product(Effect, [NOT_SENT, REFUSED])))
def test_what_did_not_happen_may_be_repeated_if_it_can_pass(effect: Effect, certainty: Certainty) -> None:
    """Never sent, or refused: again if the condition passes, else stop."""
    assert move(effect, certainty, True) is AGAIN
    assert move(effect, certainty, False) is STOP


@pytest.mark.parametrize(("effect", "certainty", "retryable"), list(product(Effect, Certainty, [True, False])))
def test_no_spending_or_public_write_is_ever_repeated_blindly(
    effect: Effect, certainty: Certainty, retryable: bool
) -> None:
    """The promise: after an unknown outcome no create, publish, set or delete goes out again unseen."""
    if certainty is UNKNOWN and effect in {SET, DELETE, CREATE, PUBLISH}:
        assert move(effect, certainty, retryable) is LOOK


@pytest.mark.parametrize("retryable", [True, False])
def test_a_pause_is_always_sent_again(retryable: bool) -> None:
    """Stopping the spending is not delayed by looking."""
    assert move(SET, UNKNOWN, retryable, pausing=True) is AGAIN


@pytest.mark.parametrize("effect", [DELETE, CREATE, PUBLISH])
def test_only_a_set_can_be_a_pause(effect: Effect) -> None:
    """The pause flag on any other write changes nothing."""
    assert move(effect, UNKNOWN, True, pausing=True) is LOOK


@pytest.mark.parametrize(("certainty", "verdict"), [(UNKNOWN, STOP), (NOT_SENT, AGAIN), (REFUSED, AGAIN)])
def test_pictures_are_not_paid_for_twice(certainty: Certainty, verdict: Move) -> None:
    """Where the profile forbids it, a lost generation is not repeated; one that never ran is."""
    assert move(GENERATE, certainty, True, generate_again=False) is verdict


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (NOT_SENT, NOT_SENT, NOT_SENT),
        (NOT_SENT, REFUSED, REFUSED),
        (NOT_SENT, UNKNOWN, UNKNOWN),
        (REFUSED, REFUSED, REFUSED),
        (REFUSED, UNKNOWN, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_the_worst_of_two_attempts(a: Certainty, b: Certainty, result: Certainty) -> None:
    """UNKNOWN before REFUSED before NOT_SENT, in either order."""
    assert worst(a, b) is result
    assert worst(b, a) is result


def test_a_later_refusal_does_not_settle_an_earlier_unknown() -> None:
    """Over three attempts in any order the unknown one decides."""
    for a, b, c in permutations([NOT_SENT, REFUSED, UNKNOWN]):
        assert move(CREATE, worst(worst(a, b), c), True) is LOOK
