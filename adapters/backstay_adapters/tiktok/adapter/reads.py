"""Lists in TikTok's words: both flows are lists of their own, pages are numbered, names are matched loosely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from backstay.ad_adapter import Asked, Json, marked_name, parsing
from backstay.ads import Level, PageData, Query
from backstay_adapters.tiktok.adapter.account import TikTokAccount
from backstay_adapters.tiktok.wire import words, write
from backstay_adapters.tiktok.wire.kinds import FLOWS, KINDS, Flow, Kind
from backstay_adapters.tiktok.wire.read import Raw

LARGEST_PAGE: Final = 1_000
MOST_IDS: Final = 100
"""Ids in one filter (page "Get campaigns": `filtering.campaign_ids`, at most 100)."""


class TikTokReads(TikTokAccount):
    """What is read of campaigns, ad groups and ads."""

    page_limit: ClassVar[int] = LARGEST_PAGE
    flows: tuple[Flow, ...] = FLOWS

    def _asks(self, level: Level, query: Query) -> tuple[Asked, ...]:
        kind, ids = KINDS[level], tuple(dict.fromkeys(query.ids))
        parts = [ids[at : at + MOST_IDS] for at in range(0, len(ids), MOST_IDS)] or [()]
        return tuple(
            {"flow": flow, "filtering": filters(kind, query, flow, part)} for flow in self.flows for part in parts
        )

    def _asks_one(self, level: Level, id: str) -> tuple[Asked, ...]:  # noqa: A002 - the field's own name
        kind = KINDS[level]
        return tuple({"flow": flow, "filtering": {kind.ids_in(flow): [id]}} for flow in self.flows)

    def _asks_key(self, level: Level, key_token: str, since: datetime | None) -> tuple[Asked, ...]:
        filtering: dict[str, Json] = {KINDS[level].name: key_token}
        if since is not None:
            filtering["creation_filter_start_time"] = write.time_out(since)
        return tuple({"flow": flow, "filtering": filtering} for flow in self.flows)

    async def _fetch(self, level: Level, asked: Asked, state: Any, size: int) -> PageData[Any]:
        kind, flow, page = KINDS[level], asked["flow"], state or 1
        currency = await self.currency()
        data = await self._get(
            kind.endpoint(flow, "get"),
            advertiser_id=self.account,
            filtering=asked["filtering"] or None,
            page=page,
            page_size=size,
        )
        rows, info = listed(data)
        with parsing(self.vendor, f"{level} list"):
            items = tuple([kind.parse(with_flow(row, flow), self.account, currency) for row in rows])
        total, pages = info.get("total_number"), info.get("total_page")
        more = isinstance(pages, int) and page < pages
        return PageData(
            items=items, next_state=page + 1 if more else None, total=total if isinstance(total, int) else None
        )

    def _raw(self, item: Any, names: Mapping[str, Json]) -> dict[str, Json]:
        known = {
            "campaign_name": marked_name(item), "adgroup_name": marked_name(item), "ad_name": marked_name(item),
            "operation_status": item.status.raw.get("operation_status"),
        }  # fmt: skip
        budget = getattr(item, "budget", None)
        if budget is not None and budget.amount is not None:
            known["budget"] = float(budget.amount.amount)
        return {name: known.get(name, item.extra.get(name)) for name in names}


def listed(data: Json) -> tuple[Sequence[Raw], Mapping[str, Any]]:
    """The rows and the page information, whatever is missing."""
    if not isinstance(data, Mapping):
        return (), {}
    rows, info = data.get("list"), data.get("page_info")
    kept = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return kept, info if isinstance(info, Mapping) else {}


def with_flow(row: Raw, flow: Flow) -> Raw:
    """The row with the flow that made it, which travels in `extra`; the manual list may show Smart+ objects too."""
    smart = row.get("campaign_automation_type") == "UPGRADED_SMART_PLUS"
    return {**row, "flow": "smart_plus" if smart else flow}


def filters(kind: Kind, query: Query, flow: Flow, ids: Sequence[str]) -> dict[str, Json]:
    """What the vendor filters by itself; names only loosely. Smart+ has its own name for the ids of ads."""
    found: dict[str, Json] = {}
    if ids:
        found[kind.ids_in(flow)] = list(ids)
    if query.name or query.name_contains:
        found[kind.name] = query.name or query.name_contains
    if query.parent is not None and query.parent.level in KINDS:
        found[KINDS[query.parent.level].ids] = [query.parent.id]
    if query.created_since is not None:
        found["creation_filter_start_time"] = write.time_out(query.created_since)
    if query.objectives and kind.level is Level.CAMPAIGN and len(query.objectives) == 1:
        found["objective_type"] = words.spoken(words.OBJECTIVE_OUT, query.objectives[0], "objectives")
    if query.deleted:
        found["primary_status"] = "STATUS_ALL"
    return {**found, **query.extra}
