"""The protocol: every operation takes call options, and every write is asked for as its effect demands."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from backstay.ads import AdPlatform

METHODS = {
    name: method for name, method in inspect.getmembers(AdPlatform, inspect.isfunction) if not name.startswith("_")
}
OPERATIONS = {name: method for name, method in METHODS.items() if name not in {"owns", "warm_up", "aclose"}}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_takes_call_options(name: str) -> None:
    """Deadline, attempts and the rest work on each."""
    parameters = inspect.signature(OPERATIONS[name]).parameters.values()
    assert any(p.kind is p.VAR_KEYWORD and "CallOptions" in str(p.annotation) for p in parameters)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.startswith(("create_", "upload_"))])
def test_every_create_demands_a_key(name: str) -> None:
    """Keyword-only and without default: a key of ours would change with each call."""
    key = inspect.signature(OPERATIONS[name]).parameters["idempotency_key"]
    assert (key.kind, key.default) == (key.KEYWORD_ONLY, inspect.Parameter.empty)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.startswith("update_")])
def test_every_update_can_be_conditional_and_dry(name: str) -> None:
    """`expect` and `dry_run`, both optional."""
    parameters = inspect.signature(OPERATIONS[name]).parameters
    assert parameters["expect"].default is None
    assert parameters["dry_run"].default is False


def test_a_budget_is_never_set_blindly() -> None:
    """`expect` has no default here."""
    expect = inspect.signature(OPERATIONS["set_budget"]).parameters["expect"]
    assert expect.default is inspect.Parameter.empty


def test_an_object_with_all_methods_is_one() -> None:
    """And one without a single method is not."""
    names: dict[str, Any] = dict.fromkeys([*METHODS, "platform", "capabilities"], "present")
    assert isinstance(type("Whole", (), names)(), AdPlatform)
    del names["set_budget"]
    assert not isinstance(type("Part", (), names)(), AdPlatform)
