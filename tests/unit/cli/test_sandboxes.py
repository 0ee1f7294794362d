"""`backstay sandbox` finds every simulator that says that it can be served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from backstay.cli import sandboxes, serving
from backstay.cli.app import announce, app
from backstay.cli.sandboxes import find_sandboxes, make_sandboxes
from backstay.errors import InvalidRequestError
from backstay.sandbox import serve

runner = CliRunner()


def test_simulators_are_found_by_their_folder() -> None:
    """TikTok and Meta, each with accounts and a token; one of them, when only it is asked for."""
    found = find_sandboxes()
    assert {"meta", "tiktok"} <= set(found)
    assert all(module.ACCOUNTS and module.TOKEN for module in found.values())
    assert list(find_sandboxes(["meta"])) == ["meta"]


@pytest.mark.parametrize("name", ["nobody", "cli", ""])
def test_an_unknown_vendor_is_refused(name: str) -> None:
    """The field, the value, and the vendors that there are."""
    with pytest.raises(InvalidRequestError) as caught:
        find_sandboxes([name])
    assert (caught.value.field, caught.value.value) == ("vendor", name)
    assert "tiktok" in str(caught.value.hint)


def test_a_vendor_whose_extra_is_missing_is_left_out_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its absence does not stop the others; asked for by name, it says what it needs."""
    real = sandboxes.importlib.import_module

    def load(name: str) -> Any:
        if name == "backstay_adapters.meta.sandbox":
            message = "No module named 'vendor_sdk'"
            raise ModuleNotFoundError(message)
        return real(name)

    monkeypatch.setattr(sandboxes.importlib, "import_module", load)
    assert "meta" not in find_sandboxes()
    assert "tiktok" in find_sandboxes()
    with pytest.raises(InvalidRequestError) as caught:
        find_sandboxes(["meta"])
    assert "vendor_sdk" in str(caught.value.hint)


def test_a_tier_goes_to_the_vendors_that_know_it() -> None:
    """TikTok's word limits TikTok; a word of nobody's is refused; each has a fault plan of its own."""
    made: dict[str, Any] = dict(make_sandboxes(find_sandboxes(["meta", "tiktok"]), "storm", 3, "basic"))
    assert (made["tiktok"].tier, made["meta"].tier) == ("basic", None)
    assert made["tiktok"].faults is not made["meta"].faults
    assert make_sandboxes(find_sandboxes(["meta"]), "calm", 3, "limited")["meta"].world.seed == 3
    with pytest.raises(InvalidRequestError) as caught:
        make_sandboxes(find_sandboxes(["meta"]), "calm", 3, "basic")
    assert caught.value.field == "tier"


async def test_what_is_announced_is_enough_to_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses, accounts and tokens of all vendors; as JSON and as text."""
    modules = find_sandboxes(["meta", "tiktok"])
    async with serve(make_sandboxes(modules, "calm", 0, "")) as served:
        told = serving.facts(modules, served, "calm")
    assert told["vendors"]["meta"]["url"].endswith("/meta")
    assert told["vendors"]["tiktok"]["accounts"][0] == "7000000000000000001"
    announce(as_json=True)(told)
    assert json.loads(capsys.readouterr().out) == told
    announce(as_json=False)(told)


def test_the_command_refuses_a_vendor_that_is_not_there() -> None:
    """Exit status 2, with the field, the value and the cure."""
    result = runner.invoke(app, ["sandbox", "--vendor", "nobody"])
    assert result.exit_code == 2
    assert all(word in result.stderr for word in ("vendor", "nobody", "tiktok"))
