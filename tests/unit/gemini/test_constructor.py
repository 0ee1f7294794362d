"""Constructor arguments of the wrong kind: refused with field and cure, never with a bare TypeError."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.gemini import Gemini


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", ""), ("image_model", None), ("base_url", "ftp://x"), ("base_url", "http://[::1")],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_refused(field: str, value: Any) -> None:
    """Before anything is opened or sent."""
    with pytest.raises(InvalidRequestError) as caught:
        Gemini("a-key", **{field: value})
    assert (caught.value.field, caught.value.value) == (field, value)
    assert caught.value.hint
