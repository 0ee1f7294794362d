"""The publishers whose posts are simulated, on vendors whose reads lag."""

from __future__ import annotations

from typing import Final

from backstay.content import PostKind, PostMedia, PublishRequest
from backstay.testing.posting import Stage
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY, InstagramSandbox

AGAIN: Final = ("refused", "same", "posts")
"""What publishing a container twice does: nobody outside knows, so all of it."""
WORDS: Final = ("unknown", "server", "spam", "not_ready", "gone", "not_found", "fetch")
"""What the vendor says in its own words."""


def laggard(seed: int) -> InstagramSandbox:
    """A vendor whose reads show late what was done, drawn from the seed."""
    return InstagramSandbox(
        seed=seed, again=AGAIN[seed % 3], status_lag=(0.0, 12.0), read_lag=(0.0, 20.0), node_lag=(0.0, 4.0), quota=100
    )


STAGE: Final = Stage(
    laggard, lambda runtime, wire: Instagram(ACCOUNT, KEY, runtime=runtime, transport=wire), WORDS,
    ("media_publish", "media_publish", "media/*", "container"),
)  # fmt: skip
"""Where one post meets every trouble, and several a storm."""

_PICTURES: Final = tuple(PostMedia(url=f"https://cdn.example/{number}.jpg") for number in (1, 2))
SAMPLES: Final = {
    "post, a picture": PublishRequest(kind=PostKind.IMAGE, media=_PICTURES[:1], caption="Hello"),
    "post, a carousel": PublishRequest(kind=PostKind.CAROUSEL, media=_PICTURES, caption="Hello"),
}
"""What `--exhaustive` publishes."""
