"""Reads the objects of rules from a platform, live, with the numbers of every window that a rule looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from backstay.ads import (
    Account,
    Ad,
    AdPlatform,
    DateRange,
    Level,
    MetricsQuery,
    MetricsReport,
    MetricsRow,
    Query,
    Ref,
    add_rows,
)
from backstay.errors import InvalidRequestError
from backstay.services.live import LIVE, Thing
from backstay.services.rules.condition import Window
from backstay.services.rules.decide import in_scope
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.rule import Rule
from backstay.services.rules.slots import days_of

ACCOUNTS: Final = "services.rules.accounts"
"""The rule of the refusal of accounts that have no day or no money in common."""


async def facts_of(
    platform: AdPlatform, rules: Sequence[Rule], at: datetime, tags: Mapping[Ref, tuple[str, ...]] | None = None
) -> tuple[Facts, ...]:
    """All objects of an account that are in the scope of a rule.

    Raises:
        InvalidRequestError: of a split of accounts without a common currency or time zone (rule ACCOUNTS).
    """
    account = await _account(platform)
    found: list[Facts] = []
    for level in dict.fromkeys(rule.scope.level for rule in rules):
        own = [rule for rule in rules if rule.scope.level is level]
        listed = await _listed(platform, level)
        bare = {thing.ref: _bare(thing, account, tags or {}) for thing in listed}
        things = [thing for thing in listed if _wanted(bare[thing.ref], own)]
        windows = {window.key: window for rule in own for window in rule.windows}
        numbers = [await _numbers(platform, level, windows[key], things, account, at) for key in sorted(windows)]
        for thing in things:
            told = tuple(each[thing.ref] for each in numbers)
            found.append(bare[thing.ref].but(numbers=told))
    return tuple(found)


async def _account(platform: AdPlatform) -> Account:
    try:
        return await platform.get_account()
    except InvalidRequestError as error:
        if error.rule != "split.uncommon":
            raise
        raise InvalidRequestError(
            f"the rules cannot run on this split: {error.message} ({error.value})", field="on", value=error.value,
            rule=ACCOUNTS, hint="pass its members one by one: on=[*split.members.values()]",
        ) from None  # fmt: skip


async def _listed(platform: AdPlatform, level: Level) -> list[Thing]:
    if level is Level.CAMPAIGN:
        return [each async for each in platform.list_campaigns(Query(), **LIVE)]
    if level is Level.AD_GROUP:
        return [each async for each in platform.list_ad_groups(Query(), **LIVE)]
    return [each async for each in platform.list_ads(Query(), **LIVE)]


def _wanted(facts: Facts, rules: Iterable[Rule]) -> bool:
    return any(in_scope(rule, facts) for rule in rules)


def _bare(thing: Thing, account: Account, tags: Mapping[Ref, tuple[str, ...]]) -> Facts:
    budget, bid = (None, None) if isinstance(thing, Ad) else (thing.budget, thing.bid)
    return Facts(
        ref=thing.ref, name=thing.name, zone=account.timezone, currency=account.currency, budget=budget, bid=bid,
        configured=thing.status.configured, delivery=thing.status.delivery, tags=tags.get(thing.ref, ()),
    )  # fmt: skip


async def _numbers(
    platform: AdPlatform, level: Level, window: Window, things: Sequence[Thing], account: Account, at: datetime
) -> dict[Ref, Numbers]:
    """One question for all objects of equal days."""
    today, by_days = at.astimezone(account.timezone).date(), dict[DateRange | None, list[Ref]]()
    for thing in things:
        made = None if thing.created_at is None else thing.created_at.astimezone(account.timezone).date()
        by_days.setdefault(days_of(window, today, made), []).append(thing.ref)
    found: dict[Ref, Numbers] = {}
    for days, refs in by_days.items():
        if days is None:
            found |= {ref: Numbers(window=window.key, known=False) for ref in refs}
            continue
        report = await platform.get_metrics(MetricsQuery(level=level, days=days, refs=tuple(refs)), max_age=0.0)
        for ref in refs:
            found[ref] = _summed(window, days, report, [row for row in report.rows if row.ref == ref], at)
    return found


def _summed(window: Window, days: DateRange, report: MetricsReport, rows: list[MetricsRow], at: datetime) -> Numbers:
    """The rows of one object; rows of unequal basis do not add up, so they are no numbers."""
    served = report.served
    fetched = served.fetched_at or (at if served.source == "live" else None)
    base = Numbers(window=window.key, days=days, known=False, fetched_at=fetched, source=served.source)
    try:
        total = add_rows(rows)
    except InvalidRequestError:
        return base
    return base.but(
        known=True, impressions=total.impressions, clicks=total.clicks, conversions=total.conversions,
        spend=total.spend, revenue=total.revenue, basis=total.basis,
    )  # fmt: skip
