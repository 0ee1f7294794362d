"""The advertiser's id: a number as text, refused when the adapter is made and not by the vendor's first answer."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN


@pytest.mark.parametrize("wrong", ["", None, "abc", "act_1", "12 34", "٣", True, 1.5])
def test_what_is_no_advertisers_id_is_refused(wrong: Any) -> None:
    """Field, value and cure."""
    with pytest.raises(InvalidRequestError) as caught:
        TikTokAds(wrong, TOKEN)
    assert caught.value.field == "advertiser_id"
    assert caught.value.hint
    assert TOKEN not in str(caught.value)


def test_an_id_is_text_or_a_whole_number() -> None:
    """Webhooks deliver it as a number."""
    assert TikTokAds(int(ADVERTISERS[0]), TOKEN).account == ADVERTISERS[0]  # type: ignore[arg-type]  # as JSON gives it
    assert TikTokAds(ADVERTISERS[0], TOKEN).account == ADVERTISERS[0]
