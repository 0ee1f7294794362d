"""What `from_env` reads: variables that must be set, and those that may be."""

from __future__ import annotations

import pytest

from backstay.env import as_set, variable
from backstay.errors import InvalidRequestError


def test_what_is_not_set_or_empty_is_left_to_the_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only variables with a value become arguments."""
    monkeypatch.setenv("TOY_MODEL", "bosun")
    monkeypatch.setenv("TOY_URL", "")
    monkeypatch.delenv("TOY_PROJECT", raising=False)

    assert as_set(model="TOY_MODEL", base_url="TOY_URL", project="TOY_PROJECT") == {"model": "bosun"}


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_must_be_set_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Without it, or with an empty one, the refusal says its name and what to do instead."""
    monkeypatch.delenv("TOY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TOY_KEY", value)

    with pytest.raises(InvalidRequestError) as caught:
        variable("TOY_KEY", "pass the key to Toy(key)")

    assert caught.value.field == "TOY_KEY"
    assert caught.value.hint == "export TOY_KEY=..., or pass the key to Toy(key)"
