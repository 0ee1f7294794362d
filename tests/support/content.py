"""Content vendors for tests that need several: scripted ones on the real bases, and Claude's simulators."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator
from copy import copy
from decimal import Decimal
from typing import Any, ClassVar

from backstay.auth import Credentials
from backstay.content import (
    ContentCapabilities,
    Cost,
    Finish,
    ImageRequest,
    ImageResult,
    ResearchDelta,
    ResearchRequest,
    ResearchResult,
    TextDelta,
    TextRequest,
    TextResult,
)
from backstay.content import ContentCapability as Can
from backstay.content_adapter import ImageAdapter, ResearchAdapter, TextAdapter, picture
from backstay.policies.retry import Retry
from backstay.profile import Profile
from backstay.runtime import Runtime

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 4, 5) + b"\x08\x02\0\0\0"
ONCE = Profile(retry=Retry(max_attempts=1))
ALL = (Can.TEXT, Can.STREAM, Can.COUNT_TOKENS, Can.IMAGE, Can.RESEARCH, Can.RESEARCH_STREAM)


class Scripted(TextAdapter, ImageAdapter, ResearchAdapter):
    """Speaks three protocols, from a script: what it says, exceptions to raise, or seconds to be silent for first.

    A list of pieces is a stream; an exception in it breaks the stream there. Every call is made once.
    """

    vendor = "scripted"
    CAPABILITIES: ClassVar[ContentCapabilities] = ContentCapabilities.of("scripted", *ALL)

    def __init__(self, name: str, runtime: Runtime, *script: Any, can: tuple[Can, ...] = ALL) -> None:
        super().__init__(
            credentials=Credentials("a-key"), account=name, host="h", profile=ONCE, runtime=runtime, options={}
        )
        self.name = name
        self.can = can
        self.model = self.image_model = "m"
        self.max_output_tokens = 100
        self.script = list(script)
        self.asked: list[Any] = []

    @property
    def capabilities(self) -> ContentCapabilities:
        """By its own name."""
        return ContentCapabilities.of(self.name, *self.can)

    async def _next(self, asked: Any) -> Any:
        self.asked.append(asked)
        step = self.script.pop(0)
        while isinstance(step, float):
            await asyncio.sleep(step)
            step = self.script.pop(0)
        if isinstance(step, Exception):
            raise copy(step)  # an error is told more and more by whoever handles it
        return step

    async def write_text(self, request: TextRequest) -> TextResult:
        return TextResult(text=await self._next(request), finish=Finish.STOP, cost=Cost(amount=Decimal("0.01")))

    async def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        said = ""
        for piece in await self._next(request):
            if isinstance(piece, float):
                await asyncio.sleep(piece)
                continue
            if isinstance(piece, Exception):
                raise copy(piece)
            said += piece
            yield TextDelta(text=piece)
        yield TextResult(text=said, finish=Finish.STOP, cost=Cost(amount=Decimal("0.01")))

    async def count_text(self, request: TextRequest) -> Any:
        return await self._next(request)

    async def draw(self, request: ImageRequest) -> ImageResult:
        return ImageResult(images=(picture(await self._next(request)),), cost=Cost.reported(Decimal("0.04")))

    async def find_out(self, request: ResearchRequest, idempotency_key: str | None) -> ResearchResult:
        return ResearchResult(answer=await self._next((request, idempotency_key)), cost=Cost.reported(Decimal("0.006")))

    async def stream_findings(self, request: ResearchRequest) -> AsyncGenerator[ResearchDelta | ResearchResult, None]:
        answer = await self._next(request)
        yield ResearchDelta(text=answer)
        yield ResearchResult(answer=answer)
