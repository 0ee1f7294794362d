"""Adapters for every account of a running sandbox, whatever it speaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backstay.cli.journal import connected
from backstay.cli.sandboxes import find_sandboxes, make_sandboxes
from backstay.cli.services_live import live
from backstay.cli.serving import serve_rpcs
from backstay.errors import InvalidRequestError
from backstay.runtime import Runtime
from backstay.sandbox import serve


def test_services_on_ads_get_ad_platforms_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of vendors that write texts are no platform, and that is said; with one beside them, that one is taken."""

    async def vendors() -> set[str]:
        async with live(None, None, str(tmp_path)) as where:
            return {each.vendor for each in where.adapters}

    monkeypatch.setenv("ANTHROPIC_API_KEY", "sandbox-claude-key")
    with pytest.raises(InvalidRequestError) as caught:
        asyncio.run(vendors())
    assert (caught.value.field, caught.value.value) == ("environment", "claude")
    monkeypatch.setenv("META_ACCESS_TOKEN", "sandbox-token")
    monkeypatch.setenv("META_AD_ACCOUNT_ID", "act_1")
    assert asyncio.run(vendors()) == {"meta"}


def test_every_account_of_a_whole_sandbox_is_connected(tmp_path: Path) -> None:
    """All vendors, those on a port for gRPC among them; who has another address than a vendor's is left out."""

    async def play() -> None:
        modules = find_sandboxes()
        simulators = make_sandboxes(modules, "calm", 3, "")
        runtime = Runtime(state=tmp_path, listeners=())
        async with (
            serve(simulators) as served,
            serve_rpcs(simulators, served),
            connected(runtime, served.admin_url, keys=True) as adapters,
        ):
            assert {each.vendor for each in adapters} == set(modules) - {"mcp", "s3"}
            ads = [each for each in adapters if hasattr(each, "get_account")]
            assert {"tiktok", "meta", "google_ads"} <= {each.vendor for each in ads}
            for each in ads:
                assert (await each.get_account(max_age=0)).currency
        await runtime.aclose()

    asyncio.run(play())
