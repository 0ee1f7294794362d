"""Search and SearchStream: the same rows, in pages or in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.sandbox.draws import bits
from backstay_adapters.google_ads.sandbox.failure import refusal
from backstay_adapters.google_ads.sandbox.gaql import parse
from backstay_adapters.google_ads.sandbox.protos import Message, member, message
from backstay_adapters.google_ads.sandbox.selection import Selection

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx

_ADS: Final = "services.types.google_ads_service"
TOKEN_LIFE: Final = 7_200.0
"""Seconds for which a page token is good."""


_SUMMED: Final = frozenset({"SUMMARY_ROW_WITH_RESULTS", "SUMMARY_ROW_ONLY"})


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query, kept for its further pages."""

    customer: str
    query: str
    rows: tuple[Message, ...]
    paths: tuple[str, ...]
    made_at: float
    summary: Message | None
    """The metrics of all rows together, where that was asked for."""

    def close(self, made: Message) -> None:
        """What the last page or batch has besides its rows."""
        if self.summary is not None:
            made.summary_row.CopyFrom(self.summary)


def search(ctx: Ctx) -> Iterable[Message]:
    """GoogleAdsService.Search."""
    request, settings = ctx.request, ctx.request.search_settings
    if request.page_size:
        text = "Setting the page size is not supported. Search responses have a fixed page size."
        raise refusal("request_error", "PAGE_SIZE_NOT_SUPPORTED", text, "page_size")
    fresh = not request.page_token
    result, start = (_result(ctx, summed=settings.return_summary_row), 0) if fresh else _continued(ctx)
    made = message(_ADS, "SearchGoogleAdsResponse")()
    if request.validate_only:
        return (made,)
    end = start + ctx.switches.page_rows
    made.results.extend(() if settings.omit_results else result.rows[start:end])
    made.field_mask.paths.extend(result.paths)
    if settings.return_total_results_count:
        made.total_results_count = len(result.rows)
    if end < len(result.rows) and not settings.omit_results:
        made.next_page_token = _token(ctx, result, end)
    else:
        result.close(made)
    return (made,)


def stream(ctx: Ctx) -> Iterator[Message]:
    """GoogleAdsService.SearchStream: batches; one empty batch where nothing is found."""
    setting = member(ctx.request, "summary_row_setting")
    result = _result(ctx, summed=setting in _SUMMED)
    rows = () if setting == "SUMMARY_ROW_ONLY" else result.rows
    size = ctx.switches.page_rows
    for start in range(0, max(1, len(rows)), size):
        made = message(_ADS, "SearchGoogleAdsStreamResponse")(request_id=ctx.request_id)
        made.results.extend(rows[start : start + size])
        made.field_mask.paths.extend(result.paths)
        if start + size >= len(rows):
            result.close(made)
        yield made


def _result(ctx: Ctx, *, summed: bool) -> Result:
    customer = ctx.customer()
    query = ctx.request.query
    selection = Selection(ctx, customer, parse(query))
    rows = tuple(selection.rows())
    summary = selection.summary() if summed else None
    return Result(customer.id, query, rows, tuple(selection.query.select), ctx.now, summary)


def _token(ctx: Ctx, result: Result, start: int) -> str:
    token = f"{bits(ctx.world.seed, 'page', ctx.request_id, start):016x}"
    ctx.sim.pages[token] = (result, start)
    return token


def _continued(ctx: Ctx) -> tuple[Result, int]:
    customer = ctx.customer()
    found = ctx.sim.pages.get(ctx.request.page_token)
    result, start = found or (None, 0)
    if result is None or (result.customer, result.query) != (customer.id, ctx.request.query):
        text = "The page token is invalid for the query."
        raise refusal("request_error", "INVALID_PAGE_TOKEN", text, "page_token", trigger=ctx.request.page_token)
    if ctx.now - result.made_at > TOKEN_LIFE:
        text = "The page token has expired."
        raise refusal("request_error", "EXPIRED_PAGE_TOKEN", text, "page_token", trigger=ctx.request.page_token)
    return result, start
