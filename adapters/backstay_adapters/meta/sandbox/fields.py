"""`fields=id,name,campaign{id,name},ads.limit(5){id}`: what an answer shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backstay_adapters.meta.sandbox.refusal import Refused

_TOKEN: Final = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*|\.[a-z_]+\([^()]*\)|[{},])")


@dataclass(frozen=True, slots=True)
class Field:
    """One field, with the fields that are asked of what it points to."""

    name: str
    inner: tuple[Field, ...] = ()


def parse_fields(text: str) -> tuple[Field, ...]:
    """The tree of fields; modifiers such as `.limit(5)` are read over.

    Raises:
        Refused: 2500 for a text that is no list of fields.
    """
    tokens = _tokens(text)
    found, end = _level(tokens, 0)
    if end != len(tokens):
        raise _broken(text)
    return found


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _broken(text[at:])
        at = match.end()
        if not match[1].startswith("."):
            tokens.append(match[1])
    return tokens


def _level(tokens: list[str], at: int) -> tuple[tuple[Field, ...], int]:
    found: list[Field] = []
    while at < len(tokens) and tokens[at] != "}":
        name = tokens[at]
        inner: tuple[Field, ...] = ()
        if name in {"{", ","}:
            raise _broken(name)
        at += 1
        if at < len(tokens) and tokens[at] == "{":
            inner, at = _level(tokens, at + 1)
            if at >= len(tokens):
                raise _broken("{")
            at += 1
        found.append(Field(name, inner))
        if at < len(tokens) and tokens[at] == ",":
            at += 1
    return tuple(found), at


def _broken(where: str) -> Refused:
    return Refused(2500, message=f"Syntax error \"Expected end of string instead of '{where}'.\"")
