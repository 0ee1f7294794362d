"""What is read of an arm at a look: its numbers, whether it runs, and whether somebody edited it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from backstay.ads import (
    Ad,
    AdGroup,
    AdPlatform,
    Campaign,
    ConfiguredStatus,
    DateRange,
    DeliveryStatus,
    Level,
    MetricsQuery,
    MetricsRow,
    Query,
    Ref,
)
from backstay.errors import NotFoundError
from backstay.services.ab_test.plan import AbPlan
from backstay.services.hashing import fingerprint
from backstay.services.live import LIVE

STANDING: Final = frozenset({
    DeliveryStatus.REJECTED, DeliveryStatus.ACCOUNT_BLOCKED, DeliveryStatus.MISCONFIGURED, DeliveryStatus.ENDED,
    DeliveryStatus.ARCHIVED, DeliveryStatus.DELETED, DeliveryStatus.PARENT_PAUSED,
})  # fmt: skip
"""An arm that delivers nothing, and will not by itself."""
SHORT: Final = frozenset({DeliveryStatus.LIMITED, DeliveryStatus.BUDGET_EXHAUSTED})
BEHIND: Final = timedelta(hours=12)
"""The date of now minus this is nowhere in the future."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One arm as the platform has it now."""

    stands: str | None = None
    """Why it does not run."""
    gone: bool = False
    """It is not there any more, or this credential does not see it."""
    short: bool = False
    """It could spend more than its budget lets it."""
    settings: dict[str, str] = field(default_factory=dict)
    """Each object with a hash of what may not be edited."""


async def sight(platform: AdPlatform, ref: Ref) -> Sight:
    """Read an arm live, with all that is under it."""
    try:
        root, rest = await _objects(platform, ref)
    except NotFoundError:
        return Sight("it is gone", gone=True)
    status, stands = root.status, None
    if status.configured is not ConfiguredStatus.ACTIVE:
        stands = f"it is {status.configured.value}"
    elif status.delivery in STANDING:
        stands = f"it is {status.delivery.value} {' '.join(status.reasons)}".strip()
    settings = {str(each.ref): fingerprint(_settings(each)) for each in rest}
    return Sight(
        stands, short=status.delivery in SHORT, settings={str(root.ref): fingerprint(_settings(root)), **settings}
    )


async def _objects(platform: AdPlatform, ref: Ref) -> tuple[Campaign | AdGroup | Ad, list[AdGroup | Ad]]:
    below = Query(parent=ref)
    if ref.level is Level.CAMPAIGN:
        groups = await platform.list_ad_groups(below, **LIVE)
        return await platform.get_campaign(ref, **LIVE), [*groups, *await platform.list_ads(below, **LIVE)]
    if ref.level is Level.AD_GROUP:
        return await platform.get_ad_group(ref, **LIVE), [*await platform.list_ads(below, **LIVE)]
    return await platform.get_ad(ref, **LIVE), []


def _settings(item: Campaign | AdGroup | Ad) -> tuple[Any, ...]:
    """What changes delivery when it is edited. Names, times and the vendor's own words do not."""
    configured = item.status.configured.value
    if isinstance(item, Ad):
        creative = item.creative
        media = tuple(each.id for each in creative.media)
        return configured, creative.texts, creative.headlines, media, creative.link, creative.post_id
    common = configured, item.budget, item.bid, item.schedule
    return common if isinstance(item, Campaign) else (*common, item.targeting, item.optimization, item.billing)


def edited(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What happened to the objects of an arm since."""
    changed = [f"{ref} was edited" for ref in before if ref in now and now[ref] != before[ref]]
    gone = [f"{ref} is gone" for ref in before if ref not in now]
    new = [f"{ref} was added" for ref in now if ref not in before]
    return (*changed, *gone, *new)


# Numbers ----------------------------------------------------------------------------------------------------------


def days_of(started_at: datetime, now: datetime) -> DateRange:
    """The days to ask for: from the start's to one that has begun everywhere."""
    return DateRange((started_at - BEHIND).date(), max(started_at - BEHIND, now - BEHIND).date())


def query(plan: AbPlan, level: Level, days: DateRange, refs: Iterable[Ref], *, daily: bool = True) -> MetricsQuery:
    """The question, the same for all arms."""
    return MetricsQuery(
        level=level, days=days, refs=tuple(refs), daily=daily, conversion_events=plan.conversion_events,
        attribution=plan.attribution, date_basis=plan.date_basis,
    )  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """Rows of all arms."""

    rows: list[MetricsRow] = field(default_factory=list)
    totals: list[MetricsRow] = field(default_factory=list)
    """One row an object over all days, for its reach."""
    live: bool = True
    """Every row was asked of its vendor just now."""

    def of(self, ref: Ref) -> list[MetricsRow]:
        """One object's days."""
        return [row for row in self.rows if row.ref == ref]

    def reach(self, ref: Ref) -> int | None:
        """People reached over all days."""
        return next((row.reach for row in self.totals if row.ref == ref), None)


async def numbers(
    plan: AbPlan, days: DateRange, asked: Sequence[tuple[AdPlatform, Sequence[Ref]]], *, reach: bool
) -> Numbers:  # fmt: skip
    """Ask each platform once for each level; a stale answer is taken, and marked."""
    found = Numbers()
    for platform, refs in asked:
        for level in dict.fromkeys(ref.level for ref in refs):
            own = [ref for ref in refs if ref.level is level]
            report = await platform.get_metrics(query(plan, level, days, own), max_age=0.0)
            found.rows += report.rows
            found.live = found.live and report.served.source == "live"
            if reach:
                whole = await platform.get_metrics(query(plan, level, days, own, daily=False), max_age=0.0)
                found.totals += whole.rows
    return found
