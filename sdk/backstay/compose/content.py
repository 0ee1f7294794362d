"""Several content vendors as one: the first that answers gives the text, the pictures or the research."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeVar, Unpack

from backstay.answer import Answer
from backstay.compose.row import Row, Timeouts, common
from backstay.compose.steps import END, Turn
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.image import ImageRequest, ImageResult
from backstay.content.models import TokenCount
from backstay.content.needs import require_image, require_research, require_text
from backstay.content.protocols import ContentVendor
from backstay.content.research import ResearchDelta, ResearchRequest, ResearchResult, ResearchSoFar
from backstay.content.text import TextDelta, TextRequest, TextResult, TextSoFar
from backstay.engine.stream import Keeper, Streaming, Whole
from backstay.errors import BackstayError, InvalidRequestError
from backstay.operation import CallOptions, merge_options
from backstay.runtime import Runtime
from backstay.transient import On, judge_by

A = TypeVar("A", bound=Answer)
D = TypeVar("D")
R = TypeVar("R", bound=Answer)


class Fallback(Row):
    """A TextGenerator, ImageGenerator or Researcher made of several, whichever all of them are.

        writer = Fallback(claude, gemini, timeout=40.0)
        answer = await writer.generate(request)
        answer.served.by, answer.served.cause     # who wrote it, and why it was not the first one

    After an error the next step is asked; never after a wrong request, a refusal of what was asked (CREATIVE_REJECTED),
    a cut answer, a budget of the work's own (SPEND_GUARD), or an error that `on` does not name. A stale answer stands
    in when no step has a better one. When all fail, one error tells each step's error and its cure. Streams fall over
    only before their first piece.

    `timeout` is in seconds for each step, or one for each; a stream's runs to its first piece. The deadline of a call
    is for all steps together: a step without a timeout gets its share of what is left. A step asks again by its own
    profile. Each failure is an event, and so is who answered instead. Closing it closes its steps.
    """

    def __init__(
        self, *steps: ContentVendor, timeout: Timeouts = None, on: On | None = None, runtime: Runtime | None = None
    ) -> None:
        super().__init__(steps, timeout, runtime)
        self._judge = None if on is None else judge_by(on)
        self.capabilities = common(self._row)
        """What all steps can do; the reasons name those that cannot."""

    @property
    def steps(self) -> Mapping[str, ContentVendor]:
        """The steps by name, in their order: the vendor's, numbered where it comes again."""
        return self._named()

    # Texts --------------------------------------------------------------------------------------------------------

    async def generate(self, request: TextRequest, **options: Unpack[CallOptions]) -> TextResult:
        """See `TextGenerator.generate`."""
        self._check_text(request)
        return await self._first("generate", lambda step, own: step.generate(request, **own), options)

    def stream(self, request: TextRequest, **options: Unpack[CallOptions]) -> Streaming[TextDelta, TextResult]:
        """See `TextGenerator.stream`."""
        self._check_text(request)
        self.capabilities.require(Can.STREAM, "stream")
        return self._streamed("stream", lambda step, own: step.stream(request, **own), options, TextSoFar())

    async def count_tokens(self, request: TextRequest, **options: Unpack[CallOptions]) -> TokenCount:
        """How many tokens the request has with the first step that can tell; another one counts differently."""
        self._check_text(request)
        self.capabilities.require(Can.COUNT_TOKENS, "count_tokens")
        return await self._first("count_tokens", lambda step, own: step.count_tokens(request, **own), options)

    def _check_text(self, request: TextRequest) -> None:
        self.capabilities.require(Can.TEXT, "generate")
        require_text(self.capabilities, request)
        self._check_words(request.model, request.extra)

    # Pictures -----------------------------------------------------------------------------------------------------

    async def generate_image(self, request: ImageRequest, **options: Unpack[CallOptions]) -> ImageResult:
        """See `ImageGenerator.generate_image`; what a step has lost counts as spent, and the next one's costs again."""
        require_image(self.capabilities, request)
        self._check_words(request.model, request.extra)
        return await self._first("generate_image", lambda step, own: step.generate_image(request, **own), options)

    # Research -----------------------------------------------------------------------------------------------------

    async def research(
        self, request: ResearchRequest, *, idempotency_key: str | None = None, **options: Unpack[CallOptions]
    ) -> ResearchResult:
        """See `Researcher.research`."""
        self._check_research(request)
        return await self._first(
            "research", lambda step, own: step.research(request, idempotency_key=idempotency_key, **own), options
        )

    def stream_research(
        self, request: ResearchRequest, **options: Unpack[CallOptions]
    ) -> Streaming[ResearchDelta, ResearchResult]:
        """See `Researcher.stream_research`."""
        self._check_research(request)
        self.capabilities.require(Can.RESEARCH_STREAM, "stream_research")
        return self._streamed(
            "stream_research", lambda step, own: step.stream_research(request, **own), options, ResearchSoFar()
        )

    def _check_research(self, request: ResearchRequest) -> None:
        require_research(self.capabilities, request)
        self._check_words(request.model, request.extra)

    # The row of steps ---------------------------------------------------------------------------------------------

    async def _first(
        self, function: str, ask: Callable[[Any, dict[str, Any]], Awaitable[A]], options: CallOptions
    ) -> A:
        turn = self._turn(function, options)
        for step in self._row:
            try:
                answer = turn.settled(step, await ask(step.vendor, turn.asking(step)))
            except BackstayError as error:
                turn.failure(step, error)
            else:
                if answer is not None:
                    return answer
        last: A = turn.end()
        return last

    def _streamed(
        self, function: str, ask: Callable[[Any, dict[str, Any]], Streaming[D, R]], options: CallOptions,
        keeper: Keeper[D, R],
    ) -> Streaming[D, R]:  # fmt: skip
        return Streaming(self._pieces(function, ask, options, keeper), keeper)

    async def _pieces(
        self, function: str, ask: Callable[[Any, dict[str, Any]], Streaming[D, R]], options: CallOptions,
        keeper: Keeper[D, R],
    ) -> AsyncGenerator[D | Whole[R], None]:  # fmt: skip
        turn = self._turn(function, options)
        for step in self._row:
            try:
                stream = ask(step.vendor, turn.streaming(step))
                piece = await turn.first_piece(step, stream)
            except BackstayError as error:
                turn.failure(step, error)
                continue
            async with aclosing(stream):
                if piece is not END:
                    keeper.add(piece)
                    yield piece
                async for following in stream:
                    keeper.add(following)
                    yield following
                yield Whole(turn.marked(step, stream.result))
            return
        turn.end()

    def _turn(self, function: str, options: CallOptions) -> Turn:
        return Turn(function, self._row, self.runtime, merge_options(self._options, options), self._judge)

    def _check_words(self, model: str | None, extra: Mapping[str, Any]) -> None:
        """A vendor's own words mean nothing to another one; raises InvalidRequestError."""
        vendors = {step.vendor.capabilities.vendor for step in self._row}
        for field, value in (("model", model), ("extra", dict(extra))):
            if value and len(vendors) > 1:
                raise InvalidRequestError(
                    f"{field} is one vendor's word, and the steps are of {', '.join(sorted(vendors))}", field=field,
                    value=value, hint=f"leave {field} out of the request; models are set on the adapters",
                )  # fmt: skip


__all__ = ["Fallback"]
