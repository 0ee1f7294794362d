"""Downloads of links that are not to be trusted: what is asked, what is refused, what is kept."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import httpx
import pytest

from backstay.addresses import PrivateAddressError, is_public, public_socket
from backstay.download import DownloadRules, Downloads, check_url
from backstay.errors import (
    BackstayError,
    BadResponseError,
    ConnectionFailedError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    TooMuchDataError,
)
from tests.unit.test_http import Handler, serving

PICTURE = b"\x89PNG and more"
LOCAL = DownloadRules(schemes=frozenset({"http"}), private=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f::1", True), ("8.8.8.8", True), ("64:ff9b::808:808", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False), ("ff02::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:169.254.169.254", False), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False), ("2002:a9fe:a9fe::", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_only_the_public_internet_is_public(address: str, public: bool) -> None:
    """Loopback, private, link-local (metadata services), carrier, multicast: none of them, in whatever writing."""
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a.png", "ftp://cdn.example/a", "file:///etc/passwd", "data:image/png;base64,AA", "", "cdn",
        "https://", "https:///a.png", "https://user:word@cdn.example/a", "https://user@cdn.example/a",
        "https://127.0.0.1/a", "https://169.254.169.254/latest/meta-data", "https://[::1]/a", "https://localhost/a",
        "https://localhost./a", "https://metadata.google.internal/a", "https://[::ffff:10.0.0.1]/a",
        "https://cdn.example\\@127.0.0.1/a", "https://cdn.example/ a", "https://cdn.example/\n", "https://cdn.exämple/",
        "https://2130706433/a", "https://127.1/a", "https://0x7f.1/a", "https://0177.0.0.1/a", "https://127.1./a",
        "https://cdn.example:99999/a", "https://cdn.example:0/a", "https://[oops/a",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_asked_is_refused_before_anything_is_sent(url: str) -> None:
    """The refusal names the field, and the cure; a login does not stand in it."""
    with pytest.raises(InvalidRequestError) as caught:
        check_url(url, DownloadRules())
    assert caught.value.field == "url"
    assert caught.value.hint
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://cdn.example/a.png?sig=x%20y", "https://8.8.8.8/a", "HTTPS://CDN.example/a~b"])
def test_a_plain_public_address_passes(url: str) -> None:
    """Queries, ports and escapes are no reason to refuse."""
    check_url(url, DownloadRules())


@pytest.mark.parametrize(
    ("url", "passes"),
    [
        ("https://cdn.example/a", True), ("https://eu.cdn.example/a", True), ("https://evilcdn.example/a", False),
        ("https://cdn.example.evil.example/a", False),
    ],
)  # fmt: skip
def test_hosts_can_be_named(url: str, passes: bool) -> None:
    """A name allows its subdomains, and no name that merely ends alike."""
    rules = DownloadRules(hosts=frozenset({"cdn.example"}))
    if passes:
        check_url(url, rules)
        return
    with pytest.raises(InvalidRequestError, match=r"cdn\.example"):
        check_url(url, rules)


@pytest.mark.parametrize(
    ("rule", "value"), [("schemes", frozenset({"ftp"})), ("schemes", frozenset()), ("max_bytes", 0)]
)
def test_rules_that_cannot_be_are_refused(rule: str, value: object) -> None:
    """By name."""
    with pytest.raises(InvalidRequestError) as caught:
        DownloadRules(**{rule: value})  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.field == rule


def answering(
    status: int = 200,
    *,
    body: bytes = PICTURE,
    media_type: str = "image/png",
    length: int | None = None,
    more: str = "",
) -> Handler:
    """A server with one answer, which then closes the connection."""

    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\n{more}"
        told = f"content-length: {len(body) if length is None else length}\r\n" if length != -1 else ""
        writer.write(f"{head}{told}connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    return handler


async def fetched(handler: Handler, rules: DownloadRules = LOCAL) -> bytes:
    """What a download from such a server gives."""
    async with serving(handler) as (url, _):
        downloads = Downloads(rules)
        try:
            return (await downloads.fetch(f"{url}/a.png?sig=hidden-word")).data
        finally:
            await downloads.aclose()


async def test_a_picture_comes_whole() -> None:
    """Bytes and type; the address without its query."""
    async with serving(answering(media_type="Image/PNG; q=1")) as (url, _):
        downloads = Downloads(LOCAL)
        got = await downloads.fetch(f"{url}/a.png?sig=hidden-word")
        await downloads.aclose()
    assert (got.data, got.media_type, got.url) == (PICTURE, "image/png", f"{url}/a.png")


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answering(404), NotFoundError), (answering(410), NotFoundError), (answering(403), PermissionDeniedError),
        (answering(429), RateLimitError), (answering(503), ServiceUnavailableError),
        (answering(302, more="location: http://127.0.0.1/\r\n"), BadResponseError),
        (answering(204, body=b""), BadResponseError),
        (answering(media_type="text/html"), BadResponseError), (answering(media_type=""), BadResponseError),
        (answering(more="content-encoding: gzip\r\n"), BadResponseError), (answering(body=b""), BadResponseError),
        (answering(length=1_000), ConnectionFailedError),
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_a_typed_error(handler: Handler, error: type[BackstayError]) -> None:
    """Whatever the server sends; the link's query, which may hold a signature, stands in none of them."""
    with pytest.raises(error) as caught:
        await fetched(handler)
    assert "hidden-word" not in str(caught.value)


@pytest.mark.parametrize("length", [None, -1], ids=["told", "without end"])
async def test_a_body_that_is_too_long_is_cut(length: int | None) -> None:
    """By what its server tells, and by what comes."""
    with pytest.raises(TooMuchDataError, match="max_bytes"):
        await fetched(answering(length=length), DownloadRules(schemes=LOCAL.schemes, private=True, max_bytes=5))


@pytest.mark.parametrize("types", [frozenset({"image/*"}), frozenset[str]()], ids=["a family", "any"])
async def test_types_can_be_a_family_or_any(types: frozenset[str]) -> None:
    """What the caller can take is the caller's affair."""
    assert await fetched(answering(), DownloadRules(schemes=LOCAL.schemes, private=True, media_types=types)) == PICTURE


async def test_a_name_that_leads_into_our_own_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the address of the connection that is looked at, not that of an earlier look-up."""
    loop = asyncio.get_running_loop()

    async def leads_home(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with serving(answering()) as (url, seen):
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr(loop, "getaddrinfo", leads_home)
        downloads = Downloads(DownloadRules(schemes=LOCAL.schemes))
        with pytest.raises(InvalidRequestError, match="private"):
            await downloads.fetch(f"http://cdn.example:{port}/a.png")
        await downloads.aclose()
    assert seen == []


def test_a_socket_is_made_for_public_addresses_only() -> None:
    """The pool asks here for each connection."""
    with pytest.raises(PrivateAddressError):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)))
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))).close()


async def test_a_transport_of_ones_own_can_stand_in() -> None:
    """For tests: the rules hold, the network does not."""
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=PICTURE, headers={"content-type": "image/png"})
    )
    downloads = Downloads(transport=transport)
    assert (await downloads.fetch("https://cdn.example/a.png")).data == PICTURE
    with pytest.raises(InvalidRequestError):
        await downloads.fetch("https://127.0.0.1/a.png")


def test_checking_an_address_loads_no_http_client() -> None:
    """Publishers check addresses and download nothing: importing them stays cheap."""
    code = "import sys, backstay.content_adapter, backstay.download as _; print('httpx' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False"]
