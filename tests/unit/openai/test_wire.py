"""Between our words and the Images API's: sizes, qualities, sources, waits, counts, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backstay.content import ImageRequest, Picture, Size
from backstay.errors import BadResponseError, InvalidRequestError, TooMuchDataError
from backstay.sandbox.painter import draw
from backstay_adapters.openai.prices import PRICES
from backstay_adapters.openai.wire.limits import asked_wait, duration, usages
from backstay_adapters.openai.wire.read import drawn
from backstay_adapters.openai.wire.usage import cost_of, most_of, usage_of
from backstay_adapters.openai.wire.write import asked_of

ASKED = ImageRequest(prompt="A red sail")
NEW, OLD, PREVIEW = "gpt-image-2", "gpt-image-1.5", "gpt-image-2.6-flare"
PNG = Picture(data=draw("x", 64, 48))


def size(model: str = NEW, **fields: Any) -> str | None:
    """The size on the wire."""
    found: str | None = asked_of(ASKED.but(**fields), model).body.get("size")
    return found


@pytest.mark.parametrize(
    ("model", "fields", "told"),
    [
        (NEW, {}, None),
        (NEW, {"size": Size.of("1088x1360")}, "1088x1360"),
        (NEW, {"size": Size.of("3840x2160")}, "3840x2160"),
        (NEW, {"aspect": "1:1"}, "1024x1024"),
        (NEW, {"aspect": "4:5"}, "1088x1360"),
        (NEW, {"aspect": "16:9"}, "1936x1088"),
        (NEW, {"aspect": "1:3"}, "1088x3264"),
        (OLD, {"aspect": "3:2"}, "1536x1024"),
        (OLD, {"size": Size.of("1024x1536")}, "1024x1536"),
        ("gpt-image-9", {"size": Size.of("7x7")}, "7x7"),
    ],
)
def test_sizes(model: str, fields: dict[str, Any], told: str | None) -> None:
    """A size goes out as it is, a ratio as the size that stands for it; a model that is new to us decides itself."""
    assert size(model, **fields) == told


@pytest.mark.parametrize(
    ("model", "fields", "field"),
    [
        (NEW, {"size": Size.of("1000x1000")}, "size"),
        (NEW, {"size": Size.of("3840x3840")}, "size"),
        (NEW, {"size": Size.of("3856x2160")}, "size"),
        (NEW, {"size": Size.of("1024x3088")}, "size"),
        (OLD, {"size": Size.of("1088x1360")}, "size"),
        (OLD, {"aspect": "4:5"}, "aspect"),
        (NEW, {"aspect": "1:4"}, "aspect"),
        (NEW, {"aspect": "1:1", "size": Size.of("1024x1024")}, "aspect"),
        (NEW, {"extra": {"quality": "xhigh"}}, "quality"),
        (NEW, {"extra": {"quality": "hd"}}, "quality"),
        (NEW, {"format": "gif"}, "format"),
        (NEW, {"format": "jpeg", "background": "transparent"}, "format"),
        (NEW, {"mask": PNG}, "mask"),
        (NEW, {"sources": (PNG, Picture(url="https://example.com/a.png"))}, "sources"),
        (NEW, {"sources": (Picture(url="https://example.com/a.png"),), "mask": PNG}, "sources"),
        (NEW, {"sources": (Picture(data=b"words"),)}, "sources"),
        (NEW, {"sources": (Picture(data=b"GIF89a\x01\x00\x01\x00"),)}, "sources"),
        (NEW, {"sources": (PNG,) * 17}, "sources"),
        (NEW, {"sources": (PNG,), "mask": Picture(data=draw("x", 32, 32))}, "mask"),
    ],
)
def test_what_a_model_refuses_is_refused_here(model: str, fields: dict[str, Any], field: str) -> None:
    """By its field, with a cure, before anything is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        asked_of(ASKED.but(**fields), model)
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("gpt-image-2.5-flare", {"extra": {"quality": "xhigh"}}),
        (NEW, {"quality": "high"}),
        (PREVIEW, {"format": "gif"}),
        (NEW, {"format": "webp", "background": "transparent"}),
        (NEW, {"sources": (PNG,) * 16, "mask": PNG}),
        ("gpt-image-9", {"extra": {"quality": "hd"}}),
    ],
)
def test_what_a_model_takes_goes_out(model: str, fields: dict[str, Any]) -> None:
    """The same fields where they are right."""
    assert asked_of(ASKED.but(**fields), model).body["model"] == model


def test_a_prompt_of_a_book_is_too_long() -> None:
    """32,000 characters and not one more; the error does not repeat them."""
    assert asked_of(ASKED.but(prompt="x" * 32_000), NEW)
    with pytest.raises(TooMuchDataError) as caught:
        asked_of(ASKED.but(prompt="x" * 32_001), NEW)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2ms", 0.002), ("0s", 0.0), ("424ms", 0.424), ("12s", 12.0), ("6m0s", 360.0), ("7m12s", 432.0),
        ("1h2m3s", 3723.0), ("1.5s", 1.5), ("15", None), ("", None), (None, None), ("soon", None), ("3d", None),
        ("5s later", None),
    ],
)  # fmt: skip
def test_durations_of_go(text: str | None, seconds: float | None) -> None:
    """`ms` is no minute."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("please try again in 12s. visit", 12.0), ("try again in 7m12s.", 432.0), ("try again in 15ms", 0.015),
        ("please retry after 31 seconds.", 31.0), ("try again later", None), ("12s", None),
    ],
)  # fmt: skip
def test_waits_of_messages(said: str, seconds: float | None) -> None:
    """Where no header says it."""
    assert asked_wait(said) == seconds


def test_headers_of_limits() -> None:
    """What can be read is heard, what cannot is passed over."""
    headers = {
        "x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "100",
        "x-ratelimit-reset-requests": "120ms", "x-ratelimit-limit-images": "5", "x-ratelimit-remaining-images": "0",
        "x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "1",
        "x-ratelimit-limit-input-images": "0", "x-ratelimit-remaining-input-images": "0",
    }  # fmt: skip
    assert list(usages(headers)) == [("requests", 0.8, 0.12), ("images", 1.0, None)]
    assert list(usages({})) == []


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"data": []}, {"data": {}}, {"data": [5]}, {"data": [{}]}, {"data": [{"b64_json": "%%%"}]},
        {"data": [{"b64_json": 5}]}, {"data": [{"url": 5}]}, {"data": [{"url": ""}]},
        {"data": [{"b64_json": "aGk="}, {}]},
    ],
)  # fmt: skip
def test_what_holds_no_pictures_is_a_bad_response(data: Any) -> None:
    """All or nothing: an answer that lacks one of them is none."""
    with pytest.raises(BadResponseError) as caught:
        drawn(data)
    assert caught.value.rule == "openai.unreadable"


def test_words_pictures_in_and_pictures_out_have_their_own_prices() -> None:
    """5, 8 and 30 dollars a million; a model that has no price costs an unknown amount."""
    told = {
        "input_tokens": 300, "input_tokens_details": {"text_tokens": 100, "image_tokens": 200}, "output_tokens": 1000,
        "total_tokens": 1300,
    }  # fmt: skip
    usage = usage_of(told, 1)
    assert (usage.input_tokens, usage.output_tokens, dict(usage.pieces)) == (300, 1000, {"image": 1, "image_in": 200})
    assert cost_of(usage, told, NEW, PRICES).amount == Decimal("0.0321")
    assert cost_of(usage, told, f"{NEW}-2026-04-21", PRICES).amount == Decimal("0.0321")
    assert cost_of(usage, told, "gpt-image-9", PRICES).amount is None
    assert cost_of(usage, None, NEW, PRICES).amount is None


@pytest.mark.parametrize(
    ("fields", "least"),
    [
        ({"quality": "low", "size": Size.of("1024x1024")}, "0.008"),
        ({"quality": "high", "size": Size.of("1024x1024")}, "0.124"),
        ({"size": Size.of("2048x2048")}, "0.49"),
        ({"n": 10}, "1.8"),
        ({"sources": (PNG,) * 3}, "0.3"),
    ],
)
def test_an_estimate_is_no_less_than_the_published_prices(fields: dict[str, Any], least: str) -> None:
    """By pixels, quality, number and pictures brought along."""
    cost = most_of(ASKED.but(**fields), NEW, PRICES)
    assert cost is not None
    assert cost.amount is not None
    assert Decimal(least) <= cost.amount < Decimal(least) * 2


@pytest.mark.parametrize(
    ("fields", "model", "prices"), [({}, NEW, None), ({}, "gpt-image-9", PRICES), ({"aspect": "1:9"}, NEW, PRICES)]
)
def test_what_nobody_can_tell_is_not_estimated(fields: dict[str, Any], model: str, prices: Any) -> None:
    """No table, no price, or a request that will be refused."""
    assert most_of(ASKED.but(**fields), model, prices) is None
