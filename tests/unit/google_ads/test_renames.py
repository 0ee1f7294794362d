"""New names of objects that others have made: they carry no marker, and are checked all the same."""

from __future__ import annotations

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.google_ads.wire.names import LONGEST, LONGEST_LABEL, marked


@pytest.mark.parametrize(
    ("name", "longest"), [("x\ny", LONGEST), ("x\0", LONGEST), ("x" * 256, LONGEST), ("é" * 41, LONGEST_LABEL)]
)
def test_a_name_without_a_marker_is_checked(name: str, longest: int) -> None:
    """Line breaks, NUL and bytes of UTF-8, before anything is sent; the cure speaks of no marker."""
    with pytest.raises(InvalidRequestError) as caught:
        marked(name, None, "name", longest)
    assert caught.value.field == "name"
    assert "marker" not in (caught.value.hint or "")


def test_a_name_without_a_marker_has_all_the_room() -> None:
    """Nothing is added to it."""
    assert marked("x" * 255, None, "name") == "x" * 255
