"""Conditions: a query's values fitted to its fields, and what holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from backstay_adapters.google_ads.sandbox.gaql.dates import day_of, during
from backstay_adapters.google_ads.sandbox.gaql.fields import Field
from backstay_adapters.google_ads.sandbox.gaql.parse import Condition
from backstay_adapters.google_ads.sandbox.gaql.tokens import Token, wrong

Test = Callable[[Any], bool]
"""Whether a field's value fulfils a condition."""

MOST_VALUES: Final = 20_000

_ORDERED: Final = {">": gt, ">=": ge, "<": lt, "<=": le}
_EQUAL: Final = frozenset({"=", "!=", "IN", "NOT IN"})
_NULL: Final = frozenset({"IS NULL", "IS NOT NULL"})
_TEXTS: Final = frozenset({"LIKE", "NOT LIKE", "REGEXP_MATCH", "NOT REGEXP_MATCH"})
_LISTS: Final = frozenset({"CONTAINS ANY", "CONTAINS ALL", "CONTAINS NONE"})
_WILD: Final = {"%": ".*", "_": "."}
_NUMBERS: Final = frozenset({*_ORDERED, "BETWEEN"})
_ALLOWED: Final = {
    "enum": _EQUAL | _NULL,
    "text": _EQUAL | _NULL | _TEXTS,
    "bool": frozenset({"=", "!="}) | _NULL,
    "whole": _EQUAL | _NULL | _NUMBERS,
    "real": _EQUAL | _NULL | _NUMBERS,
    "message": _NULL,
}


def test_of(field: Field, condition: Condition, today: date) -> Test:
    """What a condition asks of a field's value; raises the vendor's refusals."""
    operator = condition.operator
    if operator not in _operators(field):
        text = f"the operator {operator} cannot be used with the field '{field.path}'."
        raise wrong("OPERATOR_FIELD_MISMATCH", text, operator)
    if len(condition.values) > MOST_VALUES:
        raise wrong("FILTER_HAS_TOO_MANY_VALUES", "the number of values in a filter exceeds the limit.")
    if operator in _NULL:
        wanted = operator == "IS NULL"
        return lambda value: _missing(value) is wanted
    if operator == "DURING":
        first, last = during(condition.values[0].text, today)
        return lambda value: first.isoformat() <= value <= last.isoformat()
    if operator in _TEXTS:
        return _matching(operator, condition.values[0])
    return _comparing(operator, [_fitted(field, token) for token in condition.values])


def _operators(field: Field) -> frozenset[str]:
    if field.repeated:
        return _LISTS | _NULL
    if field.dated:
        return _EQUAL | _NUMBERS | {"DURING"}
    if field.type == "text" and field.steps[-1].endswith(("date_time", "_date")):
        return _ALLOWED["text"] | _NUMBERS
    return _ALLOWED[field.type]


def _comparing(operator: str, values: list[Any]) -> Test:
    first = values[0]
    match operator:
        case "IN":
            return lambda value: value in values
        case "NOT IN":
            return lambda value: value not in values
        case "BETWEEN":
            if first > values[1]:
                raise wrong("DATE_RANGE_TOO_NARROW", "a range has its start after its end.")
            return lambda value: value is not None and first <= value <= values[1]
        case "CONTAINS ANY":
            return lambda value: any(each in value for each in values)
        case "CONTAINS ALL":
            return lambda value: all(each in value for each in values)
        case "CONTAINS NONE":
            return lambda value: not any(each in value for each in values)
        case "=" | "!=":
            compare = eq if operator == "=" else ne
            return lambda value: bool(compare(value, first))
    ordered = _ORDERED[operator]
    return lambda value: value is not None and bool(ordered(value, first))


def _matching(operator: str, token: Token) -> Test:
    if token.kind != "string":
        raise wrong("INVALID_STRING_VALUE", f"the value '{token.text}' is not a string.", token.text)
    pattern = token.text if "REGEXP" in operator else _like(token.text)
    try:
        found = re.compile(pattern, re.DOTALL)
    except re.error:
        raise wrong("BAD_VALUE", f"the regular expression '{token.text}' is invalid.", token.text) from None
    wanted = not operator.startswith("NOT")
    return lambda value: value is not None and (found.fullmatch(value) is not None) is wanted


def _like(text: str) -> str:
    """A LIKE pattern as a regular expression: % is anything, [%] and [_] stand for themselves."""
    parts = re.findall(r"\[[%_\[\]]\]|.", text, re.DOTALL)
    return "".join(_WILD.get(each) or re.escape(each[1] if len(each) > 1 else each) for each in parts)


def _fitted(field: Field, token: Token) -> Any:
    """A value as the field has them."""
    text = token.text
    if field.dated:
        return day_of(text).isoformat()
    match field.type:
        case "enum":
            if text not in field.names:
                raise wrong("BAD_ENUM_CONSTANT", f"invalid enum value '{text}' for '{field.path}'.", text)
            return text
        case "bool":
            if text.upper() not in {"TRUE", "FALSE"}:
                raise wrong("BAD_VALUE", f"'{text}' is not a boolean.", text)
            return text.upper() == "TRUE"
        case "whole" | "real":
            return _number(field, text)
        case _:
            if token.kind != "string":
                raise wrong("INVALID_STRING_VALUE", f"the value '{text}' is not a string.", text)
            return text


def _number(field: Field, text: str) -> int | float:
    try:
        return int(text) if field.type == "whole" else float(text)
    except ValueError:
        raise wrong("BAD_VALUE", f"'{text}' is not a number.", text) from None


def _missing(value: Any) -> bool:
    return value is None or value in ("", [])
