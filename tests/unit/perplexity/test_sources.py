"""Sources: marker [n] of an answer is the nth of them, so none may be lost or made up on the way."""

from __future__ import annotations

from typing import Any

import pytest

from backstay_adapters.perplexity.wire.read import sources_of


def test_a_page_that_was_found_twice_stays_twice() -> None:
    """Without `citations` the results are what markers count; [3] is the third of them."""
    rows = [{"url": "https://a"}, {"url": "https://a"}, {"url": "https://b", "title": "B"}]
    found = sources_of({"search_results": rows})
    assert [each.url for each in found] == ["https://a", "https://a", "https://b"]
    assert found[2].title == "B"


@pytest.mark.parametrize(
    "data",
    [
        {"search_results": [{"url": None, "title": "x"}, {"url": "https://b"}]},
        {"citations": [None, "https://b"]},
    ],
)
def test_a_source_without_an_address_keeps_its_place(data: dict[str, Any]) -> None:
    """It has no address then, and not the address "None"."""
    assert [each.url for each in sources_of(data)] == ["", "https://b"]


@pytest.mark.parametrize("odd", ["https://a", 5, {}, None])
def test_what_is_no_list_of_sources_is_none(odd: Any) -> None:
    """A text is not a list of letters."""
    assert sources_of({"citations": odd, "search_results": odd}) == ()
