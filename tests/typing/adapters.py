"""What a type checker must see through the lazy doors; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

import backstay
from backstay import BackstayError
from backstay.adapters import TikTokAds


def lazy_names_have_their_real_types(error: BackstayError, ads: TikTokAds) -> None:
    """The door hands out the class itself, not `object`."""
    assert_type(backstay.__version__, str)
    assert_type(error, backstay.errors.BackstayError)
    door: type[TikTokAds] = type(ads)
    print(door)
