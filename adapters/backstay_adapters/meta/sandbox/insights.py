"""`/insights`: rows per object, slice and breakdown, for what delivered anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.delivery import Numbers, ads_below, days, total
from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing
from backstay_adapters.meta.sandbox import status
from backstay_adapters.meta.sandbox.asked import Ask, Slice, ask
from backstay_adapters.meta.sandbox.figures import NAMES, figure, split
from backstay_adapters.meta.sandbox.filters import fits, pick
from backstay_adapters.meta.sandbox.paging import REDUCE, paged
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, Refused

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

LEVELS: Final = {"campaign": CAMPAIGN, "adset": AD_GROUP, "ad": AD}
WORDS: Final = {level: word for word, level in LEVELS.items()}
TOP: Final = 10**9


def sync(ctx: Ctx) -> Data:
    """GET /{object}/insights."""
    subject = ctx.account.id if ctx.target.is_account else ctx.thing.id
    return answer(ctx, ask(ctx, ctx.params), subject, ctx.now, direct=True)


def answer(ctx: Ctx, asked: Ask, subject: str, now: float, *, direct: bool = False) -> Data:
    """One page of rows as they stood at `now`; asked for directly, too many of them are refused."""
    found = list(_sorted(asked, _rows(ctx, asked, subject, now)))
    heavy = ctx.switches.heavy_rows
    if direct and heavy is not None and len(found) > heavy:
        code, subcode = ctx.switches.heavy
        raise Refused(code, subcode, message=REDUCE if code == 1 else None)
    numbered = list(enumerate(found))
    return paged(ctx, numbered, lambda item: TOP - item[0], lambda item: item[1])


def _rows(ctx: Ctx, asked: Ask, subject: str, now: float) -> Iterator[Data]:
    account = ctx.account
    for thing, ads in _subjects(ctx, asked, subject):
        for first, last in asked.slices:
            sums = total(ctx.world, account.market, ads, list(days(account.timezone, first, last)), now)
            if not sums["impressions"] or not _fits(ctx, asked, thing, sums):
                continue
            for words, part in split(sums, asked.breakdowns, account.market.unit):
                yield _row(ctx, account, asked, thing, (first, last), words, part)


def _subjects(ctx: Ctx, asked: Ask, subject: str) -> Iterator[tuple[Thing | None, list[Thing]]]:
    world, account = ctx.world, ctx.account
    top = None if subject == account.id else world.get(subject)
    if asked.level == "account":
        yield None, world.at(account.id, AD)
        return
    gone = any(each.field.endswith("effective_status") for each in asked.filters)
    for thing in world.at(account.id, LEVELS[asked.level]):
        inside = top is None or thing is top or top in status.chain(ctx, thing)
        # What is deleted or archived is left out, unless it is asked for.
        if inside and (gone or thing is top or thing.state is not State.REMOVED):
            yield thing, ads_below(world, thing)


def _fits(ctx: Ctx, asked: Ask, thing: Thing | None, sums: Numbers) -> bool:
    known: dict[str, Any] = {name: str(value) for name, value in sums.items()}
    for each in [] if thing is None else [thing, *status.chain(ctx, thing)]:
        word = status.effective(ctx, each, each.now)
        known[WORDS[each.level]] = {"id": each.id, "name": each.name, "effective_status": word}
    return all(fits(ctx, each, pick(known, each.field)) for each in asked.filters)


def _row(
    ctx: Ctx, account: Account, asked: Ask, thing: Thing | None, span: Slice, words: dict[str, str], sums: Numbers
) -> Data:  # fmt: skip
    named = _names(ctx, account, thing)
    row = {
        name: named.get(name) if name in NAMES else figure(sums, name, asked.windows)
        for name in asked.fields
        if name not in {"date_start", "date_stop"}
    }
    shown = {name: value for name, value in row.items() if value is not None}
    return {**shown, "date_start": str(span[0]), "date_stop": str(span[1]), **words}


def _names(ctx: Ctx, account: Account, thing: Thing | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "account_id": account.id, "account_name": account.name, "account_currency": account.currency,
        "attribution_setting": "7d_click,1d_view",
    }  # fmt: skip
    for each in [] if thing is None else [thing, *status.chain(ctx, thing)]:
        word = WORDS[each.level]
        found |= {f"{word}_id": each.id, f"{word}_name": each.name}
        found |= {name: each.data.get(name) for name in ("objective", "optimization_goal", "buying_type")
                  if each.data.get(name)}  # fmt: skip
    if thing is not None:
        zone = account.timezone
        found |= {"created_time": stamp(thing.created_at, zone), "updated_time": stamp(thing.now.at, zone)}
    return found


def _sorted(asked: Ask, rows: Iterator[Data]) -> list[Data]:
    found = list(rows)
    for each in reversed(asked.sort):
        name, _, way = each.rpartition("_")
        if name:
            found.sort(key=lambda row, name=name: _order(row.get(name)), reverse=way == "descending")  # type: ignore[misc]
    return found


def _order(value: Any) -> tuple[float, str]:
    try:
        return float(value), ""
    except (TypeError, ValueError):
        return float("-inf"), str(value)
