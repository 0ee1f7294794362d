"""What is asked of researchers, writers and makers of pictures, and how their answers are read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from backstay.content import ImageRequest, ResearchRequest, ResearchResult, TextRequest
from backstay.services.carousel.plan import CarouselPlan
from backstay.services.carousel.state import Caption, Outline, Point, Slide

ROOM: Final = 2_000
"""Output tokens of each text (S3-21)."""
SOURCES: Final = 8
"""Sources that the writer is told of."""
HASHTAGS: Final = 12
LONGEST_TAG: Final = 30

_SYSTEM: Final = (
    "You write carousels for social media: short, true, concrete. Use only facts of the research that you are given. "
    "Answer with the JSON alone."
)


def _text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def _object(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def _list(item: Mapping[str, Any], least: int, most: int) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


_SLIDE: Final = _object(headline=_text(60), body=_text(220), alt_text=_text(300))
_CAPTION: Final = _object(text=_text(1_400), hashtags=_list(_text(LONGEST_TAG), 0, HASHTAGS))


# Asking -----------------------------------------------------------------------------------------------------------


def research_request(plan: CarouselPlan) -> ResearchRequest:
    """The question about the topic."""
    wanted = f"What should a reader know about this topic: {plan.topic}? Give facts, numbers and examples with sources."
    return ResearchRequest(question=wanted, depth=plan.depth, recency=plan.recency)


def outline_request(plan: CarouselPlan, found: ResearchResult) -> TextRequest:
    """Title and points of all slides."""
    wanted = _list(_object(heading=_text(60), point=_text(220), picture=_text(300)), plan.slides, plan.slides)
    asked = (
        f"Outline a carousel of {plan.slides} slides. The first slide makes people stop, the last one says what to do "
        "next. For each slide: a heading, its point, and what its picture shows."
    )
    return _asking(_object(title=_text(80), slides=wanted), asked, _brief(plan), _facts(found))


def slide_request(plan: CarouselPlan, outline: Outline, number: int, found: ResearchResult) -> TextRequest:
    """What stands on one slide."""
    point = outline.points[number]
    asked = (
        f"Write slide {number + 1} of {plan.slides} of a carousel: a headline, a body of at most two sentences, and an "
        f"alt text for its picture.\nTitle: {outline.title}\nHeading: {point.heading}\nPoint: {point.point}\n"
        f"Picture: {point.picture}"
    )
    return _asking(_SLIDE, asked, _brief(plan), _facts(found))


def caption_request(plan: CarouselPlan, outline: Outline) -> TextRequest:
    """What stands under the post, without its first line."""
    asked = (
        "Write the caption of a carousel, without a first line to stop readers (that comes separately), and at most "
        f"{HASHTAGS} hashtags."
    )
    return _asking(_CAPTION, asked, _brief(plan), _told(outline))


def hooks_request(plan: CarouselPlan, outline: Outline) -> TextRequest:
    """Variations of the caption's first line."""
    asked = f"Write {plan.hooks} different first lines for the caption of a carousel, each of at most 15 words."
    return _asking(_object(hooks=_list(_text(140), plan.hooks, plan.hooks)), asked, _brief(plan), _told(outline))


def picture_request(plan: CarouselPlan, outline: Outline, slide: Slide, number: int) -> ImageRequest:
    """One slide's picture, with its headline on it."""
    prompt = (
        f"{slide.headline}\n\nA slide of a carousel about {plan.topic}. Show: {outline.points[number].picture}. "
        f"Style: {plan.look}. Put these words on it, large and legible, and no others: {slide.headline}"
    )
    return ImageRequest(
        prompt=prompt, size=plan.size, aspect=plan.aspect if plan.size is None else None, quality=plan.quality,
        format=plan.format,
    )  # fmt: skip


def _asking(schema: dict[str, Any], *parts: str) -> TextRequest:
    return TextRequest.ask("\n\n".join(parts), system=_SYSTEM, json_schema=schema, max_output_tokens=ROOM)


def _brief(plan: CarouselPlan) -> str:
    told = {"Topic": plan.topic, "Kind": plan.style, "Readers": plan.audience, "Language": plan.language}
    return "\n".join(f"{name}: {value}" for name, value in told.items() if value)


def _facts(found: ResearchResult) -> str:
    said = [f"[{number}] {each.title} {each.snippet} {each.url}" for number, each in enumerate(found.sources, 1)]
    return "\n".join(["Research:", found.answer, *said[:SOURCES]])


def _told(outline: Outline) -> str:
    return "\n".join([f"Title: {outline.title}", *(f"- {each.heading}: {each.point}" for each in outline.points)])


# Reading ----------------------------------------------------------------------------------------------------------


def outline_of(data: Mapping[str, Any]) -> Outline:
    """The outline in a writer's answer, which fits the schema."""
    return Outline(title=data["title"], points=tuple(Point(**each) for each in data["slides"]))


def template_outline(plan: CarouselPlan) -> Outline:
    """An outline that no model has written: it fits every topic, and none well (S3-22)."""
    topic, middle = plan.topic, ("How it works", "An example", "What to watch out for", "A common mistake")
    headings = ["What it is", *(middle[n % 4] for n in range(plan.slides - 2)), "What to do next"]
    points = [
        Point(heading=heading, point=f"{heading}: {topic}"[:220], picture=f"A simple picture about {topic}"[:300])
        for heading in headings
    ]
    return Outline(title=topic[:80], points=tuple(points), template=True)


def slide_of(data: Mapping[str, Any]) -> Slide:
    """What stands on a slide."""
    return Slide(headline=data["headline"], body=data["body"], alt_text=data["alt_text"])


def caption_of(data: Mapping[str, Any]) -> Caption:
    """The caption; hashtags become what platforms take for one."""
    tags = (hashtag(each) for each in data["hashtags"])
    return Caption(text=data["text"], hashtags=tuple(dict.fromkeys(tag for tag in tags if tag)))


def hooks_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The first lines, of which there is at least one."""
    first, *others = data["hooks"]
    return (str(first), *map(str, others))


def hashtag(words: str) -> str:
    """One hashtag without its sign: letters, digits and underscores only."""
    return "".join(re.findall(r"\w+", words))[:LONGEST_TAG]


def post_text(hook: str, caption: Caption) -> str:
    """The whole caption of a post: its first line, its text, its hashtags."""
    tags = " ".join(f"#{tag}" for tag in caption.hashtags)
    return "\n\n".join(part for part in (hook, caption.text, tags) if part)


__all__ = [
    "caption_of", "caption_request", "hashtag", "hooks_of", "hooks_request", "outline_of", "outline_request",
    "picture_request", "post_text", "research_request", "slide_of", "slide_request", "template_outline",
]  # fmt: skip
