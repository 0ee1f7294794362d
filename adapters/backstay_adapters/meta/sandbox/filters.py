"""`filtering=[{"field":"name","operator":"EQUAL","value":"x"}]` over rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay_adapters.meta.sandbox.refusal import Data, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

OPERATORS: Final = (
    "EQUAL", "NOT_EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL", "IN_RANGE",
    "NOT_IN_RANGE", "CONTAIN", "NOT_CONTAIN", "IN", "NOT_IN", "STARTS_WITH", "ANY", "ALL", "NONE",
)  # fmt: skip
_LETTERS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition."""

    field: str
    operator: str
    value: Any

    @property
    def values(self) -> list[Any]:
        """What it compares with, as a list."""
        return self.value if isinstance(self.value, list) else [self.value]


def parse_filters(ctx: Ctx) -> list[Filter]:
    """The request's conditions; raises the vendor's refusals."""
    found = []
    for index, entry in enumerate(ctx.params.items("filtering")):
        if not isinstance(entry, dict) or not {"field", "operator", "value"} <= set(entry):
            raise param(f"Param filtering[{index}] must be an object with field, operator and value")
        operator = str(entry["operator"]).upper()
        if operator not in OPERATORS:
            raise param(f"Param filtering[{index}][operator] must be one of {{{', '.join(OPERATORS)}}}")
        found.append(Filter(str(entry["field"]), operator, entry["value"]))
    return found


def fits(ctx: Ctx, condition: Filter, value: Any) -> bool:
    """Whether a value meets a condition."""
    match condition.operator:
        case "EQUAL":
            return _equal(ctx, condition, value)
        case "NOT_EQUAL":
            return not _equal(ctx, condition, value)
        case "IN" | "ANY":
            return str(value) in map(str, condition.values)
        case "NOT_IN" | "NONE":
            return str(value) not in map(str, condition.values)
        case "ALL":
            return all(str(value) == str(each) for each in condition.values)
        case "CONTAIN":
            return _contains(ctx, str(value), condition)
        case "NOT_CONTAIN":
            return not _contains(ctx, str(value), condition)
        case "STARTS_WITH":
            return str(value).lower().startswith(str(condition.value).lower())
        case _:
            return _ordered(condition, value)


def _equal(ctx: Ctx, condition: Filter, value: Any) -> bool:
    left, right = str(value), str(condition.value)
    if condition.field.endswith("name") and ctx.switches.equal_ignores_case:
        return left.lower() == right.lower()
    return left == right


def _contains(ctx: Ctx, value: str, condition: Filter) -> bool:
    if ctx.switches.contain == "exact":
        return any(str(each) in value for each in condition.values)
    plain = _LETTERS.sub("", value.lower())
    return any(_LETTERS.sub("", str(each).lower()) in plain for each in condition.values)


_COMPARE: Final[dict[str, Callable[[float, list[float]], bool]]] = {
    "GREATER_THAN": lambda value, than: value > than[0],
    "GREATER_THAN_OR_EQUAL": lambda value, than: value >= than[0],
    "LESS_THAN": lambda value, than: value < than[0],
    "LESS_THAN_OR_EQUAL": lambda value, than: value <= than[0],
    "IN_RANGE": lambda value, than: than[0] <= value <= than[-1],
    "NOT_IN_RANGE": lambda value, than: not than[0] <= value <= than[-1],
}


def _ordered(condition: Filter, value: Any) -> bool:
    if value is None:
        return False
    try:
        return _COMPARE[condition.operator](float(value), [float(each) for each in condition.values])
    except (TypeError, ValueError):
        raise param(f"Param filtering value {condition.value!r} is not comparable with {condition.field}") from None


def pick(row: Data, name: str) -> Any:
    """A value by a dotted name, such as `campaign.id`."""
    found: Any = row
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
