"""The demo's post in a real browser: `./dev nox -s browser [-- --write]`.

Opens the preview in the Chromium of this machine, looks at what a person would look at, and with `--write` takes the
picture of docs/services/carousel.md. Playwright comes with the session; the browser does not: Debian, Ubuntu:
`apt install chromium`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

TARGET: Final = Path(__file__).resolve().parents[1] / "services" / "carousel.png"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
QUIET: Final = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LOADED: Final = "images => images.map(each => each.complete && each.naturalWidth > 0)"
WIDER: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
COLOUR: Final = "dot => getComputedStyle(dot).backgroundColor"
PAPER: Final = "getComputedStyle(document.body).backgroundColor"


def browser() -> str:
    """The first one that is here."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"no browser among: {', '.join(BROWSERS)}. Debian, Ubuntu: apt install chromium")
    return found


def look(page: Any, asked: list[str]) -> Iterator[str]:
    """What is wrong with what is seen."""
    pictures = page.locator("figure img")
    if pictures.count() < 2 or not all(pictures.evaluate_all(LOADED)):
        yield f"of {pictures.count()} pictures not all are shown"
    if not page.locator("article .text").is_visible():
        yield "no caption"
    page.locator("nav a").nth(1).click()
    page.wait_for_function("document.querySelector('.slides').scrollLeft > 100")
    first, second = (page.locator("nav a").nth(n).evaluate(COLOUR) for n in (0, 1))
    if first == second:
        yield "the dots do not tell which slide is shown"
    light = page.evaluate(PAPER)
    page.emulate_media(color_scheme="dark")
    if page.evaluate(PAPER) == light:
        yield "dark looks like light"
    page.emulate_media(color_scheme="light")
    for width in (360, 1000, 1400):  # a telephone, a window, a wide screen
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(WIDER):
            yield f"at {width} pixels the page is wider than its window"
    yield from (f"it fetches {url}" for url in asked if not url.startswith(("file:", "data:")))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("post", type=Path, help="the preview that `backstay demo --out FOLDER` has left")
    parser.add_argument("--write", action="store_true", help=f"take the picture for {TARGET.name}")
    chosen = parser.parse_args()
    asked: list[str] = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser(), args=[*QUIET, "--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1000, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(chosen.post.resolve().as_uri())
        wrongs = list(look(page, asked))
        if chosen.write and not wrongs:
            page.set_viewport_size({"width": 1000, "height": 800})
            page.goto(chosen.post.resolve().as_uri())
            page.screenshot(path=TARGET, full_page=True)
        chromium.close()
    sys.exit("\n".join(wrongs) or None)


if __name__ == "__main__":
    main()
