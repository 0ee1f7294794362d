"""Google's credentials against a token endpoint on loopback: fetched off the loop, once, and named when they fail."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads import GoogleCredentials
from backstay_adapters.google_ads.adapter.oauth import named

EXPIRED = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
BAD = {"error": "invalid_grant", "error_description": "Bad Request"}
CLIENT = {"error": "invalid_client", "error_description": "The OAuth client was not found."}


class Endpoint:
    """Google's token endpoint, with one answer to everything."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status, self.answer = 200, {"access_token": "access-1", "expires_in": 3_600}
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        answer = dict(self.answer)
        if self.status == 200:
            answer["access_token"] = f"access-{len(self.asked)}"
        return web.json_response(answer, status=self.status)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """One on a free port."""
    found, app = Endpoint(), web.Application()
    app.router.add_post("/token", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    found.url = f"http://{host}:{port}/token"
    yield found
    await runner.cleanup()


def user(endpoint: Endpoint) -> GoogleCredentials:
    """A user's refresh token."""
    return GoogleCredentials.refresh_token("client-1", "secret-1", "refresh-1", token_uri=endpoint.url)


async def test_a_refresh_token_gives_access_tokens(endpoint: Endpoint) -> None:
    """Asked once, kept, and asked again only when somebody says that it was refused."""
    credentials = user(endpoint)
    first = await credentials.get()
    assert (first.reveal(), (await credentials.get()).reveal()) == ("access-1", "access-1")
    assert endpoint.asked[0]["grant_type"] == "refresh_token"
    assert await credentials.renew(first)
    assert (await credentials.get()).reveal() == "access-2"
    assert len(endpoint.asked) == 2


async def test_many_callers_ask_once(endpoint: Endpoint) -> None:
    """The first one asks, the others wait for it."""
    credentials = user(endpoint)
    found = await asyncio.gather(*(credentials.get() for _ in range(10)))
    assert {each.reveal() for each in found} == {"access-1"}
    assert len(endpoint.asked) == 1


async def test_a_token_about_to_run_out_is_fetched_anew(endpoint: Endpoint) -> None:
    """Before a call is sent with it, not after it was refused."""
    endpoint.answer["expires_in"] = 60
    credentials = user(endpoint)
    assert [(await credentials.get()).reveal() for _ in range(2)] == ["access-1", "access-2"]


@pytest.mark.parametrize(
    ("answer", "kind"), [(EXPIRED, "TOKEN_EXPIRED"), (BAD, "TOKEN_INVALID"), (CLIENT, "TOKEN_INVALID")]
)
async def test_a_dead_credential_has_its_name(endpoint: Endpoint, answer: dict[str, str], kind: str) -> None:
    """The call that needed the token was not sent, and no secret is in the error."""
    endpoint.status, endpoint.answer = 400, answer
    with pytest.raises(BackstayError) as caught:
        await user(endpoint).get()
    assert (caught.value.type, caught.value.retryable, caught.value.certainty) == (kind, False, Certainty.NOT_SENT)
    assert not {"secret-1", "refresh-1"} & set(repr(caught.value).split())
    assert "secret-1" not in repr(caught.value)


async def test_an_endpoint_that_cannot_be_reached_may_come_back() -> None:
    """That is the line, not the credential."""
    credentials = GoogleCredentials.refresh_token("i", "s", "refresh-1", token_uri="http://127.0.0.1:1/token")
    with pytest.raises(BackstayError) as caught:
        await credentials.get()
    assert (caught.value.type, caught.value.retryable) == ("PLATFORM_SERVICE_ERROR", True)
    assert caught.value.certainty is Certainty.NOT_SENT


def test_googles_own_word_on_whether_it_passes_is_believed() -> None:
    """`retryable` of its exceptions: its endpoint failed for the moment."""

    class RefreshError(Exception):
        retryable = True

    assert named(RefreshError("('backend_error', {})")).retryable
    RefreshError.retryable = False
    assert not named(RefreshError("('something_else', {})")).retryable
    ours = named(RefreshError("x"))
    assert named(ours) is ours


async def test_a_service_account_signs_for_its_token(endpoint: Endpoint) -> None:
    """With a key made on the spot."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65_537, 2_048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {"client_email": "robot@example.com", "private_key": key.decode(), "token_uri": endpoint.url}
    credentials = GoogleCredentials.service_account(info, subject="boss@example.com")
    assert (await credentials.get()).reveal() == "access-1"
    assert endpoint.asked[0]["grant_type"].endswith("jwt-bearer")
    assert "PRIVATE" not in repr(credentials)


async def test_settings_that_are_wrong_are_told(tmp_path: Any) -> None:
    """A key file that is none."""
    file = tmp_path / "key.json"
    file.write_text('{"type": "service_account"}')
    with pytest.raises(BackstayError) as caught:
        await GoogleCredentials.service_account(str(file)).get()
    assert (caught.value.type, caught.value.retryable) == ("TOKEN_INVALID", False)


async def test_the_machines_own_credentials_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """And looked for off the loop: it may mean a request to a metadata server."""
    import google.auth

    threads: list[str] = []

    class Found:
        expired = False
        token = ""

        def refresh(self, request: Any) -> None:
            threads.append(threading.current_thread().name)
            self.token = "from-the-machine"

    monkeypatch.setattr(google.auth, "default", lambda scopes: (Found(), "project"))
    assert (await GoogleCredentials.application_default().get()).reveal() == "from-the-machine"
    assert threads != [threading.main_thread().name]


def test_credentials_are_told_apart_without_being_shown() -> None:
    """By a fingerprint that stays the same when access tokens change."""
    one, other = (GoogleCredentials.refresh_token("i", "s", each) for each in ("refresh-1", "refresh-2"))
    again = GoogleCredentials.refresh_token("i", "s", "refresh-1")
    assert one.fingerprint == again.fingerprint != other.fingerprint
    with contextlib.suppress(TypeError):
        assert "refresh-1" not in repr(one)
    assert one.renewable
