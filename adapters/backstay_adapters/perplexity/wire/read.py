"""From the API's answers to ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from backstay.content.research import ResearchResult, Source
from backstay.content.usage import TokenUsage, count_of
from backstay.content.words import Finish, SourceKind
from backstay.content_adapter import Answers
from backstay.cost import Cost, PriceTable
from backstay_adapters.perplexity.prices import REQUEST, SEARCH

Json = Any

ANSWERS: Final = Answers("perplexity")
reading, unreadable = ANSWERS.reading, ANSWERS.unreadable

FINISHES: Final[Mapping[str, Finish]] = MappingProxyType({"stop": Finish.STOP, "length": Finish.LENGTH})
_READ: Final = frozenset(
    {"id", "model", "created", "object", "choices", "citations", "search_results", "usage", "status", "type"}
)
_COUNTED: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens",
                             "num_search_queries", "cost"})  # fmt: skip
_THOUGHT: Final = "</think>"


def completion(data: Json, *, request_id: str | None, now: datetime, prices: PriceTable | None) -> ResearchResult:
    """A whole answer; raises BadResponseError where it is none."""
    with reading("an answer", data):
        choice = data["choices"][0]
        content = choice["message"]["content"]
        if not isinstance(content, str):
            raise unreadable("an answer", data)
        told, model = data.get("usage") or {}, str(data.get("model") or "")
        usage = usage_of(told)
        thought, answer = parted(content)
        more = {"id": data.get("id"), "thinking": thought,
                **{name: value for name, value in data.items() if name not in _READ}}  # fmt: skip
        return ResearchResult(
            answer=answer,
            sources=sources_of(data),
            finish=FINISHES.get(choice.get("finish_reason"), Finish.UNKNOWN),
            usage=usage,
            cost=cost_of(told, usage, model, prices),
            model=model,
            request_id=request_id or data.get("id"),
            retrieved_at=now,
            extra={name: value for name, value in more.items() if value},
        )


def parted(content: str) -> tuple[str, str]:
    """The thoughts of a reasoning model (`<think>...</think>` at the beginning) and the answer."""
    if not content.lstrip().startswith("<think>") or _THOUGHT not in content:
        return "", content
    thought, _, answer = content.partition(_THOUGHT)
    return thought.lstrip().removeprefix("<think>").strip(), answer.lstrip()


def sources_of(data: Mapping[str, Json]) -> tuple[Source, ...]:
    """Every source in the vendor's order: marker [1] of the answer is the first. No search, no sources."""
    results = [each for each in _listed(data.get("search_results")) if isinstance(each, Mapping)]
    urls = [str(each.get("url") or "") for each in results]
    listed = [str(url or "") for url in _listed(data.get("citations"))]
    if not listed:  # a page that was found twice has two markers
        return tuple(_source(url, each) for url, each in zip(urls, results, strict=True))
    rich = dict(zip(urls, results, strict=True))
    return tuple(_source(url, rich.get(url, {})) for url in listed)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _source(url: str, told: Mapping[str, Json]) -> Source:
    more = {name: told[name] for name in ("last_updated",) if told.get(name)}
    return Source(
        url=url,
        title=str(told.get("title") or ""),
        snippet=str(told.get("snippet") or ""),
        published=moment(told.get("date")),
        kind=SourceKind.of(told.get("source") or "web"),
        extra=more,
    )


def moment(text: object) -> datetime | None:
    """A date of the vendor's, in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def usage_of(told: Mapping[str, Json]) -> TokenUsage:
    """The vendor's count; what it does not say is nought."""
    searches = count_of(told.get("num_search_queries"))
    thought = told.get("reasoning_tokens")
    return TokenUsage(
        input_tokens=count_of(told.get("prompt_tokens")),
        output_tokens=count_of(told.get("completion_tokens")),
        thinking_tokens=thought if isinstance(thought, int) else None,
        pieces={SEARCH: searches} if searches else {},
        extra={name: value for name, value in told.items() if name not in _COUNTED and value is not None},
    )


def cost_of(told: Mapping[str, Json], usage: TokenUsage, model: str, prices: PriceTable | None) -> Cost:
    """What the vendor says that it cost; without its word by the table, UNKNOWN where that has no price."""
    cost = told.get("cost")
    named = _money(cost.get("total_cost")) if isinstance(cost, Mapping) else None
    if named is not None:
        return Cost.reported(named)
    if prices is None:
        return Cost.unknown("the answer names no cost, and no prices were given")
    fee = {f"{REQUEST}{told.get('search_context_size') or 'low'}": 1}
    return prices.cost(model, input=usage.input_tokens, output=usage.output_tokens, each=fee)


def _money(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and found >= 0 else None


__all__ = [
    "ANSWERS",
    "FINISHES",
    "completion",
    "cost_of",
    "moment",
    "parted",
    "reading",
    "sources_of",
    "unreadable",
    "usage_of",
]
