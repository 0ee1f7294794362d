"""What adapters that make pictures share. A vendor's adapter gives `draw`."""

from __future__ import annotations

from typing import Any, Final, Unpack

from backstay.content.image import GeneratedImage, ImageRequest, ImageResult
from backstay.content.needs import require_image
from backstay.content.pictures import sniff
from backstay.content_adapter.base import ContentAdapter, known
from backstay.cost import Cost
from backstay.errors import BadResponseError
from backstay.ledger import note_cost
from backstay.operation import CallOptions, Operation, operation
from backstay.policies.effect import Effect
from backstay.taxonomy import Certainty

IMAGES: Final = "images"
"""The limit of a profile by which pictures are counted, and not calls."""


def _pictures(request: ImageRequest, **_: Any) -> dict[str, float]:
    return {IMAGES: float(request.n)}


class ImageAdapter(ContentAdapter):
    """An `ImageGenerator` without its vendor."""

    image_model: str
    """Who draws where the request does not say."""

    async def draw(self, request: ImageRequest) -> ImageResult:
        """Ask the vendor once and give the pictures' bytes; `cost` and `usage` are filled."""
        raise NotImplementedError

    async def generate_image(self, request: ImageRequest, **options: Unpack[CallOptions]) -> ImageResult:
        """Pictures as bytes; see `ImageGenerator.generate_image`."""
        self.check_image(request)
        return await self._drawn(request, **options)

    @operation(Effect.GENERATE, name="generate_image", kind="image", group="images", cost=_pictures)
    async def _drawn(self, request: ImageRequest, **_: Unpack[CallOptions]) -> ImageResult:
        result = await self.draw(request)
        note_cost(result.cost)
        return result

    def most_drawn(self, request: ImageRequest) -> Cost | None:
        """The most that pictures may cost, for budgets and for lost answers; None: nobody can tell beforehand."""
        del request
        return None

    def check_image(self, request: ImageRequest) -> None:
        """Refuse what the vendor lacks; raises UnsupportedCapabilityError. A vendor adds its sizes and qualities."""
        require_image(self.capabilities, request)

    def estimate(self, operation: Operation, args: tuple[Any, ...]) -> Cost | None:
        """See `most_drawn`."""
        request = args[0] if args else None
        if not isinstance(request, ImageRequest):
            return super().estimate(operation, args)
        return known(self.most_drawn(request))


def picture(data: bytes, **facts: Any) -> GeneratedImage:
    """A picture from its bytes; kind and size are read from them, whatever the vendor says.

    Raises:
        BadResponseError: the bytes are no picture.
    """
    found = sniff(data)
    if found is None:
        raise BadResponseError(
            f"{len(data)} bytes that are no PNG, JPEG, GIF or WebP", certainty=Certainty.UNKNOWN,
            rule="content.no_picture",
        )  # fmt: skip
    return GeneratedImage(data=data, media_type=found.media_type, width=found.width, height=found.height, **facts)


__all__ = ["IMAGES", "ImageAdapter", "picture"]
