"""What adapters that research share. A vendor's adapter gives `find_out` and, where it can, `stream_findings`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, Unpack

from backstay.content.capabilities import ContentCapability as Can
from backstay.content.needs import require_research
from backstay.content.research import ResearchDelta, ResearchRequest, ResearchResult, ResearchSoFar
from backstay.content.words import Depth
from backstay.content_adapter.base import ContentAdapter, known
from backstay.cost import Cost
from backstay.engine.stream import Streaming, Whole
from backstay.ledger import note_cost
from backstay.operation import CallOptions, Operation, operation, streaming
from backstay.policies.effect import Effect

DAY: Final = 86_400.0
FRESH: Final = 3_600.0
"""Seconds that an answer counts as fresh; `cache=` and the profile's `ttl` say otherwise."""


class ResearchAdapter(ContentAdapter):
    """A `Researcher` without its vendor."""

    async def find_out(self, request: ResearchRequest, idempotency_key: str | None) -> ResearchResult:
        """Ask the vendor once; `cost`, `usage` and `sources` are filled."""
        raise NotImplementedError

    def stream_findings(self, request: ResearchRequest) -> AsyncGenerator[ResearchDelta | ResearchResult, None]:
        """The same piece by piece; the last thing given is the whole ResearchResult."""
        raise NotImplementedError

    def most(self, request: ResearchRequest) -> Cost | None:
        """The most that an answer may cost, for budgets and for lost answers; None: nobody can tell beforehand."""
        del request
        return None

    async def research(
        self, request: ResearchRequest, *, idempotency_key: str | None = None, **options: Unpack[CallOptions]
    ) -> ResearchResult:
        """An answer with sources; see `Researcher.research`."""
        self.check_research(request)
        if request.depth is Depth.DEEP:
            return await self._dug(request, key=idempotency_key, **options)
        return await self._found(request, key=idempotency_key, **options)

    def stream_research(
        self, request: ResearchRequest, **options: Unpack[CallOptions]
    ) -> Streaming[ResearchDelta, ResearchResult]:
        """The answer while it is written; see `Researcher.stream_research`."""
        self.check_research(request)
        self.capabilities.require(Can.RESEARCH_STREAM, "stream_research")
        return self._streamed_findings(request, **options)

    @operation(
        Effect.GENERATE, name="research", kind="ai_generation", group="research", ttl=FRESH, max_stale=DAY,
        tags=("research",),
    )  # fmt: skip
    async def _found(
        self, request: ResearchRequest, *, key: str | None = None, **_: Unpack[CallOptions]
    ) -> ResearchResult:
        return await self._noted(request, key)

    @operation(
        Effect.GENERATE, name="research_deep", kind="deep_research", group="research_deep", ttl=FRESH, max_stale=DAY,
        tags=("research",),
    )  # fmt: skip
    async def _dug(
        self, request: ResearchRequest, *, key: str | None = None, **_: Unpack[CallOptions]
    ) -> ResearchResult:
        return await self._noted(request, key)

    async def _noted(self, request: ResearchRequest, key: str | None) -> ResearchResult:
        result = await self.find_out(request, key)
        note_cost(result.cost)
        return result

    @streaming(
        Effect.GENERATE, keeps=ResearchSoFar, name="stream_research", kind="ai_generation", group="research"
    )  # fmt: skip
    async def _streamed_findings(
        self, request: ResearchRequest, **_: Unpack[CallOptions]
    ) -> AsyncGenerator[ResearchDelta | Whole[ResearchResult], None]:
        async with aclosing(self.stream_findings(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ResearchDelta):
                    yield piece
                    continue
                note_cost(piece.cost)
                yield Whole(piece)

    def check_research(self, request: ResearchRequest) -> None:
        """Refuse what the vendor lacks; raises UnsupportedCapabilityError."""
        require_research(self.capabilities, request)

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        """See `most`."""
        request = args[0] if args else None
        if not isinstance(request, ResearchRequest):
            return super().estimate(operation, args)
        return known(self.most(request))


__all__ = ["ResearchAdapter"]
