"""The picture of the page on rules is the one that its script draws."""

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


@pytest.fixture(scope="module")
def script() -> Any:
    """docs/_generate/rules_picture.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("rules_picture", TOP / "docs/_generate/rules_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_fresh(script: Any) -> None:
    """`python docs/_generate/rules_picture.py` would change nothing but a last digit, rounded differently."""
    drawn, kept = script.picture(), script.TARGET.read_text("utf8")
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept), "run python docs/_generate/rules_picture.py"
    pairs = zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.11


def test_the_picture_shows_what_the_page_says(script: Any) -> None:
    """Well-formed; one pause above the upper threshold, one resume below the lower, raises cut by the day's limit."""
    words = [each.text or "" for each in ET.fromstring(script.picture()).iter("{http://www.w3.org/2000/svg}text")]
    assert {"pause", "resume"} <= set(words)
    hours = script.played()
    (off,) = script.pauses(hours)
    assert hours[off[0]].cost > 10 > hours[off[0] - 1].cost
    assert hours[off[1]].cost < 8 < hours[off[1] - 1].cost
    assert {each.held for each in hours} == {None, "cool_down", "max_change_per_day"}
    assert max(each.budget for each in hours) == 180
