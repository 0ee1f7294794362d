"""Meta on a stage: the adapter on its simulator, and the words in which a common spec needs help here."""

from __future__ import annotations

from typing import Any, Final

from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay_adapters.meta.adapter import MetaAds
from backstay_adapters.meta.profile import meta_profile
from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN, MetaSandbox

LOCATIONS: Final = ("US",)
FIELDS: Final[dict[str, dict[str, Any]]] = {}


def adapter(simulator: MetaSandbox, runtime: Runtime, *, url: str = "", **profile: Any) -> MetaAds:
    """An adapter on the simulator in this process, or at the address where it is served."""
    where: dict[str, Any] = {"base_url": url} if url else {"transport": SimTransport(simulator, runtime.clock)}
    return MetaAds(ACCOUNTS[0], TOKEN, runtime=runtime, profile=meta_profile("full").with_(**profile), **where)


__all__ = ["FIELDS", "LOCATIONS", "adapter"]
