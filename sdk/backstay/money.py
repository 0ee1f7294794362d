"""Exact money: an amount and its currency, converted by the vendor's own table and never rounded silently."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Underflow
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from backstay.errors import InvalidRequestError, MoneyPrecisionError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation, Overflow, Underflow])
_LARGEST: Final = 24
"""Powers of ten that an amount may span on either side of the point: no budget needs more, and a number such as
1E+999999 must not become a million digits."""

_new = object.__new__
_set = object.__setattr__


class Money:
    """An exact amount of one currency: `Money(Decimal("12.30"), "USD")` or `Money.of("12.30 USD")`.

    Amounts of different currencies are never equal and cannot be added or compared; floats are refused because
    0.1 has none of that value. Raises InvalidRequestError and MoneyPrecisionError.
    """

    __slots__ = ("amount", "currency")

    amount: Decimal
    currency: str

    def __init__(self, amount: Decimal | int | str, currency: str) -> None:
        _set(self, "amount", amount if type(amount) is Decimal and _plain(amount) else _decimal(amount))
        if type(currency) is not str or _CODE.fullmatch(currency) is None:
            raise InvalidRequestError(
                "a currency is three upper-case letters (ISO 4217)",
                field="currency", value=currency, hint='for example Money(Decimal("12.30"), "USD")',
            )  # fmt: skip
        _set(self, "currency", currency)

    @classmethod
    def of(cls, text: str) -> Money:
        """Read "12.30 USD"."""
        amount, _, currency = text.strip().partition(" ") if isinstance(text, str) else ("", "", "")
        if not currency:
            raise InvalidRequestError("no amount and currency", field="money", value=text, hint='write "12.30 USD"')
        return cls(amount, currency.strip())

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, of a currency: the start of a `sum()`."""
        return cls(Decimal(0), currency)

    def __add__(self, other: Money) -> Money:
        return self._make(_exactly(_EXACT.add, self.amount, self._same(other), "+"))

    def __sub__(self, other: Money) -> Money:
        return self._make(_exactly(_EXACT.subtract, self.amount, self._same(other), "-"))

    def __mul__(self, factor: Decimal | int) -> Money:
        return self._make(_exactly(_EXACT.multiply, self.amount, _decimal(factor, "factor"), "*"))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Decimal | int) -> Money:
        by = _decimal(divisor, "divisor")
        if not by:
            raise InvalidRequestError("division by zero", field="divisor", value=divisor, hint="check it before")
        return self._make(_exactly(_EXACT.divide, self.amount, by, "/"))

    def __neg__(self) -> Money:
        return self._make(self.amount.copy_negate())

    def __abs__(self) -> Money:
        return self._make(self.amount.copy_abs())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.currency == other.currency and self.amount == other.amount

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __repr__(self) -> str:
        return f"Money('{self.amount:f}', {self.currency!r})"

    def __setattr__(self, name: str, value: object) -> None:
        message = f"Money is immutable; make a new one instead of setting {name}"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        message = f"Money is immutable; {name} cannot be deleted"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[Money], tuple[Decimal, str]]:
        return Money, (self.amount, self.currency)

    def __copy__(self) -> Money:
        return self

    def __deepcopy__(self, memo: object) -> Money:
        return self

    def _make(self, amount: Decimal) -> Money:
        made = _new(Money)
        _set(made, "amount", amount if _plain(amount) else _decimal(amount))
        _set(made, "currency", self.currency)
        return made

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise InvalidRequestError(
                f"{self} and a bare {type(other).__name__}",
                field="money", value=other, hint=f'give both a currency: Money.of("1.00 {self.currency}")',
            )  # fmt: skip
        if other.currency != self.currency:
            raise InvalidRequestError(
                f"{self} and {other} have different currencies",
                field="currency", value=other.currency, hint="convert with a dated rate of yours first",
            )  # fmt: skip
        return other.amount

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How pydantic reads and writes it: a Money or "12.30 USD"; text in JSON."""
        from pydantic_core import core_schema  # here, because money itself needs no pydantic

        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls.of(value),
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )


@dataclass(frozen=True, slots=True)
class UnitTable:
    """A vendor's units of money: how many make one main unit of a currency, and their smallest step.

    A currency that is neither in `offsets` nor covered by `default` is refused: guessing would be a hundredfold error.
    """

    vendor: str
    offsets: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Units in one main unit: 100 where the vendor counts cents, 1 where it has none, 1_000_000 for micros."""
    default: int | None = None
    steps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Units that an amount must be a multiple of, where that is not 1 (Google's billable unit)."""

    def offset(self, currency: str) -> int:
        """Units in one main unit of the currency."""
        offset = self.offsets.get(currency, self.default)
        if offset is None:
            raise InvalidRequestError(
                f"{self.vendor}'s unit of {currency} is not known", field="currency", value=currency,
                hint="add the currency to the vendor's table from the vendor's own page",
            )  # fmt: skip
        return offset

    def to_units(self, money: Money, *, field: str = "amount") -> int:
        """Whole vendor units; raises MoneyPrecisionError instead of rounding."""
        return to_units(money, self.offset(money.currency), step=self.steps.get(money.currency, 1), field=field)

    def from_units(self, units: int | str, currency: str) -> Money:
        """Money from whole vendor units."""
        return from_units(units, self.offset(currency), currency)

    def to_major_float(self, money: Money, *, field: str = "amount") -> float:
        """A float in main units; raises MoneyPrecisionError instead of rounding."""
        return to_major_float(money, _digits(self.offset(money.currency)), field=field)


def to_units(money: Money, offset: int, *, step: int = 1, field: str = "amount") -> int:
    """Whole units of a vendor that counts `offset` units to one main unit, a multiple of `step` units."""
    units = _EXACT.multiply(money.amount, Decimal(offset))
    if units % step:
        least = from_units(step, offset, money.currency)
        raise MoneyPrecisionError(
            f"{money} is no whole multiple of the vendor's unit, {least}", field=field, value=str(money),
            hint=f"round it to a multiple of {least} yourself; nothing is rounded silently",
        )  # fmt: skip
    return int(units)


def from_units(units: int | str, offset: int, currency: str) -> Money:
    """Money from whole vendor units, `offset` of which make one main unit."""
    if isinstance(units, float):
        raise MoneyPrecisionError("vendor units are whole", field="units", value=units, hint="pass an int or its text")
    whole = _decimal(units, "units")
    if whole != whole.to_integral_value():
        raise MoneyPrecisionError("vendor units are whole", field="units", value=units, hint="is it in main units?")
    return Money(whole.scaleb(-_digits(offset)), currency)


def to_major_float(money: Money, digits: int, *, field: str = "amount") -> float:
    """A float in main units with at most `digits` decimals, for vendors whose JSON wants one."""
    to_units(money, 10**digits, field=field)
    value = float(money.amount)
    if Decimal(repr(value)) != money.amount:
        raise MoneyPrecisionError(
            f"a float cannot hold {money}", field=field, value=str(money), hint="use an amount of at most 15 digits"
        )
    return value


def from_major(value: str | int | float | Decimal, currency: str) -> Money:
    """Money from a vendor's number in main units; a float is taken for the decimal that it prints as."""
    return Money(Decimal(repr(value)) if isinstance(value, float) else value, currency)


def _digits(offset: int) -> int:
    digits = len(str(offset)) - 1
    if 10**digits != offset:
        raise InvalidRequestError("an offset is a power of ten", field="offset", value=offset, hint="1, 100, 1_000_000")
    return digits


def _plain(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= _LARGEST and int(number.as_tuple().exponent) >= -_LARGEST


def _decimal(number: object, field: str = "amount") -> Decimal:
    if isinstance(number, Decimal | int | str) and not isinstance(number, bool):
        try:
            value = Decimal(number)
        except (InvalidOperation, ValueError):
            value = Decimal("nan")
        if _plain(value):
            return value
    raise MoneyPrecisionError(
        f"{field} is no exact, finite number of at most {_LARGEST} digits before and after the point",
        field=field, value=number, hint='use a Decimal made from text: Decimal("12.30")',
    )  # fmt: skip


def _exactly(work: Any, left: Decimal, right: Decimal, sign: str) -> Decimal:
    try:
        result: Decimal = work(left, right)
    except Inexact:
        raise MoneyPrecisionError(
            f"{left} {sign} {right} has no exact result", field="amount", value=f"{left} {sign} {right}",
            hint="decide the rounding yourself, for example with Decimal.quantize",
        ) from None  # fmt: skip
    return result
