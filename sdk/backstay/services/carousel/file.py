"""A file of one carousel: the fields of its plan, and who makes which part of it.

id: embeddings
topic: How vector embeddings work
slides: 6
money: 3.00 USD
by: {text: [claude, gemini], images: [openai]}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from backstay.services.carousel.plan import CarouselPlan
from backstay.services.document import read
from backstay.spec import Spec
from backstay.values import EMPTY, freeze


class CarouselFile(Spec):
    """What a file says."""

    plan: CarouselPlan
    by: Annotated[Mapping[str, tuple[str, ...]], AfterValidator(freeze)] = EMPTY
    """Vendors of `research`, `text` and `images`, the first one first; what is not named is made by all that can."""


class _By(Spec):
    research: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


def carousel_of(path: str | Path) -> CarouselFile:
    """The carousel of a file; raises InvalidRequestError with line and field for what is wrong in it."""
    document = read(path)
    fields = dict(document.data)
    named = fields.pop("by", {})
    by = document.build(_By, named if isinstance(named, Mapping) else {"by": named}, under="by")
    plan = document.build(CarouselPlan, fields)
    return CarouselFile(plan=plan, by={name: value for name, value in by.__dict__.items() if value})


__all__ = ["CarouselFile", "carousel_of"]
