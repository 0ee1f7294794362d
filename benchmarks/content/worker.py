"""One rival in a process of its own: `python -m benchmarks.content.worker RIVAL OPERATION BASE`.

It imports, makes its first call, and prints a line of JSON; then it makes a visit for each line that it is told (calls
in flight, calls), and prints what that cost. Nothing of backstay is imported but by the rival of that name, so that
litellm may run in an environment of its own.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.adapters.duel import visit

Call = Callable[[], Awaitable[object]]
TEXT_MODEL, IMAGE_MODEL, ROOM = "claude-sonnet-5-5", "gpt-image-2", 1024
PROMPT = "What is the wind at Kiel, number {}?"
MANY = 400
"""Connections at most, for all: none of them shall be waited for."""
numbers = itertools.count(1)


def prompt() -> str:
    """Another one for each call, so that no answer comes from a cache."""
    return PROMPT.format(next(numbers))


def ours_text(base: str) -> Call:
    """Claude."""
    from backstay import Runtime
    from backstay.adapters import Claude
    from backstay.content import TextRequest

    claude = Claude(
        "key", base_url=base, max_output_tokens=ROOM, runtime=Runtime.in_memory(listeners=()), profile=wide()
    )

    async def call() -> object:
        return (await claude.generate(TextRequest.ask(prompt()))).text

    return call


def ours_image(base: str) -> Call:
    """OpenAIImages."""
    from backstay import Runtime
    from backstay.adapters import OpenAIImages
    from backstay.content import ImageRequest

    openai = OpenAIImages("key", base_url=f"{base}/v1", runtime=Runtime.in_memory(listeners=()), profile=wide())

    async def call() -> object:
        return (await openai.generate_image(ImageRequest(prompt=prompt()))).image.data

    return call


def wide() -> Any:
    """Room for as many calls as are in flight."""
    from backstay import Profile
    from backstay.policies.bulkhead import BulkheadOptions

    return Profile(bulkhead=BulkheadOptions(limit=MANY, queue=MANY))


def bare_text(base: str) -> Call:
    """The vendor's client with its retries off."""
    import anthropic

    client = anthropic.AsyncAnthropic(api_key="key", base_url=base, max_retries=0, timeout=60)

    async def call() -> object:
        said: Any = [{"role": "user", "content": prompt()}]
        answer: Any = await client.messages.create(model=TEXT_MODEL, max_tokens=ROOM, messages=said)
        return answer.content[0].text

    return call


def bare_image(base: str) -> Call:
    """The vendor's client with its retries off; its picture as bytes."""
    import openai

    client = openai.AsyncOpenAI(api_key="key", base_url=f"{base}/v1", max_retries=0, timeout=60)

    async def call() -> object:
        answer: Any = await client.images.generate(model=IMAGE_MODEL, prompt=prompt())
        return base64.b64decode(answer.data[0].b64_json)

    return call


def litellm_text(base: str) -> Call:
    """litellm's `acompletion`, retries off."""
    litellm = quiet()

    async def call() -> object:
        answer = await litellm.acompletion(
            model=f"anthropic/{TEXT_MODEL}", messages=[{"role": "user", "content": prompt()}], max_tokens=ROOM,
            api_key="key", api_base=base, timeout=60, num_retries=0,
        )  # fmt: skip
        return answer.choices[0].message.content

    return call


def litellm_image(base: str) -> Call:
    """litellm's `aimage_generation`; its picture as bytes."""
    litellm = quiet()

    async def call() -> object:
        answer = await litellm.aimage_generation(
            model=f"openai/{IMAGE_MODEL}", prompt=prompt(), api_key="key", api_base=f"{base}/v1", timeout=60,
            num_retries=0,
        )  # fmt: skip
        return base64.b64decode(answer.data[0].b64_json)

    return call


def quiet() -> Any:
    """litellm without its fetch of prices over the network."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


def megabytes(name: str) -> float:
    """VmRSS now, or VmHWM, the most ever; 0 where the system does not say."""
    try:
        found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0.0
    return round(int(found[1]) / 1024, 1) if found else 0.0


async def serve(call: Call, told: dict[str, float]) -> None:
    """Visit after visit, as long as somebody asks."""
    began = time.perf_counter()
    answer = await call()
    told["first_s"] = time.perf_counter() - began
    assert isinstance(answer, str | bytes)
    assert len(answer) > 500, "the stub's answer is longer"
    tell(told)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        flights, calls = map(int, line.split())
        cost = await visit(call, flights, calls)
        tell({"cpu_us": cost.cpu, "rate": cost.rate, "peak_mb": megabytes("VmHWM")})
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # pools that nobody can close are no news at the end


def tell(line: dict[str, float]) -> None:
    """One line for the parent."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(rival: str, operation: str, base: str) -> None:
    """Import, then serve."""
    began, cpu = time.perf_counter(), time.process_time()
    call: Call = globals()[f"{rival}_{operation}"](base)
    told = {"import_s": time.perf_counter() - began, "import_cpu_s": time.process_time() - cpu}
    asyncio.run(serve(call, {**told, "import_mb": megabytes("VmRSS")}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
