"""Credentials: a value, or something that fetches one; never shown, asked once when a token has expired."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from backstay.errors import BackstayError, InvalidRequestError, ResourceError
from backstay.taxonomy import Certainty

Provider = Callable[[], Awaitable[str]]


class Secret:
    """A credential that shows itself to nobody but `reveal()`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(REDACTED)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        message = "a secret is not pickled"
        raise TypeError(message)


MIN_LENGTH: Final = 3


class Credentials:
    """A token, or an async provider of tokens, with a fingerprint that names it without telling it.

    The fingerprint is part of cache keys and scopes, so that two tenants never share an answer. For a provider
    it is the fingerprint of `name`, which stays the same when the token is rotated.
    """

    __slots__ = ("_provider", "_refreshing", "_secret", "fingerprint")

    def __init__(self, token: str | Secret | None = None, *, provider: Provider | None = None, name: str = "") -> None:
        self.fingerprint = ""
        if (token is None) == (provider is None):
            raise InvalidRequestError(
                "give either a token or a provider",
                field="token",
                hint="pass token=... or provider=..., not both",
            )
        if provider is not None and not name:
            raise InvalidRequestError(
                "a provider needs a name",
                field="name",
                hint="pass name=... that stays the same when tokens change",
            )
        self._secret = None if token is None else _checked(token, "token")
        self._provider = provider
        self._refreshing: asyncio.Future[None] | None = None
        self.fingerprint = fingerprint(name or (self._secret.reveal() if self._secret else ""))

    @property
    def renewable(self) -> bool:
        """Whether a new token can be asked for."""
        return self._provider is not None

    async def get(self) -> Secret:
        """The token; asks the provider the first time.

        Raises:
            ResourceError: the provider failed; nothing was sent.
            InvalidRequestError: what it gave is no token that a header can carry.
        """
        if self._secret is None:
            await self.renew(None)
        secret = self._secret
        if secret is None:
            raise InvalidRequestError("the provider gave no token", field="provider", hint="return a token")
        return secret

    async def renew(self, used: Secret | None) -> bool:
        """Ask the provider once, however many callers want it; False when there is nothing newer to be had.

        `used` is the token that failed: if another call has renewed it already, nothing is asked.
        """
        if self._provider is None:
            return False
        if self._refreshing is None and self._secret is used:
            self._refreshing = asyncio.ensure_future(self._ask(self._provider))
            # A caller that is cancelled takes shield's own watcher along; then nobody asks why it failed.
            self._refreshing.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._refreshing is not None:
            await asyncio.shield(self._refreshing)
        return self._secret is not used

    async def _ask(self, provider: Provider) -> None:
        try:
            token = await provider()
            if token:
                self._secret = _checked(token, "provider")
        except BackstayError:
            raise
        except Exception as error:
            raise ResourceError(
                f"the provider of the token failed with {type(error).__name__}", field="provider",
                certainty=Certainty.NOT_SENT, rule="auth.provider",
                hint="its own exception is the cause; nothing was sent, so the call may be made again",
            ) from error  # fmt: skip
        finally:
            self._refreshing = None

    def __repr__(self) -> str:
        return f"Credentials(fingerprint={self.fingerprint!r})"


def secret_of(value: object, field: str) -> Secret:
    """A secret beside the token (an app's, a developer's), checked like one; never shown, whatever is wrong with it."""
    return _checked(value, field, field, "pass it as the vendor shows it")


def _checked(
    token: object, field: str, what: str = "the token", cure: str = "pass the vendor's access token"
) -> Secret:
    """A token that a header can carry; it is never shown, whatever is wrong with it."""
    value = token.reveal() if isinstance(token, Secret) else token
    if not isinstance(value, str):
        raise InvalidRequestError(f"{what} is a text, not {type(value).__name__}", field=field, hint=cure)
    if len(value.strip()) < MIN_LENGTH:
        raise InvalidRequestError(
            f"{what} is empty or too short", field=field, hint=cure
        )  # fmt: skip
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise InvalidRequestError(
            f"{what} has a space around it, a line break, or a character that no header can carry", field=field,
            hint="pass the token alone; one that was read from a file may need .strip()",
        )  # fmt: skip
    return Secret(value)


def fingerprint(secret: str) -> str:
    """Twelve hexadecimal digits that name a secret and cannot be turned back."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]
