"""The allow-list: what is not known to be harmless is hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.redact import HIDDEN, fields, headers, scrub, secret_name

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
    "text",
    [
        "", "a plain sentence", "campaign 1800001000000003926 not found", "token bucket is empty",
        "token: expired", "key_token=k3v5abcd", "max_tokens=4096", "next-token=abcdef",
    ],
)  # fmt: skip
def test_harmless_text_stays(text: str) -> None:
    """Ids and words that only sound secret are shown."""
    assert scrub(text) == text


@pytest.mark.parametrize("text", ["token=abcdef", "?a=1&token=abcdef", 'token="abcdef"', "(token = abcdef)"])
def test_a_bare_token_that_is_set_to_something_is_hidden(text: str) -> None:
    """As in a query or a call; in a sentence the word alone says nothing."""
    assert "abcdef" not in scrub(text)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("token", True), ("accessToken", True), ("api_key", True), ("apikey", True), ("client_secret", True),
        ("password", True), ("passwd", True), ("Authorization", True), ("Set-Cookie", True), ("jwt", True),
        ("idempotency_key", False), ("key_token", False), ("name", False), ("author", False), ("campaign_id", False),
    ],
)  # fmt: skip
def test_names_of_credentials(name: str, secret: bool) -> None:
    """What carries such a name is taken for one, unless the allow-list names it."""
    assert secret_name(name) is secret
    assert not secret_name(name, frozenset({name}))


def test_unknown_headers_and_fields_are_hidden() -> None:
    """An allow-list forgets nothing."""
    assert headers({"Access-Token": "x", "Retry-After": "3"}) == {"Access-Token": HIDDEN, "Retry-After": "3"}
    assert fields({"user_id": "u1", "anything": "secret"}) == {"user_id": "u1", "anything": HIDDEN}
