"""What holds for every adapter whose vendor's SDK runs on httpx2."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import httpx2
import pytest

from backstay import Runtime
from backstay.adapters import Claude, Gemini, OpenAIImages
from backstay.content import ImageRequest, TextRequest
from backstay.errors import InvalidRequestError
from backstay.sandbox import SimTransport2
from backstay.testing import VirtualClock, run
from backstay_adapters.claude.sandbox import ClaudeSandbox
from backstay_adapters.gemini.sandbox import GeminiSandbox
from backstay_adapters.openai.sandbox import OpenAISandbox

Use = Callable[[Any], Awaitable[Any]]
TEXT = TextRequest.ask("wind")
VENDORS: dict[str, tuple[Any, Any, Use]] = {
    "anthropic": (Claude, ClaudeSandbox, lambda it: it.generate(TEXT)),
    "google.genai": (Gemini, GeminiSandbox, lambda it: it.generate(TEXT)),
    "openai": (OpenAIImages, OpenAISandbox, lambda it: it.generate_image(ImageRequest(prompt="a sail"))),
}
"""By the module of the SDK."""


def made(sdk: str, clock: VirtualClock, client: Any) -> Any:
    """An adapter on a client of the user's."""
    adapter, sandbox, _ = VENDORS[sdk]
    return adapter(sandbox.KEY, client=client, runtime=Runtime.in_memory(clock=clock, listeners=()))


@pytest.mark.parametrize("sdk", VENDORS)
def test_a_client_of_httpx_is_refused(sdk: str) -> None:
    """Our mark of what has left would not be there; the refusal says so when the adapter connects."""
    clock = VirtualClock()
    with pytest.raises(InvalidRequestError, match="httpx2") as caught:
        run(made(sdk, clock, httpx.AsyncClient()).warm_up(), clock)
    assert caught.value.field == "client"


@pytest.mark.parametrize("sdk", VENDORS)
def test_a_users_own_client_is_used_and_left_open(sdk: str) -> None:
    """Closing the adapter does not close what it was given."""
    clock = VirtualClock()
    transport = SimTransport2(VENDORS[sdk][1](seed=3), clock)
    client = httpx2.AsyncClient(transport=transport)

    async def main() -> None:
        adapter = made(sdk, clock, client)
        await VENDORS[sdk][2](adapter)
        await adapter.aclose()

    run(main(), clock)
    assert transport.requests
    assert not client.is_closed


@pytest.mark.parametrize("sdk", VENDORS)
def test_nothing_of_the_vendors_is_imported_before_it_connects(sdk: str) -> None:
    """Importing the adapter costs neither the SDK nor a transport; making one neither."""
    name = VENDORS[sdk][0].__name__
    code = f"""
import sys
from backstay.adapters import {name}
{name}("a-key")
print(sorted({{"{sdk}", "httpx", "httpx2", "aiohttp", "requests"}} & set(sys.modules)))"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
