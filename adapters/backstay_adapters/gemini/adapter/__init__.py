"""Gemini: the whole adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from backstay.auth import Credentials, Secret
from backstay.content.image import ImageRequest, ImageResult
from backstay.content.models import TokenCount
from backstay.content.text import TextDelta, TextRequest, TextResult
from backstay.content.words import Finish
from backstay.content_adapter import (
    ImageAdapter,
    Network,
    TextAdapter,
    as_set,
    note_cost,
    note_request_id,
    picture,
    tokens_at_most,
    variable,
)
from backstay.cost import Cost, PriceTable
from backstay.endpoint import address
from backstay.errors import BadResponseError
from backstay.operation import CallOptions
from backstay.policies.settings import text, whole
from backstay.taxonomy import Certainty
from backstay_adapters.gemini.adapter.capabilities import CAPABILITIES
from backstay_adapters.gemini.adapter.wire import Setting, Wire
from backstay_adapters.gemini.errors import TABLE
from backstay_adapters.gemini.prices import IMAGE, PRICES
from backstay_adapters.gemini.profile import (
    API,
    API_VERSION,
    DEFAULT_IMAGE_MODEL,
    DEFAULT_MODEL,
    MAX_OUTPUT_TOKENS,
    gemini_profile,
)
from backstay_adapters.gemini.wire import image, read
from backstay_adapters.gemini.wire.stream import Assembly
from backstay_adapters.gemini.wire.usage import cost_of, usage_of
from backstay_adapters.gemini.wire.write import check_extra, config_of, contents_of, counted

if TYPE_CHECKING:
    import httpx2

    from backstay.content.capabilities import ContentCapabilities
    from backstay.profile import Profile
    from backstay.runtime import Runtime
    from backstay.table import Facts

SOURCE_TOKENS = 2_000
"""Tokens of a picture to start from, at most."""
THOUGHTS = 8_192
"""Tokens that a model thinks before it draws, at most."""


class Gemini(TextAdapter, ImageAdapter):
    """Google's Gemini API for one key, over the official SDK: texts and pictures.

        async with Gemini("AIza...") as gemini:
            answer = await gemini.generate(TextRequest.ask("Why do sails billow?"))
            print(answer.text, answer.cost)

    `model` writes and `image_model` draws where a request names none, `max_output_tokens` bounds a text where a request
    does not. `prices` is what costs are computed from: a dated table that you can replace. The environment is asked for
    nothing, neither for keys nor for another service of Google's; `from_env()` reads GEMINI_API_KEY.
    """

    vendor = "gemini"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        key: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        account: str = "default",
        model: str = DEFAULT_MODEL,
        image_model: str = DEFAULT_IMAGE_MODEL,
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
        prices: PriceTable | None = PRICES,
        base_url: str = API,
        api_version: str = API_VERSION,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx2.AsyncClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        super().__init__(
            credentials=credentials or Credentials(key),
            account=account,
            host=address("base_url", base_url),
            profile=gemini_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        whole("max_output_tokens", max_output_tokens, 1)
        text("model", model)
        self.model = model
        text("image_model", image_model)
        self.image_model = image_model
        self.max_output_tokens = max_output_tokens
        self.prices = prices
        self._wire = Wire(Setting(base_url, api_version, Network(self, client, transport)))

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from GEMINI_API_KEY; GEMINI_MODEL, GEMINI_IMAGE_MODEL and GOOGLE_GEMINI_BASE_URL as set."""
        key = variable("GEMINI_API_KEY", "pass the key to Gemini(key)")
        told = as_set(model="GEMINI_MODEL", image_model="GEMINI_IMAGE_MODEL", base_url="GOOGLE_GEMINI_BASE_URL")
        return cls(key, **{**told, **arguments})

    async def connect(self) -> None:
        """Import the vendor's SDK off the loop; the first request opens the connection."""
        await asyncio.to_thread(self._wire.load)

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._wire.aclose()

    # The hooks of TextAdapter -----------------------------------------------------------------------------------

    async def write_text(self, request: TextRequest) -> TextResult:
        """See `TextAdapter.write_text`."""
        model, config = self._asked(request)
        contents, key = contents_of(request.messages), await self.credentials.get()
        facts = await self._wire.generate(model, contents, config, request.extra, key)
        return self._text(facts, model)

    async def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        """See `TextAdapter.stream_text`."""
        model, config = self._asked(request)
        contents, key, made = contents_of(request.messages), await self.credentials.get(), Assembly()
        async with aclosing(self._wire.stream(model, contents, config, request.extra, key)) as pieces:
            async for piece in pieces:
                with read.reading("a piece of a stream", piece):
                    found = list(made.take(piece))
                for each in found:
                    yield each
        facts = TABLE.decode(200, {}, made.whole(), "streamGenerateContent")
        note_request_id(*facts.request_ids)
        if not made.ended:
            raise read.ANSWERS.cut(facts.request_id)
        yield self._text(facts, model)

    async def count_text(self, request: TextRequest) -> TokenCount:
        """See `TextAdapter.count_text`."""
        model = request.model or self.model
        contents = counted(request, contents_of(request.messages))
        found = await self._wire.count(model, contents, await self.credentials.get())
        return TokenCount(input_tokens=found, model=model)

    def _asked(self, request: TextRequest) -> tuple[str, dict[str, Any]]:
        config = config_of(request, request.max_output_tokens or self.max_output_tokens)
        check_extra(config, request.extra)
        return request.model or self.model, config

    def _text(self, facts: Facts, model: str) -> TextResult:
        """The text of an answer; raises what the answer says instead, its cost noted."""
        if not read.is_answer(facts.body):
            raise TABLE.error(facts)
        result = read.message(facts.body, model=model, prices=self.prices)
        if result.finish is Finish.OTHER:
            note_cost(result.cost)
            raise TABLE.error(facts)
        return result

    # The hooks of ImageAdapter ----------------------------------------------------------------------------------

    def check_image(self, request: ImageRequest) -> None:
        """Refuse what the API or the model would refuse; raises UnsupportedCapabilityError, InvalidRequestError."""
        super().check_image(request)
        check_extra(image.config_of(request, request.model or self.image_model), request.extra)
        image.contents_of(request)

    async def draw(self, request: ImageRequest) -> ImageResult:
        """See `ImageAdapter.draw`."""
        model = request.model or self.image_model
        contents, config = image.contents_of(request), image.config_of(request, model)
        facts = await self._wire.generate(model, contents, config, request.extra, await self.credentials.get())
        if not read.is_answer(facts.body):
            raise TABLE.error(facts)
        with read.reading("a picture", facts.body):
            found = read.pictures(facts.body)
            usage = usage_of(facts.body.get("usageMetadata"), len(found))
            named = str(facts.body.get("modelVersion") or model)
            cost = cost_of(usage, named, self.prices)
        if not found:
            note_cost(cost)
            raise self._no_picture(facts)
        said = read.words(facts.body)
        return ImageResult(
            images=tuple(picture(each) for each in found),
            usage=usage,
            cost=cost,
            model=named,
            request_id=facts.request_id,
            extra={"text": said} if said else {},
        )

    def _no_picture(self, facts: Facts) -> Exception:
        failure = TABLE.failure(facts)
        return failure or BadResponseError(
            "the model answered with words and no picture", certainty=Certainty.REFUSED, retryable=False,
            rule="gemini.no_picture",
            request_ids=facts.request_ids, hint="ask for a picture in the prompt",
        )  # fmt: skip

    def most_drawn(self, request: ImageRequest) -> Cost | None:
        """See `ImageAdapter.most_drawn`; a price for each picture, and tokens for the words and the thinking."""
        if self.prices is None:
            return None
        tokens = tokens_at_most(len(request.prompt.encode())) + len(request.sources) * SOURCE_TOKENS
        return self.prices.cost(
            request.model or self.image_model, input=tokens, output=THOUGHTS, each={IMAGE: request.n}
        )


__all__ = ["Gemini"]
