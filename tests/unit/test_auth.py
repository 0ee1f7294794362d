"""Credentials: never shown, asked for once."""

from __future__ import annotations

import asyncio
import gc
import pickle

import pytest

from backstay.auth import Credentials, Secret
from backstay.errors import InvalidRequestError, ResourceError, TokenInvalidError
from backstay.taxonomy import Certainty


def test_a_secret_shows_nothing() -> None:
    """Not in repr, not in str, not in a pickle."""
    secret = Secret("hunter2hunter2")
    assert "hunter2" not in f"{secret} {secret!r}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert "hunter2" not in repr(Credentials("hunter2hunter2"))


@pytest.mark.parametrize("token", ["", "  ", "ab"])
def test_an_empty_token_is_refused(token: str) -> None:
    """Before anything is sent, with the field and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        Credentials(token)
    assert caught.value.field == "token"
    assert caught.value.hint


@pytest.mark.parametrize(
    "token", [5, b"hunter2", ["hunter2"], "hunter2\n", " hunter2", "a\nhunter2", "tök-hunter2", "hunter2\x00"]
)
def test_what_no_header_can_carry_is_refused_and_not_shown(token: object) -> None:
    """A token of another type, or one that was read from a file with its line break."""
    with pytest.raises(InvalidRequestError) as caught:
        Credentials(token)  # type: ignore[arg-type]  # that is the point
    assert caught.value.field == "token"
    assert caught.value.hint
    assert "hunter2" not in f"{caught.value} {vars(caught.value)}"


async def test_a_providers_token_is_checked_like_one_that_is_given() -> None:
    """The refusal names the provider."""

    async def provide() -> str:
        return "token\n"

    with pytest.raises(InvalidRequestError) as caught:
        await Credentials(provider=provide, name="x").get()
    assert caught.value.field == "provider"


def test_token_or_provider_not_both() -> None:
    """And a provider needs a name that stays when tokens change."""

    async def provide() -> str:
        return "token"

    with pytest.raises(InvalidRequestError):
        Credentials("token", provider=provide, name="x")
    with pytest.raises(InvalidRequestError):
        Credentials(None)
    with pytest.raises(InvalidRequestError):
        Credentials(provider=provide)


async def test_a_provider_is_asked_once_by_many() -> None:
    """Twenty callers with an expired token ask once; each gets the new one."""
    asked = 0

    async def provide() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return f"token-{asked}"

    credentials = Credentials(provider=provide, name="tenant-1")
    first = await credentials.get()
    assert all(await asyncio.gather(*(credentials.renew(first) for _ in range(20))))
    assert asked == 2
    assert (await credentials.get()).reveal() == "token-2"


async def test_a_provider_that_fails_has_a_name_of_ours() -> None:
    """Whatever it raises: nothing was sent, the call may be made again, and all who wait are told the same."""

    async def provide() -> str:
        await asyncio.sleep(0)
        raise OSError("the vault at hunter2 is away")

    credentials = Credentials(provider=provide, name="tenant-1")
    ends = await asyncio.gather(*(credentials.get() for _ in range(3)), return_exceptions=True)
    for end in ends:
        assert isinstance(end, ResourceError)
        assert (end.certainty, end.retryable, end.rule) == (Certainty.NOT_SENT, True, "auth.provider")
        assert isinstance(end.__cause__, OSError)


async def test_a_provider_that_fails_when_nobody_waits_any_more_is_no_complaint() -> None:
    """The only caller was cancelled: no task complains, and the next caller asks anew."""
    came, goes, asked = asyncio.Event(), asyncio.Event(), []

    async def provide() -> str:
        asked.append(1)
        came.set()
        await goes.wait()
        raise OSError("away")

    credentials = Credentials(provider=provide, name="tenant-1")
    caller = asyncio.create_task(credentials.get())
    await came.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    goes.set()
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert complaints == []
    with pytest.raises(ResourceError):
        await credentials.get()
    assert len(asked) == 2


async def test_an_error_of_ours_passes_through_a_provider() -> None:
    """A provider that speaks our errors has judged its failure already."""

    async def provide() -> str:
        raise TokenInvalidError("revoked")

    with pytest.raises(TokenInvalidError):
        await Credentials(provider=provide, name="tenant-1").get()


async def test_a_plain_token_cannot_be_renewed() -> None:
    """There is nothing newer to be had."""
    credentials = Credentials("abcdef")
    assert not credentials.renewable
    assert not await credentials.renew(await credentials.get())


def test_fingerprints_tell_tenants_apart() -> None:
    """Two tokens have two names; a provider keeps its own over rotations."""
    assert Credentials("token-a").fingerprint != Credentials("token-b").fingerprint
