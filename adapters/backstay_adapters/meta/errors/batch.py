"""Batches: fifty calls in one, not atomic. Each item has its own error; one that is null may have happened."""

from __future__ import annotations

from collections.abc import Iterator

from backstay.table import ErrorTable, Match, Row, Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors.decode import succeeded
from backstay_adapters.meta.errors.matches import BATCH


def batches(single: ErrorTable) -> tuple[Row, ...]:
    """The rows for batches; `single` judges their items."""

    def verdicts(facts: object) -> Iterator[Verdict]:
        for item in getattr(facts, "data", None) or ():
            if item is not None and not succeeded(item):
                yield single.verdict(item)

    unclear = Match(lambda facts: any(found.certainty is Certainty.UNKNOWN for found in verdicts(facts)))
    passing = Match(lambda facts: any(found.retryable for found in verdicts(facts)))
    unrun = Match(lambda facts: any(item is None for item in facts.data))
    return (
        Row("meta.batch.open", BATCH & (unrun | unclear), "PARTIAL_FAILURE", retryable=True,
            certainty=Certainty.UNKNOWN, hint="look up the items that were not answered before sending them again"),
        Row("meta.batch.passing", BATCH & passing, "PARTIAL_FAILURE", retryable=True,
            hint="send only the failed items again, later"),
        Row("meta.batch.refused", BATCH, "PARTIAL_FAILURE", hint="look at each item's error; the others are done"),
    )  # fmt: skip
