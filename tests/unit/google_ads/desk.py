"""A desk in front of Google Ads' simulator: pure calls with plain dictionaries, for the tests of the simulator."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from backstay.sandbox.rpc import RpcReply, RpcRequest
from backstay_adapters.google_ads.sandbox import CUSTOMERS, TOKEN, GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.failure import KEY
from backstay_adapters.google_ads.sandbox.protos import SERVICES, message
from backstay_adapters.google_ads.sandbox.routes import ROUTES

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
DAY = 86_400.0
USD, JPY, GBP = CUSTOMERS
EU = "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"

Json = dict[str, Any]


class RefusedError(Exception):
    """What the simulator refused."""

    def __init__(self, reply: RpcReply) -> None:
        self.code = reply.code
        self.details = reply.details
        self.trailing = dict(reply.trailing)
        kind = message("errors.types.errors", "GoogleAdsFailure")
        self.failure = kind.FromString(self.trailing[KEY]) if KEY in self.trailing else kind()
        super().__init__(f"{self.code} {self.codes} {self.paths} {self.details}")

    @property
    def codes(self) -> list[str]:
        """Such as "campaign_error.DUPLICATE_CAMPAIGN_NAME"."""
        return codes_of(self.failure)

    @property
    def paths(self) -> list[str]:
        """Such as "operations[0].create.name"."""
        return paths_of(self.failure)


class Desk:
    """One customer's view of a simulator at a time that only `later` moves."""

    def __init__(self, customer: str = USD, **options: Any) -> None:
        self.sim = GoogleAdsSandbox(seed=7, **options)
        self.customer = customer
        self.now = NOW
        self.metadata: dict[str, str | bytes] = {"authorization": f"Bearer {TOKEN}"}

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def reply(self, method: str, request: Json) -> RpcReply:
        """The raw answer."""
        route = ROUTES[method]
        made = json_format.ParseDict(request, message(route.module, route.request)())
        return self.sim.call(RpcRequest(f"/{SERVICES}{method}", made.SerializeToString(), self.metadata), self.now)

    def call(self, method: str, **request: Any) -> Any:
        """The answer's message; `RefusedError` where there is none."""
        return self.stream(method, **request)[0]

    def stream(self, method: str, **request: Any) -> list[Any]:
        """The answer's messages."""
        if method != "CustomerService/ListAccessibleCustomers":
            request = {"customer_id": self.customer, **request}
        reply = self.reply(method, request)
        if reply.code != "OK":
            raise RefusedError(reply)
        route = ROUTES[method]
        kind = message(route.module, _response(method, route.request))
        return [kind.FromString(each) for each in reply.messages]

    def mutate(self, word: str, *operations: Json, **flags: Any) -> Any:
        """A service's own mutate, such as `mutate("campaign", {"create": {...}})`."""
        return self.call(METHODS[word], operations=list(operations), **flags)

    def create(self, word: str, /, **fields: Any) -> str:
        """The resource name of something new."""
        name: str = self.mutate(word, {"create": fields}).results[0].resource_name
        return name

    def update(self, word: str, name: str, mask: str | None = None, /, **fields: Any) -> Any:
        """Change what the fields say."""
        paths = mask if mask is not None else ",".join(fields)
        return self.mutate(word, {"update": {"resource_name": name, **fields}, "update_mask": _mask(paths)})

    def remove(self, word: str, name: str) -> Any:
        """Remove something."""
        return self.mutate(word, {"remove": name})

    def mixed(self, *operations: Json, **flags: Any) -> Any:
        """GoogleAdsService.Mutate."""
        return self.call("GoogleAdsService/Mutate", mutate_operations=list(operations), **flags)

    def rows(self, query: str) -> list[Any]:
        """The rows of a query."""
        return [each for batch in self.stream("GoogleAdsService/SearchStream", query=query) for each in batch.results]

    def values(self, query: str) -> list[Json]:
        """The rows of a query as plain dictionaries, without resource names."""
        return [_bare(json_format.MessageToDict(each, preserving_proto_field_name=True)) for each in self.rows(query)]

    def named(self, kind: str, id_: object) -> str:
        """A resource name."""
        return f"customers/{self.customer}/{kind}/{id_}"

    def budget(self, **fields: Any) -> str:
        """A budget's resource name."""
        return self.create("campaign_budget", **{"amount_micros": 50_000_000, "explicitly_shared": False, **fields})

    def campaign(self, name: str = "Spring", **fields: Any) -> str:
        """A campaign's resource name, with a budget of its own."""
        if "campaign_budget" not in fields:
            fields["campaign_budget"] = self.budget()
        return self.create("campaign", **{**CAMPAIGN, "name": name, **fields})

    def group(self, campaign: str, name: str = "Group", **fields: Any) -> str:
        """An ad group's resource name."""
        return self.create("ad_group", **{"name": name, "campaign": campaign, "status": "PAUSED", **fields})

    def ad(self, group: str, **fields: Any) -> str:
        """An ad's resource name."""
        return self.create("ad_group_ad", **{"ad_group": group, "ad": search_ad(), "status": "PAUSED", **fields})

    def tree(self, name: str = "Spring", status: str = "ENABLED") -> tuple[str, str, str]:
        """A campaign, its ad group and its ad."""
        campaign = self.campaign(name, status=status)
        group = self.group(campaign, status=status)
        return campaign, group, self.ad(group, status=status)


METHODS = {
    "campaign": "CampaignService/MutateCampaigns",
    "campaign_budget": "CampaignBudgetService/MutateCampaignBudgets",
    "ad_group": "AdGroupService/MutateAdGroups",
    "ad_group_ad": "AdGroupAdService/MutateAdGroupAds",
    "ad": "AdService/MutateAds",
    "ad_group_criterion": "AdGroupCriterionService/MutateAdGroupCriteria",
    "campaign_criterion": "CampaignCriterionService/MutateCampaignCriteria",
    "asset": "AssetService/MutateAssets",
    "label": "LabelService/MutateLabels",
    "campaign_label": "CampaignLabelService/MutateCampaignLabels",
    "ad_group_label": "AdGroupLabelService/MutateAdGroupLabels",
    "ad_group_ad_label": "AdGroupAdLabelService/MutateAdGroupAdLabels",
}
CAMPAIGN: Json = {
    "status": "PAUSED", "advertising_channel_type": "SEARCH", "manual_cpc": {}, "contains_eu_political_advertising": EU,
}  # fmt: skip


def search_ad(*headlines: str, **fields: Any) -> Json:
    """A responsive search ad."""
    texts = headlines or ("Buy a boat", "Boats for all", "Sail away")
    described = [{"text": "The best boats."}, {"text": "Delivered to your pier."}]
    ad = {"headlines": [{"text": text} for text in texts], "descriptions": described}
    return {"final_urls": ["https://example.com/boats"], "responsive_search_ad": ad, **fields}


def codes_of(failure: Any) -> list[str]:
    """The errors of a failure, by family and member."""
    found = []
    for error in failure.errors:
        family = error.error_code.WhichOneof("error_code")
        field = error.error_code.DESCRIPTOR.fields_by_name[family]
        found.append(f"{family}.{field.enum_type.values_by_number[getattr(error.error_code, family)].name}")
    return found


def paths_of(failure: Any) -> list[str]:
    """Where the errors of a failure are."""
    return [".".join(_step(each) for each in error.location.field_path_elements) for error in failure.errors]


def _step(element: Any) -> str:
    return f"{element.field_name}[{element.index}]" if element.HasField("index") else str(element.field_name)


def _response(method: str, request: str) -> str:
    stem = request.removesuffix("Request")
    return f"{stem}Response"


def _mask(paths: str) -> str:
    """A mask as its JSON has it: in camel case."""
    return ",".join(_camel(path) for path in paths.split(","))


def _camel(path: str) -> str:
    first, *rest = path.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key != "resource_name"}
    return value
