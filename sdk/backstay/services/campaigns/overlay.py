"""One mapping with what a platform has of its own laid over it, each field with the line that it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from backstay.services.document import Document
from backstay.values import UNSET

PER: Final = "per"
"""The field that holds a platform's own: `per: {meta: {targeting: {locations: [US]}}}`, at any level."""
WHOLE: Final = frozenset({"budget", "bid"})
"""Mappings that are replaced like a single value: their parts make sense together only."""


def overlaid(document: Document, path: str, on: str) -> Document:
    """The part of a document at a path, as one platform has it; lists are replaced, mappings are laid over."""
    node: Any = document.data
    for part in path.split("."):
        node = node[int(part)] if isinstance(node, list) else node[part]
    lines: dict[str, int] = {}
    data = _merged(document, node, path, UNSET, "", path, on, lines)
    whole: dict[str, Any] = {}
    _put(whole, path, data)
    return Document(document.name, whole, {**document.lines, **lines})


def strangers(node: Any, at: str, names: Collection[str]) -> Iterator[tuple[str, object]]:
    """What stands under `per` and is of none of these platforms, by its path."""
    if isinstance(node, Mapping):
        own = node.get(PER)
        if own is not None and not isinstance(own, Mapping):
            yield f"{at}.{PER}", own
        for name in own if isinstance(own, Mapping) else ():
            if name not in names:
                yield f"{at}.{PER}.{name}", name
    items = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        yield from strangers(value, f"{at}.{name}", names)


def _merged(
    document: Document, base: Any, at: str, over: Any, over_at: str, to: str, on: str, lines: dict[str, int]
) -> Any:  # fmt: skip
    """`base` from the path `at` with `over` (UNSET: nothing) from `over_at`, as it stands at the path `to`."""
    if over is not UNSET and not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        base, at, over = over, over_at, UNSET
    lines[to] = document.line_of(at if over is UNSET else over_at)
    if isinstance(base, list):
        return [
            _merged(document, each, f"{at}.{n}", UNSET, "", f"{to}.{n}", on, lines) for n, each in enumerate(base)
        ]  # fmt: skip
    if not isinstance(base, Mapping):
        return base
    own, own_at = _own(base, at, on)
    laid: dict[str, tuple[Any, str]] = {name: (value, f"{own_at}.{name}") for name, value in own.items()}
    if isinstance(over, Mapping):
        laid |= {name: (value, f"{over_at}.{name}") for name, value in over.items()}
    found: dict[str, Any] = {}
    for name in dict.fromkeys((*base, *laid)):
        if name == PER and isinstance(base.get(PER), Mapping):
            continue
        value, value_at = laid.get(name, (UNSET, ""))
        if name in WHOLE and value is not UNSET:
            found[name] = _merged(document, value, value_at, UNSET, "", f"{to}.{name}", on, lines)
            continue
        under = base.get(name) if name in base else value
        under_at = f"{at}.{name}" if name in base else value_at
        found[name] = _merged(document, under, under_at, value, value_at, f"{to}.{name}", on, lines)
    return found


def _own(base: Mapping[str, Any], at: str, on: str) -> tuple[Mapping[str, Any], str]:
    per = base.get(PER)
    own = per.get(on) if isinstance(per, Mapping) else None
    return (own if isinstance(own, Mapping) else {}), f"{at}.{PER}.{on}"


def _put(whole: dict[str, Any], path: str, data: Any) -> None:
    """So that paths of the document lead to it; places before it in a list stay empty."""
    *parts, last = path.split(".")
    node: Any = whole
    for part, following in pairwise([*parts, last]):
        node = node.setdefault(part, [None] * (int(following) + 1) if following.isdecimal() else {})
    if isinstance(node, list):
        node[int(last)] = data
    else:
        node[last] = data
