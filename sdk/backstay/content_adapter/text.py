"""What adapters that write texts share. A vendor's adapter gives `write_text`, `stream_text` and `count_text`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, Unpack

from backstay.content.capabilities import ContentCapability as Can
from backstay.content.needs import require_text
from backstay.content.parts import Picture
from backstay.content.settle import UNREADABLE, repair, repaired, settled
from backstay.content.text import TextDelta, TextRequest, TextResult, TextSoFar
from backstay.content_adapter.base import ContentAdapter, known, tokens_at_most
from backstay.cost import Cost
from backstay.engine.stream import Streaming, Whole
from backstay.errors import BackstayError, InvalidRequestError
from backstay.ledger import note_cost
from backstay.operation import CallOptions, Operation, declared_by, operation, streaming
from backstay.policies.effect import Effect

if TYPE_CHECKING:
    from backstay.content.models import TokenCount

PICTURE_TOKENS: Final = 5_000
"""Tokens of a picture at most, for an upper estimate before the call."""


class TextAdapter(ContentAdapter):
    """A `TextGenerator` without its vendor."""

    model: str
    """Who writes where the request does not say."""
    max_output_tokens: int
    """The bound where the request gives none."""

    # What a vendor's adapter gives ------------------------------------------------------------------------------

    async def write_text(self, request: TextRequest) -> TextResult:
        """Ask the vendor once and read its answer, refusals and cuts included; `cost` and `usage` are filled."""
        raise NotImplementedError

    def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        """The same piece by piece; the last thing given is the whole TextResult."""
        raise NotImplementedError

    async def count_text(self, request: TextRequest) -> TokenCount:
        """Ask the vendor how many tokens the request has."""
        raise NotImplementedError

    # What callers use -------------------------------------------------------------------------------------------

    async def generate(self, request: TextRequest, **options: Unpack[CallOptions]) -> TextResult:
        """A whole text; see `TextGenerator.generate`. JSON that cannot be read is asked for once more, then raises."""
        self.check_text(request)
        clock, began = self.runtime.clock, self.runtime.clock.monotonic()
        try:
            return await self._generated(request, **options)
        except BackstayError as error:
            if error.rule != UNREADABLE:
                raise
            left = self.plan(declared_by(self._generated), dict(options)).deadline - (clock.monotonic() - began)
            if left <= 0.0:
                raise
            again: CallOptions = {**options, "deadline": left}
            return repaired(await self._generated(repair(request, error), **again), error)

    def stream(self, request: TextRequest, **options: Unpack[CallOptions]) -> Streaming[TextDelta, TextResult]:
        """A text while it is written; see `TextGenerator.stream`. JSON is checked at the end and not repaired."""
        self.check_text(request)
        self.capabilities.require(Can.STREAM, "stream")
        return self._streamed_text(request, **options)

    async def count_tokens(self, request: TextRequest, **options: Unpack[CallOptions]) -> TokenCount:
        """How many tokens the request has; see `TextGenerator.count_tokens`."""
        self.check_text(request)
        self.capabilities.require(Can.COUNT_TOKENS, "count_tokens")
        return await self._counted(request, **options)

    @operation(Effect.GENERATE, name="generate", kind="ai_generation", group="generate")
    async def _generated(self, request: TextRequest, **_: Unpack[CallOptions]) -> TextResult:
        result = await self.write_text(request)
        note_cost(result.cost)
        return settled(result, request)

    @streaming(Effect.GENERATE, keeps=TextSoFar, name="stream", kind="ai_generation", group="generate")
    async def _streamed_text(
        self, request: TextRequest, **_: Unpack[CallOptions]
    ) -> AsyncGenerator[TextDelta | Whole[TextResult], None]:
        async with aclosing(self.stream_text(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    yield piece
                    continue
                note_cost(piece.cost)
                yield Whole(settled(piece, request))

    @operation(Effect.READ, group="count", name="count_tokens")
    async def _counted(self, request: TextRequest, **_: Unpack[CallOptions]) -> TokenCount:
        return await self.count_text(request)

    # Checks and estimates ---------------------------------------------------------------------------------------

    def check_text(self, request: TextRequest) -> None:
        """Refuse what the vendor lacks; raises UnsupportedCapabilityError, InvalidRequestError."""
        require_text(self.capabilities, request)
        names = {tool.name for tool in request.tools}
        if request.tool_choice not in {None, "auto", "any", "none", *names}:
            raise InvalidRequestError(
                f"no tool is called {request.tool_choice!r}", field="tool_choice", value=request.tool_choice,
                hint=f'"auto", "any", "none"{"".join(f", {name!r}" for name in sorted(names))}',
            )  # fmt: skip

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        """The most that a text may cost: a token for every three bytes in, and all that may come out."""
        request = args[0] if args else None
        if not isinstance(request, TextRequest):
            return super().estimate(operation, args)
        if operation.name not in {"generate", "stream"} or self.prices is None:
            return None
        pictures = sum(isinstance(part, Picture) for message in request.messages for part in message.parts)
        tokens = tokens_at_most(request.size) + pictures * PICTURE_TOKENS
        output = request.max_output_tokens or self.max_output_tokens
        return known(self.prices.cost(request.model or self.model, input=tokens, output=output))


__all__ = ["TextAdapter"]
