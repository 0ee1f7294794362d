"""Progress of a carousel, in the stream of all events."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CarouselStep(Event):
    """A step is done; `done` of `total` make a bar. The first one of a run is called "start"."""

    name = "carousel_step"
    carousel: str
    step: str
    """"start", "research", "outline", "slide 1" ..., "caption", "hooks", "picture 1" ..., "media 1" ..., "publish"."""
    done: int
    total: int
    by: str = ""
    """The adapter that did it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarouselDegraded(Event):
    """A part is not as good as it should be: nothing is published without the caller's word."""

    name = "carousel_degraded"
    healed = False
    carousel: str
    step: str
    reason: str


__all__ = ["CarouselDegraded", "CarouselStep"]
