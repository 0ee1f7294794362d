"""The page that maps the requirements' names to ours names things that exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs/requirement-names.md").read_text("utf8")
OURS = sorted(set(re.findall(r"`(backstay(?:\.\w+)+)", PAGE)))
SAME = [name for line in PAGE.splitlines() if "| the same names |" in line for name in re.findall(r"`(\w+)`", line)]


@pytest.mark.parametrize("dotted", OURS)
def test_a_name_of_ours_can_be_imported(dotted: str) -> None:
    """Module and attribute, as written."""
    try:
        importlib.import_module(dotted)
    except ImportError:
        module, _, name = dotted.rpartition(".")
        assert hasattr(importlib.import_module(module), name)


def test_the_same_names_are_the_same() -> None:
    """Rows that say "the same names" are right about each of them."""
    errors = importlib.import_module("backstay.errors")
    assert len(SAME) >= 12
    assert [name for name in SAME if not hasattr(errors, name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "RetryStrategy", "retry_async", "RetryConfig", "retry_with_exponential_backoff", "is_transient_error",
        "external_api_retry", "api_retry", "database_retry", "TimeoutConfig", "create_error_response", "log_error",
        "FallbackManager", "CacheManager", "with_rate_limit", "CampaignAutomationErrorHandler", "VideoSystemError",
    ],
)  # fmt: skip
def test_every_name_of_the_requirements_has_its_row(name: str) -> None:
    """Who knows the requirements finds us."""
    assert any(name in line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| "))
