"""From a topic to a published carousel: resumable at every step, nothing paid for twice, nothing published twice."""

from backstay.services.carousel.carousel import Carousel
from backstay.services.carousel.events import CarouselDegraded, CarouselStep
from backstay.services.carousel.plan import CarouselPlan
from backstay.services.carousel.preview import preview
from backstay.services.carousel.state import Caption, CarouselState, Done, Outline, Point, Slide

__all__ = [
    "Caption",
    "Carousel",
    "CarouselDegraded",
    "CarouselPlan",
    "CarouselState",
    "CarouselStep",
    "Done",
    "Outline",
    "Point",
    "Slide",
    "preview",
]
