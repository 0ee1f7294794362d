"""The picture of the page on campaigns is the one that its script draws, from what happens on simulators."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"-?\d+\.?\d*")


@pytest.fixture(scope="module")
def script() -> Any:
    """docs/_generate/campaigns_picture.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("campaigns_picture", TOP / "docs/_generate/campaigns_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_fresh(script: Any) -> None:
    """`python docs/_generate/campaigns_picture.py` would change nothing but a last digit, rounded differently."""
    drawn, kept = script.picture(), script.TARGET.read_text("utf8")
    assert NUMBER.sub("#", drawn) == NUMBER.sub("#", kept), "run python docs/_generate/campaigns_picture.py"
    pairs = zip(NUMBER.findall(drawn), NUMBER.findall(kept), strict=True)
    assert max(abs(float(a) - float(b)) for a, b in pairs) <= 0.11


def test_the_picture_shows_what_the_page_says(script: Any) -> None:
    """Trees first, then running ones; above what the spec adds up to by somebody else only; then nothing."""
    moments = script.played()
    assert [each.what for each in moments[:6]] == ["create"] * 3 + ["activate"] * 3
    assert [each.running for each in moments if each.running > 300] == [380]
    assert [each.what for each in moments if each.running > 300] == ["somebody"]
    assert moments[-1].running == 0
