"""Several researchers asked at the same time: one answer of all that came, and which parts are missing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, Final, NoReturn, Unpack

from backstay.answer import oldest, with_served
from backstay.base import positive
from backstay.compose.row import Row, Timeouts, common
from backstay.compose.steps import Step, all_failed
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.needs import require_research
from backstay.content.protocols import ContentVendor, Researcher
from backstay.content.research import ResearchRequest, ResearchResult, Source
from backstay.cost import Cost, add_costs
from backstay.errors import BackstayError, InvalidRequestError, UnsupportedCapabilityError
from backstay.events import Problem
from backstay.operation import CallOptions, merge_options
from backstay.runtime import Runtime

_MARK: Final = re.compile(r"\[(\d{1,3})\]")
_FOR_ALL: Final = frozenset({"VALIDATION_FAILED", "SPEND_GUARD"})
"""A wrong request and a budget that is used up are no part's own fault."""


class Together(Row):
    """A Researcher made of several that are all asked.

        researcher = Together(perplexity, forum, need=1, timeout=60.0)
        found = await researcher.research(request)
        found.degraded      # the parts that failed, each as "name: why"

    The answers stand one after the other, markers such as [3] counted through; sources bear in `.by` who found them,
    and one that several have found stands there once. Parts that fail are listed in `.degraded`, each is an event, and
    fewer than `need` answers are none: then one error tells each part's error and its cure. A wrong request and a
    budget that is used up are raised at once. It has no stream. Each part's answer costs.
    """

    def __init__(
        self, *parts: Researcher, need: int = 1, timeout: Timeouts = None, runtime: Runtime | None = None
    ) -> None:  # fmt: skip
        super().__init__(parts, timeout, runtime)
        self.capabilities = common(self._row, "together").with_changes(
            remove=(Can.RESEARCH_STREAM, Can.TEXT, Can.IMAGE)
        )
        self.capabilities.require(Can.RESEARCH, "research")
        if not 1 <= need <= len(parts):
            raise InvalidRequestError(
                f"{len(parts)} parts cannot give {need} answers", field="need", value=need, hint=f"1 to {len(parts)}"
            )
        self._need = need

    @property
    def parts(self) -> Mapping[str, ContentVendor]:
        """The researchers by name."""
        return self._named()

    async def research(
        self, request: ResearchRequest, *, idempotency_key: str | None = None, **options: Unpack[CallOptions]
    ) -> ResearchResult:
        """One answer of all; see `Researcher.research`."""
        require_research(self.capabilities, request)
        merged = merge_options(self._options, options)
        asked = [self._ask(part, request, idempotency_key, merged) for part in self._row]
        found: dict[str, ResearchResult] = {}
        failed: list[tuple[str, BackstayError]] = []
        for part, answer in zip(self._row, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if isinstance(answer, BackstayError):
                self._told(part, answer)
                failed.append((part.name, answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found[part.name] = answer
        if len(found) < self._need:
            raise all_failed("research", failed)
        return joined(found, failed)

    async def _ask(
        self, part: Step, request: ResearchRequest, key: str | None, options: dict[str, Any]
    ) -> ResearchResult:
        own = dict(options)
        if part.timeout is not None:
            own["deadline"] = min(part.timeout, positive("deadline", own.get("deadline", part.timeout)))
        vendor: Any = part.vendor
        answer: ResearchResult = await vendor.research(request, idempotency_key=key, **own)
        return answer

    def _told(self, part: Step, error: BackstayError) -> None:
        if self.runtime.events.listeners:
            self.runtime.events.emit(
                Problem(
                    at=self.runtime.clock.wall(), vendor=part.name, function="research", where="part",
                    error=f"{error.type}: {error.message}",
                )
            )  # fmt: skip
        if error.type in _FOR_ALL or isinstance(error, UnsupportedCapabilityError):
            raise error

    def stream_research(self, request: ResearchRequest, **_: Unpack[CallOptions]) -> NoReturn:
        """There is none: several answers cannot be read while they are written; raises UnsupportedCapabilityError."""
        del request
        self.capabilities.require(Can.RESEARCH_STREAM, "stream_research")
        raise AssertionError


def joined(found: Mapping[str, ResearchResult], failed: Sequence[tuple[str, BackstayError]] = ()) -> ResearchResult:
    """One answer of several; pure. Sources that several have found stand there once, by the first."""
    sources: dict[str, Source] = {}
    texts = []
    for name, part in found.items():
        for source in part.sources:
            sources.setdefault(source.url, source.model_copy(update={"by": source.by or name}))
        texts.append(_renumbered(part, list(sources)))
    parts = list(found.values())
    missing = [f"{name}: {error.type}: {error.message}" for name, error in failed]
    moments = [part.retrieved_at for part in parts if part.retrieved_at is not None]
    whole = ResearchResult(
        answer="\n\n".join(text for text in texts if text), sources=tuple(sources.values()), finish=parts[0].finish,
        usage=reduce(add, (part.usage for part in parts)), cost=_cost(parts),
        model=", ".join(dict.fromkeys(part.model for part in parts if part.model)),
        retrieved_at=min(moments, default=None),
        degraded=(*missing, *(f"{name}: {each}" for name, part in found.items() for each in part.degraded)),
    )  # fmt: skip
    served = oldest([part.served for part in parts])
    return with_served(whole, replace(served, by=", ".join(found), attempts=sum(p.served.attempts for p in parts)))


def _renumbered(part: ResearchResult, urls: list[str]) -> str:
    """A part's text with its markers counted as in the whole; what is no marker of a source stays."""

    def number(mark: re.Match[str]) -> str:
        at = int(mark[1])
        return f"[{urls.index(part.sources[at - 1].url) + 1}]" if 1 <= at <= len(part.sources) else mark[0]

    return _MARK.sub(number, part.answer)


def _cost(parts: Sequence[ResearchResult]) -> Cost | None:
    """The sum; None where it has none that could be told: nobody knows a part's, or they are in several currencies."""
    costs = [part.cost for part in parts]
    currencies = {cost.currency for cost in costs if cost is not None}
    return add_costs(costs) if None not in costs and len(currencies) == 1 else None


__all__ = ["Together", "joined"]
