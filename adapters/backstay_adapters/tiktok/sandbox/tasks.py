"""/report/task/: the asynchronous report, ready after a while."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from backstay.sandbox.wire import Request
from backstay.sandbox.world import State, Thing
from backstay_adapters.tiktok.sandbox import report
from backstay_adapters.tiktok.sandbox.envelope import Data, Params, Refusal
from backstay_adapters.tiktok.sandbox.wirefile import File

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

FORMATS = ("CSV_STRING", "CSV_DOWNLOAD", "XLSX_DOWNLOAD")
LINK_LIVES = 3600.0
"""Seconds for which a download's address is good."""


def create(ctx: Ctx) -> Data:
    """POST /report/task/create/."""
    account = ctx.advertiser()
    report.ask(ctx.params)
    form = ctx.params.choice("output_format", FORMATS, "CSV_STRING")
    data = {"_asked": dict(ctx.params.data), "output_format": form}
    thing = ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level="report_task", data=data, spends=False
    )
    return {"task_id": thing.id}


def check(ctx: Ctx) -> Data:
    """GET /report/task/check/."""
    thing = _task(ctx, ctx.advertiser())
    message = {"SUCCESS": "Task finished.", "CANCELED": "Task canceled."}.get(_status(ctx, thing), "")
    return {"status": _status(ctx, thing), "message": message, "task_id": thing.id}


def cancel(ctx: Ctx) -> Data:
    """POST /report/task/cancel/: only while it waits or runs."""
    thing = _task(ctx, ctx.advertiser())
    if _status(ctx, thing) in {"SUCCESS", "CANCELED"}:
        raise Refusal(40200, "The task has finished and cannot be canceled.")
    ctx.world.set_state(ctx.now, thing, State.REMOVED)
    return {"task_id": thing.id}


def download(ctx: Ctx) -> Data | File:
    """GET /report/task/download/: the text itself, or an address that is good for an hour."""
    thing = _task(ctx, ctx.advertiser())
    if _status(ctx, thing) != "SUCCESS":
        raise Refusal(40201, "The task is not ready, please try again later.")
    if thing.data["output_format"] == "CSV_STRING":
        return File(_csv(ctx, thing), "text/csv; charset=utf-8")
    host = ctx.request.headers.get("host", "business-api.tiktok.com")
    scheme = "http" if host.startswith(("127.", "localhost", "[")) else "https"
    prefix = ctx.request.headers.get("x-forwarded-prefix", "")
    path = f"{prefix}/open_api/v1.3/report/task/file/?task_id={thing.id}&until={ctx.now + LINK_LIVES}"
    return {"download_url": f"{scheme}://{host}{path}"}


def file(ctx: Ctx) -> File:
    """The address of `download`: needs no token."""
    thing = ctx.world.get(ctx.params.text("task_id"))
    if thing is None or float(ctx.params.text("until")) < ctx.now:
        return File(b"<Error><Code>AccessDenied</Code></Error>", "application/xml", 403)
    return File(_csv(ctx, thing), "text/csv; charset=utf-8")


def _task(ctx: Ctx, account: Advertiser) -> Thing:
    id_ = ctx.params.text("task_id")
    thing = ctx.world.get(id_)
    if thing is None or thing.level != "report_task" or thing.account != account.id:
        message = f"The task {id_} does not exist."
        raise Refusal(40002, message)
    return thing


def _status(ctx: Ctx, thing: Thing) -> str:
    if thing.state is State.REMOVED:
        return "CANCELED"
    age = ctx.now - thing.created_at
    if age < ctx.switches.task_queue:
        return "QUEUING"
    return "PROCESSING" if age < ctx.switches.task_queue + ctx.switches.task_run else "SUCCESS"


def _csv(ctx: Ctx, thing: Thing) -> bytes:
    params = Params(Request("GET", ""))
    params.data = thing.data["_asked"]
    account = ctx.sim.advertisers[thing.account]
    rows: list[dict[str, Any]] = [
        {**line["dimensions"], **line["metrics"]} for line in report.lines(ctx, account, report.ask(params))
    ]
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue().encode()
