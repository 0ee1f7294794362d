"""The words of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from backstay_adapters.google_ads.sandbox.failure import Refusal, refusal

Kind = Literal["word", "string", "number", "symbol", "end"]

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?(?![A-Za-z_])")
_SYMBOL: Final = re.compile(r"!=|>=|<=|[=<>(),]")
_ESCAPES: Final = {"'": "'", '"': '"', "\\": "\\", "n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `text` of a string is what it means, without quotes and escapes."""

    kind: Kind
    text: str

    def is_word(self, word: str) -> bool:
        """Whether it is that keyword; keywords come in any case."""
        return self.kind == "word" and self.text.upper() == word


END: Final = Token("end", "")


def wrong(member: str, text: str, trigger: str | None = None) -> Refusal:
    """A bad query, in the vendor's words."""
    return refusal("query_error", member, f"Error in query: {text}", "query", trigger=trigger)


def tokens(query: str) -> list[Token]:
    """The query in words, with an END."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        if query[at].isspace():
            at += 1
            continue
        token, at = _next(query, at)
        found.append(token)
    return [*found, END]


def _next(query: str, at: int) -> tuple[Token, int]:
    if query[at] in "'\"":
        return _string(query, at)
    kinds: tuple[tuple[re.Pattern[str], Kind], ...] = ((_WORD, "word"), (_NUMBER, "number"), (_SYMBOL, "symbol"))
    for pattern, kind in kinds:
        match = pattern.match(query, at)
        if match:
            return Token(kind, match.group()), match.end()
    if query[at].isdigit() or query[at] == "-":
        end = re.compile(r"[\s,)]|$").search(query, at)
        text = query[at : end.start() if end else None]
        raise wrong("BAD_NUMBER", f"number '{text}' cannot be parsed.", text)
    if query[at] == ";":
        raise wrong("UNEXPECTED_INPUT", f"unexpected input '{query[at:]}'.", query[at:])
    raise wrong("BAD_SYMBOL", f"unexpected symbol '{query[at]}'.", query[at])


def _string(query: str, at: int) -> tuple[Token, int]:
    quote, text = query[at], ""
    at += 1
    while at < len(query):
        char = query[at]
        if char == quote:
            return Token("string", text), at + 1
        if char in "\n\r":
            raise wrong("PROHIBITED_NEWLINE_IN_STRING", "a string contains a newline character.")
        if char == "\\":
            at += 1
            escaped = query[at : at + 1]
            if escaped not in _ESCAPES or not escaped:
                raise wrong("BAD_ESCAPE_SEQUENCE", f"invalid escape sequence '\\{escaped}'.", escaped)
            char = _ESCAPES[escaped]
        text += char
        at += 1
    raise wrong("STRING_NOT_TERMINATED", "unterminated string.", text)
