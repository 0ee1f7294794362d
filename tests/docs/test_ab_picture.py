"""The picture of the page on A/B tests is the one that its script draws."""

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
    """docs/_generate/ab_picture.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("ab_picture", TOP / "docs/_generate/ab_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_fresh(script: Any) -> None:
    """`python docs/_generate/ab_picture.py` would change nothing but a last digit, which machines round differently."""
    drawn, kept = script.picture(), script.TARGET.read_text("utf8")
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept), "run python docs/_generate/ab_picture.py"
    pairs = zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.11


def test_the_picture_is_whole(script: Any) -> None:
    """Well-formed, on its page, with the verdict of the file."""
    root = ET.fromstring(script.picture())
    words = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "winner: promise" in words
    assert {"after 7 days", "after 28 days"} <= set(words)
    for each in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(each.attrib["x"]) <= script.WIDTH
        assert 0 <= float(each.attrib["y"]) <= script.HEIGHT
