"""From our request to the body of `/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from backstay.content.research import ResearchRequest
from backstay.content.words import Depth, SourceKind
from backstay.errors import InvalidRequestError, UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay_adapters.perplexity.profile import DEEP_MODEL

Json = Any

MODES: Final[Mapping[SourceKind, str]] = MappingProxyType(
    {SourceKind.WEB: "web", SourceKind.ACADEMIC: "academic", SourceKind.FILING: "sec"}
)
"""`search_mode` by what sources are to be."""
CONTEXTS: Final[Mapping[Depth, str]] = MappingProxyType({Depth.QUICK: "low", Depth.STANDARD: "medium"})
"""`search_context_size`; deep research chooses for itself."""
MOST_DOMAINS: Final = 20
FEWEST_TOKENS: Final = 16
"""`max_tokens` below this answers 400 (recorded: "max_tokens must be at least 16 for sonar.")."""


def body_of(request: ResearchRequest, model: str) -> dict[str, Json]:
    """The body; raises InvalidRequestError or UnsupportedCapabilityError for what the API would refuse or ignore."""
    _check(request, model)
    body: dict[str, Json] = {"model": model, "messages": _messages(request)}
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
    body |= _filters(request)
    options: dict[str, Json] = {}
    if request.depth in CONTEXTS:
        options["search_context_size"] = CONTEXTS[request.depth]
    if request.country is not None:
        options["user_location"] = {"country": request.country}
    if options:
        body["web_search_options"] = options
    return merge_extra(body, request.extra)


def _messages(request: ResearchRequest) -> list[dict[str, str]]:
    system = [] if request.system is None else [{"role": "system", "content": request.system}]
    return [*system, {"role": "user", "content": request.question}]


def _filters(request: ResearchRequest) -> dict[str, Json]:
    domains = [*request.domains, *(f"-{domain}" for domain in request.exclude_domains)]
    told = {
        "search_domain_filter": domains,
        "search_recency_filter": None if request.recency is None else request.recency.value,
        "search_mode": MODES[request.kinds[0]] if request.kinds else None,
        "language_preference": request.language,
    }
    return {name: value for name, value in told.items() if value}


def _check(request: ResearchRequest, model: str) -> None:
    domains = len(request.domains) + len(request.exclude_domains)
    if domains > MOST_DOMAINS:
        raise InvalidRequestError(
            f"the API takes {MOST_DOMAINS} domains", field="domains", value=domains, hint="name fewer, or ask twice"
        )
    most = request.max_output_tokens
    if most is not None and most < FEWEST_TOKENS:
        raise InvalidRequestError(
            f"the API takes at least {FEWEST_TOKENS}", field="max_output_tokens", value=most,
            hint=f"{FEWEST_TOKENS} or more, or leave it out",
        )  # fmt: skip
    if request.depth is not Depth.DEEP and model.startswith(DEEP_MODEL):
        raise InvalidRequestError(
            "deep research takes minutes, and proxies cut a plain request after one", field="model", value=model,
            hint="ask with depth=Depth.DEEP: it runs as a job",
        )  # fmt: skip
    if request.extra.get("stream"):
        raise InvalidRequestError("extra cannot turn streaming on", field="extra.stream", value=True,
                                  hint="call stream_research()")  # fmt: skip
    _check_lacks(request)


def _check_lacks(request: ResearchRequest) -> None:
    if len(request.kinds) > 1 or any(kind not in MODES for kind in request.kinds):
        raise UnsupportedCapabilityError(
            "perplexity searches one kind of source at a time", operation="research", vendor="perplexity",
            field="kinds", value=[kind.value for kind in request.kinds],
            hint=f"one of {', '.join(kind.value for kind in MODES)}, or none",
        )  # fmt: skip
    if request.max_sources is not None:
        raise UnsupportedCapabilityError(
            "perplexity cannot bound the number of sources, and leaving some out would leave the answer's markers "
            "without theirs", operation="research", vendor="perplexity", field="max_sources",
            value=request.max_sources, hint="leave it out; depth=Depth.QUICK searches less",
        )  # fmt: skip


__all__ = ["CONTEXTS", "MODES", "MOST_DOMAINS", "body_of"]
