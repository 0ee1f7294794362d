"""Lists in GAQL: a page begins behind the last id of the one before, so none moves while objects come and go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from backstay.ad_adapter import Asked, Json, marked_name, parsing
from backstay.ads import Ad, AdGroup, Campaign, ConfiguredStatus, Level, PageData, Query
from backstay.writes.marker import PREFIX
from backstay_adapters.google_ads.adapter.account import GoogleAccount
from backstay_adapters.google_ads.profile import MAX_ROWS
from backstay_adapters.google_ads.wire import bidding, change, creative, gaql, read
from backstay_adapters.google_ads.wire.names import id_of, whole_id
from backstay_adapters.google_ads.wire.read import required

Row = dict[str, Json]

BASES: Final = {Level.CAMPAIGN: "campaign", Level.AD_GROUP: "ad_group", Level.AD: "ad_group_ad"}
IDS: Final = {Level.CAMPAIGN: "campaign.id", Level.AD_GROUP: "ad_group.id", Level.AD: "ad_group_ad.ad.id"}
NAMES: Final = {Level.CAMPAIGN: "campaign.name", Level.AD_GROUP: "ad_group.name"}

_ABOVE: Final = ("campaign.id", "campaign.advertising_channel_type", "campaign.bidding_strategy_type")
FIELDS: Final = {
    Level.CAMPAIGN: (
        "campaign.id", "campaign.name", "campaign.status", "campaign.serving_status", "campaign.primary_status",
        "campaign.primary_status_reasons", "campaign.start_date_time", "campaign.end_date_time",
        *(f"campaign.{name}" for name in read.CAMPAIGN_REST), *bidding.READ,
        "campaign_budget.amount_micros", "campaign_budget.total_amount_micros", "campaign_budget.period",
        *(f"campaign_budget.{name}" for name in read.BUDGET_REST),
    ),
    Level.AD_GROUP: (
        "ad_group.id", "ad_group.name", "ad_group.status", "ad_group.primary_status",
        "ad_group.primary_status_reasons", "ad_group.cpc_bid_micros", "ad_group.target_cpa_micros",
        "ad_group.target_roas", *(f"ad_group.{name}" for name in read.GROUP_REST), "campaign.serving_status", *_ABOVE,
    ),
    Level.AD: (
        "ad_group_ad.ad.id", "ad_group_ad.status", "ad_group_ad.primary_status",
        "ad_group_ad.primary_status_reasons", "ad_group_ad.policy_summary.approval_status",
        "ad_group_ad.policy_summary.review_status", "ad_group_ad.policy_summary.policy_topic_entries",
        "ad_group_ad.ad.final_urls", *(f"ad_group_ad.ad.{name}" for name in read.AD_REST), *creative.READ,
        "ad_group.id", "campaign.serving_status", "campaign.id",
    ),
}  # fmt: skip
CAMPAIGN_CRITERIA: Final = (
    "campaign.id", "campaign_criterion.criterion_id", "campaign_criterion.type", "campaign_criterion.negative",
    "campaign_criterion.location.geo_target_constant", "campaign_criterion.language.language_constant",
)  # fmt: skip
GROUP_CRITERIA: Final = (
    "ad_group.id", "ad_group_criterion.criterion_id", "ad_group_criterion.type", "ad_group_criterion.negative",
    "ad_group_criterion.age_range.type", "ad_group_criterion.gender.type", "ad_group_criterion.keyword.text",
    "ad_group_criterion.keyword.match_type", "ad_group_criterion.location.geo_target_constant",
    "ad_group_criterion.language.language_constant",
)  # fmt: skip
LABELS: Final = ("ad_group_ad_label.ad_group_ad", "ad_group_ad_label.label", "label.name")
MOST_IDS: Final = 100
"""Ids that a condition lists; beyond, a range of ids is asked for."""


class GoogleReads(GoogleAccount):
    """What is read of campaigns, ad groups and ads."""

    page_limit: ClassVar[int] = MAX_ROWS

    def _asks(self, level: Level, query: Query) -> tuple[Asked, ...]:
        return ({"where": conditions(level, query)},)

    def _asks_one(self, level: Level, id: str) -> tuple[Asked, ...]:  # noqa: A002 - the field's own name
        return ({"where": _one(level, id)},)

    def _asks_key(self, level: Level, key_token: str, since: datetime | None) -> tuple[Asked, ...]:
        """Google shows no time of creation, so `since` narrows nothing."""
        del since
        marker = f"{PREFIX}{key_token}"
        if level is Level.AD:
            return ({"where": [], "label": marker},)
        return ({"where": [gaql.ends(NAMES[level], marker), _not_removed(level)]},)

    async def _fetch(self, level: Level, asked: Asked, state: Any, size: int) -> PageData[Any]:
        where: list[str] = list(asked["where"])
        if "label" in asked:
            names = await self._labels([gaql.ends("label.name", asked["label"])])
            if not names:
                return PageData(items=())
            where += [gaql.numbers(IDS[level], sorted(name.rpartition("~")[2] for name in names)), _not_removed(level)]
        if state is not None:
            where.append(f"{IDS[level]} > {int(state)}")
        rows = await self._search(BASES[level], FIELDS[level], where, order=IDS[level], limit=size)
        following = int(required(rows[-1], IDS[level])) if len(rows) == size else None
        return PageData(items=await self._parsed(level, rows), next_state=following)

    async def _parsed(self, level: Level, rows: Sequence[Row]) -> tuple[Campaign | AdGroup | Ad, ...]:
        home = await self.home()
        if level is Level.CAMPAIGN:
            with parsing(self.vendor, "campaign list"):
                return tuple([read.campaign(row, home) for row in rows])
        if level is Level.AD_GROUP:
            above = await self._criteria("campaign", [int(required(row, "campaign.id")) for row in rows])
            own = await self._criteria("ad_group", [int(required(row, "ad_group.id")) for row in rows])
            with parsing(self.vendor, "ad_group list"):
                return tuple([
                    read.ad_group(row, home, above.get(row["campaign.id"], ()), own.get(row["ad_group.id"], ()))
                    for row in rows
                ])  # fmt: skip
        labels = await self._labels_of(rows)
        with parsing(self.vendor, "ad list"):
            return tuple([read.ad(row, home, labels.get(f"{row['ad_group.id']}~{row[IDS[level]]}")) for row in rows])

    # What objects have beside themselves --------------------------------------------------------------------------

    async def _criteria(self, base: str, ids: Iterable[int]) -> Mapping[int, list[Row]]:
        """The criteria of campaigns or of ad groups, by id."""
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        fields = CAMPAIGN_CRITERIA if base == "campaign" else GROUP_CRITERIA
        kinds = (
            ("LOCATION", "LANGUAGE")
            if base == "campaign"
            else ("LOCATION", "LANGUAGE", "AGE_RANGE", "GENDER", "KEYWORD")
        )
        where = [
            *_within(f"{base}.id", wanted),
            gaql.among(f"{base}_criterion.type", kinds),
            _kept(f"{base}_criterion"),
        ]
        found: dict[int, list[Row]] = {}
        for row in await self._search(f"{base}_criterion", fields, where):
            found.setdefault(int(required(row, f"{base}.id")), []).append(row)
        return found

    async def _labels_of(self, rows: Sequence[Row]) -> Mapping[str, str]:
        """The labels with our marker on some ads."""
        ids = sorted({row[IDS[Level.AD]] for row in rows})
        if not ids:
            return {}
        return await self._labels([gaql.holds("label.name", PREFIX), *_within(IDS[Level.AD], ids)])

    async def _labels(self, where: Sequence[str]) -> Mapping[str, str]:
        """The names of labels by the id of the ad that carries them."""
        rows = await self._search("ad_group_ad_label", LABELS, where)
        return {id_of(row.get(LABELS[0])): row.get(LABELS[2], "") for row in rows}

    # Comparing ------------------------------------------------------------------------------------------------------

    def _raw(self, item: Any, names: Mapping[str, Json]) -> dict[str, Json]:
        """Under the names that this adapter gives to what it changes; see `changes`."""
        return {name: _shown(item, name) for name in names}


def conditions(level: Level, query: Query) -> list[str]:
    """What the vendor filters by itself; names loosely, because of the marker in them."""
    found = [] if query.deleted or ConfiguredStatus.DELETED in query.statuses else [_not_removed(level)]
    if query.ids:
        ids = [whole_id(level, each).rpartition("~")[2] for each in query.ids]
        found.append(gaql.numbers(IDS[level], ids))
    if level in NAMES and query.name:
        found.append(gaql.starts(NAMES[level], query.name))
    if level in NAMES and query.name_contains:
        found.append(gaql.holds(NAMES[level], query.name_contains))
    if query.parent is not None and query.parent.level in {Level.CAMPAIGN, Level.AD_GROUP}:
        found.append(gaql.numbers(IDS[query.parent.level], [whole_id(query.parent.level, query.parent.id)]))
    return [*found, *_own_conditions(query)]


def _own_conditions(query: Query) -> list[str]:
    """`Query(extra={"where": ["campaign.labels CONTAINS ANY (...)"]})`: the caller's own GAQL."""
    return list(gaql.own(query.extra, "where")["where"])


def _one(level: Level, id: str) -> list[str]:  # noqa: A002 - the field's own name
    """The conditions for one object; a removed one is shown, too."""
    group, _, own = whole_id(level, id).rpartition("~")
    return [gaql.numbers(IDS[level], [own]), *([gaql.numbers("ad_group.id", [group])] if group else [])]


def _not_removed(level: Level) -> str:
    return _kept(BASES[level])


def _kept(base: str) -> str:
    return gaql.differs(f"{base}.status", "REMOVED")


def _within(field: str, ids: Sequence[int]) -> list[str]:
    if len(ids) <= MOST_IDS:
        return [gaql.numbers(field, [str(each) for each in ids])]
    return [f"{field} >= {ids[0]}", f"{field} <= {ids[-1]}"]


def _shown(item: Any, name: str) -> Json:
    """One value of an object as it was read, comparable with what a change wants."""
    if name == "name":
        return marked_name(item)
    if name == "status":
        return item.status.raw.get("status")
    show = change.SHOWN.get(name)
    return item.extra.get(name) if show is None else show(item)
