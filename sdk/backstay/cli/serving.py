"""`backstay sandbox`: the simulators on a loopback port until somebody stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backstay.cli.sandboxes import find_sandboxes, make_sandboxes
from backstay.sandbox import Served, serve


def serve_until_stopped(
    *,
    host: str,
    port: int,
    faults: str,
    seed: int,
    tier: str,
    announce: Callable[[dict[str, Any]], None],
    vendors: Iterable[str] = (),
) -> None:
    """Serve; returns when the process is interrupted.

    Raises:
        InvalidRequestError: a bad fault plan, an address that is not loopback, an unknown vendor or tier.
    """
    modules = find_sandboxes(vendors)
    simulators = make_sandboxes(modules, faults, seed, tier)

    async def serving() -> None:
        async with serve(simulators, host, port) as served:
            announce(facts(modules, served, faults))
            await asyncio.Event().wait()

    asyncio.run(serving())


def facts(modules: Mapping[str, Any], served: Served, faults: str) -> dict[str, Any]:
    """What a caller must know: addresses, accounts and tokens."""
    vendors = {
        name: {"url": served.urls[name], "accounts": list(module.ACCOUNTS), "token": module.TOKEN}
        for name, module in modules.items()
    }
    return {"urls": dict(served.urls), "admin": served.admin_url, "faults": faults, "vendors": vendors}
