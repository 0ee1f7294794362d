"""The preview of a post: one file, nothing from outside, nothing that a text could break."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from backstay.content import GeneratedImage
from backstay.services.carousel import Caption, CarouselState, preview
from tests.support.content import PNG
from tests.support.studio import PLAN, Studio

EVIL = """<script>alert("x")</script>&amp; '">"""


class Tags(HTMLParser):
    """All tags with their attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shown(state: CarouselState, pictures: list[GeneratedImage], **facts: Any) -> Tags:
    found = Tags()
    found.feed(preview(state, pictures, **facts))
    return found


def made(*, publish: bool = True) -> tuple[CarouselState, list[GeneratedImage]]:
    studio = Studio()

    async def main() -> tuple[CarouselState, list[GeneratedImage]]:
        carousel = studio.carousel()
        await (carousel.run() if publish else carousel.prepare())
        return await carousel.state(), [await carousel.picture(number) for number in (1, 2, 3)]

    return studio.run(main())


def test_it_is_one_file_with_everything_in_it() -> None:
    """All pictures byte for byte with their alt texts, the caption, a policy that lets nothing in, and no address."""
    state, pictures = made()
    found = shown(state, pictures, account="sailors")
    images = [attributes for tag, attributes in found.tags if tag == "img"]
    assert [base64.b64decode((each["src"] or "").partition("base64,")[2]) for each in images] == [
        picture.data for picture in pictures
    ]
    assert [each["alt"] for each in images] == [slide.alt_text for slide in state.slides if slide is not None]
    text = "".join(found.text)
    assert state.hooks[0] in text
    assert "sailors" in text
    assert "AI info" in text
    policy = next(each["content"] for tag, each in found.tags if each.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not {"script", "link", "iframe", "base", "form"} & {tag for tag, _ in found.tags}
    assert not re.search(r"https?://", preview(state, pictures))


@pytest.mark.parametrize("field", ["topic", "slide", "caption", "hook", "tag", "degraded", "account", "cause"])
def test_texts_are_escaped(field: str) -> None:
    """Whatever a model, a vendor or a user says is text and nothing else."""
    state, pictures = made()
    slide, done = state.slides[0], state.done[0]
    assert slide is not None
    table: dict[str, dict[str, Any]] = {
        "topic": {"plan": PLAN.but(topic=EVIL)},
        "slide": {"slides": (slide.but(headline=EVIL, body=EVIL, alt_text=EVIL), *state.slides[1:])},
        "caption": {"caption": Caption(text=EVIL)},
        "hook": {"hooks": (EVIL,)},
        "tag": {"caption": Caption(text="x", hashtags=(EVIL,))},
        "degraded": {"degraded": (EVIL,)},
        "cause": {"done": (done.but(step=EVIL, by=EVIL, cause=EVIL),)},
    }
    found = shown(state.but(**table.get(field, {})), pictures, account=EVIL if field == "account" else "sailors")
    assert "script" not in [tag for tag, _ in found.tags]
    assert 'alert("x")' in "".join(found.text) + "".join(str(each.get("alt")) for _, each in found.tags)


def test_a_draft_says_so_and_what_is_degraded_is_shown() -> None:
    """Nobody takes a draft for a post."""
    state, pictures = made(publish=False)
    text = "".join(shown(state.but(degraded=("outline: a template stands in",)), pictures).text)
    assert "Draft: not published" in text
    assert "outline: a template stands in" in text
    assert "Draft" not in "".join(shown(made()[0], pictures).text)


def test_what_is_not_made_yet_is_left_out() -> None:
    """A carousel that has only begun can be looked at."""
    state = CarouselState(plan=PLAN)
    found = shown(state, [GeneratedImage(data=PNG, media_type="image/png", width=4, height=5)])
    assert [each["alt"] for tag, each in found.tags if tag == "img"] == [""]
