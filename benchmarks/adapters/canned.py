"""A server in another process with the same bytes for all; `python -m benchmarks.adapters.canned` prints its port.

It speaks TikTok's wire under `/open_api/` and Graph's under `/v26.0/`, over plain HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

from aiohttp import web

FIRST = 1800001000000000000
"""The first id of what is listed."""

# TikTok -------------------------------------------------------------------------------------------------------------

ADVERTISER = "7000000000000000001"
TIKTOK = {
    "advertiser_id": ADVERTISER,
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
TIKTOK_ACCOUNT = {
    "advertiser_id": ADVERTISER,
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


def tiktok_campaigns(count: int) -> bytes:
    """A page of campaigns."""
    return envelope([{**TIKTOK, "campaign_id": str(FIRST + number)} for number in range(count)])


ONE, HUNDRED, INFO = tiktok_campaigns(1), tiktok_campaigns(100), envelope([TIKTOK_ACCOUNT])


async def tiktok(request: web.Request) -> web.Response:
    """One campaign if ids are asked for, else a hundred."""
    body = INFO if "advertiser/info" in request.path else ONE if "campaign_ids" in request.query_string else HUNDRED
    return web.Response(body=body, content_type="application/json")


# Meta ---------------------------------------------------------------------------------------------------------------

ACT = "act_700000000000001"
META = {
    "name": "Spring sale bs-2ppco6a2elefojni",
    "account_id": ACT.removeprefix("act_"),
    "objective": "OUTCOME_TRAFFIC",
    "status": "PAUSED",
    "effective_status": "PAUSED",
    "daily_budget": "10000",
    "lifetime_budget": "0",
    "budget_remaining": "10000",
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    "buying_type": "AUCTION",
    "special_ad_categories": [],
    "is_adset_budget_sharing_enabled": False,
    "start_time": "2026-01-01T00:00:00-0800",
    "created_time": "2026-01-01T00:00:00-0800",
    "updated_time": "2026-01-01T00:00:00-0800",
}
META_ACCOUNT = {
    "id": ACT,
    "account_id": ACT.removeprefix("act_"),
    "name": "Canned",
    "account_status": 1,
    "currency": "USD",
    "timezone_name": "America/Los_Angeles",
    "balance": "0",
    "spend_cap": "0",
    "amount_spent": "100",
    "min_daily_budget": "100",
}
USAGE = {
    "x-app-usage": '{"call_count":3,"total_cputime":1,"total_time":2}',
    "x-business-use-case-usage": json.dumps(
        {ACT.removeprefix("act_"): [{"type": "ads_management", "call_count": 3, "total_cputime": 1, "total_time": 2,
                                     "estimated_time_to_regain_access": 0, "ads_api_access_tier": "standard_access"}]}
    ),
    "x-ad-account-usage": '{"acc_id_util_pct":3.1,"reset_time_duration":0,"ads_api_access_tier":"standard_access"}',
    "x-fb-trace-id": "Canned1234",
    "x-fb-request-id": "AcaNNed-1234567890abcdef",
    "facebook-api-version": "v26.0",
}  # fmt: skip
"""What Graph says beside each answer."""


def meta_campaign(number: object) -> dict[str, object]:
    """A campaign with the fields that are asked for."""
    return {"id": str(number), **META}


META_ONE = json.dumps(meta_campaign("NUMBER")).encode()
META_HUNDRED = json.dumps(
    {
        "data": [meta_campaign(FIRST + number) for number in range(100)],
        "paging": {"cursors": {"before": "a", "after": "b"}},
    }
).encode()
META_NONE = b'{"data":[]}'
META_INFO = json.dumps(META_ACCOUNT).encode()
_made = itertools.count(FIRST)


async def meta(request: web.Request) -> web.Response:
    """What was made, an account, a hundred campaigns, none of a name that is looked for, or the one of an id.

    A create is answered with its id, or, if it asks for fields, with the campaign.
    """
    path = request.path
    if request.method == "POST":
        made = b"%d" % next(_made)
        body = META_ONE.replace(b"NUMBER", made) if b"fields=" in await request.read() else b'{"id":"%b"}' % made
    elif path.endswith("/campaigns"):
        body = META_NONE if "filtering" in request.query_string else META_HUNDRED
    elif path.endswith(ACT):
        body = META_INFO
    else:
        body = META_ONE.replace(b"NUMBER", path.rpartition("/")[2].encode())
    return web.Response(body=body, content_type="application/json", headers=USAGE)


# Serving ------------------------------------------------------------------------------------------------------------


async def main() -> None:
    """Serve until the parent closes our standard input."""
    app = web.Application()
    app.router.add_route("*", "/open_api/{tail:.*}", tiktok)
    app.router.add_route("*", "/v26.0/{tail:.*}", meta)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    announce(runner.addresses[0][1])
    await closed()


def announce(port: int) -> None:
    """Tell the parent where we listen."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


async def closed() -> None:
    """Wait until the parent closes our standard input."""
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def child(module: str, named: Callable[[str], str]) -> Iterator[str]:
    """A server of this kind in its own process; what `named` makes of its port."""
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield named(process.stdout.readline().strip())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(main())
