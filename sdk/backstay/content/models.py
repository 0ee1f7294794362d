"""Models that a vendor offers, and how many tokens a request has."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from backstay.answer import Answer
from backstay.values import Word


class ModelState(Word):
    """Whether a model can be used, and for how long."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    """It works until `retires_at`."""
    RETIRED = "retired"
    UNKNOWN = "unknown"


class ModelInfo(Answer):
    """A model, as the vendor tells of it."""

    id: str
    name: str = ""
    state: ModelState = ModelState.UNKNOWN
    retires_at: datetime | None = None
    successor: str | None = None
    context_tokens: int | None = None
    max_output_tokens: int | None = None


class ModelList(Answer):
    """A vendor's models, newest first where the vendor says so."""

    _carries: ClassVar = ("models",)

    models: tuple[ModelInfo, ...] = ()


class TokenCount(Answer):
    """How many tokens a request would send."""

    input_tokens: int
    model: str = ""


__all__ = ["ModelInfo", "ModelList", "ModelState", "TokenCount"]
