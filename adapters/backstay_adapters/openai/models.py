"""What each image model takes, which are gone, and which are going: data at a date.

Sources: the model list and docstrings of the `openai` SDK 3.57, the vendor's page "Deprecations", and answers that
users of public connectors reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

AS_OF: Final = date(2026, 11, 22)

WARN_DAYS: Final = 90
"""Days before a model's last one at which its use begins to be warned of."""

_FIXED: Final = ("1024x1024", "1536x1024", "1024x1536")
_USUAL: Final = ("low", "medium", "high")
_FORMATS: Final = ("png", "jpeg", "webp")


@dataclass(frozen=True, slots=True)
class Model:
    """What a model takes."""

    sizes: tuple[str, ...] | None = None
    """None: any, within `wire.sizes`' rules."""
    qualities: tuple[str, ...] = _USUAL
    formats: tuple[str, ...] = _FORMATS


@dataclass(frozen=True, slots=True)
class Sunset:
    """A model's end."""

    last_day: date
    successor: str


_NEW: Final = Model(qualities=(*_USUAL, "xhigh", "max"))
_PREVIEW: Final = Model(qualities=_NEW.qualities, formats=(*_FORMATS, "gif"))

MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    {
        "gpt-image-1-mini": Model(_FIXED),
        "gpt-image-1.5": Model(_FIXED),
        "chatgpt-image-latest": Model(_FIXED),
        "gpt-image-2": Model(),
        "gpt-image-2.5-sunburst": _NEW,
        "gpt-image-2.5-flare": _NEW,
        "gpt-image-2.6-sunburst": _PREVIEW,
        "gpt-image-2.6-flare": _PREVIEW,
    }
)

SUNSETS: Final[Mapping[str, Sunset]] = MappingProxyType(
    {
        "dall-e-2": Sunset(date(2026, 5, 12), "gpt-image-2"),
        "dall-e-3": Sunset(date(2026, 5, 12), "gpt-image-2"),
        "gpt-image-1": Sunset(date(2026, 10, 23), "gpt-image-2.5-sunburst"),
        "gpt-image-1-mini": Sunset(date(2026, 12, 1), "gpt-image-2.5-flare"),
        "gpt-image-1.5": Sunset(date(2026, 12, 1), "gpt-image-2.5-sunburst"),
        "chatgpt-image-latest": Sunset(date(2026, 12, 1), "gpt-image-2.5-sunburst"),
    }
)
"""The last day of models that have ended or will."""

RETIRED: Final = frozenset(name for name, end in SUNSETS.items() if end.last_day < AS_OF)
"""Those that had ended when this table was made: they are refused before anything is sent."""


def plain_name(model: str) -> str:
    """A model's name without a day: `gpt-image-2-2026-04-21` is `gpt-image-2`; any DALL-E is one of the two."""
    low = model.strip().lower()
    if low.startswith(("dall-e", "dalle")):
        return "dall-e-2" if "2" in low else "dall-e-3"
    head = low.rsplit("-", 3)
    dated = len(head) == 4 and len(head[1]) == 4 and all(part.isdigit() for part in head[1:])
    return head[0] if dated else low


def known(model: str) -> Model | None:
    """What a model takes; None for one that is newer than this table: the vendor then decides."""
    return MODELS.get(plain_name(model))


def sunset(model: str) -> Sunset | None:
    """A model's end; None where none is known."""
    return SUNSETS.get(plain_name(model))


__all__ = [
    "AS_OF", "MODELS", "RETIRED", "SUNSETS", "WARN_DAYS", "Model", "Sunset", "known", "plain_name", "sunset",
]  # fmt: skip
