"""Queries in the vendor's language (GAQL). Values are escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from backstay.errors import InvalidRequestError

_LIKE: Final = {"[": "[[]", "]": "[]]", "%": "[%]", "_": "[_]"}


def text(value: str) -> str:
    """A value between quotes: a backslash and a quote inside are escaped."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literal(value: str) -> str:
    """A text in which the signs of LIKE stand for themselves."""
    return "".join(_LIKE.get(each, each) for each in value)


def equals(field: str, value: str) -> str:
    """`field = 'value'`."""
    return f"{field} = {text(value)}"


def differs(field: str, value: str) -> str:
    """`field != 'value'`."""
    return f"{field} != {text(value)}"


def among(field: str, values: Iterable[str]) -> str:
    """`field IN ('a', 'b')`."""
    return f"{field} IN ({', '.join(text(value) for value in values)})"


def numbers(field: str, values: Iterable[str]) -> str:
    """`field IN (1, 2)`, or `field = 1`; the values are digits (`names.whole_id` has made sure)."""
    found = tuple(values)
    return f"{field} = {found[0]}" if len(found) == 1 else f"{field} IN ({', '.join(found)})"


def starts(field: str, value: str) -> str:
    """`field LIKE 'value%'`."""
    return f"{field} LIKE {text(literal(value) + '%')}"


def ends(field: str, value: str) -> str:
    """`field LIKE '%value'`."""
    return f"{field} LIKE {text('%' + literal(value))}"


def holds(field: str, value: str) -> str:
    """`field LIKE '%value%'`."""
    return f"{field} LIKE {text('%' + literal(value) + '%')}"


def between(field: str, first: str, last: str) -> str:
    """`field BETWEEN 'a' AND 'b'`, both included."""
    return f"{field} BETWEEN {text(first)} AND {text(last)}"


def own(extra: Mapping[str, Any], *names: str) -> dict[str, tuple[str, ...]]:
    """The caller's own parts of a query (`where`, `fields`), each a text or a list of them; refuses anything else."""
    unknown = sorted(set(extra) - set(names))
    if unknown:
        raise _no_part(unknown[0], extra[unknown[0]], f"a query knows no {unknown[0]}")
    found = {name: extra.get(name, ()) for name in names}
    told = {name: (value,) if isinstance(value, str) else value for name, value in found.items()}
    for name, parts in told.items():
        if not isinstance(parts, list | tuple) or not all(isinstance(each, str) and each.strip() for each in parts):
            raise _no_part(name, parts, f"{name} is no list of texts")
    return {name: tuple(parts) for name, parts in told.items()}


def _no_part(name: str, value: object, message: str) -> InvalidRequestError:
    return InvalidRequestError(
        message, field=f"extra.{name}", value=value, vendor="google_ads",
        hint='give GAQL as a list of texts: extra={"where": ["campaign.labels CONTAINS ANY (...)"]}, and for metrics '
        'extra={"fields": ["metrics.ctr"]}, too',
    )  # fmt: skip


def select(
    resource: str,
    fields: Sequence[str],
    where: Sequence[str] = (),
    *,
    order: str | None = None,
    limit: int | None = None,
) -> str:
    """A whole query."""
    parts = [f"SELECT {', '.join(fields)} FROM {resource}"]  # noqa: S608 - no SQL; values are escaped above
    if where:
        parts.append(f"WHERE {' AND '.join(where)}")
    if order is not None:
        parts.append(f"ORDER BY {order} ASC")
    if limit is not None:
        parts.append(f"LIMIT {limit}")
    return " ".join(parts)
