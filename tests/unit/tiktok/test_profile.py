"""TikTok's limits: whatever is asked for, no second sees more calls than the vendor allows."""

from __future__ import annotations

import pytest

from backstay.policies.rate import TokenBucket
from backstay_adapters.tiktok.profile import TIERS, tiktok_profile


@pytest.mark.parametrize("tier", TIERS)
def test_no_second_sees_more_calls_than_the_vendor_allows(tier: str) -> None:
    """A full bucket and a crowd: the busiest second stays at the tier's calls per second."""
    limit = tiktok_profile(tier).limits["app"]
    assert limit.rate is not None
    assert limit.burst is not None
    bucket, now, begun = TokenBucket(limit.rate, limit.burst), 100.0, list[float]()
    for _ in range(5 * TIERS[tier][0]):
        now += bucket.wait(now)
        bucket.take(now)
        begun.append(now)
    busiest = max(sum(start <= at < start + 1.0 for at in begun) for start in begun)
    assert busiest <= TIERS[tier][0]
    assert len(begun) / (begun[-1] - begun[0]) >= 0.7 * TIERS[tier][0], "and the share that we use is used"
