"""OpenAIImages in a storm: whatever happens, no picture is paid for that nobody knows of."""

from __future__ import annotations

import asyncio

import pytest

from backstay.content import ImageRequest, ImageResult, Size
from backstay.errors import BackstayError, InternalError
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport2
from backstay.testing import VirtualClock
from backstay.testing import run as virtually
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox


@pytest.mark.parametrize("seed", range(8))
def test_every_picture_is_delivered_or_stands_in_the_ledger(seed: int) -> None:
    """Each call ends in a picture or a typed error; what was drawn and not delivered counts as spent."""
    clock = VirtualClock(seed)
    sandbox = OpenAISandbox(seed=seed, faults="storm")
    runtime = Runtime.in_memory(clock=clock, listeners=())
    openai = OpenAIImages(KEY, runtime=runtime, transport=SimTransport2(sandbox, clock))

    async def one(number: int) -> ImageResult | BackstayError:
        await clock.sleep(number * 2.0)
        try:
            return await openai.generate_image(ImageRequest(prompt=f"Sail {number}", size=Size.of("32x32")))
        except BackstayError as error:
            return error

    async def main() -> list[ImageResult | BackstayError]:
        return await asyncio.gather(*(one(number) for number in range(40)))

    found = virtually(main(), clock)
    pictures = [each for each in found if isinstance(each, ImageResult)]
    assert not [each for each in found if isinstance(each, InternalError)]
    lost = sum(entry.outcome == "unknown" for entry in runtime.ledger.entries)
    assert len(pictures) <= len(sandbox.world.objects()) <= len(pictures) + lost
    assert len(pictures) > 10
    assert sum(scope.bulkhead.in_flight for scope in runtime.scopes) == 0
