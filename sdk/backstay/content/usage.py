"""What a generation used; tokens that are counted twice by no vendor are counted twice by nobody here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from backstay.values import EMPTY, Extra, Value, freeze

Counts = Annotated[Mapping[str, int], AfterValidator(freeze)]


class TokenUsage(Value):
    """Tokens and pieces that the vendor counted."""

    _unhashed: ClassVar = frozenset({"pieces", "extra"})

    input_tokens: int = 0
    """Without what was read from or written to a prompt cache."""
    output_tokens: int = 0
    """With the model's thinking."""
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    thinking_tokens: int | None = None
    """Of the output, where the vendor tells."""
    pieces: Counts = EMPTY
    """Other things that are billed by the piece: `{"web_search": 2}`."""
    extra: Extra = EMPTY

    @property
    def total_tokens(self) -> int:
        """All that went in and came out."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens + self.output_tokens

    def __add__(self, other: TokenUsage) -> TokenUsage:
        names = {*self.pieces, *other.pieces}
        thought = [usage.thinking_tokens for usage in (self, other) if usage.thinking_tokens is not None]
        return TokenUsage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            thinking_tokens=sum(thought) if thought else None,
            pieces={name: self.pieces.get(name, 0) + other.pieces.get(name, 0) for name in sorted(names)},
            extra={**self.extra, **other.extra},
        )


def count_of(value: object) -> int:
    """A vendor's count, or nought for anything else: what it does not say is not counted."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


__all__ = ["TokenUsage", "count_of"]
