"""What campaigns, ad groups and ads have in common: lists, look-ups by key, read-back, and compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Unpack

from backstay.ads import Level, PageData, Pages, Query, Ref, Updated, require_level, require_live
from backstay.answer import with_served
from backstay.engine.poll import poll
from backstay.engine.write import Written
from backstay.errors import ConflictError, InvalidRequestError, NotFoundError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.writes.marker import token
from backstay.writes.reconcile import Seen, looks
from backstay_adapters.tiktok.adapter import tags
from backstay_adapters.tiktok.adapter.account import TikTokAccount
from backstay_adapters.tiktok.adapter.calls import Json
from backstay_adapters.tiktok.wire import words, write
from backstay_adapters.tiktok.wire.kinds import KINDS, Flow, Kind
from backstay_adapters.tiktok.wire.read import Raw, required
from backstay_adapters.tiktok.wire.read import ref as make_ref

STATUS_TTL: Final = 300.0
"""Seconds that an object's status counts as fresh (requirement S0-31)."""
STATUS_STALE: Final = 3_600.0
LARGEST_PAGE: Final = 1_000
SAME_AS_BEFORE: Final = 40012
"""The vendor's "nothing to update": the value is there already."""


class TikTokObjects(TikTokAccount):
    """Reading, finding and changing objects of any level."""

    # Lists ----------------------------------------------------------------------------------------------------

    @operation(
        Effect.READ, ttl=STATUS_TTL, max_stale=STATUS_STALE, group="objects", tags=tags.of_list, name="list_objects"
    )
    async def _list(
        self, level: Level, flow: Flow, filtering: Json, page: int, size: int, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        return await self._page(KINDS[level], flow, filtering, page, size)

    @operation(Effect.READ, deciding=True, group="objects", name="list_live")
    async def _list_live(
        self, level: Level, flow: Flow, filtering: Json, page: int, size: int, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        return await self._page(KINDS[level], flow, filtering, page, size)

    async def _page(self, kind: Kind, flow: Flow, filtering: Json, page: int, size: int) -> PageData[Any]:
        currency = await self.currency()
        data = await self._get(
            kind.endpoint(flow, "get"),
            advertiser_id=self.account,
            filtering=filtering or None,
            page=page,
            page_size=size,
        )
        rows, info = listed(data)
        items = tuple(kind.parse(with_flow(row, flow), self.account, currency) for row in rows)
        total, pages = info.get("total_number"), info.get("total_page")
        more = isinstance(pages, int) and page < pages
        return PageData(
            items=items, next_state=page + 1 if more else None, total=total if isinstance(total, int) else None
        )

    def _pages(self, kind: Kind, query: Query | None, cursor: str | None, options: CallOptions) -> Pages[Any]:
        """Both flows, one after the other; the state is [flow's number, page, how many the flows before had]."""
        asked = query or Query()
        filtering, size = filters(kind, asked), asked.page_size or LARGEST_PAGE

        async def fetch(state: Any) -> PageData[Any]:
            number, page, before = state or (0, 1, 0)
            found = await self._list(kind.level, self.flows[number], filtering, page, size, **options)
            kept = tuple(item for item in found.items if fits(item, asked))
            total = before + (found.total or 0)
            following = [number, found.next_state, before] if found.next_state else None
            if following is None and number + 1 < len(self.flows):
                following = [number + 1, 1, total]
            return found.model_copy(update={"items": kept, "next_state": following, "total": total})

        return Pages(fetch, platform=self.vendor, account_id=self.account, query=asked, cursor=cursor)

    # One object -----------------------------------------------------------------------------------------------

    async def _one(self, kind: Kind, ref: Ref, options: CallOptions) -> Any:
        self._own(ref, kind.level)
        for flow in self.flows:
            found = await self._list(kind.level, flow, {kind.ids_in(flow): [ref.id]}, 1, 1, **options)
            if found.items:
                return with_served(found.items[0], found.served)
        raise self._missing(kind, ref.id)

    async def _live(self, kind: Kind, id: str, **options: Unpack[CallOptions]) -> Any | None:  # noqa: A002 - the field's own name
        for flow in self.flows:
            found = await self._list_live(kind.level, flow, {kind.ids_in(flow): [id]}, 1, 1, **options)
            if found.items:
                return with_served(found.items[0], found.served)
        return None

    async def _must_be_live(self, kind: Kind, ref: Ref) -> Any:
        self._own(ref, kind.level)
        found = await self._live(kind, ref.id)
        if found is None:
            raise self._missing(kind, ref.id)
        return found

    async def _read_back(self, kind: Kind, id: str) -> Any:  # noqa: A002 - the field's own name
        """The object as the vendor shows it after a write; waits for reads that lag behind writes."""
        profile = self.profile
        at = looks(profile.patience, profile.read_lag)
        found = await poll(self.runtime.clock, lambda: self._live(kind, id), at)
        if found is None:
            raise self._missing(kind, id)
        return found

    def _missing(self, kind: Kind, id: str) -> NotFoundError:  # noqa: A002 - the field's own name
        return NotFoundError(
            f"no {kind.level} {id} in account {self.account}", vendor=self.vendor, field="ref", value=id,
            rule="tiktok.list.empty", hint="check the id and the account; deleted objects are not listed",
        )  # fmt: skip

    def _own(self, ref: Ref, level: Level) -> Ref:
        require_level(ref, level)
        if ref.platform != self.vendor or ref.account_id != self.account:
            raise InvalidRequestError(
                f"{ref} is not of this adapter", field="ref", value=str(ref),
                hint=f"use an adapter for {ref.platform}/{ref.account_id}",
            )  # fmt: skip
        return ref

    # Keys -----------------------------------------------------------------------------------------------------

    def _token(self, kind: Kind, key: str) -> str:
        return token(self.vendor, self.account, kind.create, key)

    async def find_by_key(
        self, level: Level, key: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Ref, ...]:
        """The objects whose names carry the key's marker, oldest first; always asks the vendor."""
        kind = KINDS.get(level)
        if kind is None:
            raise InvalidRequestError("no such level", field="level", value=level, hint="campaign, ad_group or ad")
        return await self._find(kind, self._token(kind, key), since=since, **options)

    async def _find(
        self, kind: Kind, key_token: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Ref, ...]:
        filtering: dict[str, Json] = {kind.name: key_token}
        if since is not None:
            filtering["creation_filter_start_time"] = write.time_out(since)
        found: list[Any] = []
        for flow in self.flows:
            page: int | None = 1
            while page is not None:
                listed_page = await self._list_live(kind.level, flow, filtering, page, LARGEST_PAGE, **options)
                found += [item for item in listed_page.items if item.key_token == key_token]
                page = listed_page.next_state
        oldest = sorted(found, key=lambda item: (str(item.created_at), item.ref.id))
        return tuple(dict.fromkeys(item.ref for item in oldest))

    async def _made(self, kind: Kind, data: Json) -> Written[Ref]:
        return Written(make_ref(self.account, kind.level, required(data, kind.id)))

    # Changing -------------------------------------------------------------------------------------------------

    async def _change(
        self,
        kind: Kind,
        ref: Ref,
        body: Mapping[str, Json],
        *,
        expect: Any,
        dry_run: bool,
        path: str,
        options: CallOptions,
    ) -> Updated[Any]:
        """Read, compare, send absolute values, read back."""
        before = await self._must_be_live(kind, ref)
        if expect is not None:
            unchanged(require_live(expect), before)
        fields = tuple(body)
        if dry_run:
            request = {"method": "POST", "path": path, "body": write.update(kind, path, before, ref.id, body)}
            return Updated(value=before, pending=fields, plan=(request,))
        sent = write.update(kind, path, before, ref.id, body)
        await self._send_change(ref, path, sent, dict(body), raw_of(before, body), **options)
        after = await poll(
            self.runtime.clock,
            lambda: self._shows(kind, ref, body),
            looks(self.profile.patience, self.profile.read_lag),
        )
        if after is None:
            return Updated(value=await self._must_be_live(kind, ref), pending=fields)
        return Updated(value=after, applied=fields)

    async def _shows(self, kind: Kind, ref: Ref, body: Mapping[str, Json]) -> Any | None:
        found = await self._live(kind, ref.id)
        return found if found is not None and compare(body, {}, raw_of(found, body)) is Seen.WANTED else None

    @operation(Effect.SET, look="_look_change", group="objects", tags=tags.of_change, name="update")
    async def _send_change(
        self, ref: Ref, path: str, sent: Json, wanted: Json, before: Json, **_: Unpack[CallOptions]
    ) -> None:
        del ref, wanted, before  # only the look needs them
        try:
            await self._post(path, {"advertiser_id": self.account, **sent})
        except InvalidRequestError as error:
            if error.vendor_code != SAME_AS_BEFORE:
                raise

    async def _look_change(self, ref: Ref, path: str, sent: Json, wanted: Json, before: Json) -> Seen:
        del path, sent
        found = await self._live(KINDS[ref.level], ref.id)
        return Seen.OTHER if found is None else compare(wanted, before, raw_of(found, wanted))


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


def filters(kind: Kind, query: Query) -> dict[str, Json]:
    """What the vendor filters by itself; names only loosely."""
    found: dict[str, Json] = {}
    if query.ids:
        found[kind.ids] = list(query.ids)
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


def fits(item: Any, query: Query) -> bool:
    """What the vendor filters loosely or not at all, exactly."""
    return (
        (query.name is None or item.name == query.name)
        and (query.name_contains is None or query.name_contains in item.name)
        and (not query.statuses or item.status.configured in query.statuses)
        and (not query.objectives or getattr(item, "objective", None) in query.objectives)
    )


def raw_of(item: Any, names: Mapping[str, Json]) -> dict[str, Json]:
    """The vendor's own values of some fields of an object that was read."""
    known = {
        "campaign_name": marked_name(item), "adgroup_name": marked_name(item), "ad_name": marked_name(item),
        "operation_status": item.status.raw.get("operation_status"),
    }  # fmt: skip
    budget = getattr(item, "budget", None)
    if budget is not None and budget.amount is not None:
        known["budget"] = float(budget.amount.amount)
    return {name: known.get(name, item.extra.get(name)) for name in names}


def marked_name(item: Any) -> str:
    """The name as the vendor has it."""
    from backstay.writes.marker import mark

    return mark(item.name, item.key_token) if item.key_token else item.name


def compare(wanted: Mapping[str, Json], before: Mapping[str, Json], now: Mapping[str, Json]) -> Seen:
    """What a read shows of a change: as wanted, as before, or neither. Fields that are not shown count as wanted."""
    if all(now.get(name) is None or same(now[name], value) for name, value in wanted.items()):
        return Seen.WANTED
    if all(same(now.get(name), before.get(name)) for name in wanted):
        return Seen.BEFORE
    return Seen.OTHER


def same(left: Json, right: Json) -> bool:
    """Equal as the vendor means it: 50 and 50.0 are, and so are lists in another order."""
    if isinstance(left, list) and isinstance(right, list):
        return sorted(map(str, left)) == sorted(map(str, right))
    return bool(left == right) or str(left) == str(right)


def unchanged(expected: Any, now: Any) -> None:
    """Refuse to overwrite what somebody else has changed since the caller read it."""
    for name in ("name", "budget", "schedule", "bid"):
        if getattr(expected, name, None) != getattr(now, name, None):
            raise ConflictError(
                f"{name} has changed since it was read", field=f"expect.{name}", value=str(getattr(now, name)),
                rule="expect.changed", hint="read the object again with max_age=0, then decide",
            )  # fmt: skip
    if expected.status.configured is not now.status.configured:
        raise ConflictError(
            "the status has changed since it was read", field="expect.status", value=now.status.configured.value,
            rule="expect.changed", hint="read the object again with max_age=0, then decide",
        )  # fmt: skip
