"""Google's credentials: refresh token, service account, application default; each gives access tokens of an hour.

    GoogleAds("1234567890", credentials=GoogleCredentials.refresh_token(client_id, client_secret, refresh_token))

Google's own library fetches the tokens. It blocks, so it works in a thread; a token is fetched anew a little before it
runs out, and once more when the vendor refuses it.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Self

from backstay.auth import Credentials, Secret
from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors import TABLE
from backstay_adapters.google_ads.profile import SCOPE, TOKEN_URI

TOKEN_TIMEOUT: Final = 10.0
"""Seconds for one request to the token endpoint; Google's library would wait two minutes."""

Make = Callable[[], Any]


class GoogleCredentials(Credentials):
    """Access tokens from Google's token endpoint, kept until shortly before they run out."""

    __slots__ = ("_google", "_make")

    def __init__(self, make: Make, *, name: str) -> None:
        super().__init__(provider=self._fetch, name=name)
        self._make = make
        self._google: Any = None

    @classmethod
    def refresh_token(
        cls, client_id: str, client_secret: str, refresh_token: str, *, token_uri: str = TOKEN_URI
    ) -> Self:
        """Of a user who gave consent; of an OAuth app in testing, refresh tokens live 7 days."""

        def make() -> Any:
            module: Any = importlib.import_module("google.oauth2.credentials")
            return module.Credentials(
                None, refresh_token=refresh_token, client_id=client_id, client_secret=client_secret,
                token_uri=token_uri, scopes=[SCOPE],
            )  # fmt: skip

        return cls(make, name=f"{client_id}/{refresh_token}")

    @classmethod
    def service_account(cls, key: str | Mapping[str, Any], *, subject: str | None = None) -> Self:
        """Of a service account, by the path of its key file or the key itself; `subject` is the user it acts for."""

        def make() -> Any:
            module: Any = importlib.import_module("google.oauth2.service_account")
            kind = module.Credentials
            load = kind.from_service_account_file if isinstance(key, str) else kind.from_service_account_info
            return load(key, scopes=[SCOPE], subject=subject)

        who = key if isinstance(key, str) else key.get("client_email", "")
        return cls(make, name=f"service-account/{who}/{subject or ''}")

    @classmethod
    def application_default(cls) -> Self:
        """Whatever this machine offers: GOOGLE_APPLICATION_CREDENTIALS, gcloud's login, the metadata server."""

        def make() -> Any:
            module: Any = importlib.import_module("google.auth")
            return module.default(scopes=[SCOPE])[0]

        return cls(make, name="application-default")

    async def get(self) -> Secret:
        """The access token, a new one if the old one is about to run out."""
        if self._google is not None and self._google.expired:
            await self.renew(self._secret)
        return await super().get()

    async def _fetch(self) -> str:
        try:
            return await asyncio.to_thread(self._refresh)
        except Exception as error:
            raise named(error) from error

    def _refresh(self) -> str:
        transport: Any = importlib.import_module("google.auth.transport.requests")
        if self._google is None:
            self._google = self._make()
        self._google.refresh(partial(transport.Request(), timeout=TOKEN_TIMEOUT))
        return str(self._google.token)


def named(error: Exception) -> BackstayError:
    """An exception of google-auth under its name; the call that needed the token has not been sent."""
    if isinstance(error, BackstayError):
        return error
    # The library says itself whether its endpoint failed for the moment.
    passing = bool(getattr(error, "retryable", False))
    kind = "TransportError" if passing else type(error).__name__
    said = {"status": None, "exception": kind, "details": f"{type(error).__name__}: {error}"}
    found = TABLE.error(TABLE.decode(None, {}, said, None))
    found.certainty = Certainty.NOT_SENT
    return found
