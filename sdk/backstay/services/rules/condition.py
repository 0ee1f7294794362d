"""Conditions: a tree of comparisons of metrics, of all, any and not."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.services.rules.words import SIGNS, IfUndefined, Metric, Op, Span
from backstay.spec import Spec

LONGEST: Final = 365
MONEY: Final = frozenset({Metric.SPEND, Metric.REVENUE, Metric.CPC, Metric.CPM, Metric.CPA})


class Window(Spec):
    """Days in the account's zone; a day of a change of clocks has 23 or 25 hours."""

    span: Span = Span.TODAY
    days: int = Field(default=1, ge=1, le=LONGEST)
    """Of LAST_DAYS: how many whole days before today."""
    include_today: bool = False
    """Of LAST_DAYS: today too, as one of them."""

    @classmethod
    def last(cls, days: int, *, include_today: bool = False) -> Self:
        """So many days; one without today is yesterday."""
        return cls(span=Span.LAST_DAYS, days=days, include_today=include_today)

    @property
    def key(self) -> str:
        """A name that is the same for equal windows."""
        tail = "+today" if self.include_today else ""
        return f"last_{self.days}_days{tail}" if self.span is Span.LAST_DAYS else self.span.value


TODAY = Window()
YESTERDAY = Window(span=Span.LAST_DAYS, days=1)


def _op(told: object) -> object:
    return SIGNS.get(told, told) if isinstance(told, str) else told


class MinData(Spec):
    """What must be there before a comparison has a value at all."""

    spend: Money | None = None
    impressions: int = Field(default=0, ge=0)
    clicks: int = Field(default=0, ge=0)
    conversions: Decimal = Field(default=Decimal(0), ge=0)


class Other(Spec):
    """Another metric of the same object, times a factor: to compare today with last week."""

    metric: Metric
    window: Window = TODAY
    factor: Decimal = Decimal(1)


class Comparison(Spec):
    """A metric against a number, an amount of money or another metric."""

    metric: Metric
    window: Window = TODAY
    op: Annotated[Op, BeforeValidator(_op)]
    value: Decimal | None = None
    """A number; for money in the account's currency."""
    money: Money | None = None
    """An amount: undefined on accounts of another currency."""
    of: Other | None = None
    if_undefined: IfUndefined = IfUndefined.UNDEFINED
    min_data: MinData = MinData()

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        given = [name for name in ("value", "money", "of") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidRequestError(
                f"value: {len(given)} right sides are given", field="value", value=", ".join(given) or None,
                hint="give exactly one of value, money and of",
            )  # fmt: skip
        if self.money is not None and self.metric not in MONEY:
            raise InvalidRequestError(
                f"money: {self.metric.value} is no amount of money", field="money", value=str(self.money),
                hint="give value, a plain number",
            )  # fmt: skip
        if self.value is not None and not self.value.is_finite():
            raise InvalidRequestError(
                "value: no finite number", field="value", value=str(self.value), hint="give digits and a point"
            )
        return self


class All(Spec):
    """True if all are."""

    all: tuple[Node, ...] = Field(min_length=1)


class Any(Spec):
    """True if one is."""

    any: tuple[Node, ...] = Field(min_length=1)


class Not(Spec):
    """True if the other is false; undefined if it is undefined."""

    no: Node


def _kind(told: object) -> str:
    """By the field that only this kind has: a refusal then speaks of one kind, not of all four."""
    names = told if isinstance(told, dict) else getattr(type(told), "model_fields", {})
    return next((name for name in ("all", "any", "no") if name in names), "comparison")


Node = Annotated[
    Annotated[Comparison, Tag("comparison")]
    | Annotated[All, Tag("all")]
    | Annotated[Any, Tag("any")]
    | Annotated[Not, Tag("no")],
    Discriminator(_kind),
]
All.model_rebuild()
Any.model_rebuild()
Not.model_rebuild()


def comparisons(node: Node) -> tuple[Comparison, ...]:
    """All comparisons of a tree, in order."""
    if isinstance(node, Comparison):
        return (node,)
    return tuple(found for child in children(node) for found in comparisons(child))


def children(node: All | Any | Not) -> tuple[Node, ...]:
    """What is directly under a node."""
    if isinstance(node, All):
        return node.all
    return node.any if isinstance(node, Any) else (node.no,)


def windows(node: Node) -> frozenset[Window]:
    """All windows that a tree looks at."""
    own = comparisons(node)
    return frozenset(each.window for each in own) | frozenset(each.of.window for each in own if each.of is not None)
