"""What cassettes must not hold is taken out, and what only looks like it stays."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.testing.scrubbing import scrubbed

TOKEN = "EA" + "A" + "b" * 40


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"access_token": "x", "sig": "y", "name": "z"}, {"access_token": "REDACTED", "sig": "REDACTED", "name": "z"}),
        ([{"url": "https://files.example.com/a.png?se=1&sig=abcdef"}], [{"url": "https://files.example.com/a.png?se=1&sig=REDACTED"}]),
        (f"see {TOKEN}", "see REDACTED"),
        ("http://127.0.0.1:8080/next", "https://vendor/next"),
        (f"iVBORw0KGgo/{TOKEN}", f"iVBORw0KGgo/{TOKEN}"),
        (7, 7),
    ],
)  # fmt: skip
def test_secrets_go_and_pictures_stay(value: Any, kept: Any) -> None:
    """A picture in base64 may hold any letters; cut, it would be none."""
    assert scrubbed(value) == kept
