"""The allow-list: what is not known to be harmless is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.redact import HIDDEN, fields, headers, scrub

TOKEN = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=20, max_size=60)


@given(
    TOKEN,
    st.sampled_from(["access_token={}", '"access_token": "{}"', "Authorization: Bearer {}", "api_key={}", "EAA{}"]),
)
def test_tokens_are_hidden_wherever_they_stand(token: str, shape: str) -> None:
    """Query, JSON, header or bare: the value goes, the rest stays."""
    assert token not in scrub(f"before {shape.format(token)} after")
    assert scrub(f"before {shape.format(token)} after").startswith("before ")


@pytest.mark.parametrize(
    "text", ["", "a plain sentence", "campaign 1800001000000003926 not found", "token bucket is empty"]
)
def test_harmless_text_stays(text: str) -> None:
    """Ids and words that only sound secret are shown."""
    assert scrub(text) == text


def test_unknown_headers_and_fields_are_hidden() -> None:
    """An allow-list forgets nothing."""
    assert headers({"Access-Token": "x", "Retry-After": "3"}) == {"Access-Token": HIDDEN, "Retry-After": "3"}
    assert fields({"user_id": "u1", "anything": "secret"}) == {"user_id": "u1", "anything": HIDDEN}
