"""Report runs: started, waited for, read; they may fail, be skipped, hang, or be looked at too early."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.faults import FaultKind
from backstay.sandbox.world import State, Thing, Version
from backstay_adapters.meta.sandbox import asked, insights
from backstay_adapters.meta.sandbox.catalogue import known
from backstay_adapters.meta.sandbox.kinds import RUN
from backstay_adapters.meta.sandbox.refusal import Data, Refused, nothing

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

WAITING: Final = "Job Not Started"
STARTED: Final = "Job Started"
RUNNING: Final = "Job Running"
COMPLETED: Final = "Job Completed"
FAILED: Final = "Job Failed"
SKIPPED: Final = "Job Skipped"
UNENDING: Final = frozenset({WAITING, STARTED, RUNNING})
ENDINGS: Final = (COMPLETED, FAILED, SKIPPED, *sorted(UNENDING))
LIVES: Final = 30 * 86_400.0
"""Seconds for which a run can be read."""

NOT_READY: Final = (2601, 1815107)


def start(ctx: Ctx) -> Data:
    """POST /{object}/insights: answers at once with the run's id."""
    account = ctx.account
    query = asked.ask(ctx, ctx.params)
    subject = account.id if ctx.target.is_account else ctx.thing.id
    data = {
        "_asked": dict(ctx.params.data), "_subject": subject, "_ending": _ending(ctx), "_version": ctx.target.version,
        "_first": str(query.first), "_last": str(query.last),
    }  # fmt: skip
    thing = ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level=RUN, data=data, state=State.PAUSED, spends=False
    )
    return {"report_run_id": thing.id}


def fetch(ctx: Ctx) -> Data:
    """GET /{run}/insights: the rows, once the run is completed at 100 percent."""
    thing = alive(ctx, ctx.thing)
    if stage(ctx, thing) != (COMPLETED, 100):
        raise Refused(*NOT_READY)
    done = thing.created_at + ctx.switches.job_queue + ctx.switches.job_run
    return insights.answer(ctx, _again(ctx, thing), thing.data["_subject"], done)


def alive(ctx: Ctx, thing: Thing) -> Thing:
    """The run, unless it is too new to be found or too old to be kept."""
    age = ctx.now - thing.created_at
    if age < ctx.switches.job_race or age > LIVES:
        raise nothing(thing.id)
    return thing


def stage(ctx: Ctx, thing: Thing) -> tuple[str, int]:
    """`async_status` and its percent."""
    age, queue, run = ctx.now - thing.created_at, ctx.switches.job_queue, ctx.switches.job_run
    ending = str(thing.data["_ending"])
    if age < queue or ending == WAITING:
        return WAITING, 0
    share = min(1.0, (age - queue) / run) if run > 0 else 1.0
    if ending in UNENDING or share < 1.0:
        return (STARTED, 0) if share < 0.1 or ending == STARTED else (RUNNING, min(99, int(share * 100)))
    if ending != COMPLETED:
        return ending, 0
    return COMPLETED, 99 if age < queue + run + ctx.switches.job_settle else 100


def _ending(ctx: Ctx) -> str:
    """How a new run ends: struck by a fault, as the sandbox was told, or well."""
    if ctx.fault is not None and ctx.fault.kind is FaultKind.PARTIAL:
        return FAILED
    return ctx.sim.endings.pop(0) if ctx.sim.endings else COMPLETED


def _again(ctx: Ctx, thing: Thing) -> asked.Ask:
    params = type(ctx.params)(ctx.request)
    params.data = thing.data["_asked"]
    return asked.ask(ctx, params, at=thing.created_at)


def _error(ctx: Ctx, thing: Thing) -> Data:
    """The `error_*` of a failed run; versions before v25 say nothing."""
    if stage(ctx, thing)[0] != FAILED or thing.data["_version"] < "v25.0":
        return {}
    code, subcode = ctx.switches.job_error
    return {
        "error_code": code, "error_subcode": subcode, "error_message": known(code, subcode).message,
        "error_user_title": "Report Unavailable",
        "error_user_msg": "Your report could not be run due to a temporary issue.",
    }  # fmt: skip


def _completed_at(ctx: Ctx, thing: Thing) -> int:
    done = thing.created_at + ctx.switches.job_queue + ctx.switches.job_run
    return int(done) if stage(ctx, thing)[0] not in UNENDING else 0


_GETTERS: Final[Mapping[str, Callable[[Any, Thing], Any]]] = {
    "account_id": lambda _, thing: thing.account,
    "async_status": lambda ctx, thing: stage(ctx, thing)[0],
    "async_percent_completion": lambda ctx, thing: stage(ctx, thing)[1],
    "is_running": lambda ctx, thing: stage(ctx, thing)[0] in UNENDING,
    "time_ref": lambda _, thing: int(thing.created_at),
    "time_completed": _completed_at,
    "date_start": lambda _, thing: thing.data["_first"],
    "date_stop": lambda _, thing: thing.data["_last"],
}
_ERRORS: Final = ("error_code", "error_subcode", "error_message", "error_user_title", "error_user_msg")
FIELDS: Final = (*_GETTERS, *_ERRORS)


def getter(name: str) -> Callable[[Ctx, Thing, Version], Any]:
    """How a field of a run is read."""
    if name in _ERRORS:
        return lambda ctx, thing, _: _error(ctx, thing).get(name)
    return lambda ctx, thing, _: _GETTERS[name](ctx, thing)
