"""OpenAIImages: the whole adapter."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from backstay.auth import Credentials, Secret
from backstay.clock import utc
from backstay.content.image import GeneratedImage, ImageRequest, ImageResult
from backstay.content.models import ModelList
from backstay.content_adapter import ImageAdapter, ListsModels, Network, as_set, picture, variable
from backstay.cost import Cost, PriceTable
from backstay.endpoint import address
from backstay.errors import BackstayError, UnsupportedError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import text
from backstay.taxonomy import Certainty
from backstay_adapters.openai.adapter.capabilities import CAPABILITIES
from backstay_adapters.openai.adapter.wire import Setting, Wire
from backstay_adapters.openai.models import RETIRED, WARN_DAYS, plain_name, sunset
from backstay_adapters.openai.prices import PRICES
from backstay_adapters.openai.profile import API, DEFAULT_MODEL, openai_profile
from backstay_adapters.openai.wire import read
from backstay_adapters.openai.wire.usage import cost_of, most_of, usage_of
from backstay_adapters.openai.wire.write import asked_of

if TYPE_CHECKING:
    import httpx2

    from backstay.content.capabilities import ContentCapabilities
    from backstay.download import Downloaded, Downloads
    from backstay.profile import Profile
    from backstay.runtime import Runtime


class OpenAIImages(ImageAdapter, ListsModels):
    """OpenAI's Images API for one key, over the official SDK: pictures from words, and pictures changed by words.

        async with OpenAIImages("sk-...") as openai:
            answer = await openai.generate_image(ImageRequest(prompt="A red sail at dawn", aspect="4:5"))
            Path("sail.png").write_bytes(answer.image.data)

    `model` draws where a request names none. `prices` is what costs are computed from: a dated table that you can
    replace. `organization` and `project` go into the vendor's headers; the environment is not asked for them.
    `downloads` fetches the pictures of compatible servers that answer with addresses: from public ones with https,
    unless you give rules of your own.
    """

    vendor = "openai"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        key: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        account: str = "default",
        model: str = DEFAULT_MODEL,
        prices: PriceTable | None = PRICES,
        organization: str | None = None,
        project: str | None = None,
        downloads: Downloads | None = None,
        base_url: str = API,
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
            profile=openai_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        text("model", model)
        self.image_model = model
        self.prices = prices
        self._warned: set[str] = set()
        self._wire = Wire(Setting(base_url, organization, project, Network(self, client, transport), downloads))

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from OPENAI_API_KEY; OPENAI_IMAGE_MODEL, _BASE_URL, _ORG_ID and _PROJECT_ID as set."""
        key = variable("OPENAI_API_KEY", "pass the key to OpenAIImages(key)")
        told = as_set(
            model="OPENAI_IMAGE_MODEL", base_url="OPENAI_BASE_URL", organization="OPENAI_ORG_ID",
            project="OPENAI_PROJECT_ID",
        )  # fmt: skip
        return cls(key, **{**told, **arguments})

    async def connect(self) -> None:
        """Import the vendor's SDK off the loop; the first request opens the connection."""
        await asyncio.to_thread(self._wire.load)

    async def disconnect(self) -> None:
        """Close the pools, unless they were the user's."""
        await self._wire.aclose()

    async def read_models(self) -> ModelList:
        """See `ListsModels.read_models`; models of all kinds."""
        facts = await self._wire.models(await self.credentials.get())
        return read.models(facts.data, utc(self.runtime.clock.wall()).date())

    # The hooks of ImageAdapter ----------------------------------------------------------------------------------

    def check_image(self, request: ImageRequest) -> None:
        """Refuse what the API or the model would refuse.

        Raises:
            UnsupportedError: a capability that is off, or a model that is retired: the hint names its successor.
            InvalidRequestError, TooMuchDataError: a size, quality, format, picture or prompt that the model refuses.
        """
        super().check_image(request)
        model = request.model or self.image_model
        self._check_model(model)
        asked_of(request, model)

    async def draw(self, request: ImageRequest) -> ImageResult:
        """See `ImageAdapter.draw`."""
        asked = asked_of(request, request.model or self.image_model)
        facts = await self._wire.draw(asked, request.extra, await self.credentials.get())
        told, model = facts.data.get("usage"), str(facts.data.get("model") or asked.body["model"])
        found = read.drawn(facts.data)
        usage = usage_of(told, len(found))
        return ImageResult(
            images=tuple([await self._picture(each) for each in found]),
            usage=usage,
            cost=cost_of(usage, told, model, self.prices),
            model=model,
            request_id=facts.request_id,
            extra=read.rest(facts.data),
        )

    async def _picture(self, drawn: read.Drawn) -> GeneratedImage:
        if drawn.data is not None:
            return picture(drawn.data, revised_prompt=drawn.revised_prompt)
        try:
            found = await self._fetched(str(drawn.url))
        except BackstayError as error:
            # It is drawn and billed: what is left to say is that it did not come, and no second one is asked for.
            error.certainty, error.retryable = Certainty.UNKNOWN, False
            raise
        return picture(
            found.data, revised_prompt=drawn.revised_prompt, url=found.url, expires_at=drawn.expires_at
        )  # fmt: skip

    @operation(Effect.READ, name="download_image", kind="download", group="downloads")
    async def _fetched(self, url: str) -> Downloaded:
        """The bytes behind an address of the vendor's: a read of its own, asked again where the network fails."""
        return await self._wire.fetch(url)

    def most_drawn(self, request: ImageRequest) -> Cost | None:
        """See `ImageAdapter.most_drawn`; by pixels and quality, and the words that ask for them."""
        return most_of(request, request.model or self.image_model, self.prices)

    def _check_model(self, model: str) -> None:
        """Refuse a model that is gone, and warn of one that is going: once each."""
        end = sunset(model)
        if end is None:
            return
        if plain_name(model) in RETIRED:
            raise UnsupportedError(
                f"{model} was retired on {end.last_day}", field="model", value=model, vendor=self.vendor,
                rule="openai.model.retired", certainty=Certainty.NOT_SENT,
                hint=f"its successor is {end.successor}",
            )  # fmt: skip
        left = (end.last_day - utc(self.runtime.clock.wall()).date()).days
        if left <= WARN_DAYS and model not in self._warned:
            self._warned.add(model)
            when = f"ends on {end.last_day}, in {left} days" if left >= 0 else f"ended on {end.last_day}"
            warnings.warn(f"{model} {when}: its successor is {end.successor}", FutureWarning, stacklevel=2)


__all__ = ["OpenAIImages"]
