"""TikTok's adapter on its simulator, for unit tests."""

from __future__ import annotations

from typing import Any

from backstay.runtime import Runtime
from backstay.testing.bench import Bench
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN


def make(runtime: Runtime, transport: Any, **options: Any) -> TikTokAds:
    """An adapter that no tier's rate slows down."""
    return TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate", **options)


def adapter(bench: Bench, **options: Any) -> TikTokAds:
    """Another one on the bench's simulator, with a runtime of its own."""
    return make(bench.new_runtime(), bench.transport, **options)
