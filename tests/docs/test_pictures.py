"""The pictures of the services' pages are those that their scripts draw, and show what the pages say."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

TOP = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"-?\d+\.?\d*")
SVG = "{http://www.w3.org/2000/svg}"
ALL = ("ab", "budgets", "campaigns", "rules")


@functools.cache
def script(name: str) -> Any:
    """docs/_generate/NAME_picture.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location(f"{name}_picture", TOP / f"docs/_generate/{name}_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@functools.cache
def picture(name: str) -> str:
    """What the script draws now."""
    drawn: str = script(name).picture()
    return drawn


def words(name: str) -> list[str]:
    """The texts of a picture."""
    return [each.text or "" for each in ET.fromstring(picture(name)).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", ALL)
def test_the_picture_is_fresh(name: str) -> None:
    """Its script would change nothing but a last digit, which machines round differently."""
    drawn, kept = picture(name), script(name).TARGET.read_text("utf8")
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept), f"run python docs/_generate/{name}_picture.py"
    pairs = zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.11


@pytest.mark.parametrize("name", ["ab", "budgets"])
def test_its_texts_are_on_the_page(name: str) -> None:
    """None is drawn beyond the edge."""
    for each in ET.fromstring(picture(name)).iter(f"{SVG}text"):
        assert 0 <= float(each.attrib["x"]) <= script(name).WIDTH
        assert 0 <= float(each.attrib["y"]) <= script(name).HEIGHT


def test_the_picture_of_a_test_has_its_verdict() -> None:
    """The verdict of the file, and the looks on the way to it."""
    assert {"winner: promise", "after 7 days", "after 28 days"} <= set(words("ab"))


def test_the_picture_of_budgets_is_whole() -> None:
    """Each campaign, both divisions of the total, and equal slopes of those that run."""
    shown = words("budgets")
    assert {"search", "video", "display", "now", "new", "search 70.00", "display 70.00"} <= set(shown)
    slopes = [each for each in shown if each.endswith("for one more")]
    assert len(slopes) == 2
    assert len(set(slopes)) == 1


def test_the_picture_of_budgets_can_be_read_in_light_and_dark() -> None:
    """Every colour that is drawn with has another one for the dark, and the ground has one too."""
    root, dark = ET.fromstring(picture("budgets")), script("budgets").DARK
    used = {each.attrib[what] for each in root.iter() for what in ("fill", "stroke") if what in each.attrib} - {"none"}
    assert used == set(dark)
    style = root.find(f"{SVG}style")
    assert style is not None
    assert all(f'[fill="{light}"]{{fill:{other}}}' in (style.text or "") for light, other in dark.items())


def test_the_picture_of_campaigns_shows_what_the_page_says() -> None:
    """Trees first, then running ones; above what the spec adds up to by somebody else only; then nothing."""
    moments = script("campaigns").played()
    assert [each.what for each in moments[:6]] == ["create"] * 3 + ["activate"] * 3
    assert [each.running for each in moments if each.running > 300] == [380]
    assert [each.what for each in moments if each.running > 300] == ["somebody"]
    assert moments[-1].running == 0


def test_the_picture_of_rules_shows_what_the_page_says() -> None:
    """One pause above the upper threshold, one resume below the lower, raises cut by the day's limit."""
    assert {"pause", "resume"} <= set(words("rules"))
    hours = script("rules").played()
    (off,) = script("rules").pauses(hours)
    assert hours[off[0]].cost > 10 > hours[off[0] - 1].cost
    assert hours[off[1]].cost < 8 < hours[off[1] - 1].cost
    assert {each.held for each in hours} == {None, "cool_down", "max_change_per_day"}
    assert max(each.budget for each in hours) == 180
