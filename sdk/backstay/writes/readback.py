"""What was asked for against what the platform shows: money, dates, targeting and status must agree. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from backstay.ads.parts import Bid, Budget
from backstay.ads.words import ConfiguredStatus
from backstay.errors import ConflictError
from backstay.money import Money

if TYPE_CHECKING:
    from backstay.ads.model import BuiltTree
    from backstay.ads.parts import Schedule, Targeting
    from backstay.ads.spec import CampaignTree

MINUTE: Final = 60.0
"""Seconds by which a shown time may differ: some vendors keep minutes."""


class Difference(NamedTuple):
    """A field that is not as it was asked for."""

    field: str
    asked: Any
    shown: Any


def differences(tree: CampaignTree, built: BuiltTree, *, statuses: bool = True) -> Iterator[Difference]:
    """Every field of a built tree that the caller set and that the platform shows otherwise.

    With `statuses` also whatever already runs.
    """
    if statuses:
        yield from _running(built)
    yield from level_differences("campaign", tree.campaign, built.campaign)
    for number, (group, made) in enumerate(zip(tree.groups, built.groups, strict=True)):
        place = f"groups.{number}.ad_group"
        yield from level_differences(place, group.ad_group, made.ad_group)
        yield from targeting_differences(f"{place}.targeting", group.ad_group.targeting, made.ad_group.targeting)


def mismatch(found: Difference) -> ConflictError:
    """The error for a tree that is not what was asked for."""
    return ConflictError(
        f"{found.field} was asked to be {text_of(found.asked)}, the platform shows {text_of(found.shown)}; nothing was "
        "switched on", field=found.field, value=text_of(found.shown), rule="tree.mismatch",
        hint="correct it at the platform or with an update and call again with the same key, or use a new key",
    )  # fmt: skip


def level_differences(place: str, asked: Any, shown: Any) -> Iterator[Difference]:
    """Money and dates of one object, as far as they were asked for."""
    yield from _budget(f"{place}.budget", asked.budget, shown.budget)
    if asked.bid is not None and asked.bid != shown.bid:
        yield Difference(f"{place}.bid", asked.bid, shown.bid)
    yield from _schedule(f"{place}.schedule", asked.schedule, shown.schedule)


def _running(built: BuiltTree) -> Iterator[Difference]:
    yield from _paused("campaign", built.campaign)
    for number, group in enumerate(built.groups):
        yield from _paused(f"groups.{number}.ad_group", group.ad_group)
        for nth, ad in enumerate(group.ads):
            yield from _paused(f"groups.{number}.ads.{nth}", ad)


def _paused(place: str, shown: Any) -> Iterator[Difference]:
    configured = shown.status.configured
    if configured is not ConfiguredStatus.PAUSED:
        yield Difference(f"{place}.status", ConfiguredStatus.PAUSED.value, configured.value)


def _budget(place: str, asked: Budget | None, shown: Budget | None) -> Iterator[Difference]:
    if asked is None or asked.amount is None:  # no budget of its own: the other level's is compared
        return
    if shown is None or (shown.amount, shown.period) != (asked.amount, asked.period):
        yield Difference(place, asked, shown)


def _schedule(place: str, asked: Schedule, shown: Schedule) -> Iterator[Difference]:
    for name in ("start", "end"):
        wanted, found = getattr(asked, name), getattr(shown, name)
        if wanted is not None and not _same_time(wanted, found):
            yield Difference(f"{place}.{name}", wanted, found)


def _same_time(wanted: datetime, found: datetime | None) -> bool:
    return found is not None and abs((wanted - found).total_seconds()) < MINUTE


def targeting_differences(place: str, asked: Targeting, shown: Targeting) -> Iterator[Difference]:
    """What was asked to be targeted; what was left to the platform may be anything."""
    for name in ("locations", "genders", "languages", "placements"):
        wanted, found = getattr(asked, name), getattr(shown, name)
        if wanted and set(wanted) != set(found):
            yield Difference(f"{place}.{name}", wanted, found)
    for name in ("age_min", "age_max"):
        wanted, found = getattr(asked, name), getattr(shown, name)
        if wanted is not None and wanted != found:
            yield Difference(f"{place}.{name}", wanted, found)


def _plain(money: Money) -> str:
    """In whole units or in cents, where it can be: vendors write other numbers of zeros."""
    cents = money.amount.quantize(Decimal("0.01"))
    odd = money.amount.as_tuple().exponent not in {0, -2}
    return str(Money(cents, money.currency) if odd and cents == money.amount else money)


def text_of(value: Any) -> str:
    """In one line, for people."""
    if value is None:
        return "nothing"
    if isinstance(value, Budget):
        return f"{text_of(value.amount)} {value.period}"
    if isinstance(value, Bid):
        return f"{value.strategy} {text_of(value.amount) if value.amount else value.roas or ''}".rstrip()
    if isinstance(value, Money):
        return _plain(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    return value.isoformat() if isinstance(value, datetime) else str(value)
