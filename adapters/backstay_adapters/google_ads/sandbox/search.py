"""Search and SearchStream: the same rows, in pages or in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.sandbox.draws import bits
from backstay_adapters.google_ads.sandbox.failure import refusal
from backstay_adapters.google_ads.sandbox.gaql import parse
from backstay_adapters.google_ads.sandbox.protos import Message, message
from backstay_adapters.google_ads.sandbox.selection import Selection

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx

_ADS: Final = "services.types.google_ads_service"
TOKEN_LIFE: Final = 7_200.0
"""Seconds for which a page token is good."""


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a query, kept for its further pages."""

    customer: str
    query: str
    rows: tuple[Message, ...]
    paths: tuple[str, ...]
    made_at: float


def search(ctx: Ctx) -> Iterable[Message]:
    """GoogleAdsService.Search."""
    request = ctx.request
    if request.page_size:
        text = "Setting the page size is not supported. Search responses have a fixed page size."
        raise refusal("request_error", "PAGE_SIZE_NOT_SUPPORTED", text, "page_size")
    result, start = _continued(ctx) if request.page_token else (_result(ctx), 0)
    if request.validate_only:
        return (message(_ADS, "SearchGoogleAdsResponse")(),)
    end = start + ctx.switches.page_rows
    made = message(_ADS, "SearchGoogleAdsResponse")()
    made.results.extend(result.rows[start:end])
    made.field_mask.paths.extend(result.paths)
    if request.search_settings.return_total_results_count:
        made.total_results_count = len(result.rows)
    if end < len(result.rows):
        made.next_page_token = _token(ctx, result, end)
    return (made,)


def stream(ctx: Ctx) -> Iterator[Message]:
    """GoogleAdsService.SearchStream: batches; one empty batch where nothing is found."""
    result = _result(ctx)
    size = ctx.switches.page_rows
    for start in range(0, max(1, len(result.rows)), size):
        made = message(_ADS, "SearchGoogleAdsStreamResponse")(request_id=ctx.request_id)
        made.results.extend(result.rows[start : start + size])
        made.field_mask.paths.extend(result.paths)
        yield made


def _result(ctx: Ctx) -> Result:
    customer = ctx.customer()
    query = ctx.request.query
    selection = Selection(ctx, customer, parse(query))
    return Result(customer.id, query, tuple(selection.rows()), tuple(selection.query.select), ctx.now)


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
