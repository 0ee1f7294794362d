"""A server in another process that answers the same bytes to all: `python -m benchmarks.canned` prints its port."""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

CAMPAIGN = {
    "advertiser_id": "7000000000000000001",
    "campaign_name": "Spring sale bs-2ppco6a2elefojni",
    "objective_type": "TRAFFIC",
    "budget_mode": "BUDGET_MODE_DAY",
    "budget": 100.0,
    "operation_status": "DISABLE",
    "secondary_status": "CAMPAIGN_STATUS_DISABLE",
    "create_time": "2026-01-01 00:00:00",
    "modify_time": "2026-01-01 00:00:00",
    "campaign_automation_type": "MANUAL",
}
ACCOUNT = {
    "advertiser_id": "7000000000000000001",
    "name": "Canned",
    "currency": "USD",
    "timezone": "UTC",
    "display_timezone": "UTC",
    "status": "STATUS_ENABLE",
    "balance": 1000.0,
}


def envelope(rows: list[dict[str, object]]) -> bytes:
    """TikTok's answer with these rows."""
    info = {"page": 1, "page_size": 1000, "total_number": len(rows), "total_page": 1}
    body = {"code": 0, "message": "OK", "request_id": "2026", "data": {"list": rows, "page_info": info}}
    return json.dumps(body).encode()


def campaigns(count: int) -> bytes:
    """A page of campaigns."""
    return envelope([{**CAMPAIGN, "campaign_id": str(1800001000000000000 + number)} for number in range(count)])


ONE, HUNDRED, INFO = campaigns(1), campaigns(100), envelope([ACCOUNT])


async def answer(request: web.Request) -> web.Response:
    """One campaign if ids are asked for, else a hundred."""
    body = INFO if "advertiser/info" in request.path else ONE if "campaign_ids" in request.query_string else HUNDRED
    return web.Response(body=body, content_type="application/json")


async def main() -> None:
    """Serve until the parent closes our standard input."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
