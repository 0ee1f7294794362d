"""A carousel as one HTML file that looks like a post: pictures inside, text escaped, nothing fetched, no script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Final

from backstay.content import GeneratedImage
from backstay.services.carousel.state import CarouselState, Slide
from backstay.services.carousel.texts import post_text

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16181d; --soft: #697079; --line: #e2e5e9; --card: #fff; --page: #f3f4f6;
  --tag: #1d4f9c; --warn: #8a4b00; --warnbg: #fff3dd; --here: #0095f6; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef1; --soft: #9aa2ac; --line: #30353c; --card: #17191d;
  --page: #0d0e10; --tag: #8ab4f8; --warn: #ffcf8a; --warnbg: #3a2a10; } }
* { box-sizing: border-box; margin: 0; }
body { background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; padding: 32px 16px;
  display: flex; flex-wrap: wrap; gap: 32px; justify-content: center; align-items: flex-start; }
article { width: min(468px, 100%); background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  overflow: hidden; }
header { display: flex; align-items: center; gap: 10px; padding: 12px 14px; }
.face { width: 36px; height: 36px; border-radius: 50%; padding: 2px;
  background: conic-gradient(#feda75, #fa7e1e, #d62976, #962fbf, #4f5bd5, #feda75); }
.face span { display: grid; place-items: center; width: 100%; height: 100%; border-radius: 50%; font-weight: 700;
  background: var(--card); border: 2px solid var(--card); text-transform: uppercase; }
header b { display: block; line-height: 1.2; }
header small, .when, .likes small { color: var(--soft); font-size: 12px; }
.slides { display: flex; overflow-x: auto; scroll-snap-type: x mandatory; scrollbar-width: none; background: #000; }
.slides::-webkit-scrollbar { display: none; }
figure { position: relative; flex: 0 0 100%; scroll-snap-align: start; scroll-snap-stop: always; }
figure img { display: block; width: 100%; height: auto; }
figure span { position: absolute; top: 12px; right: 12px; padding: 3px 10px; border-radius: 20px; font-size: 12px;
  background: rgb(0 0 0 / .6); color: #fff; }
nav { display: flex; justify-content: center; gap: 6px; padding: 10px 0 0; }
nav a { width: 8px; height: 8px; border-radius: 50%; background: var(--line); }
nav a:first-child { background: var(--here); }
.tools { display: flex; gap: 14px; padding: 6px 14px 8px; }
.tools svg { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round;
  stroke-linecap: round; }
.tools svg:last-child { margin-left: auto; }
.text { padding: 0 14px 14px; white-space: pre-line; overflow-wrap: anywhere; }
.text i { font-style: normal; color: var(--tag); }
.when { padding: 0 14px 14px; text-transform: uppercase; letter-spacing: .02em; }
aside { width: min(420px, 100%); display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
section { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px; }
h2 { font-size: 15px; margin-bottom: 8px; }
.warn { background: var(--warnbg); color: var(--warn); border-color: currentColor; }
table { width: 100%; border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 8px 3px 0; border-bottom: 1px solid var(--line); }
td:nth-child(3), th:nth-child(3) { text-align: right; }
ol { padding-left: 20px; font-size: 13px; }
"""
_TOOLS: Final = (
    "M12 20C6 16 3 13 3 9a4.5 4.5 0 0 1 9-1.5A4.5 4.5 0 0 1 21 9c0 4-3 7-9 11z",
    "M4 19.5 5.2 16A8.3 8.3 0 1 1 8 18.7z",
    "M21 3 3 9.5l7 3.2L21 3l-6.5 18-4.3-8.2",
    "M6 3.5h12v17l-6-5-6 5z",
)
"""Like, answer, send, keep: drawn here."""


def preview(state: CarouselState, pictures: Sequence[GeneratedImage], *, account: str = "your account") -> str:
    """The file; `pictures` are the slides' in their order. What is not made yet is left out."""
    title = escape(state.plan.topic)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}{_marks()}</style>\n</head>\n<body>\n"
        f"{_post(state, pictures, account)}\n{_beside(state)}\n</body>\n</html>\n"
    )


def _marks() -> str:
    """The dot of the slide that was chosen; up to ten, and the first one while none is."""
    return "\n".join(
        f"article:has(#slide-{n}:target) nav a {{ background: var(--line); }}\n"
        f"article:has(#slide-{n}:target) nav a:nth-child({n}) {{ background: var(--here); }}"
        for n in range(1, 11)
    )


def _post(state: CarouselState, pictures: Sequence[GeneratedImage], account: str) -> str:
    name = escape(account)
    note = "AI info" if state.ai_generated else ""
    when = f"Published {state.done[-1].at:%Y-%m-%d %H:%M} UTC" if state.post is not None else "Draft: not published"
    dots = "".join(f'<a href="#slide-{n}" aria-label="Slide {n}"></a>' for n in range(1, len(pictures) + 1))
    tools = "".join(f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>' for path in _TOOLS)
    figures = "".join(_figure(state, picture, number) for number, picture in enumerate(pictures, 1))
    return (
        f'<article>\n<header><div class="face"><span>{escape(account[:1])}</span></div>'
        f"<div><b>{name}</b><small>{note}</small></div></header>\n"
        f'<div class="slides" tabindex="0" aria-label="Slides">{figures}</div>\n<nav>{dots}</nav>\n'
        f'<div class="tools">{tools}</div>\n<p class="text"><b>{name}</b> {_caption(state)}</p>\n'
        f'<p class="when">{when}</p>\n</article>'
    )


def _figure(state: CarouselState, picture: GeneratedImage, number: int) -> str:
    slide = state.slides[number - 1] if number <= len(state.slides) else None
    data = base64.b64encode(picture.data).decode()
    return (
        f'<figure id="slide-{number}"><img src="data:{escape(picture.media_type)};base64,{data}" '
        f'width="{picture.width}" height="{picture.height}" alt="{escape(_alt(slide))}">'
        f"<span>{number}/{state.plan.slides}</span></figure>"
    )


def _alt(slide: Slide | None) -> str:
    return slide.alt_text if slide is not None else ""


def _caption(state: CarouselState) -> str:
    if state.caption is None:
        return ""
    lines = post_text(state.hooks[0] if state.hooks else "", state.caption).split(" ")
    return " ".join(_word(word) for word in lines)


def _word(word: str) -> str:
    """A hashtag in its colour; everything else as it is, escaped."""
    head, sign, tag = word.rpartition("#")
    return f"{escape(head)}<i>#{escape(tag)}</i>" if sign and tag else escape(word)


def _beside(state: CarouselState) -> str:
    """What a post does not show: what is degraded, the slides' texts, and who made what."""
    parts = []
    if state.degraded:
        told = "".join(f"<li>{escape(part)}</li>" for part in state.degraded)
        parts.append(f'<section class="warn"><h2>Degraded</h2><ol>{told}</ol></section>')
    texts = "".join(
        f"<li><b>{escape(slide.headline)}</b><br>{escape(slide.body)}</li>"
        for slide in state.slides
        if slide is not None
    )
    parts.append(f"<section><h2>What the slides say</h2><ol>{texts}</ol></section>")
    rows = "".join(
        f"<tr><td>{escape(each.step)}</td><td>{escape(each.by)}</td><td>{each.attempts}</td>"
        f"<td>{escape(each.cause or '')}</td></tr>"
        for each in state.done
    )
    currency = state.plan.money.currency if state.plan.money is not None else "USD"
    parts.append(
        f"<section><h2>Made by &middot; {state.spent:.2f} {escape(currency)}</h2><table><tr><th>step</th><th>by</th>"
        f"<th>calls</th><th>because of</th></tr>{rows}</table></section>"
    )
    return f"<aside>{''.join(parts)}</aside>"


__all__ = ["preview"]
