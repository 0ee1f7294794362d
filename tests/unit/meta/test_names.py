"""How long names can be: 400 characters, of which a marker in the name needs some and a label none."""

from __future__ import annotations

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.meta.wire.write import LONGEST, bearing

TOKEN = "abcdefghij234567"


def test_a_name_whose_marker_is_elsewhere_has_all_the_room() -> None:
    """A rename of an object without a marker, and a marker that is a label."""
    name = "x" * LONGEST
    assert bearing(name, None) == {"name": name}
    assert bearing(name, TOKEN, label=True)["name"] == name


def test_a_name_that_is_too_long_is_refused_either_way() -> None:
    """With its length and the cure."""
    for token, label, length in ((None, False, 401), (TOKEN, True, 401), (TOKEN, False, 400)):
        with pytest.raises(InvalidRequestError) as caught:
            bearing("x" * length, token, label=label)
        assert caught.value.field == "name"
        assert caught.value.hint
