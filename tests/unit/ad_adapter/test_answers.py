"""What goes wrong while an answer is read is the answer's fault, once for all ad platforms."""

from __future__ import annotations

import pytest

from backstay.ad_adapter import parsing
from backstay.ads import Creative, Targeting
from backstay.errors import BadResponseError, NotFoundError


@pytest.mark.parametrize(
    "error", [TypeError("x"), AttributeError("x"), KeyError("x"), ValueError("x"), ZeroDivisionError()]
)
def test_a_readers_exception_is_a_bad_answer(error: Exception) -> None:
    """With the cause kept; what stood in the answer is not shown."""
    with pytest.raises(BadResponseError) as caught, parsing("acme", "list"):
        raise error
    assert caught.value.__cause__ is error
    assert (caught.value.rule, caught.value.vendor) == ("acme.unreadable", "acme")


def test_a_model_that_refuses_is_a_bad_answer() -> None:
    """Pydantic's refusal, too."""
    with pytest.raises(BadResponseError), parsing("acme", "list"):
        Creative.model_validate({"kind": "image", "link": 5})


def test_a_part_that_refuses_is_a_bad_answer() -> None:
    """What a caller may not write, a vendor may not say: the fault is not the caller's."""
    with pytest.raises(BadResponseError), parsing("acme", "list"):
        Targeting(age_min=5)


def test_errors_that_have_a_name_keep_it() -> None:
    """Nothing of ours is renamed."""
    with pytest.raises(NotFoundError), parsing("acme", "list"):
        raise NotFoundError("gone")
