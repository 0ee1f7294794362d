"""Research: a question, and an answer that names its sources."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from backstay.answer import Answer
from backstay.content.usage import TokenUsage
from backstay.content.words import Depth, Finish, Recency, SourceKind
from backstay.cost import Cost
from backstay.spec import Spec
from backstay.values import EMPTY, Extra, Value


class ResearchRequest(Spec):
    """What is to be found out. Filters that a vendor lacks are refused before anything is sent."""

    question: str = Field(min_length=1)
    recency: Recency | None = None
    domains: tuple[str, ...] = ()
    """Only sources of these hosts."""
    exclude_domains: tuple[str, ...] = ()
    language: str | None = None
    """A language tag (`en`, `zh`)."""
    country: str | None = None
    """ISO 3166 alpha-2, upper case."""
    max_sources: int | None = Field(default=None, ge=1)
    depth: Depth = Depth.STANDARD
    kinds: tuple[SourceKind, ...] = ()
    """Only sources of these kinds; empty: the vendor's choice."""
    system: str | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    model: str | None = None
    extra: Extra = EMPTY

    @property
    def size(self) -> int:
        """Bytes of all the text in it, as UTF-8: for estimates of its tokens."""
        return sum(len(text.encode("utf-8", "replace")) for text in (self.system or "", self.question))


class Source(Value):
    """Where something was found."""

    url: str
    title: str = ""
    snippet: str = ""
    published: datetime | None = None
    kind: SourceKind = SourceKind.UNKNOWN
    by: str = ""
    """The researcher that found it, where several were asked."""
    extra: Extra = EMPTY


class ResearchResult(Answer):
    """What was found out, from where, and what it cost."""

    answer: str
    """Empty for a researcher that only searches."""
    sources: tuple[Source, ...] = ()
    finish: Finish = Finish.UNKNOWN
    usage: TokenUsage = Field(default_factory=TokenUsage)
    cost: Cost | None = None
    model: str = ""
    request_id: str | None = None
    retrieved_at: datetime | None = None
    degraded: tuple[str, ...] = ()
    """Parts that failed and are missing here, each as "name: why"."""


class ResearchDelta(Value):
    """A piece of an answer that is being written."""

    text: str = ""
    sources: tuple[Source, ...] = ()
    """All that are known so far, where this piece says something of them."""
    usage: TokenUsage | None = None


class ResearchSoFar:
    """Collects the pieces of a stream, so that a broken one keeps what had arrived."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._sources: tuple[Source, ...] = ()
        self._usage = TokenUsage()

    def add(self, delta: ResearchDelta) -> None:
        """One more piece."""
        if delta.text:
            self._text.append(delta.text)
        self._sources = delta.sources or self._sources
        if delta.usage is not None:
            self._usage = delta.usage

    def partial(self) -> ResearchResult:
        """What there is, marked as interrupted."""
        return ResearchResult(
            answer="".join(self._text), sources=self._sources, usage=self._usage, finish=Finish.INTERRUPTED
        )


__all__ = ["ResearchDelta", "ResearchRequest", "ResearchResult", "ResearchSoFar", "Source"]
