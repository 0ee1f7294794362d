"""Constructor arguments of the wrong kind: refused with field and cure, never with a bare TypeError."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay_adapters.mcp import MCPTools
from tests.support.harbour import Bench


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "ftp://x"), ("url", 5), ("url", "https://x:99999"), ("mode", [])],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_refused(field: str, value: Any) -> None:
    """Before anything is opened or sent."""
    with pytest.raises(InvalidRequestError) as caught:
        MCPTools(**{field: value})
    assert (caught.value.field, caught.value.value) == (field, value)
    assert caught.value.hint


def test_a_command_in_one_text_is_refused() -> None:
    """It would be run letter by letter; what is in it may be a secret."""
    with pytest.raises(InvalidRequestError) as caught:
        MCPTools(command="server --key hush")
    assert caught.value.field == "command"
    assert "shlex" in (caught.value.hint or "")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("arguments", ["Kiel", ["Kiel"], 5, {5: "Kiel"}])
def test_arguments_that_are_no_object_are_refused(arguments: Any) -> None:
    """Before the tool is even looked for."""
    bench = Bench()
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(bench.tools.call_tool("wind", arguments))
    assert caught.value.field == "arguments"
    assert not bench.transport.requests


@pytest.mark.parametrize("field", ["effects", "looks", "headers", "environment"])
def test_settings_by_name_that_are_no_mapping_are_refused(field: str) -> None:
    """By their kind only: headers hold secrets."""
    wrong: Any = [("authorization", "hush")]
    with pytest.raises(InvalidRequestError) as caught:
        MCPTools("https://x/mcp", **{field: wrong})
    assert caught.value.field == field
    assert "hush" not in f"{caught.value} {caught.value.value}"
