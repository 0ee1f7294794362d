"""What all content APIs speak. Whoever speaks one of these can be swapped for another.

All methods take call options, raise BackstayError only, and give answers that say where they came from.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar, Unpack, runtime_checkable

if TYPE_CHECKING:
    from datetime import datetime

    from backstay.content.capabilities import ContentCapabilities
    from backstay.content.hosting import HostedMedia
    from backstay.content.image import ImageRequest, ImageResult
    from backstay.content.models import TokenCount
    from backstay.content.publish import Container, Post, PostInsights, PublishRequest, Quota
    from backstay.content.research import ResearchDelta, ResearchRequest, ResearchResult
    from backstay.content.text import TextDelta, TextRequest, TextResult
    from backstay.engine.stream import Streaming
    from backstay.operation import CallOptions

T = TypeVar("T")
Call = Coroutine[Any, Any, T]
"""What calling an `async def` gives. Spelled out, because type checkers disagree whether a decorated one gives it."""


@runtime_checkable
class ContentVendor(Protocol):
    """What all of them have."""

    @property
    def capabilities(self) -> ContentCapabilities:
        """What it can do, and whose it is (`.vendor`); what is off is refused before anything is sent."""
        ...

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A cheap copy with other options for its calls."""
        ...

    async def warm_up(self) -> Self:
        """Connect now instead of with the first call."""
        ...

    async def aclose(self, grace: float = 5.0) -> None:
        """Let what was sent finish for `grace` seconds and close."""
        ...


@runtime_checkable
class TextGenerator(ContentVendor, Protocol):
    """Writes texts. A text costs money and leaves nothing behind."""

    def generate(self, request: TextRequest, **options: Unpack[CallOptions]) -> Call[TextResult]:
        """A whole text; with a schema its JSON, after at most one repair. Not cached unless `cache=` says so.

        Raises:
            CreativeRejectedError, TruncatedOutputError, TooMuchDataError, BadResponseError: see `content.settle`.
        """
        ...

    def stream(self, request: TextRequest, **options: Unpack[CallOptions]) -> Streaming[TextDelta, TextResult]:
        """A text while it is written; asked again only before its first piece. Raises as `generate`."""
        ...

    def count_tokens(self, request: TextRequest, **options: Unpack[CallOptions]) -> Call[TokenCount]:
        """How many tokens the request has; needs COUNT_TOKENS."""
        ...


@runtime_checkable
class ImageGenerator(ContentVendor, Protocol):
    """Makes pictures. Where the profile says so, one whose answer is lost is not paid for twice."""

    def generate_image(self, request: ImageRequest, **options: Unpack[CallOptions]) -> Call[ImageResult]:
        """Pictures as bytes; with `sources` changed ones. Not cached unless `cache=` says so.

        Raises:
            CreativeRejectedError: a safety system refused.
            UnsupportedError: the model is retired; the hint names its successor.
        """
        ...


@runtime_checkable
class Researcher(ContentVendor, Protocol):
    """Finds things out and names its sources. Answers are cached, and served stale when the vendor fails."""

    def research(
        self, request: ResearchRequest, *, idempotency_key: str | None = None, **options: Unpack[CallOptions]
    ) -> Call[ResearchResult]:
        """An answer with sources; `degraded` names the parts that failed. A key makes a DEEP job start once."""
        ...

    def stream_research(
        self, request: ResearchRequest, **options: Unpack[CallOptions]
    ) -> Streaming[ResearchDelta, ResearchResult]:
        """The answer while it is written; needs RESEARCH_STREAM."""
        ...


@runtime_checkable
class Publisher(ContentVendor, Protocol):
    """Puts posts out, each of them once."""

    def publish_post(
        self, request: PublishRequest, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Call[Post]:
        """Prepare, wait, publish and confirm, once for each key; a second call goes on where one broke off.

        Raises:
            UnknownOutcomeError: it may be live and looking did not settle it; nothing was sent again.
        """
        ...

    def prepare(
        self, request: PublishRequest, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Call[Container]:
        """Hand the media over; nothing is public yet."""
        ...

    def container(self, container_id: str, **options: Unpack[CallOptions]) -> Call[Container]:
        """How far the vendor is with it."""
        ...

    def find_post(
        self, container_id: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> Call[Post | None]:
        """The post that a container has become; None when it is certain that there is none."""
        ...

    def quota(self, **options: Unpack[CallOptions]) -> Call[Quota]:
        """How many posts are left; always asked live. Needs QUOTA."""
        ...

    def insights(self, post_id: str, **options: Unpack[CallOptions]) -> Call[PostInsights]:
        """How a post is doing; needs INSIGHTS."""
        ...


@runtime_checkable
class MediaHost(ContentVendor, Protocol):
    """Keeps bytes at an address that others can fetch."""

    def put(self, data: bytes, media_type: str, *, key: str, **options: Unpack[CallOptions]) -> Call[HostedMedia]:
        """Keep bytes under a key; the same key and bytes again change nothing, other bytes are a ConflictError."""
        ...

    def delete(self, key: str, **options: Unpack[CallOptions]) -> Call[None]:
        """Delete what is kept under a key, if anything is; needs HOST_DELETE."""
        ...


__all__ = [
    "Call", "ContentVendor", "ImageGenerator", "MediaHost", "Publisher", "Researcher", "TextGenerator",
]  # fmt: skip
