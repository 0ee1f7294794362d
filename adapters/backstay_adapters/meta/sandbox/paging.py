"""Cursors: opaque, good for a while, and a `next` that holds the token."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from backstay_adapters.meta.sandbox.access import token_of
from backstay_adapters.meta.sandbox.refusal import Data, Refused

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

T = TypeVar("T")

USUAL = 25
REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


def paged(
    ctx: Ctx, rows: Sequence[T], place: Callable[[T], int], show: Callable[[T], Any], summary: Data | None = None
) -> Data:
    """One page of rows whose places fall; `after` continues below a place, whatever has come or gone meanwhile."""
    size = limit(ctx)
    before = ctx.params.get("before")
    edge = _read(ctx, "before" if before else "after")
    if before and edge is not None:
        page = [row for row in rows if place(row) > edge][-size:]
    else:
        page = [row for row in rows if edge is None or place(row) < edge][:size]
    found: Data = {"data": [show(row) for row in page]}
    if page:
        found["paging"] = _paging(ctx, place(page[0]), place(page[-1]), rows, place)
    if _wants_total(ctx):
        found["summary"] = {**(summary or {}), "total_count": len(rows)}
    return found


def limit(ctx: Ctx) -> int:
    """How many rows a page has.

    Raises:
        Refused: HTTP 500 "reduce the amount of data" where the page is too heavy.
    """
    size = ctx.params.whole("limit")
    size = USUAL if size is None else max(1, size)
    heavy = ctx.switches.heavy_limit
    if heavy is not None and size > heavy:
        raise Refused(1, message=REDUCE)
    return size


def _paging(ctx: Ctx, first: int, last: int, rows: Sequence[T], place: Callable[[T], int]) -> Data:
    found: Data = {"cursors": {"before": _cursor(ctx, first), "after": _cursor(ctx, last)}}
    if any(place(row) < last for row in rows):
        found["next"] = _link(ctx, "after", found["cursors"]["after"])
    if any(place(row) > first for row in rows):
        found["previous"] = _link(ctx, "before", found["cursors"]["before"])
    return found


def _cursor(ctx: Ctx, place: int) -> str:
    text = json.dumps([place, int(ctx.now)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(ctx: Ctx, name: str) -> int | None:
    cursor = ctx.params.get(name)
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(str(cursor) + "=" * (-len(str(cursor)) % 4))
        place, made = json.loads(text)
    except ValueError:
        raise Refused(2642) from None
    lives = ctx.switches.cursor_lives
    if lives is not None and ctx.now - made > lives:
        raise Refused(2642)
    return int(place)


def _link(ctx: Ctx, name: str, cursor: str) -> str:
    host = ctx.request.headers.get("host", "graph.facebook.com")
    scheme = "http" if host.startswith(("127.", "localhost", "[")) else "https"
    prefix = ctx.request.headers.get("x-forwarded-prefix", "")
    kept = {key: value for key, value in ctx.params.data.items() if key not in {"after", "before", "access_token"}}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in kept.items()}
    query = urlencode({"access_token": token_of(ctx.request, ctx.params) or "", **texts, name: cursor})
    return f"{scheme}://{host}{prefix}{ctx.request.path}?{query}"


def _wants_total(ctx: Ctx) -> bool:
    asked = str(ctx.params.get("summary") or "")
    return asked in {"true", "True", "1"} or "total_count" in asked
