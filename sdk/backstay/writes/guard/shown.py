"""What an audit record may show of a write: by allow-list, with texts scrubbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from backstay.redact import HIDDEN, scrub

SHOWN: Final = frozenset(
    {
        "account_id", "ad_group", "age_max", "age_min", "ai_generated", "amount", "attribution", "bid", "billing",
        "budget", "call_to_action", "campaign", "click_days", "compliance", "conversion", "count", "creative",
        "currency", "dsa_beneficiary", "dsa_payor", "end", "engaged_view_days", "eu_political", "event", "exposure",
        "extra", "genders", "headlines", "id", "identity", "kind", "languages", "level", "locations", "media",
        "media_type", "model", "name", "objective", "optimization", "patch", "period", "placements", "platform",
        "post_id", "ref", "roas", "schedule", "sha256", "shared_ref", "source_id", "spec", "special_categories",
        "start", "state", "status", "strategy", "targeting", "texts", "view_days",
    }
)  # fmt: skip
"""Names of fields of specs, patches and objects whose values may be shown."""
LONGEST: Final = 300
"""Characters of a text that are kept."""


Allow = frozenset[str]
Way = Callable[[Any, Allow], Any]


def shown(value: Any, allow: Allow = SHOWN) -> Any:
    """A value as JSON; of models only what was set, of mappings only fields of the allow-list."""
    way = _KNOWN.get(type(value))
    if way is None:
        way = _KNOWN[type(value)] = _way(type(value))
    return way(value, allow)


def _text(value: Any, _: Allow) -> str:
    return scrub(str(value))[:LONGEST]  # of Money and Ref their own text


def _each(value: Any, allow: Allow) -> list[Any]:
    return [shown(each, allow) for each in value]


def _named(value: Mapping[Any, Any], allow: Allow) -> dict[str, Any]:
    return {str(name): shown(each, allow) if name in allow else HIDDEN for name, each in value.items()}


def _model(value: Any, allow: Allow) -> dict[str, Any]:
    given = value.__pydantic_fields_set__
    return _named({name: getattr(value, name) for name in type(value).model_fields if name in given}, allow)


_WAYS: Final[tuple[tuple[Any, Way], ...]] = (
    ((type(None), bool, int, float), lambda value, _: value),
    (Enum, lambda value, _: value.value if isinstance(value.value, str) else value.name),
    (str, _text),
    (bytes, lambda value, _: f"{len(value)} bytes"),
    (date, lambda value, _: value.isoformat()),
    (Decimal, lambda value, _: f"{value:f}"),
    (Mapping, _named),
    ((list, tuple, set, frozenset), _each),
)
"""In this order: a kind of value may be of several."""


_KNOWN: Final[dict[type, Way]] = {}


def _way(kind: type) -> Way:
    """How values of an exact type are shown."""
    for kinds, way in _WAYS:
        if issubclass(kind, kinds):
            return way
    return _model if hasattr(kind, "__pydantic_fields__") else _text
