"""Lists in Meta's words: edges with cursors, nodes, many nodes in a batch, and looks by name or by label."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from backstay.ad_adapter import Asked, Json, marked_name, parsing
from backstay.ads import Level, PageData, Query
from backstay.clock import utc
from backstay.errors import BackstayError, BadResponseError, InvalidRequestError, NotFoundError
from backstay_adapters.meta.adapter.account import MetaAccount
from backstay_adapters.meta.adapter.calls import LARGEST_BATCH
from backstay_adapters.meta.errors import TABLE
from backstay_adapters.meta.wire import words, write
from backstay_adapters.meta.wire.kinds import KINDS, Kind
from backstay_adapters.meta.wire.money import UNITS
from backstay_adapters.meta.wire.partial import noted, of_another_kind
from backstay_adapters.meta.wire.read import ACCOUNT, Raw, Reader

PAGE: Final = 100
"""Objects on a page: more of them are often too much data at once (connectors take 100 and halve)."""
_NODES: Final = {Level.ACCOUNT: "AdAccount", **{level: kind.node for level, kind in KINDS.items()}}


class MetaReads(MetaAccount):
    """What is read of campaigns, ad sets and ads."""

    page_limit: ClassVar[int] = PAGE

    def _asks(self, level: Level, query: Query) -> tuple[Asked, ...]:
        if query.ids:
            ids = list(dict.fromkeys(query.ids))
            return tuple({"ids": ids[at : at + LARGEST_BATCH]} for at in range(0, len(ids), LARGEST_BATCH))
        above, node = self._above(KINDS[level], query)
        return ({"under": above, "node": node, "params": {**filters(KINDS[level], query), **query.extra}},)

    def _above(self, kind: Kind, query: Query) -> tuple[str, str]:
        parent = query.parent
        if parent is None or parent.level is Level.ACCOUNT:
            return Level.ACCOUNT.value, self.account
        if parent.level not in kind.lists:
            raise InvalidRequestError(
                f"no {kind.level} is under a {parent.level}", field="parent", value=str(parent), vendor=self.vendor,
                hint=f"pass one of {', '.join(kind.lists)}",
            )  # fmt: skip
        return parent.level.value, parent.id

    def _asks_one(self, level: Level, id: str) -> tuple[Asked, ...]:  # noqa: A002 - the field's own name
        del level  # ids are of the whole graph
        return ({"id": id},)

    def _asks_key(self, level: Level, key_token: str, since: datetime | None) -> tuple[Asked, ...]:
        """By the marker in the name; by its label as well where the adapter was told to label."""
        del since  # the token says enough
        params = {"filtering": [_contains(key_token)], "effective_status": living(KINDS[level])}
        named: Asked = {"under": Level.ACCOUNT.value, "node": self.account, "params": params}
        return ({"label": write.label_of(key_token)}, named) if self.label else (named,)

    async def _fetch(self, level: Level, asked: Asked, state: Any, size: int) -> PageData[Any]:
        kind = KINDS[level]
        if "id" in asked:
            return await self._node(kind, str(asked["id"]))
        if "ids" in asked:
            return await self._nodes(kind, asked["ids"])
        node, id_, call, params = "AdAccount", self.account, kind.by_labels, dict[str, Json]()
        if "label" in asked:
            ids = await self._labels(str(asked["label"]))
            if not ids:
                return PageData(items=())
            params = {"ad_label_ids": ids, "operator": "ANY"}
        else:
            above = Level(asked["under"])
            node, id_, call, params = _NODES[above], str(asked["node"]), kind.lists[above], dict(asked["params"])
        params |= {"limit": size, "after": state}

        async def ask(fields: str) -> Json:
            return await self._send(self._build(node, id_, call, {**params, "fields": fields}))

        data, left_out = await self._reading(level, kind.fields, kind.essential, ask)
        return await self._parsed(kind, rows_of(data), left_out, after_of(data))

    async def _node(self, kind: Kind, id_: str) -> PageData[Any]:
        async def ask(fields: str) -> Json:
            return await self._send(self._build(kind.node, id_, "api_get", {"fields": fields}))

        try:
            raw, left_out = await self._reading(kind.level, kind.fields, kind.essential, self._of_kind(kind, ask))
        except NotFoundError as error:
            error.field = error.field or "ref"
            raise
        return await self._parsed(kind, [raw], left_out)

    def _of_kind(self, kind: Kind, ask: Any) -> Any:
        """The same read, which says NOT_FOUND for an id that belongs to another kind of object."""

        async def asking(fields: str) -> Json:
            try:
                return await ask(fields)
            except InvalidRequestError as error:
                if not of_another_kind(error, kind.node, kind.essential):
                    raise
                raise NotFoundError(
                    f"the id belongs to something that is no {kind.level}", vendor=self.vendor, field="ref",
                    vendor_code=error.vendor_code, vendor_message=error.vendor_message, rule="meta.another_kind",
                    request_ids=error.request_ids, hint="check the ref's level",
                ) from error  # fmt: skip

        return asking

    async def _nodes(self, kind: Kind, ids: list[str]) -> PageData[Any]:
        """Many objects in one request; those that are not there are left out."""

        async def ask(fields: str) -> Json:
            requests = [self._build(kind.node, each, "api_get", {"fields": fields}) for each in ids]
            answers = [_answer(item) for item in await self._batch(requests)]
            return [each for each in answers if each is not None]

        found, left_out = await self._reading(kind.level, kind.fields, kind.essential, ask)
        return await self._parsed(kind, found, left_out)

    async def _labels(self, name: str) -> list[str]:
        params = {"fields": "id,name", "filtering": [{"field": "name", "operator": "EQUAL", "value": name}]}
        data = await self._send(self._build("AdAccount", self.account, "get_ad_labels", params))
        return [str(row["id"]) for row in rows_of(data) if row.get("name") == name and row.get("id")]

    async def _parsed(
        self, kind: Kind, rows: list[Raw], left_out: Mapping[str, str], after: str | None = None
    ) -> PageData[Any]:
        return PageData(items=await self._objects(kind, rows, left_out), next_state=after)

    async def _objects(self, kind: Kind, rows: list[Raw], left_out: Mapping[str, str]) -> tuple[Any, ...]:
        by = Reader(self.account, await self.currency(), utc(self.runtime.clock.wall()))
        own = self.account.removeprefix(ACCOUNT)
        mine = [raw for raw in rows if raw.get("account_id", own) == own or str(raw["account_id"]) == own]
        if left_out:
            mine = [noted(raw, left_out) for raw in mine]
        with parsing(self.vendor, f"{kind.level} list"):
            return tuple([kind.parse(raw, by) for raw in mine])

    async def _shown(self, kind: Kind, raw: Json) -> Any | None:
        """The object that a create's answer shows; None if it does not show all that makes one: then it is read."""
        if not isinstance(raw, Mapping) or not kind.essential <= raw.keys():
            return None
        with contextlib.suppress(BadResponseError):  # it is made all the same; the read says what is wrong with it
            found = await self._objects(kind, [raw], self._refused.get(kind.level, {}))
            return found[0] if found else None
        return None

    def _raw(self, item: Any, names: Mapping[str, Json]) -> dict[str, Json]:
        known: dict[str, Json] = {
            "name": item.name if labelled(item) else marked_name(item),
            "status": item.status.raw.get("status"),
            **_money(item),
            **_times(item),
            **_bid(item),
        }
        if "creative" in names:
            shown = item.creative.id
            known["creative"] = {"creative_id": shown} if "creative_id" in (names["creative"] or ()) else None
        return {name: known.get(name, item.extra.get(name)) for name in names}


def filters(kind: Kind, query: Query) -> dict[str, Json]:
    """What the vendor filters by itself; names only by a part, because ours carry a marker."""
    found: dict[str, Json] = {}
    part = query.name or query.name_contains
    if part:
        found["filtering"] = [_contains(part)]
    asked = {status.value.upper() for status in query.statuses}
    ended = [word for word in ("ARCHIVED", "DELETED") if word in asked or (word == "DELETED" and query.deleted)]
    if ended:  # lists leave these out unless they are asked for
        found["effective_status"] = [word for word in kind.statuses if word not in {"ARCHIVED", "DELETED"}] + [
            word for word in ended if word in kind.statuses
        ]
    return found


def living(kind: Kind) -> list[str]:
    """All statuses but deleted: what is archived may carry a key as well."""
    return [word for word in kind.statuses if word != "DELETED"]


def _contains(part: str) -> dict[str, str]:
    return {"field": "name", "operator": "CONTAIN", "value": part}


def rows_of(data: Json) -> list[Raw]:
    """The rows of a list, whatever was sent in their place."""
    rows = data.get("data") if isinstance(data, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def after_of(data: Json) -> str | None:
    """Where the next page begins; None on the last. The vendor's own `next` holds the token and is not followed."""
    paging = data.get("paging") if isinstance(data, Mapping) else None
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    if after:
        return str(after)
    return next(iter(parse_qs(urlsplit(str(paging["next"])).query).get("after", [])), None)


def labelled(item: Any) -> bool:
    """Whether the marker is a label and not in the name."""
    labels = item.extra.get("adlabels") or ()
    wanted = write.label_of(item.key_token or "")
    return any(isinstance(each, Mapping) and each.get("name") == wanted for each in labels)


def _answer(item: Any) -> Raw | None:
    """One item of a batch of reads: its object, None if there is none; raises every other error."""
    failure: BackstayError | None = TABLE.failure(item)
    if failure is None:
        return item.data if isinstance(item.data, Mapping) else None
    if isinstance(failure, NotFoundError):
        return None
    raise failure


def _money(item: Any) -> dict[str, Json]:
    budget = getattr(item, "budget", None)
    if budget is None or budget.amount is None:
        return {}
    return {f"{budget.period.value}_budget": UNITS.to_units(budget.amount)}


def _times(item: Any) -> dict[str, Json]:
    schedule = getattr(item, "schedule", None)
    if schedule is None:
        return {}
    end = None if schedule.end is None else write.time_out(schedule.end)
    return {
        "start_time": None if schedule.start is None else write.time_out(schedule.start),
        "end_time": end,
        "stop_time": end,
    }


def _bid(item: Any) -> dict[str, Json]:
    bid = getattr(item, "bid", None)
    if bid is None:
        return {}
    amount = None if bid.amount is None else UNITS.to_units(bid.amount)
    return {"bid_strategy": words.STRATEGY_OUT.get(bid.strategy), "bid_amount": amount}
