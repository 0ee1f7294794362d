"""The picture of the page on budgets is the one that its script draws."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def script() -> Any:
    """docs/_generate/budgets_picture.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("budgets_picture", TOP / "docs/_generate/budgets_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_fresh(script: Any) -> None:
    """The script would change nothing but a last digit, which machines round differently."""
    drawn, kept = script.picture(), script.TARGET.read_text("utf8")
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept), "run python docs/_generate/budgets_picture.py"
    pairs = zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.11


def test_the_picture_is_whole(script: Any) -> None:
    """Well-formed, on its page, with each campaign, both divisions of the total, and equal slopes of those that run."""
    root = ET.fromstring(script.picture())
    words = [each.text or "" for each in root.iter(f"{SVG}text")]
    assert {"search", "video", "display", "now", "new", "search 70.00", "display 70.00"} <= set(words)
    slopes = [each for each in words if each.endswith("for one more")]
    assert len(slopes) == 2
    assert len(set(slopes)) == 1
    for each in root.iter(f"{SVG}text"):
        assert 0 <= float(each.attrib["x"]) <= script.WIDTH
        assert 0 <= float(each.attrib["y"]) <= script.HEIGHT


def test_the_picture_can_be_read_in_light_and_dark(script: Any) -> None:
    """Every colour that is drawn with has another one for the dark, and the ground has one too."""
    drawn = script.picture()
    root = ET.fromstring(drawn)
    used = {each.attrib[what] for each in root.iter() for what in ("fill", "stroke") if what in each.attrib} - {"none"}
    assert used == set(script.DARK)
    style = root.find(f"{SVG}style")
    assert style is not None
    assert all(f'[fill="{light}"]{{fill:{dark}}}' in (style.text or "") for light, dark in script.DARK.items())
