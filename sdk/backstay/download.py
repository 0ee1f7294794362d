"""Downloads of what somebody else's answer or a user's link points at: checked before, while, and after.

Such a link is not to be trusted: it may lead into our own network, go on for ever, or be something else than it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import SplitResult, urlsplit

from backstay.addresses import PrivateAddressError, is_public
from backstay.errors import (
    BadResponseError,
    ConnectionFailedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    TooMuchDataError,
)
from backstay.policies.settings import refuse, whole
from backstay.pool import MAX_BODY

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    import httpx

    from backstay.http import Flow

USUAL: Final = 32 * 1024 * 1024
"""Bytes that a download may have where nobody says otherwise."""

_PLAIN: Final = re.compile(r"[!-\[\]_a-z~|{}]+", re.IGNORECASE)
"""Printable ASCII without blanks, backslash, caret and backtick: what all readers of an address read alike."""

_NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
"""The last part of 2130706433, 127.1 and 0x7f.1, which are all 127.0.0.1; no public name ends so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRules:
    """What may be downloaded."""

    schemes: frozenset[str] = frozenset({"https"})
    hosts: frozenset[str] | None = None
    """Names that are allowed, their subdomains included; None is every public one."""
    private: bool = False
    """Whether addresses of this machine and of private networks are allowed too: for tests and hosts of one's own."""
    max_bytes: int = USUAL
    media_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
    """Whole types or `image/*`; empty is any."""

    def __post_init__(self) -> None:
        if not self.schemes or self.schemes - {"http", "https"}:
            refuse("schemes", sorted(self.schemes), '"https", or "http" as well')
        whole("max_bytes", self.max_bytes, 1, MAX_BODY)


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came."""

    data: bytes
    media_type: str
    """As its server says, in lower case, without parameters."""
    url: str
    """Without its query, which may hold what is secret."""


class Downloads:
    """Fetches links over a pool of its own, which connects to nothing private; redirects are not followed.

    Behind a proxy it is the proxy that finds a name's address, so there only an address in the link itself is checked.
    """

    def __init__(
        self,
        rules: DownloadRules | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        from backstay.http import Http  # who only checks addresses needs no httpx

        self.rules = rules or DownloadRules()
        guarded = not self.rules.private and proxy is None
        self._http = Http("", transport=transport, ssl_context=ssl_context, proxy=proxy, public_only=guarded)

    async def fetch(self, url: str) -> Downloaded:
        """The whole of what a link points at.

        Raises:
            InvalidRequestError: the address may not be asked; where it is a name's, after looking it up.
            NotFoundError, PermissionDeniedError: the server does not give it; an expired link is one of these.
            TooMuchDataError: it is longer than allowed.
            BadResponseError: a redirect, another type than allowed, or a body that ends too early or is empty.
            ServiceUnavailableError, RateLimitError, ConnectionFailedError, CallTimeoutError: try again.
        """
        check_url(url, self.rules)
        where = url.partition("?")[0]
        try:
            async with self._http.stream("GET", url) as flow:
                _check_status(flow, where)
                media_type = _checked_type(flow.headers, self.rules, where)
                return Downloaded(await _body(flow, self.rules.max_bytes, where), media_type, where)
        except ConnectionFailedError as error:
            if _private(error):
                _refuse_private(where)
            raise

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def check_url(url: str, rules: DownloadRules) -> None:
    """Refuse an address that may not be asked, as far as that can be seen without looking up its name.

    Raises:
        InvalidRequestError: scheme, host, login or the writing of it.
    """
    parts = _parts(url)
    if parts.scheme not in rules.schemes:
        _refuse(url, f"an address with {' or '.join(sorted(rules.schemes))}")
    if parts.username is not None or parts.password is not None:
        _refuse(f"{parts.scheme}://...@{parts.hostname}", "an address without a login")
    host = (parts.hostname or "").rstrip(".")
    if not rules.private and _is_private(host):
        _refuse_private(url.partition("?")[0])
    if rules.hosts is not None and not any(host == name or host.endswith(f".{name}") for name in rules.hosts):
        _refuse(url.partition("?")[0], f"an address at {', '.join(sorted(rules.hosts))}")


def _parts(url: str) -> SplitResult:
    where = url.partition("?")[0]
    try:
        parts = urlsplit(url)
        plain = _PLAIN.fullmatch(url) is not None and parts.port != 0
    except ValueError:
        _refuse(where, "a whole address")
    if not plain:
        _refuse(where, "an address in plain ASCII, other characters percent-encoded")
    if not parts.hostname:
        _refuse(where, "a whole address with its host")
    return parts


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not is_public(host)
    except ValueError:
        # A name: the pool looks at what it leads to. One that ends in a number is an address to many readers.
        return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _private(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, PrivateAddressError):
        error = error.__cause__
    return error is not None


def _refuse_private(where: str) -> NoReturn:
    _refuse(where, "an address on the public internet, or allow `private`")


def _refuse(url: str, cure: str) -> NoReturn:
    refuse("url", url, cure)


def _check_status(flow: Flow, where: str) -> None:
    status = flow.status
    if status == 200:
        return
    said = f"{where} answers {status}"
    if status in {404, 410}:
        raise NotFoundError(said, status=status, hint="links of pictures expire: ask for a new one")
    if status in {401, 403}:
        raise PermissionDeniedError(said, status=status, hint="links of pictures expire: ask for a new one")
    if status == 429:
        raise RateLimitError(said, status=status)
    if status >= 500 or status == 408:
        raise ServiceUnavailableError(said, status=status)
    raise BadResponseError(
        said, status=status, retryable=False, rule="download.status", hint="give the address that answers 200 itself"
    )


def _checked_type(headers: Mapping[str, str], rules: DownloadRules, where: str) -> str:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    allowed = rules.media_types
    if allowed and media_type not in allowed and f"{media_type.partition('/')[0]}/*" not in allowed:
        raise BadResponseError(
            f"{where} is {media_type or 'of no type'!r}", field="content-type", value=media_type, retryable=False,
            rule="download.type", hint=f"{', '.join(sorted(allowed))}",
        )  # fmt: skip
    if headers.get("content-encoding", "identity") != "identity":
        raise BadResponseError(f"{where} comes packed, which was not asked for", rule="download.packed")
    return media_type


async def _body(flow: Flow, most: int, where: str) -> bytes:
    told = flow.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        _too_much(where, int(told), most)
    pieces, size = list[bytes](), 0
    async for piece in flow.pieces:
        size += len(piece)
        if size > most:
            _too_much(where, size, most)
        pieces.append(piece)
    if not size or (told.isdecimal() and int(told) != size):
        raise BadResponseError(f"{where} sent {size} bytes of {told or 'some'}", rule="download.length")
    return b"".join(pieces)


def _too_much(where: str, size: int, most: int) -> NoReturn:
    raise TooMuchDataError(
        f"{where} has {size} bytes or more", field="size", value=size, hint=f"at most {most}: `max_bytes`"
    )


__all__ = ["USUAL", "DownloadRules", "Downloaded", "Downloads", "check_url"]
