"""Worlds to begin with: trees that have been running for a while, made without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, put, resource

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.app import GoogleAdsSandbox


def tree(
    sim: GoogleAdsSandbox, customer: str, name: str, since: float, ads: int = 1, budget: int = 50_000_000
) -> list[str]:
    """A budget and an active campaign with an ad group and its ads, made at `since`; names from the top down.

    `budget` is in micros of the customer's currency.
    """
    seed = _Seed(sim, customer, since)
    money = seed.add(
        "campaign_budget", amount_micros=budget, explicitly_shared=False, period="DAILY", delivery_method="STANDARD"
    )
    campaign = seed.add(
        "campaign", name=name, campaign_budget=money, manual_cpc={}, advertising_channel_type="SEARCH",
        contains_eu_political_advertising="DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
        bidding_strategy_type="MANUAL_CPC",
    )  # fmt: skip
    group = seed.add("ad_group", campaign, name=f"{name} group", campaign=campaign, type_="SEARCH_STANDARD")
    return [money, campaign, group, *(seed.ad(group, f"{name} {number}") for number in range(1, ads + 1))]


class _Seed:
    def __init__(self, sim: GoogleAdsSandbox, customer: str, since: float) -> None:
        self._sim = sim
        self._customer = customer
        self._since = since

    def ad(self, group: str, headline: str) -> str:
        """A responsive search ad."""
        texts = [{"text": headline[-30:]}, {"text": "Buy now"}, {"text": "Fast delivery"}]
        told = [{"text": "The best there is."}, {"text": "Every day."}]
        number = int(self._sim.new_id())
        ad = {
            "id": number, "resource_name": KINDS["ad"].name_of(self._customer, str(number)),
            "type_": "RESPONSIVE_SEARCH_AD", "final_urls": ["https://example.com"],
            "responsive_search_ad": {"headlines": texts, "descriptions": told},
        }  # fmt: skip
        return self.add("ad_group_ad", group, id_=f"{group.rsplit('/', 1)[-1]}~{number}", ad_group=group, ad=ad)

    def add(self, word: str, parent: str = "", id_: str = "", **fields: Any) -> str:
        """One object, active since then."""
        from google.protobuf import json_format

        kind = KINDS[word]
        own = id_ or self._sim.new_id()
        pb: Message = json_format.ParseDict(fields, resource(word)())
        pb.resource_name = kind.name_of(self._customer, own)
        put(pb, "status", "ENABLED")
        if not id_:
            pb.id = int(own)
        data = {"_kind": word, "_name": pb.resource_name, "_pb": pb}
        self._sim.world.create(
            self._since, id=own, account=self._customer, level=kind.where(), name=fields.get("name", ""),
            state=State.ACTIVE if kind.tree else State.PAUSED, parent=parent.rsplit("/", 1)[-1] or None, data=data,
            spends=kind.tree,
        )  # fmt: skip
        if word == "campaign":
            self._sim.users.setdefault(pb.campaign_budget, set()).add(pb.resource_name)
        name: str = pb.resource_name
        return name
