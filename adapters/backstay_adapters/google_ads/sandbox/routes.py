"""Every method: where its messages are and who handles it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from backstay_adapters.google_ads.sandbox import accounts, mutate, search
from backstay_adapters.google_ads.sandbox.context import Ctx
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message

Handler = Callable[[Ctx], Iterable[Message]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method."""

    module: str
    request: str
    handler: Handler


_ADS: Final = "services.types.google_ads_service"

ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "GoogleAdsService/Search": Route(_ADS, "SearchGoogleAdsRequest", search.search),
        "GoogleAdsService/SearchStream": Route(_ADS, "SearchGoogleAdsStreamRequest", search.stream),
        "GoogleAdsService/Mutate": Route(_ADS, "MutateGoogleAdsRequest", mutate.mixed),
        "CustomerService/ListAccessibleCustomers": Route(
            "services.types.customer_service", "ListAccessibleCustomersRequest", accounts.accessible
        ),
    }
    | {
        f"{kind.service}/{kind.method}": Route(kind.module, f"{kind.method}Request", mutate.of(kind))
        for kind in KINDS.values()
    }
)
"""By "Service/Method"."""


def operations_of(request: Any) -> int:
    """How many operations a request counts as: each operation of a mutate, a search without a page token, else none."""
    if hasattr(request, "mutate_operations"):
        return len(request.mutate_operations)
    if hasattr(request, "operations"):
        return len(request.operations)
    return 0 if getattr(request, "page_token", "") else 1
