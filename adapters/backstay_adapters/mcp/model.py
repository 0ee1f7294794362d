"""What a server offers, and what a tool has answered."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from backstay.answer import Answer
from backstay.content.parts import Tool
from backstay.policies.effect import Effect
from backstay.values import EMPTY, Extra, Value


class ToolInfo(Value):
    """One tool of a server."""

    _unhashed: ClassVar = frozenset({"output_schema", "annotations"})

    tool: Tool
    """As a `TextRequest` takes it: name, description, schema of its arguments."""
    title: str = ""
    effect: Effect = Effect.CREATE
    """How safe it is to call it again: READ, SET (twice is as once), or CREATE where nobody says so."""
    output_schema: Extra = EMPTY
    """The schema of `ToolAnswer.data`; empty where the server promises none."""
    annotations: Extra = EMPTY
    """The server's own hints, as they are."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.tool.name


class ToolList(Answer):
    """The tools of a server."""

    tools: tuple[ToolInfo, ...] = ()

    @property
    def offered(self) -> tuple[Tool, ...]:
        """All of them for `TextRequest(tools=...)`."""
        return tuple(each.tool for each in self.tools)

    def named(self, name: str) -> ToolInfo | None:
        """One by its name."""
        return next((each for each in self.tools if each.name == name), None)


class ToolAnswer(Answer):
    """What a tool has answered."""

    _unhashed: ClassVar = frozenset({"data", "blocks", "extra"})

    name: str
    text: str = ""
    """All its words."""
    data: Any = None
    """Its structured answer, where it gives one."""
    blocks: tuple[Extra, ...] = ()
    """Everything that it gave, pictures and links included, as the protocol has it."""
    is_error: bool = False
    """The tool itself says that it failed; without `allow_error` that is an error."""
    how: Literal["called", "adopted", "replayed"] = "called"
    """Of a tool that may change something each time: by this call, found after a lost answer, or by an earlier call
    with the same key."""


__all__ = ["ToolAnswer", "ToolInfo", "ToolList"]
