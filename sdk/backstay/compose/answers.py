"""One answer of several members' answers. Pure; what does not add up is not added."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

from backstay.ads import (
    Account,
    AccountStatus,
    Balance,
    Level,
    MetricsQuery,
    MetricsReport,
    Money,
    Platform,
    Ref,
    ReportJob,
    ReportState,
)
from backstay.answer import oldest, stamp
from backstay.errors import InvalidRequestError

_WORST = (
    ReportState.FAILED, ReportState.EXPIRED, ReportState.QUEUED, ReportState.RUNNING, ReportState.DONE,
)  # fmt: skip


def account(ref: Ref, found: Mapping[str, Account]) -> Account:
    """All accounts as one, where they have one currency and one time zone; sums of what all of them show."""
    currency = _common("currency", {name: each.currency for name, each in found.items()})
    zone = _common("timezone", {name: each.timezone for name, each in found.items()})
    statuses = dict.fromkeys(each.status for each in found.values())
    whole = Account(
        ref=ref, name=ref.account_id, currency=currency, timezone=zone,
        status=next(iter(statuses)) if len(statuses) == 1 else _mixed(statuses),
        balance=total([each.balance for each in found.values()]),
        amount_spent=total([each.amount_spent for each in found.values()]),
        extra={"members": {name: str(each.ref) for name, each in found.items()}},
    )  # fmt: skip
    return stamp(whole, oldest([each.served for each in found.values()]))


def _mixed(statuses: Iterable[AccountStatus]) -> AccountStatus:
    """Some may spend, some may not."""
    return AccountStatus.LIMITED if AccountStatus.ACTIVE in statuses else AccountStatus.UNKNOWN


def balance(ref: Ref, found: Mapping[str, Balance]) -> Balance:
    """What all accounts together can still spend, in one currency."""
    _common("currency", {name: each.available.currency for name, each in found.items()})
    answers = list(found.values())
    whole = Balance(
        ref=ref, available=reduce(add, (each.available for each in answers)),
        frozen=total([each.frozen for each in answers]), total=total([each.total for each in answers]),
    )  # fmt: skip
    return stamp(whole, oldest([each.served for each in answers]))


def total(amounts: Sequence[Money | None]) -> Money | None:
    """The sum, None if one is not known."""
    known = [amount for amount in amounts if amount is not None]
    return reduce(add, known) if len(known) == len(amounts) else None


def _common(field: str, values: Mapping[str, Any]) -> Any:
    """The value that all have; raises InvalidRequestError, because what differs does not add up."""
    if len(set(values.values())) > 1:
        text = ", ".join(f"{name}: {value}" for name, value in values.items())
        raise InvalidRequestError(
            f"the accounts have no common {field}", field=field, value=text,
            hint="ask the members one by one: split.members[name].get_account()", rule="split.uncommon",
        )  # fmt: skip
    return next(iter(values.values()))


def report(found: Mapping[str, MetricsReport]) -> MetricsReport:
    """The rows of all, one after the other. Days that no row speaks of are missing; each member's are in `extra`."""
    parts = list(found.values())
    missing = set.intersection(*({*part.missing_days} for part in parts))
    common = all(part.basis == parts[0].basis for part in parts)
    whole = MetricsReport(
        rows=tuple(row for part in parts for row in part.rows), basis=parts[0].basis if common else None,
        missing_days=tuple(sorted(missing)), final=all(part.final for part in parts),
        extra={"missing_days": {name: part.missing_days for name, part in found.items()}},
    )  # fmt: skip
    return stamp(whole, oldest([part.served for part in parts]))


def job(platform: Platform, name: str, query: MetricsQuery, jobs: Mapping[str, ReportJob]) -> ReportJob:
    """One job of several; its id holds theirs, so that another process can go on with it."""
    parts = list(jobs.values())
    state = min((part.state for part in parts), key=_WORST.index)
    percents = [part.percent for part in parts if part.percent is not None]
    ids = {member: [part.platform, part.account_id, part.id, part.state] for member, part in jobs.items()}
    whole = ReportJob(
        id=json.dumps(ids, separators=(",", ":")), platform=platform, account_id=name, query=query, state=state,
        percent=min(percents) if len(percents) == len(parts) else None,
        started_at=parts[0].started_at, deadline=parts[0].deadline,
    )  # fmt: skip
    return stamp(whole, oldest([part.served for part in parts]))


def jobs_of(whole: ReportJob, queries: Mapping[str, MetricsQuery]) -> dict[str, ReportJob]:
    """The members' jobs in a job of ours; raises InvalidRequestError for another's."""
    try:
        ids: dict[str, list[str]] = json.loads(whole.id)
        return {
            member: whole.model_copy(
                update={
                    "platform": Platform(platform), "account_id": account_id, "id": id_, "state": ReportState(state),
                    "query": queries[member],
                }
            )
            for member, (platform, account_id, id_, state) in ids.items()
        }  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidRequestError(
            "no report job of this split", field="job", value=whole.id, hint="pass a job that its start_report gave"
        ) from None


def account_ref(platform: Platform, name: str) -> Ref:
    """The ref of all accounts together."""
    return Ref(platform, name, Level.ACCOUNT, name)


__all__ = ["account", "account_ref", "balance", "job", "jobs_of", "report", "total"]
