"""`backstay sandbox`: the simulators on a loopback port until somebody stops them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from backstay.sandbox import load_faults, serve


def serve_until_stopped(
    *, host: str, port: int, faults: str, seed: int, tier: str, announce: Callable[[dict[str, Any]], None]
) -> None:
    """Serve; returns when the process is interrupted.

    Raises:
        InvalidRequestError: a bad fault plan, an address that is not loopback, an unknown tier.
    """
    sandbox = importlib.import_module("backstay_adapters.tiktok.sandbox")
    options = {"tier": tier} if tier else {}
    simulator = sandbox.TikTokSandbox(seed=seed, faults=load_faults(faults, seed), **options)

    async def serving() -> None:
        async with serve({"tiktok": simulator}, host, port) as served:
            announce(
                {
                    "urls": dict(served.urls),
                    "admin": served.admin_url,
                    "advertiser_id": sandbox.ADVERTISERS[0],
                    "token": sandbox.TOKEN,
                    "faults": simulator.faults.name,
                }
            )
            await asyncio.Event().wait()

    asyncio.run(serving())
