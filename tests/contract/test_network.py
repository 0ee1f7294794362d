"""One TLS context and one proxy of the runtime reach every vendor's transport, whatever library it runs on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backstay import Runtime
from backstay.adapters import (
    Claude,
    Gemini,
    GoogleAds,
    Instagram,
    MCPTools,
    MetaAds,
    OpenAIImages,
    Perplexity,
    S3Host,
    TikTokAds,
)
from backstay.content import ImageRequest, ResearchRequest, TextRequest
from backstay.errors import BackstayError
from backstay.sandbox.tls import certificate

Use = Callable[[Any], Awaitable[Any]]
ASKED = TextRequest.ask("wind")
FAR = "https://vendor.example"
VENDORS: dict[str, tuple[Callable[..., Any], str, Use]] = {
    "tiktok": (lambda **given: TikTokAds("7001", "token-of-tiktok", **given), "base_url", lambda it: it.get_account()),
    "meta": (lambda **given: MetaAds("act_1", "token-of-meta", **given), "base_url", lambda it: it.get_account()),
    "google_ads": (
        lambda **given: GoogleAds("1000000001", "token-of-google", **given), "endpoint", lambda it: it.get_account(),
    ),
    "claude": (lambda **given: Claude("key-of-claude", **given), "base_url", lambda it: it.generate(ASKED)),
    "gemini": (lambda **given: Gemini("key-of-gemini", **given), "base_url", lambda it: it.generate(ASKED)),
    "openai": (
        lambda **given: OpenAIImages("key-of-openai", **given), "base_url",
        lambda it: it.generate_image(ImageRequest(prompt="a sail")),
    ),
    "perplexity": (
        lambda **given: Perplexity("key-of-perplexity", **given), "base_url",
        lambda it: it.research(ResearchRequest(question="wind?")),
    ),
    "instagram": (lambda **given: Instagram("178", "token-of-instagram", **given), "base_url", lambda it: it.quota()),
    "mcp": (lambda **given: MCPTools(given.pop("url"), "token-of-mcp", **given), "url", lambda it: it.list_tools()),
    "s3": (
        lambda **given: S3Host("bucket", "key-id", "key-secret", style="path", **given), "endpoint_url",
        lambda it: it.put(b"x", "text/plain", key="x"),
    ),
}  # fmt: skip


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port that hears the beginning of what is asked and hangs up; on TLS only who trusts it is heard."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4000))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


async def used(name: str, where: str, **given: Any) -> None:
    """One call, which fails: nobody answers."""
    make, keyword, use = VENDORS[name]
    runtime = Runtime.in_memory(listeners=(), **given)
    adapter = make(**{keyword: where}, runtime=runtime, max_attempts=1, deadline=20.0, attempt_timeout=10.0)
    with pytest.raises(BackstayError):
        await use(adapter)
    await adapter.aclose()
    await runtime.aclose()


OVER_HTTP = [name for name in VENDORS if name != "google_ads"]
"""gRPC has its own way to a proxy (`tests/unit/test_grpc.py`) and roots of its own."""


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_the_proxy_is_asked_for_the_vendor(name: str) -> None:
    """And the vendor by nobody: its name could not be found here."""
    async with listening() as (port, heard):
        await used(name, FAR, proxy=f"http://127.0.0.1:{port}")
    assert heard
    assert heard[0].startswith(b"CONNECT vendor.example:443 ")


def test_every_adapter_is_in_the_table() -> None:
    """A new one cannot be forgotten."""
    folder = Path(__file__).parents[2] / "adapters" / "backstay_adapters"
    assert set(VENDORS) == {each.parent.name for each in folder.glob("*/py.typed")}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and its certificate, which nobody else trusts."""
    folder = tmp_path_factory.mktemp("authority")
    found = folder / "key.pem", folder / "certificate.pem"
    for path, text in zip(found, certificate("localhost"), strict=True):
        path.write_bytes(text)
    return found


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_the_context_decides_whom_to_trust(name: str, authority: tuple[Path, Path]) -> None:
    """A server that only the runtime's context trusts hears the request; without the context it hears none."""
    key, made = authority
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made, key)
    async with listening(serving) as (port, heard):
        await used(name, f"https://localhost:{port}")
        assert not heard
        await used(name, f"https://localhost:{port}", ssl_context=ssl.create_default_context(cafile=str(made)))
        assert heard
        assert b" HTTP/1.1" in heard[0]
