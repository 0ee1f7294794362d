"""How the vendor says no: errors with a place, gathered in a failure that rides in the trailing metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.policies.settings import refuse
from backstay.sandbox.rpc import RpcReply, Trailing
from backstay_adapters.google_ads.sandbox.protos import ROOT, Message, message, number

KEY: Final = f"{ROOT}.errors.googleadsfailure-bin"
TYPE: Final = f"type.googleapis.com/{ROOT}.errors.GoogleAdsFailure"

Step = str | tuple[str, int]
"""A part of a field's path; a repeated field comes with its index."""

STATUSES: Final = {
    "authentication_error": "UNAUTHENTICATED",
    "authorization_error": "PERMISSION_DENIED",
    "quota_error": "RESOURCE_EXHAUSTED",
    "internal_error": "INTERNAL",
}
NUMBERS: Final = {
    "OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "ABORTED": 10,
    "OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14, "DATA_LOSS": 15, "UNAUTHENTICATED": 16,
}  # fmt: skip
TEXTS: Final = {
    "INVALID_ARGUMENT": "Request contains an invalid argument.",
    "UNAUTHENTICATED": "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential.",
    "PERMISSION_DENIED": "The caller does not have permission",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "INTERNAL": "Internal error encountered.",
    "UNAVAILABLE": "The service is currently unavailable.",
    "UNKNOWN": "Stream removed",
    "DEADLINE_EXCEEDED": "Deadline expired before operation could complete.",
    "ABORTED": "The operation was aborted.",
    "UNIMPLEMENTED": "GRPC target method can't be resolved.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a failure."""

    family: str
    """Such as "campaign_error"."""
    member: str
    """Its name, or its number where the package is older than the vendor."""
    message: str
    path: tuple[Step, ...] = ()
    trigger: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Fields of `ErrorDetails`, nested."""


class Refusal(Exception):  # noqa: N818 - the vendor's answer, not an error of ours
    """The vendor says no, with one problem or several; `code` and `details` only where there is no failure."""

    def __init__(self, *problems: Problem, code: str | None = None, details: str | None = None) -> None:
        super().__init__(details or ", ".join(f"{each.family}.{each.member}" for each in problems))
        self.problems = problems
        self.code = code or STATUSES.get(problems[0].family if problems else "", "INVALID_ARGUMENT")
        self.details = details or TEXTS.get(self.code, self.code)


def refusal(family: str, member: str, text: str, *path: Step, trigger: str | None = None) -> Refusal:
    """A refusal with one problem."""
    return Refusal(Problem(family, member, text, path, trigger))


def failure(problems: Sequence[Problem], request_id: str) -> Message:
    """The vendor's GoogleAdsFailure."""
    made = message("errors.types.errors", "GoogleAdsFailure")(request_id=request_id)
    for each in problems:
        error = made.errors.add(message=each.message)
        setattr(error.error_code, each.family, _code(error.error_code, each))
        for step in each.path:
            name, index = step if isinstance(step, tuple) else (step, None)
            error.location.field_path_elements.add(field_name=name, index=index)
        if each.trigger is not None:
            error.trigger.string_value = each.trigger
        _fill(error.details, each.details)
    return made


def _code(codes: Message, problem: Problem) -> int:
    """The number of a member; a number itself is one that this version of the package does not know."""
    try:
        return int(problem.member) if problem.member.isdigit() else number(codes, problem.family, problem.member)
    except KeyError:
        name = f"{problem.family}.{problem.member}"
        refuse("error", name, "family.MEMBER as the vendor's enums have it, a status of gRPC, or invalid_grant")


def status(code: str, text: str, made: Message | None) -> Message:
    """A google.rpc.Status with the failure inside."""
    from google.rpc import status_pb2

    found = status_pb2.Status(code=NUMBERS[code], message=text)
    if made is not None:
        found.details.add(type_url=TYPE, value=made.SerializeToString())
    return found


def refused(refusal: Refusal, request_id: str) -> RpcReply:
    """The answer as production sends it: three keys in the trailing metadata."""
    made = failure(refusal.problems, request_id) if refusal.problems else None
    about = status(refusal.code, refusal.details, made).SerializeToString()
    trailing: Trailing = (("request-id", request_id), ("grpc-status-details-bin", about))
    if made is not None:
        trailing = (*trailing, (KEY, made.SerializeToString()))
    return RpcReply((), refusal.code, refusal.details, trailing)


def _fill(owner: Message, values: dict[str, Any]) -> None:
    from google.protobuf import json_format

    if values:
        json_format.ParseDict(values, owner)
