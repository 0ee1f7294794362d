"""What an audit record may show of a write: by allow-list, with texts scrubbed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
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


def shown(value: Any, allow: frozenset[str] = SHOWN) -> Any:
    """A value as JSON; of models only what was set, of mappings only fields of the allow-list."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    if isinstance(value, str):
        return scrub(value)[:LONGEST]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return {str(name): shown(each, allow) if name in allow else HIDDEN for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(each, allow) for each in value]
    given = getattr(value, "__pydantic_fields_set__", None)
    if given is not None:
        return shown({name: getattr(value, name) for name in type(value).model_fields if name in given}, allow)
    return scrub(str(value))[:LONGEST]  # Money, Ref: their own text
