"""A sandbox that can be overloaded: `python -m benchmarks.faults.real.server VENDOR [TIER]` prints its address.

`POST /_bench/begin` starts the time of a run and may name a capacity: so many calls at once take so many seconds each,
more of them longer. `GET /_bench/seen` gives the moments at which calls came.
"""

from __future__ import annotations

import asyncio
import json
import sys
from types import MappingProxyType
from typing import Any

from aiohttp import web

from backstay.cli.sandboxes import find_sandboxes, make_sandboxes
from backstay.clock import SystemClock
from backstay.sandbox.server import Shell


class Weak(Shell):
    """A shell whose answers take longer the more of them are asked for at once."""

    def __init__(self, *facts: Any) -> None:
        super().__init__(*facts)
        self.began = 0.0
        self.capacity: dict[str, float] = {}
        self.seen: list[float] = []
        self.in_flight = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Our own routes, administration, or the vendor."""
        if request.path == "/_bench/begin":
            self.began, self.seen, self.capacity = self.clock.monotonic(), [], await request.json()
            return web.json_response({})
        if request.path == "/_bench/seen":
            return web.json_response(self.seen)
        if request.path.startswith("/_"):
            return await self.handle(request)
        self.seen.append(self.clock.monotonic() - self.began)
        self.in_flight += 1
        try:
            await asyncio.sleep(self.strain())
            return await self.handle(request)
        finally:
            self.in_flight -= 1

    def strain(self) -> float:
        """Seconds that a call takes now."""
        capacity = self.capacity
        if not capacity:
            return 0.02
        load, moment = self.in_flight / capacity["places"], self.clock.monotonic() - self.began
        slower = capacity["slower"] if capacity["start"] <= moment < capacity["end"] else 1.0
        return capacity["seconds"] * slower * max(1.0, load * (1 + 0.01 * (load - 1)))


async def main(vendor: str, tier: str) -> None:
    """Serve until the process is ended."""
    shell = Weak(MappingProxyType(make_sandboxes(find_sandboxes((vendor,)), "calm", 1, tier)), SystemClock())
    for simulator in shell.simulators.values():
        simulator.faults = None
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", shell.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}"}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
