"""What messages are made of."""

from __future__ import annotations

from typing import Any, ClassVar

from backstay.content.words import Role
from backstay.spec import SpecPart
from backstay.values import EMPTY, Extra, Value


class Text(SpecPart):
    """Words."""

    text: str


class Picture(SpecPart):
    """A picture that the model looks at: its bytes, or an address that the vendor fetches itself."""

    data: bytes | None = None
    url: str | None = None
    media_type: str = "image/png"


class ToolCall(SpecPart):
    """What the model wants a tool of yours to do."""

    _unhashed: ClassVar = frozenset({"input"})

    id: str
    name: str
    input: Extra = EMPTY
    """The arguments, decoded; check them against your tool before you act on them."""


class ToolResult(SpecPart):
    """What your tool said; every call of an answer needs one, in the next user message."""

    call_id: str
    content: str
    is_error: bool = False


class Opaque(Value):
    """A block of the vendor's own that must go back unchanged, such as signed thinking."""

    kind: str
    raw: Extra = EMPTY


Part = Text | Picture | ToolCall | ToolResult | Opaque


class Message(SpecPart):
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def user(cls, *parts: Part | str) -> Message:
        """What the user says; text may be given as it is."""
        return cls(role=Role.USER, parts=tuple(_part(part) for part in parts))

    @classmethod
    def assistant(cls, *parts: Part | str) -> Message:
        """What the model has said."""
        return cls(role=Role.ASSISTANT, parts=tuple(_part(part) for part in parts))

    @property
    def text(self) -> str:
        """Its words alone."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


class Tool(SpecPart):
    """A tool of yours that the model may call."""

    _unhashed: ClassVar = frozenset({"input_schema", "extra"})

    name: str
    description: str = ""
    input_schema: Extra = EMPTY
    """A JSON schema of an object."""
    extra: Extra = EMPTY
    """The vendor's own fields of a tool."""


def _part(part: Any) -> Part:
    return Text(text=part) if isinstance(part, str) else part


__all__ = ["Message", "Opaque", "Part", "Picture", "Text", "Tool", "ToolCall", "ToolResult"]
