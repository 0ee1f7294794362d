"""Constructor arguments of the wrong kind: refused with field, value and cure, never with a bare TypeError."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.meta import MetaAds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api_version", 26), ("api_version", None), ("api_version", "26.0"), ("fields", ["name"]), ("fields", "name"),
        ("fields", {"campaign": [None]}), ("fields", {"campaign": 5}), ("fields", {5: ["name"]}),
    ],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_refused(field: str, value: Any) -> None:
    """Before anything is opened or sent."""
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds("1", "a-token", **{field: value})
    assert caught.value.field == field
    assert caught.value.hint
