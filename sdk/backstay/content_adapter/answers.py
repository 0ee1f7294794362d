"""How adapters of content vendors read answers: judged by the vendor's table, and read under a watch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from backstay.engine.call import note_request_id
from backstay.errors import BadResponseError
from backstay.spec import UNFIT
from backstay.table import ErrorTable, Facts
from backstay.taxonomy import Certainty


def opened(table: ErrorTable, facts: Facts) -> Facts:
    """An answer that is known to be a success; its ids go into the call. Raises what the table says of it."""
    note_request_id(*facts.request_ids)
    failure = table.failure(facts)
    if failure is not None:
        raise failure
    return facts


class Answers:
    """The answers of one vendor."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor

    @contextlib.contextmanager
    def reading(self, what: str, data: Any) -> Iterator[None]:
        """Whatever has another shape inside than it should is a bad response, not a fault of ours."""
        try:
            yield
        except UNFIT as error:
            raise self.unreadable(what, data) from error

    def unreadable(self, what: str, data: Any) -> BadResponseError:
        """An answer that says 200 and is not what it should be."""
        # What it is and not what it says: an answer's words are nobody's business in a log.
        names = ", ".join(sorted(map(str, data))[:8]) if isinstance(data, Mapping) else None
        seen = type(data).__name__ if names is None else f"an object of {names}"
        return BadResponseError(
            f"the answer is not {what}, but {seen}", certainty=Certainty.UNKNOWN, rule=f"{self._vendor}.unreadable"
        )

    def cut(self, request_id: str | None) -> BadResponseError:
        """A stream that ended in silence: without the vendor's own word, the end is none."""
        return BadResponseError(
            "the stream ended before the vendor said so", certainty=Certainty.UNKNOWN,
            rule=f"{self._vendor}.stream_cut", request_ids=(request_id,) if request_id else (),
        )  # fmt: skip


__all__ = ["Answers", "opened"]
