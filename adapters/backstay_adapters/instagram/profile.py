"""Instagram's numbers, each with its source (Graph v26.0; `docs/adapters/instagram.md` lists them)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from types import MappingProxyType
from typing import Final

from backstay.policies.pace import PaceOptions
from backstay.policies.settings import one_of
from backstay.profile import Limit, Profile, TimeoutConfig
from backstay_adapters.instagram.wire.usage import ACCOUNT, APP

API_VERSION: Final = "v26.0"
HOSTS: Final = MappingProxyType({"facebook": "https://graph.facebook.com", "instagram": "https://graph.instagram.com"})
"""By flavour: a token of Facebook Login (a page's or its user's), or one of Instagram Login."""

READ_LAG: Final = 30.0
"""Seconds after which a container or the media list shows that something was published: schedulers look for half a
minute before they call a post lost (vendor's pages give no number)."""
PATIENCE: Final = (0.0, 2.0, 5.0, 10.0, 15.0)

IMAGE_LOOKS: Final = (1.0, 2.0, 3.0, 5.0)
VIDEO_LOOKS: Final = (5.0, 5.0, 10.0, 15.0, 30.0)
"""Seconds between two looks at a container; the last one goes on. Images are ready within seconds, reels take minutes.
The vendor's page says once a minute; in practice looks are cheap reads."""

IMAGE_BYTES: Final = 8 * 1024 * 1024
VIDEO_BYTES: Final = 300 * 1024 * 1024
STORY_VIDEO_BYTES: Final = 100 * 1024 * 1024
NARROWEST, WIDEST = 0.8, 1.91
"""Width to height of an image in the feed: 4:5 to 1.91:1 (36003/2207009)."""
CAPTION: Final = 2_200
HASHTAGS: Final = 30
MENTIONS: Final = 20
ALT_TEXT: Final = 1_000
ITEMS: Final = (2, 10)
"""Of a carousel (2207028 and the vendor's page "Content Publishing")."""

PACE: Final = PaceOptions(start=0.75, brake=0.95, floor=0.05, memory=300.0, pause=60.0)


def instagram_profile() -> Profile:
    """The profile: what is asked for by hand has short times, what fetches media long ones."""
    kinds = {"api_call": 20.0, "status": 15.0, "container": 60.0, "publish": 60.0, "report": 30.0, "default": 30.0}
    deadlines = {"status": 60.0, "container": 200.0, "publish": 300.0, "publish_video": 1_200.0}
    return Profile(
        limits=MappingProxyType(
            {
                # 4,800 x the account's impressions of a day: a number that only the vendor knows.
                ACCOUNT: Limit(rate=None, per="account", pace=PACE),
                APP: Limit(rate=None, pace=PACE),
            }
        ),
        hedge=None,
        read_lag=READ_LAG,
        patience=PATIENCE,
        timeouts=TimeoutConfig(kinds=MappingProxyType(kinds)),
        deadlines=MappingProxyType(deadlines),
        note="times from the vendor's pages and schedulers' practice; read lag assumed, see READ_LAG",
    )


def looks(*, video: bool) -> Iterator[float]:
    """Seconds between two looks at a container."""
    known = VIDEO_LOOKS if video else IMAGE_LOOKS
    return chain(known, repeat(known[-1]))


def host_of(flavour: str) -> str:
    """The API's host of a flavour."""
    one_of("flavour", flavour, HOSTS)
    return HOSTS[flavour]


__all__ = ["API_VERSION", "HOSTS", "READ_LAG", "host_of", "instagram_profile", "looks"]
