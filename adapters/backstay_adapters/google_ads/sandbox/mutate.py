"""Mutates: GoogleAdsService.Mutate over all resources and each service's own, with one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from backstay.sandbox.faults import FaultKind
from backstay_adapters.google_ads.sandbox import access
from backstay_adapters.google_ads.sandbox.failure import NUMBERS, Problem, Refusal, failure, refusal, status
from backstay_adapters.google_ads.sandbox.kinds import KINDS, Kind
from backstay_adapters.google_ads.sandbox.protos import Message, clear, member, message
from backstay_adapters.google_ads.sandbox.rules import apply
from backstay_adapters.google_ads.sandbox.txn import Draft, Op, Txn

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx

MOST: Final = 10_000
"""Operations of one request."""

Done = list[Draft | None]
"""What each operation has made or changed; None for those that failed."""


def mixed(ctx: Ctx) -> Iterable[Message]:
    """GoogleAdsService.Mutate."""
    txn = Txn(ctx, ctx.customer())
    ops = [_mixed(txn, index, each) for index, each in enumerate(ctx.request.mutate_operations)]
    done, failed = _run(ctx, txn, ops)
    made = message("services.types.google_ads_service", "MutateGoogleAdsResponse")()
    for op, draft in zip(ops, done, strict=True) if done is not None else ():
        answer = made.mutate_operation_responses.add()
        if draft is not None:
            _result(ctx, op.kind, draft, getattr(answer, f"{op.kind.word}_result"))
    _report(ctx, made, failed)
    return (made,)


def of(kind: Kind) -> Callable[[Ctx], Iterable[Message]]:
    """A service's own mutate, such as CampaignService.MutateCampaigns."""

    def handle(ctx: Ctx) -> Iterable[Message]:
        txn = Txn(ctx, ctx.customer())
        ops = [Op(txn, kind, i, each, (("operations", i),)) for i, each in enumerate(ctx.request.operations)]
        done, failed = _run(ctx, txn, ops)
        made = message(kind.module, f"{kind.method}Response")()
        for draft in done or ():
            result = made.results.add()
            if draft is not None:
                _result(ctx, kind, draft, result)
        _report(ctx, made, failed)
        return (made,)

    return handle


def _mixed(txn: Txn, index: int, operation: Message) -> Op:
    word = operation.WhichOneof("operation")
    where = ("mutate_operations", index)
    if word is None:
        raise refusal("request_error", "OPERATION_REQUIRED", "An operation is required.", where)
    kind = KINDS.get(word.removesuffix("_operation"))
    if kind is None:
        text = f"The sandbox does not simulate {word}."
        raise refusal("mutate_error", "MUTATE_NOT_ALLOWED", text, where, word, trigger=word)
    return Op(txn, kind, index, getattr(operation, word), (where, word))


def _run(ctx: Ctx, txn: Txn, ops: Sequence[Op]) -> tuple[Done | None, list[Problem]]:
    """The results, None where nothing is to be done; and what failed under partial_failure."""
    access.writable(txn.customer)
    _number(ops)
    done: Done = []
    problems: list[Problem] = []
    for op in ops:
        try:
            _strike(ctx, op, len(ops))
            done.append(apply(op))
        except Refusal as refused:
            if not refused.problems:
                raise
            problems += refused.problems
            done.append(None)
            _remember_failure(op)
    if problems and not ctx.request.partial_failure:
        raise Refusal(*problems)
    if ctx.request.validate_only:
        return None, problems
    txn.commit()
    return done, problems


def _number(ops: Sequence[Op]) -> None:
    if not ops:
        raise refusal("request_error", "REQUIRED_FIELD_MISSING", "Required field is missing.", "operations")
    if len(ops) > MOST:
        text = f"Mutate cannot have more than {MOST} operations per request."
        raise refusal("request_error", "TOO_MANY_MUTATE_OPERATIONS", text)


def _strike(ctx: Ctx, op: Op, count: int) -> None:
    """The fault PARTIAL: one of several operations fails, where the request allows that."""
    fault = ctx.fault
    if fault is None or fault.kind is not FaultKind.PARTIAL or not ctx.request.partial_failure or count < 2:
        return
    if op.index == int(fault.draw * count):
        raise op.refuse(
            "internal_error", "TRANSIENT_ERROR", "A transient error has occurred. Please retry the request."
        )


def _remember_failure(op: Op) -> None:
    if op.action == "create" and op.operation.create.resource_name:
        op.txn.failed.add(op.operation.create.resource_name)


def _result(ctx: Ctx, kind: Kind, draft: Draft, result: Message) -> None:
    result.resource_name = draft.name
    if not hasattr(result, kind.word) or member(ctx.request, "response_content_type") != "MUTABLE_RESOURCE":
        return
    shown = getattr(result, kind.word)
    shown.CopyFrom(draft.pb)
    clear(shown, [name for name in kind.output if name != "resource_name"])


def _report(ctx: Ctx, made: Message, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    text = "Multiple errors in 'details'. The first error was: " if len(problems) > 1 else ""
    told = status("INVALID_ARGUMENT", text + problems[0].message, failure(problems, ctx.request_id))
    made.partial_failure_error.ParseFromString(told.SerializeToString())
    made.partial_failure_error.code = NUMBERS["INVALID_ARGUMENT"]
