"""Budgets and caps: whole minor units, on one level only, above a minimum, changed four times an hour at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.sandbox.delivery import spent
from backstay.sandbox.world import AD_GROUP, Thing
from backstay_adapters.meta.sandbox.refusal import Data, Refused, invalid

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

DAILY: Final = "daily_budget"
LIFETIME: Final = "lifetime_budget"
BUDGETS: Final = (DAILY, LIFETIME)
NO_CAP: Final = 922_337_203_685_478
"""The cap that removes a campaign's cap (the vendor's own number)."""

HOUR: Final = 3_600.0
CHANGES: Final = 4
LOW: Final = 1885272
BOTH: Final = 1885621
_TIMES: Final = {"IMPRESSIONS": 1, "THRUPLAY": 1, "NONE": 1, "POST_ENGAGEMENT": 1, "LINK_CLICKS": 5, "CLICKS": 5}
"""How many times the minimum for impressions another billing event's is (`minimum_budgets`: high frequency)."""


def asked(ctx: Ctx) -> Data:
    """The budget that a request sets: one of the two, or none."""
    found = {name: value for name in BUDGETS if (value := ctx.params.whole(name)) is not None}
    if len([value for value in found.values() if value]) > 1:
        raise invalid("Two budgets", "Set a daily budget or a lifetime budget, not both.", blame=LIFETIME)
    return found


def checked(account: Account, found: Data, *, billing: str = "IMPRESSIONS", days: float = 1.0) -> Data:
    """The budget as it is stored, if it is high enough; `days` is what a lifetime budget must last for."""
    low = account.minimum * _TIMES.get(billing, 2)
    for name, value in found.items():
        least = low if name == DAILY else int(low * max(1.0, days))
        if value < least:
            raise too_low(account, name, least)
    return {name: str(value) for name, value in found.items()}


def too_low(account: Account, name: str, least: int) -> Refused:
    """A budget below the minimum, which the text for users names."""
    amount = f"{least / account.offset:.2f}" if account.offset > 1 else str(least)
    told = f"Your budget is too low. It must be at least {account.currency} {amount}."
    return invalid("Budget is too low", told, LOW, blame=name)


def both_levels() -> Refused:
    """A budget on the campaign and on an ad set."""
    told = "You can only set an ad set budget or a campaign budget. Remove one of them."
    return invalid("Can't Set Ad Set Budget", told, BOTH, blame=DAILY)


def changed(ctx: Ctx, account: Account, thing: Thing, *, billing: str = "IMPRESSIONS", days: float = 1.0) -> Data:
    """The new budget of an object that exists; raises the vendor's refusals."""
    found = asked(ctx)
    if not found:
        return {}
    _same_period(ctx, thing, found)
    stored = checked(account, found, billing=billing, days=days)
    if LIFETIME in found and found[LIFETIME] < int(spent(ctx.world, account.market, thing, ctx.now) * account.offset):
        raise invalid("Budget below spend", "The lifetime budget is below what is already spent.", LOW, blame=LIFETIME)
    if thing.level == AD_GROUP:
        _pace(ctx, thing, stored)
    return {} if ctx.switches.ignore_budgets else _replaced(stored)


def _same_period(ctx: Ctx, thing: Thing, found: Data) -> None:
    old = next((name for name in BUDGETS if thing.data.get(name) not in {None, "0"}), None)
    if old is None:
        raise (
            both_levels()
            if thing.level == AD_GROUP
            else invalid(
                "No campaign budget",
                "The budget of this campaign is set on its ad sets.",
                BOTH,
                blame=next(iter(found)),
            )
        )
    if not ctx.switches.budget_switch and old not in found:
        told = "A daily budget cannot become a lifetime budget, nor the other way round."
        raise invalid("Budget type can't be changed", told, blame=next(iter(found)))


def _replaced(stored: Data) -> Data:
    return {**dict.fromkeys(BUDGETS), **stored}


def _pace(ctx: Ctx, thing: Thing, stored: Data) -> None:
    """Four changes an hour and ad set (613/1487632)."""
    same = all(thing.data.get(name) == value for name, value in stored.items())
    if same and not ctx.switches.same_budget_counts:
        return
    seen = [at for at in ctx.sim.budget_changes.get(thing.id, []) if ctx.now - at < HOUR]
    if len(seen) >= CHANGES:
        raise Refused(613, 1487632)
    if not ctx.only_validate:
        seen.append(ctx.now)
    ctx.sim.budget_changes[thing.id] = seen


def cap(ctx: Ctx, account: Account) -> Data:
    """`spend_cap` of a campaign: about a hundred dollars at least, or the number that removes it."""
    value = ctx.params.whole("spend_cap")
    if value is None:
        return {}
    if value == NO_CAP:
        return {"spend_cap": None}
    if value < 100 * account.minimum:
        raise Refused(100, 2446307, told=f"The spending limit must be at least {100 * account.minimum}.")
    return {"spend_cap": str(value)}


def minimums(ctx: Ctx) -> Data:
    """GET /act_{id}/minimum_budgets."""
    account = ctx.account
    low = account.minimum
    return {
        "data": [
            {
                "currency": account.currency, "min_daily_budget_imp": low, "min_daily_budget_video_views": low,
                "min_daily_budget_low_freq": 40 * low, "min_daily_budget_high_freq": 5 * low,
            }
        ]
    }  # fmt: skip
