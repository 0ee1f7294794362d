"""Who makes a carousel, and who tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.clock import Clock
from backstay.content import ContentCapability as Can
from backstay.content import ContentVendor, ImageGenerator, MediaHost, Publisher, Researcher, TextGenerator
from backstay.errors import BackstayError
from backstay.events import Listener
from backstay.services.carousel.events import CarouselDegraded, CarouselStep
from backstay.services.carousel.state import CarouselState
from backstay.services.events import ServiceTrouble


@dataclass(frozen=True, slots=True)
class Makers:
    """Who does what."""

    research: Researcher
    text: TextGenerator
    images: ImageGenerator
    host: MediaHost
    publisher: Publisher

    @property
    def all(self) -> tuple[ContentVendor, ...]:
        """Each of them."""
        return (self.research, self.text, self.images, self.host, self.publisher)

    def check(self) -> None:
        """Refuse what cannot become a post before anything is paid for; raises UnsupportedCapabilityError."""
        needs = (Can.RESEARCH, Can.TEXT, Can.IMAGE, Can.HOST, Can.PUBLISH_CAROUSEL)
        for vendor, capability in zip(self.all, needs, strict=True):
            vendor.capabilities.require(capability, "carousel")


class Teller:
    """Makes the events of a carousel."""

    def __init__(self, clock: Clock, tell: Listener) -> None:
        self.clock = clock
        self._tell = tell

    def step(self, state: CarouselState, step: str, by: str = "") -> None:
        """A step is done."""
        plan = state.plan
        self._tell(
            CarouselStep(
                at=self.clock.wall(), function="carousel", carousel=plan.id, step=step, done=state.made,
                total=plan.steps, by=by,
            )
        )  # fmt: skip

    def degraded(self, state: CarouselState, step: str, reason: str) -> None:
        """A part is not as good as it should be."""
        self._tell(
            CarouselDegraded(
                at=self.clock.wall(), function="carousel", carousel=state.plan.id, step=step, reason=reason
            )
        )

    def trouble(self, error: BackstayError) -> None:
        """A run has ended with an error; what was made is kept."""
        self._tell(ServiceTrouble.of(error, self.clock, "carousel"))


__all__ = ["Makers", "Teller"]
