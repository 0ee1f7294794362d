"""`backstay services carousel`: a file made, shown, published once, and what is wrong in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.cli import carousel_commands
from backstay.cli.app import app
from backstay.cli.services_live import SERVICES, Live
from backstay.content import ContentCapabilities
from backstay.content import ContentCapability as Can
from backstay.runtime import Runtime
from backstay.services.carousel import CarouselPlan
from backstay.services.carousel.file import CarouselFile
from tests.support.studio import Maker, Poster, World

FILE = "id: embeddings\ntopic: How vector embeddings work\nslides: 2\nmoney: 3.00 USD\nby: {text: [maker]}\n"
CALLS = Counter(research=1, text=5, image=2)


class Place:
    """A folder with a file, and vendors in memory instead of those of the environment."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.world = folder, World()
        self.file = folder / "carousel.yaml"
        self.file.write_text(FILE, "utf8")
        self.left_out: set[str] = set()
        monkeypatch.setattr(carousel_commands, "live", self.live)

    @asynccontextmanager
    async def live(self, *_: Any, **__: Any) -> AsyncIterator[Live]:
        runtime = Runtime.in_memory(listeners=())
        there = {"maker": Maker(self.world, runtime), "poster": Poster(self.world)}
        yield Live(
            [each for name, each in there.items() if name not in self.left_out], self.folder / "state" / SERVICES
        )

    def __call__(self, *arguments: str, media: bool = True) -> Any:
        """The command; with `--json` its body."""
        place = ["--folder", str(self.folder / "state")]
        place += ["--media", str(self.folder / "media"), "--address", "https://media.example.com"] if media else []
        result: Any = CliRunner().invoke(app, ["services", "carousel", str(self.file), *arguments, *place])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        result.body = json.loads(result.stdout) if "--json" in arguments and result.stdout else None
        return result


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_it_is_shown_prepared_and_published_once(place: Place) -> None:
    """Nothing is asked to show it; a second publishing pays for nothing and gives the same post."""
    assert place("show", "--json").body["made"] == 0
    assert place.world.paid == Counter()
    assert (place("prepare", "--json").body["made"], place.world.posts) == (10, {})
    body = place("publish", "--json").body
    assert (body["made"], body["of"], body["post"]["id"]) == (11, 11, "post-1")
    assert place("publish", "--json").body == body
    assert place("show", "--json").body == body
    assert (place.world.paid, place.world.published) == (CALLS, 1)
    assert len(list((place.folder / "media").rglob("*.png"))) == 2


def test_it_is_shown_to_people(place: Place) -> None:
    """Who did each step, and where the post is."""
    result = place("publish")
    assert result.exit_code == 0
    for words in ("embeddings: 11 of 11 steps", "slide 2", "maker", "post-1"):
        assert words in result.stdout


def test_a_preview_is_written(place: Place) -> None:
    """From the state alone; a place that cannot be written is refused."""
    place("prepare")
    page = place.folder / "page.html"
    assert place("show", "--preview", str(page)).exit_code == 0
    assert page.read_text("utf8").count("data:image/png;base64,") == 2
    bad = place("show", "--preview", str(place.folder / "no" / "page.html"))
    assert (bad.exit_code, "--preview" in bad.stderr) == (2, True)


def test_what_is_degraded_needs_a_word(place: Place) -> None:
    """Refused without --allow-degraded; remake drops it."""
    place.world.script["says"] = ["no JSON", "still none"]
    refused = place("publish")
    assert (refused.exit_code, "allow_degraded" in refused.stderr) == (2, True)
    assert place("show", "--json").body["degraded"]
    assert place("remake", "--json").body["degraded"] == []
    assert place("publish", "--allow-degraded", "--json").body["post"]["id"] == "post-1"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("slides: 2", "slides: 1", ("line 3", "slides")),
        ("slides: 2", "slydes: 2", ("line 3", "slydes", "did you mean slides")),
        ("by: {text: [maker]}", "by: {text: [claude]}", ("by.text", "claude", "one of maker")),
        ("by: {text: [maker]}", "by: {texts: [maker]}", ("line 5", "texts")),
        ("by: {text: [maker]}", "by: maker", ("by",)),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(place: Place, old: str, new: str, words: Any) -> None:
    """Line, field and cure; nothing is asked."""
    place.file.write_text(FILE.replace(old, new), "utf8")
    result = place("publish")
    said = result.stderr.replace("\n", " ")
    assert result.exit_code == 2
    assert all(word in said for word in words), said
    assert place.world.paid == Counter()


@pytest.mark.parametrize("name", ["maker", "poster"])
def test_a_part_that_nobody_can_do_is_refused(place: Place, name: str) -> None:
    """With the cure."""
    place.left_out = {name}
    result = place("prepare")
    assert (result.exit_code, "backstay doctor" in result.stderr.replace("\n", " ")) == (2, True)


def test_pictures_need_a_place(place: Place) -> None:
    """A folder and its address, or a host in the environment."""
    result = place("prepare", media=False)
    assert (result.exit_code, "--media" in result.stderr) == (2, True)


def test_all_that_can_do_a_part_stand_in_for_each_other() -> None:
    """In the order of the adapters, or as the file says; one alone is taken as it is."""
    runtime = Runtime.in_memory(listeners=())

    class Second(Maker):
        @property
        def capabilities(self) -> ContentCapabilities:
            return ContentCapabilities.of("second", Can.TEXT, Can.HOST)

    first, second, poster = Maker(World(), runtime), Second(World(), runtime), Poster(World())
    plan = CarouselPlan(id="x", topic="y")
    found = carousel_commands.cast(CarouselFile(plan=plan), [first, second, poster, object()], (None, None))
    assert repr(found["text"]) == "Fallback(maker, second)"
    assert (found["images"], found["publisher"], found["host"]) == (first, poster, second)
    turned = CarouselFile(plan=plan, by={"text": ("second", "maker")})
    found = carousel_commands.cast(turned, [first, second, poster], (None, None))
    assert repr(found["text"]) == "Fallback(second, maker)"
