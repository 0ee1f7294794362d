"""`.../get/`: filtering, fields, pages, and reads that lag behind writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import Thing, Version
from backstay_adapters.tiktok.sandbox.envelope import Data, invalid, moment
from backstay_adapters.tiktok.sandbox.kinds import ADGROUPS, CAMPAIGNS, SMART_ADS, Kind, belongs, row
from backstay_adapters.tiktok.sandbox.paging import page

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

Row = dict[str, Any]

MOST_IDS: Final = 100
_PRIMARY: Final = {
    "STATUS_ALL": lambda row: True,  # noqa: ARG005 - one shape for all of them
    "STATUS_NOT_DELETE": lambda row: row["operation_status"] != "DELETE",
    "STATUS_DELETE": lambda row: row["operation_status"] == "DELETE",
    "STATUS_DISABLE": lambda row: row["operation_status"] == "DISABLE",
    "STATUS_DELIVERY_OK": lambda row: str(row.get("secondary_status", "")).endswith(("DELIVERY_OK", "STATUS_ENABLE")),
    "STATUS_NOT_DELIVERY": lambda row: (
        row["operation_status"] == "ENABLE"
        and not str(row.get("secondary_status", "")).endswith(("DELIVERY_OK", "STATUS_ENABLE"))
    ),
}


def listing(kind: Kind) -> Callable[[Ctx], Data]:
    """The handler of a level's list."""

    def get(ctx: Ctx) -> Data:
        account = ctx.advertiser()
        wanted = ctx.params.object("filtering")
        fields = ctx.params.items("fields")
        fits = _filter(kind, wanted)
        rows = []
        for thing in _candidates(ctx, account, kind, wanted):
            version = _seen(ctx, kind, thing, wanted)
            if version is None or not belongs(ctx, kind, thing):
                continue
            shown = row(ctx, account, kind, thing, version)
            if fits(shown):
                rows.append(shown)
        listed, about = page(ctx.params, rows)
        return {"list": [_chosen(each, fields) for each in listed], "page_info": about}

    return get


def _candidates(ctx: Ctx, account: Advertiser, kind: Kind, wanted: Data) -> Iterator[Thing]:
    """What may be in the list, the newest first; ids and names are looked at before a row is made."""
    ids, text = wanted.get(kind.ids), _name_filter(kind, wanted)
    for thing in reversed(ctx.world.at(account.id, kind.level)):
        if (ids is None or thing.id in ids) and (not text or any(text in each.name.lower() for each in thing.versions)):
            yield thing


def _name_filter(kind: Kind, wanted: Data) -> str:
    # Smart+ ads have no filter by name: an unknown field is tolerated and does nothing.
    return "" if kind == SMART_ADS else str(wanted.get(kind.name) or "").lower()


def _seen(ctx: Ctx, kind: Kind, thing: Thing, wanted: Data) -> Version | None:
    if wanted.get(kind.ids) and not ctx.switches.lag_by_id:
        return thing.now
    return thing.seen(ctx.now)


def _chosen(found: Row, fields: list[Any]) -> Row:
    return {name: value for name, value in found.items() if not fields or name in fields}


def _filter(kind: Kind, wanted: Data) -> Callable[[Row], bool]:
    tests: list[Callable[[Row], bool]] = []
    named = ((CAMPAIGNS.ids, CAMPAIGNS.id), (ADGROUPS.ids, ADGROUPS.id), (kind.ids, kind.id))
    tests += [_among(ids, id_, wanted[ids]) for ids, id_ in named if wanted.get(ids) is not None]
    text = _name_filter(kind, wanted)
    if text:
        tests.append(_like(kind.name, text))
    for name in ("secondary_status", "objective_type", "campaign_automation_type"):
        if wanted.get(name):
            tests.append(_is(name, wanted[name]))
    tests += _times(wanted)
    primary = str(wanted.get("primary_status") or "STATUS_NOT_DELETE")
    if primary not in _PRIMARY:
        message = f"filtering.primary_status: Must be one of: {', '.join(_PRIMARY)}."
        raise invalid(message)
    tests.append(_PRIMARY[primary])
    return lambda each: all(test(each) for test in tests)


def _among(ids: str, id_: str, values: object) -> Callable[[Row], bool]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_IDS:
        message = f"filtering.{ids}: Length must be between 1 and {MOST_IDS}."
        raise invalid(message)
    known = {str(value) for value in values}
    return lambda each: each.get(id_) in known


def _like(name: str, text: str) -> Callable[[Row], bool]:
    # The vendor's filter is fuzzy: the caller must compare names itself.
    return lambda each: text in str(each.get(name, "")).lower()


def _is(name: str, value: object) -> Callable[[Row], bool]:
    return lambda each: each.get(name) == value


def _times(wanted: Data) -> list[Callable[[Row], bool]]:
    tests: list[Callable[[Row], bool]] = []
    start, end = wanted.get("creation_filter_start_time"), wanted.get("creation_filter_end_time")
    if start:
        moment("filtering.creation_filter_start_time", start)
        tests.append(lambda each: each["create_time"] >= str(start))  # the format sorts as it reads
    if end:
        moment("filtering.creation_filter_end_time", end)
        tests.append(lambda each: each["create_time"] <= str(end))
    return tests
