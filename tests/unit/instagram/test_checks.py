"""Limits that are checked before anything is sent: each refusal names field, value and cure."""

from __future__ import annotations

from typing import Any

import pytest

from backstay import Runtime
from backstay.content import PostKind, PostMedia, PublishRequest
from backstay.download import DownloadRules
from backstay.errors import InvalidRequestError
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY

JPEG = "https://cdn.example/a.jpg"
MP4 = "https://cdn.example/a.mp4"


def picture(**facts: Any) -> PostMedia:
    """An item of a post."""
    return PostMedia(**{"url": JPEG, **facts})


def video(**facts: Any) -> PostMedia:
    """The same that moves."""
    return PostMedia(**{"url": MP4, "media_type": "video/mp4", **facts})


def asked(kind: PostKind, *media: PostMedia, **facts: Any) -> PublishRequest:
    """A post."""
    return PublishRequest(kind=kind, media=media, **facts)


def instagram(**facts: Any) -> Instagram:
    """An adapter that nothing answers."""
    return Instagram(ACCOUNT, KEY, runtime=Runtime.in_memory(listeners=()), **facts)


TAGS = " ".join(f"#a{number}" for number in range(31))
NAMES = " ".join(f"@a{number}" for number in range(21))
IMAGE, CAROUSEL, REEL, STORY = PostKind.IMAGE, PostKind.CAROUSEL, PostKind.REEL, PostKind.STORY


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (asked(IMAGE, picture(), picture()), "media"), (asked(CAROUSEL, picture()), "media"),
        (asked(CAROUSEL, *[picture()] * 11), "media"), (asked(REEL, video(), video()), "media"),
        (asked(IMAGE, video()), "media.0.media_type"), (asked(REEL, picture()), "media.0.media_type"),
        (asked(IMAGE, picture(media_type="image/png")), "media.0.media_type"),
        (asked(CAROUSEL, picture(), picture(media_type="image/webp")), "media.1.media_type"),
        (asked(IMAGE, picture(size=8 * 1024 * 1024 + 1)), "media.0.size"),
        (asked(IMAGE, picture(size=0)), "media.0.size"),
        (asked(REEL, video(size=301 * 1024 * 1024)), "media.0.size"),
        (asked(STORY, video(size=101 * 1024 * 1024)), "media.0.size"),
        (asked(IMAGE, picture(width=1080, height=1920)), "media.0.width"),
        (asked(IMAGE, picture(width=2000, height=1000)), "media.0.width"),
        (asked(IMAGE, picture(alt_text="x" * 1001)), "media.0.alt_text"),
        (asked(REEL, video(alt_text="x")), "media.0.alt_text"),
        (asked(IMAGE, picture(cover_url=JPEG)), "media.0.cover_url"),
        (asked(IMAGE, picture(), caption="x" * 2201), "caption"),
        (asked(IMAGE, picture(), caption="\U0001f600" * 1101), "caption"),
        (asked(IMAGE, picture(), caption=TAGS), "caption"), (asked(IMAGE, picture(), caption=NAMES), "caption"),
        (asked(STORY, picture(), caption="x"), "caption"),
        (asked(IMAGE, picture(url="http://cdn.example/a.jpg")), "media.0.url"),
        (asked(IMAGE, picture(url="https://127.0.0.1/a.jpg")), "media.0.url"),
        (asked(CAROUSEL, picture(), picture(url="https://u:p@cdn.example/a.jpg")), "media.1.url"),
        (asked(REEL, video(cover_url="ftp://cdn.example/a.jpg")), "media.0.cover_url"),
        (asked(PostKind.VIDEO, video()), "kind"), (asked(PostKind.UNKNOWN, picture()), "kind"),
    ],
)  # fmt: skip
def test_what_the_vendor_would_refuse_is_refused_here(request_: PublishRequest, field: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        instagram().check_publish(request_, "k")
    error = caught.value
    assert error.field == field
    assert error.value is not None
    assert error.hint


@pytest.mark.parametrize(
    "request_",
    [
        asked(IMAGE, picture()),
        asked(IMAGE, picture(width=1080, height=1350, size=8 * 1024 * 1024, alt_text="x" * 1000)),
        asked(IMAGE, picture(width=1080, height=566)), asked(CAROUSEL, picture(), video()),
        asked(CAROUSEL, *[picture()] * 10), asked(REEL, video(cover_url=JPEG)),
        asked(STORY, picture(width=1080, height=1920)),
        asked(STORY, video()), asked(IMAGE, picture(), caption="x" * 2200, ai_generated=True),
        asked(IMAGE, picture(), caption=" ".join(TAGS.split()[:30]) + " a@b.example"),
    ],
)  # fmt: skip
def test_what_is_within_the_limits_passes(request_: PublishRequest) -> None:
    """At their very ends, too."""
    instagram().check_publish(request_, "k")


@pytest.mark.parametrize("key", ["", " ", "x" * 200, "a\nb"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """Steps add to a key, so it may be a little shorter than elsewhere."""
    with pytest.raises(InvalidRequestError) as caught:
        instagram().check_publish(asked(IMAGE, picture()), key)
    assert caught.value.field == "idempotency_key"


def test_addresses_on_this_machine_can_be_allowed() -> None:
    """For a sandbox; the vendor itself could not fetch them."""
    rules = DownloadRules(schemes=frozenset({"http"}), private=True)
    instagram(media_rules=rules).check_publish(asked(IMAGE, picture(url="http://127.0.0.1:8000/a.jpg")), "k")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"flavour": "threads"}, "flavour"),
        ({"api_version": "26"}, "api_version"),
        ({"account_id": "@me"}, "account_id"),
    ],
)
def test_an_adapter_that_cannot_be_is_refused(facts: dict[str, str], field: str) -> None:
    """The field is named."""
    with pytest.raises(InvalidRequestError) as caught:
        Instagram(**{"account_id": ACCOUNT, "token": KEY, **facts})
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("flavour", "host"), [("facebook", "https://graph.facebook.com"), ("instagram", "https://graph.instagram.com")]
)
def test_the_flavour_says_where_the_token_belongs(flavour: str, host: str) -> None:
    """One adapter for both logins."""
    assert instagram(flavour=flavour).host == host


def test_it_is_made_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Token and account; a missing one is named."""
    monkeypatch.delenv("INSTAGRAM_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("INSTAGRAM_ACCOUNT_ID", ACCOUNT)
    with pytest.raises(InvalidRequestError, match="INSTAGRAM_ACCESS_TOKEN"):
        Instagram.from_env()
    monkeypatch.setenv("INSTAGRAM_ACCESS_TOKEN", KEY)
    monkeypatch.setenv("INSTAGRAM_FLAVOUR", "instagram")
    made = Instagram.from_env(runtime=Runtime.in_memory(listeners=()))
    assert (made.account, made.flavour) == (ACCOUNT, "instagram")
    assert KEY not in repr(made)
