"""Texts: what is asked, what comes back, and what comes while it is written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from backstay.answer import Answer
from backstay.content.jsonschema import check_schema
from backstay.content.parts import Message, Opaque, Part, Text, Tool, ToolCall, ToolResult
from backstay.content.usage import TokenUsage
from backstay.content.words import Effort, Finish
from backstay.cost import Cost
from backstay.spec import Spec
from backstay.values import EMPTY, Extra, Value


class TextRequest(Spec):
    """What a model is to write. What a vendor lacks is refused before anything is sent."""

    _unhashed: ClassVar = frozenset({"extra", "json_schema"})

    messages: tuple[Message, ...] = Field(min_length=1)
    system: str | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    """None: the adapter's own default."""
    stop: tuple[str, ...] = ()
    temperature: float | None = Field(default=None, ge=0, le=2)
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    """"auto", "any", "none" or the name of a tool; None leaves it to the vendor."""
    json_schema: Extra | None = None
    """The answer is JSON of this schema, decoded and checked, in `TextResult.data`."""
    effort: Effort | None = None
    model: str | None = None
    """The vendor's model id; None: the adapter's."""
    end_user: str | None = None
    """An opaque id of the person behind the request, for the vendor's abuse checks; never a name or an address."""
    allow_refusal: bool = False
    """Give a refusal back as an answer instead of raising CreativeRejectedError."""
    allow_truncated: bool = False
    """Give a text that was cut back as an answer instead of raising; JSON that was cut always raises."""
    extra: Extra = EMPTY

    @classmethod
    def ask(cls, prompt: str, **fields: Any) -> TextRequest:
        """One question of a user's."""
        return cls(messages=(Message.user(prompt),), **fields)

    @model_validator(mode="after")
    def _checked(self) -> TextRequest:
        if self.json_schema is not None:
            check_schema(self.json_schema)
        return self

    @property
    def size(self) -> int:
        """Bytes of all the text in it, as UTF-8: for estimates of its tokens."""
        said = [self.system or "", *(message.text for message in self.messages)]
        said += [str(part.content) for m in self.messages for part in m.parts if isinstance(part, ToolResult)]
        said += [f"{tool.name}{tool.description}{dict(tool.input_schema)}" for tool in self.tools]
        said.append(str(dict(self.json_schema)) if self.json_schema is not None else "")
        return sum(len(text.encode("utf-8", "replace")) for text in said)


class TextResult(Answer):
    """What a model wrote, and what it cost."""

    _unhashed: ClassVar = frozenset({"extra", "raw", "data"})

    text: str
    """The words alone; empty where there are only tool calls."""
    parts: tuple[Part, ...] = ()
    """Everything in order, ready to be sent back as `Message.assistant(*result.parts)`."""
    data: Any = None
    """The decoded JSON where a schema was given."""
    finish: Finish = Finish.UNKNOWN
    raw_finish: str | None = None
    """The vendor's own word."""
    usage: TokenUsage = Field(default_factory=TokenUsage)
    cost: Cost | None = None
    model: str = ""
    """Who wrote it, by the vendor's own word."""
    request_id: str | None = None
    repaired: bool = False
    """The first answer was no JSON of the schema, and a second one was asked for and paid for."""
    raw: Extra = EMPTY
    """What the vendor said of the ending, such as the category of a refusal."""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """What the model wants done."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


class TextDelta(Value):
    """A piece of a text that is being written; most have only `text`."""

    text: str = ""
    thinking: str = ""
    part: ToolCall | Opaque | None = None
    """A tool call or a block of the vendor's, once it is whole."""
    usage: TokenUsage | None = None
    """What was used so far."""


class TextSoFar:
    """Collects the pieces of a stream, so that a broken one keeps what had arrived."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._parts: list[Part] = []
        self._usage = TokenUsage()

    def add(self, delta: TextDelta) -> None:
        """One more piece."""
        if delta.text:
            self._text.append(delta.text)
        if delta.part is not None:
            self._parts.append(delta.part)
        if delta.usage is not None:
            self._usage = delta.usage

    def partial(self) -> TextResult:
        """What there is, marked as interrupted."""
        text = "".join(self._text)
        parts = ((Text(text=text),) if text else ()) + tuple(self._parts)
        return TextResult(text=text, parts=parts, finish=Finish.INTERRUPTED, usage=self._usage)


__all__ = ["TextDelta", "TextRequest", "TextResult", "TextSoFar"]
