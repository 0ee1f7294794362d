"""backstay keeps a campaign service standing when a vendor falls over.

    from backstay.adapters import TikTokAds

    async with TikTokAds.from_env() as ads:
        campaign = await ads.get_campaign(ref)
        print(campaign.name, campaign.served.source)

Everything here is loaded when it is first used: `import backstay` costs nothing that you do not need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.auth import Credentials as Credentials
    from backstay.cache import Cache as Cache
    from backstay.engine.call import time_left as time_left
    from backstay.errors import BackstayError as BackstayError
    from backstay.errors import CircuitOpenError as CircuitOpenError
    from backstay.errors import DeadlineExceededError as DeadlineExceededError
    from backstay.errors import InvalidRequestError as InvalidRequestError
    from backstay.errors import RateLimitError as RateLimitError
    from backstay.errors import UnknownOutcomeError as UnknownOutcomeError
    from backstay.events import bind_context as bind_context
    from backstay.functions import api_retry as api_retry
    from backstay.functions import database_retry as database_retry
    from backstay.functions import external_api_retry as external_api_retry
    from backstay.functions import resilient as resilient
    from backstay.functions import retry_with_backoff as retry_with_backoff
    from backstay.money import Money as Money
    from backstay.operation import CallOptions as CallOptions
    from backstay.operation import Criticality as Criticality
    from backstay.policies.effect import Effect as Effect
    from backstay.profile import Profile as Profile
    from backstay.response import error_response as error_response
    from backstay.runtime import Runtime as Runtime
    from backstay.taxonomy import Certainty as Certainty
    from backstay.writes.guard import SpendGuard as SpendGuard

_MODULES = {
    "BackstayError": "backstay.errors",
    "Cache": "backstay.cache",
    "CallOptions": "backstay.operation",
    "Certainty": "backstay.taxonomy",
    "CircuitOpenError": "backstay.errors",
    "Credentials": "backstay.auth",
    "Criticality": "backstay.operation",
    "DeadlineExceededError": "backstay.errors",
    "Effect": "backstay.policies.effect",
    "InvalidRequestError": "backstay.errors",
    "Money": "backstay.money",
    "Profile": "backstay.profile",
    "RateLimitError": "backstay.errors",
    "Runtime": "backstay.runtime",
    "SpendGuard": "backstay.writes.guard",
    "UnknownOutcomeError": "backstay.errors",
    "api_retry": "backstay.functions",
    "bind_context": "backstay.events",
    "database_retry": "backstay.functions",
    "error_response": "backstay.response",
    "external_api_retry": "backstay.functions",
    "resilient": "backstay.functions",
    "retry_with_backoff": "backstay.functions",
    "time_left": "backstay.engine.call",
}

__version__ = "0.1.0"
__all__ = [*_MODULES, "__version__"]


if not TYPE_CHECKING:  # or a type checker would believe every name

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            message = f"module 'backstay' has no attribute {name!r}"
            raise AttributeError(message)
        value = globals()[name] = getattr(importlib.import_module(module), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
