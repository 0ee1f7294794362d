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
        ("tier", []), ("base_url", "ftp://x"), ("video_url", "x"), ("app_secret", 5), ("app_secret", b"x"),
    ],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_refused(field: str, value: Any) -> None:
    """Before anything is opened or sent."""
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds("1", "a-token", **{field: value})
    assert caught.value.field == field
    assert caught.value.hint


def test_an_app_secret_is_never_shown() -> None:
    """Whatever is wrong with it."""
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds("1", "a-token", app_secret="hush hush\n")
    assert "hush" not in f"{caught.value} {caught.value.value} {caught.value.hint}"


def test_a_password_in_an_address_is_never_shown() -> None:
    """Nor the user before it."""
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds("1", "a-token", base_url="ftp://user:hush@x")
    assert "hush" not in f"{caught.value} {caught.value.value}"
