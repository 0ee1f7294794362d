"""What a call costs: an exact amount and how we know it, and dated tables of what vendors ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator

from backstay.errors import InvalidRequestError
from backstay.spec import SpecPart
from backstay.values import EMPTY, Extra, Value, freeze

MILLION: Final = Decimal(1_000_000)


class Basis(StrEnum):
    """How an amount is known."""

    REPORTED = "reported"
    """The vendor named the money."""
    ESTIMATED = "estimated"
    """Computed from what was used and a table of prices."""
    UNKNOWN = "unknown"
    """Nobody can say: no price is known."""


class Cost(Value):
    """What one call has cost or may cost; `amount` is None only where the basis is UNKNOWN."""

    amount: Decimal | None
    currency: str = "USD"
    basis: Basis = Basis.ESTIMATED
    note: str = ""
    """The price table, its date, or why nobody knows."""

    @classmethod
    def reported(cls, amount: Decimal, currency: str = "USD") -> Self:
        """The vendor's own figure."""
        return cls(amount=amount, currency=currency, basis=Basis.REPORTED)

    @classmethod
    def unknown(cls, note: str, currency: str = "USD") -> Self:
        """No figure, and why."""
        return cls(amount=None, currency=currency, basis=Basis.UNKNOWN, note=note)

    def __add__(self, other: Cost) -> Cost:
        return add_costs((self, other))


def add_costs(costs: Iterable[Cost | None]) -> Cost:
    """The sum; as uncertain as its least certain part. Raises InvalidRequestError for mixed currencies."""
    parts = [cost for cost in costs if cost is not None]
    if not parts:
        return Cost.unknown("nothing was told")
    currencies = {cost.currency for cost in parts}
    if len(currencies) > 1:
        raise InvalidRequestError(
            f"costs in {', '.join(sorted(currencies))} cannot be added", field="currency",
            value=sorted(currencies), hint="add them per currency, or convert with a dated rate of yours first",
        )  # fmt: skip
    known = [cost.amount for cost in parts if cost.amount is not None]
    order = (Basis.UNKNOWN, Basis.ESTIMATED, Basis.REPORTED)
    basis = min((cost.basis for cost in parts), key=order.index)
    if len(known) < len(parts):
        return Cost(amount=None, currency=parts[0].currency, basis=Basis.UNKNOWN, note="a part has no known price")
    note = "; ".join(dict.fromkeys(cost.note for cost in parts if cost.note))
    return Cost(amount=sum(known, Decimal(0)), currency=parts[0].currency, basis=basis, note=note)


class Price(SpecPart):
    """What a model asks for: per million tokens, and per piece of other things."""

    _unhashed: ClassVar = frozenset({"each"})

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    """None: as `input`."""
    cache_write: Decimal | None = None
    """None: as `input`."""
    each: Annotated[Mapping[str, Decimal], AfterValidator(freeze)] = EMPTY
    """By piece: `{"web_search": Decimal("0.01"), "image": Decimal("0.04")}`."""
    over: int | None = None
    """Input tokens above which the whole call has the price `then`."""
    then: Price | None = None


class PriceTable(SpecPart):
    """A vendor's prices at a date, by model id. They are data: give your own table where these are old or not yours."""

    _unhashed: ClassVar = frozenset({"models", "aliases", "extra"})

    currency: str = "USD"
    as_of: date
    source: str
    models: Annotated[Mapping[str, Price], AfterValidator(freeze)]
    aliases: Annotated[Mapping[str, str], AfterValidator(freeze)] = EMPTY
    """Dated or short ids, by the id that has the price."""
    extra: Extra = EMPTY

    def of(self, model: str) -> Price | None:
        """A model's price; a dated id (`name-20260101`, `name-2026-01-01`) has that of its name. None: not known."""
        name = self.aliases.get(model, model)
        return self.models.get(name) or self.models.get(_undated(name))

    def cost(
        self, model: str, *, input: int = 0, output: int = 0, cache_read: int = 0, cache_write: int = 0,  # noqa: A002 - a price's own words
        each: Mapping[str, int] | None = None,
    ) -> Cost:  # fmt: skip
        """What so many tokens and pieces cost; UNKNOWN where the model or one of the things has no price here."""
        price = self.of(model)
        if price is None:
            return Cost.unknown(f"no price of {model} in the table of {self.as_of}; give prices=", self.currency)
        if price.over is not None and price.then is not None and input + cache_read + cache_write > price.over:
            price = price.then
        amount = _tokens(price, input, output, cache_read, cache_write)
        pieces = {name: count for name, count in (each or {}).items() if count}
        missing = [name for name in pieces if name not in price.each]
        if amount is None or missing:
            what = ", ".join(missing) or "tokens"
            return Cost.unknown(f"no price of {what} for {model} in the table of {self.as_of}", self.currency)
        amount += sum((price.each[name] * count for name, count in pieces.items()), Decimal(0))
        return Cost(amount=amount, currency=self.currency, basis=Basis.ESTIMATED, note=f"prices of {self.as_of}")


def _tokens(price: Price, input_: int, output: int, read: int, write: int) -> Decimal | None:
    rates = (
        (input_, price.input), (output, price.output), (read, _or(price.cache_read, price.input)),
        (write, _or(price.cache_write, price.input)),
    )  # fmt: skip
    if any(count and rate is None for count, rate in rates):
        return None
    return sum((rate * count / MILLION for count, rate in rates if rate is not None), Decimal(0))


def _or(rate: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if rate is None else rate


def _undated(name: str) -> str:
    head, _, tail = name.rpartition("-")
    if len(tail) == 8 and tail.isdigit():
        return head
    parts = name.rsplit("-", 3)
    if len(parts) == 4 and all(part.isdigit() for part in parts[1:]) and len(parts[1]) == 4:
        return parts[0]
    return name


__all__ = ["Basis", "Cost", "Price", "PriceTable", "add_costs"]
