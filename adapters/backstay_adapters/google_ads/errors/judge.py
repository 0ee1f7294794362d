"""What each member of the vendor's error enums means: the generated list, and our judgements beside it.

`members.txt` has the names and numbers of all members; `judgements.txt` says what they mean. Both are text, so that
an answer is classified without the vendor's package, which takes a second to import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from backstay.taxonomy import TYPES

FOLDER: Final = Path(__file__).parent
REST: Final = "VALIDATION_FAILED"
"""What a member means that is not named: nearly all of them say what is wrong with the request."""
MEANINGLESS: Final = frozenset({"UNSPECIFIED", "UNKNOWN"})
"""Members 0 and 1 of every enum: nothing is said, or something newer than the answer's version."""


class Family(NamedTuple):
    """One enum of errors: the number of its field in `ErrorCode`, and its members by number."""

    field: int
    members: Mapping[int, str]


class Judged(NamedTuple):
    """What a member means."""

    type: str
    retryable: bool


class Judgement(NamedTuple):
    """What `judgements.txt` says of a family."""

    rest: int
    """How many members are wrong requests and not named."""
    named: Mapping[str, Judged]


def _lines(name: str) -> Iterator[list[str]]:
    """The words of each entry; an entry goes on in the lines below it that are indented."""
    text = (FOLDER / name).read_text("utf8").replace("\n    ", " ")
    return (line.split() for line in text.splitlines() if line and not line.startswith("#"))


@cache
def families() -> Mapping[str, Family]:
    """Every family of the vendor's, by the name of its field."""
    return {
        name: Family(int(field), {int(number): member for member, _, number in (w.partition("=") for w in words)})
        for name, field, *words in _lines("members.txt")
    }


@cache
def judgements() -> Mapping[str, Judgement]:
    """What we say of each family."""
    return {name: _judgement(words) for name, *words in _lines("judgements.txt")}


def _judgement(words: list[str]) -> Judgement:
    rest, named, now = 0, dict[str, Judged](), Judged(REST, retryable=False)
    for word in words:
        if word.startswith(f"{REST}*"):
            rest = int(word.partition("*")[2])
        elif word.endswith(":"):
            kind = word.rstrip("+:")
            now = Judged(kind, retryable=TYPES[kind].retryable or word.endswith("+:"))
        else:
            named[word] = now
    return Judgement(rest, named)


@cache
def judged() -> Mapping[str, Judged]:
    """The meaning of each member, as `family.MEMBER`."""
    wrong = Judged(REST, retryable=False)
    return {
        f"{name}.{member}": judgements()[name].named.get(member, wrong) if name in judgements() else wrong
        for name, family in families().items()
        for member in family.members.values()
    }


def meaning(code: str | None) -> Judged | None:
    """What a member means; None for one that nobody has judged."""
    return None if code is None else judged().get(code)
