"""Deep research: a job that is begun once, under an idempotency key, and looked at until it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from backstay.errors import AIModelError, BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.perplexity.adapter.wire import JOBS
from backstay_adapters.perplexity.profile import LOST_POLLS, POLLS
from backstay_adapters.perplexity.wire.read import unreadable

if TYPE_CHECKING:
    from backstay.auth import Credentials
    from backstay.clock import Clock
    from backstay.table import Facts
    from backstay_adapters.perplexity.adapter.wire import Wire

Json = Any


async def dig(wire: Wire, credentials: Credentials, clock: Clock, body: Mapping[str, Json], key: str) -> Facts:
    """The job's last state, COMPLETED; the engine's timer guards the total.

    Raises:
        AIModelError: the job failed; the same key would give the same failure, so it is not asked again.
    """
    facts = await wire.begin(body, key, await credentials.get())
    job = _job(facts)
    unsaid = 0
    for wait in _waits():
        state = _state(facts)
        if state == "COMPLETED":
            return facts
        unsaid = 0 if state else unsaid + 1
        if unsaid == LOST_POLLS:
            raise _lost(job, facts)
        await clock.sleep(wait)
        facts = await _looked(wire, credentials, clock, job, facts)
    raise AssertionError("the waits have no end")


def _waits() -> Iterator[float]:
    return chain(POLLS, repeat(POLLS[-1]))


async def _looked(wire: Wire, credentials: Credentials, clock: Clock, job: str, before: Facts) -> Facts:
    """One look; what fails and may pass is looked at again, for the job goes on and is paid for."""
    for number in range(1, LOST_POLLS + 1):
        try:
            return await wire.look(job, await credentials.get())
        except BackstayError as error:
            if number == LOST_POLLS or not error.retryable:
                raise
            await clock.sleep(max(POLLS[0] * number, error.retry_after or 0.0))
    return before


def _job(facts: Facts) -> str:
    job = facts.data.get("id")
    if not isinstance(job, str) or not job:
        raise unreadable("a job", facts.data)
    return job


def _state(facts: Facts) -> str:
    """The job's state, empty where the answer has none.

    A word that the vendor's page lacks (CREATED, IN_PROGRESS, COMPLETED, FAILED) is one of a job that goes on and is
    paid for: it is waited for.
    """
    state = facts.data.get("status")
    if state == "FAILED":
        raise AIModelError(
            "the deep research failed", vendor_message=str(facts.data.get("error_message") or "") or None,
            retryable=False, certainty=Certainty.UNKNOWN, rule="perplexity.job_failed", request_ids=facts.request_ids,
            hint="ask again, with another idempotency_key if you gave one",
        )  # fmt: skip
    return state if isinstance(state, str) else ""


def _lost(job: str, facts: Facts) -> BackstayError:
    """Looks in a row that say nothing of the job's state; the job is paid for all the same."""
    error = unreadable("a job with a state", facts.data)
    error.retryable = False
    error.hint = f"the job goes on and is paid for: call again with the same idempotency_key, or GET {JOBS}/{job}"
    return error


__all__ = ["dig"]
