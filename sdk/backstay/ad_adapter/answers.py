"""How adapters of ad platforms read answers: what has another shape inside than it should is a bad response."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from backstay.errors import BadResponseError
from backstay.spec import UNFIT
from backstay.taxonomy import Certainty


@contextlib.contextmanager
def parsing(vendor: str, what: str) -> Iterator[None]:
    """Watch over the making of our objects from an answer; put it around a whole page, not around each row.

    Nothing is sent or built inside: a fault of ours there would be told as the vendor's.
    """
    try:
        yield
    except UNFIT as error:
        raise BadResponseError(
            f"the answer's {what} cannot be read ({type(error).__name__})", vendor=vendor, certainty=Certainty.UNKNOWN,
            rule=f"{vendor}.unreadable", hint="try again; if it stays, report it with the request id",
        ) from error  # fmt: skip


__all__ = ["parsing"]
