"""The platforms that the simulation plays, with everything that is not known of them drawn."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from backstay.ads import AdPlatform, CreativeKind, MediaRef
from backstay.auth import Credentials
from backstay.runtime import Runtime
from backstay.sandbox import Thing
from backstay.testing.samples import Samples
from backstay.testing.simulation import STATUS, Look, Played, Stage, Tune, lags
from backstay.testing.wires import RpcWire
from backstay.writes.marker import unmark

UNAVAILABLE: Final = 0.1
"""Of the times that a token is asked for."""
LONGEST_LAG: Final = 5.4
"""Seconds; with the time in which a vendor acts it stays below the ten that the profiles promise."""


def credentials(runtime: Runtime, token: str, simulator: Any, *, provided: bool) -> Credentials:
    """A token; or where it is kept, which takes a moment and fails now and then while the vendor has its troubles."""
    if not provided:
        return Credentials(token)
    clock = runtime.clock

    async def ask() -> str:
        await clock.sleep(0.1 * clock.random())
        if clock.random() < UNAVAILABLE and simulator.faults is not None and simulator.faults.rules:
            raise OSError("the place where tokens are kept does not answer")
        return token

    return Credentials(provider=ask, name="simulation")


class TikTok:
    """Both flows, and all switches of the simulator."""

    vendor = "tiktok"

    def play(self, draw: random.Random, seed: int) -> Played:
        from backstay_adapters.tiktok import TikTokAds
        from backstay_adapters.tiktok.profile import tiktok_profile
        from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
        from backstay_adapters.tiktok.wire.kinds import Flow

        lag, longest = lags(draw, LONGEST_LAG)
        flows: tuple[Flow | Literal["auto"], ...] = ("auto", "manual", "smart_plus")
        flow = draw.choice(flows)
        switches: dict[str, Any] = {
            "lag_updates": draw.random() < 0.3,
            "repeat": draw.choice(("error", "same")),
            "ignore_disable_on_campaign": draw.random() < 0.3,
            "reserve_deleted_names": draw.random() < 0.5,
            "unique_adgroup_names": draw.random() < 0.3,
            "lag_by_id": draw.random() < 0.5,
            "nothing_to_update": draw.random() < 0.5,
            "secondary_status": draw.random() < 0.5,
            "manual_lists_smart_plus": draw.random() < 0.5,
        }

        tier = "basic" if draw.random() < 0.2 else None
        provided = draw.random() < 0.3

        simulator = TikTokSandbox(seed=seed, read_lag=lag, tier=tier, **switches)

        def make(runtime: Runtime, wire: Any, tune: Tune) -> AdPlatform:
            profile = tune(tiktok_profile(tier or "ultimate"))
            own = credentials(runtime, TOKEN, simulator, provided=provided)
            return TikTokAds(
                ADVERTISERS[0], credentials=own, runtime=runtime, transport=wire, profile=profile, flow=flow
            )  # fmt: skip

        return Played(
            self.vendor, ADVERTISERS[0], simulator, make,
            Samples("USD", ("6252001",), {}), tiktok_budget, longest,
            drawn=f"tiktok {flow} {tier} {provided} {lag} {switches}",
        )  # fmt: skip


def tiktok_budget(data: Mapping[str, Any]) -> Decimal | None:
    if data.get("budget_mode") in {None, "BUDGET_MODE_INFINITE"}:
        return None
    return Decimal(str(data["budget"]))


class Meta:
    """Markers in names or labels, and lags of every kind; none of its identities is unique."""

    vendor = "meta"

    def play(self, draw: random.Random, seed: int) -> Played:
        from backstay_adapters.meta import MetaAds, meta_profile
        from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, Account, MetaSandbox

        label, provided = draw.random() < 0.3, draw.random() < 0.3
        behind = round(draw.uniform(0.5, 2.5), 1) if draw.random() < 0.3 else 0.0
        lag, longest = lags(draw, LONGEST_LAG - behind)
        named, most_named = lags(draw, LONGEST_LAG - behind)
        labelled, most_labelled = lags(draw, LONGEST_LAG - behind)
        switches: dict[str, Any] = {
            "read_lag": lag,
            "name_lag": named if draw.random() < 0.5 else None,
            "label_lag": labelled if draw.random() < 0.5 else None,
            "replica_lag": (0.0, behind),
            "lag_updates": draw.random() < 0.3,
            "lag_nodes": draw.random() < 0.5,
            "contain": draw.choice(("exact", "fuzzy")),
            "equal_ignores_case": draw.random() < 0.5,
            "label_repeat": draw.choice(("same", "error")),
            "deleted_again": draw.choice(("success", "missing")),
            "deleted_readable": draw.random() < 0.5,
            "same_creative": draw.random() < 0.5,
            "rename_creatives": draw.random() < 0.5,
            "success_on_create": draw.random() < 0.5,
            "foreign_texts": draw.random() < 0.5,
            "unset_budget": draw.choice(("zero", "absent")),
            "process": draw.choice((0.0, 3.0)),
        }

        simulator = MetaSandbox(seed=seed, accounts=(Account(ACCOUNTS[0], spend_cap=10_000_000),), **switches)

        def make(runtime: Runtime, wire: Any, tune: Tune) -> AdPlatform:
            profile, own = tune(meta_profile()), credentials(runtime, TOKEN, simulator, provided=provided)
            return MetaAds(
                ACCOUNTS[0], credentials=own, runtime=runtime, transport=wire, profile=profile, label=label
            )  # fmt: skip

        return Played(
            self.vendor, ACCOUNTS[0], simulator, make,
            Samples("USD", ("US",), {}), meta_budget, max(longest, most_named, most_labelled) + behind,
            overspend=Decimal("1.75"), drawn=f"meta {label} {provided} {switches}",
        )  # fmt: skip


def meta_budget(data: Mapping[str, Any]) -> Decimal | None:
    cents = data.get("daily_budget")
    return Decimal(str(cents)) / 100 if cents else None


class Google:
    """gRPC in process; trees are made in one request, budgets are resources of their own."""

    vendor = "google_ads"

    def play(self, draw: random.Random, seed: int) -> Played:
        from backstay_adapters.google_ads import GoogleAds, google_ads_profile
        from backstay_adapters.google_ads.sandbox import CUSTOMERS, TOKEN, GoogleAdsSandbox

        lag, longest = lags(draw, LONGEST_LAG)
        switches: dict[str, Any] = {
            "lag_updates": draw.random() < 0.3,
            "reserve_removed_names": draw.random() < 0.5,
            "remove_budget_with_campaign": draw.random() < 0.5,
            "remove_twice": draw.choice(("removed", "not_found")),
        }
        simulator: Any = GoogleAdsSandbox(seed=seed, read_lag=lag, **switches)
        profile = google_ads_profile("standard").with_(limits={})

        def make(runtime: Runtime, wire: Any, tune: Tune) -> AdPlatform:
            return GoogleAds(CUSTOMERS[0], TOKEN, runtime=runtime, channel=wire, profile=tune(profile))

        def looks(thing: Thing) -> list[Look]:
            return google_looks(simulator, thing)

        return Played(
            self.vendor, CUSTOMERS[0], simulator, make,
            SearchSamples("USD", ("2840",), {"creative": {"kind": CreativeKind.RESPONSIVE, "call_to_action": None}}),
            lambda _: None, longest, shell=lambda sim, clock: sim.channel(clock), wire=RpcWire,
            writes={"operation": "GoogleAdsService/Mutate"}, looks=looks, apart=True,
            overspend=Decimal(2), atomic=True,
            drawn=f"google_ads {lag} {switches}",
        )  # fmt: skip


class SearchSamples(Samples):
    """Search ads are text."""

    async def media(self, ads: AdPlatform) -> tuple[MediaRef, ...]:
        return ()


def google_looks(simulator: Any, thing: Thing) -> list[Look]:
    """An object's own versions, and those of the budget that it has; several may be of one moment."""
    name = getattr(thing.data["_pb"], "campaign_budget", "")
    budget = simulator.thing(name) if name else None
    versions = {each.id: (each, iter(each.versions)) for each in (thing, budget) if each is not None}
    found: list[Look] = []
    last: dict[str, Any] = {}
    for effect in simulator.world.log:  # each is a version of its object; their order is that of the log
        if effect.id not in versions:
            continue
        of, left = versions[effect.id]
        last[of.id] = version = next(left)
        if thing.id in last:
            own, paid = last[thing.id], None if budget is None else last.get(budget.id)
            amount = None if paid is None else Decimal(paid.data["_pb"].amount_micros) / 1_000_000
            visible = max(each.visible_at for each in last.values())
            found.append(Look(version.at, visible, unmark(own.name)[0] or None, STATUS[own.state], amount))
    return found


STAGES: Final[dict[str, Stage]] = {stage.vendor: stage for stage in (TikTok(), Meta(), Google())}
