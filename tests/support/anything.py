"""What may arrive in the place of an answer: damaged envelopes, arbitrary JSON and bytes; the corpus of real ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from backstay.errors import CLASSES, BackstayError
from backstay.table import ErrorTable, Facts
from benchmarks.score_corpus import rows_of, score

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NAMES = {"claude": "anthropic"}
"""Of vendors that the corpus calls otherwise."""
ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 10**25, 1e308, float("nan"), float("inf"), "", "0", "\ud800", "\x00", "\u0664", [], {},
    [[]], [1, "a", None], {"code": 0}, {"type": 5}, {"message": []},
)  # fmt: skip
STATUSES = (None, 200, 200, 200, 201, 204, 302, 400, 400, 401, 403, 404, 413, 429, 500, 501, 503, 522, 529, 999)


def each(count: int, check: Callable[[random.Random], None]) -> None:
    """Check under so many seeds; a failure tells its own."""
    for seed in range(count):
        try:
            check(random.Random(seed))
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


def damaged(
    rng: random.Random, seeds: Sequence[Mapping[str, Any]], inner: str, keys: Sequence[str], odd: Sequence[Any] = ()
) -> dict[str, Any]:
    """An answer with values swapped for odd ones and keys lost, in itself or in its `inner` object."""
    body: dict[str, Any] = json.loads(json.dumps(rng.choice(seeds)))
    for _ in range(rng.randrange(3)):
        within = body.get(inner)
        where = rng.choice([body, within if isinstance(within, dict) else body])
        if where and rng.random() < 0.3:
            where.pop(rng.choice(list(where)))
        else:
            where[rng.choice(keys)] = deepcopy(rng.choice((*ODD, *odd)))
    return body


def on_the_way(rng: random.Random, body: object) -> object:
    """As it is, or as bytes in some encoding, with some of them flipped, or cut short."""
    if rng.random() < 0.2:
        return body
    raw = bytearray(json.dumps(body).encode(rng.choice(["utf-8", "utf-8", "utf-16", "utf-32-le"])))
    for _ in range(rng.choice([0, 0, 1, 3])):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[: rng.randrange(len(raw))] if rng.random() < 0.2 else raw)


def json_of(keys: Sequence[str]) -> st.SearchStrategy[Any]:
    """JSON of any shape whose objects have these keys."""
    return st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(keys), inner, max_size=4)),
        max_leaves=12,
    )


def bodies(keys: Sequence[str]) -> st.SearchStrategy[Any]:
    """Anything as an answer's body."""
    value = json_of(keys)
    return st.one_of(value, value.map(json.dumps), st.binary(max_size=300), st.text(max_size=100))


def typed(table: ErrorTable, vendor: str, facts: Facts) -> BackstayError | None:
    """The failure that the facts are: of its type's class, by a rule of the vendor, to be shown; None: a success."""
    error = table.failure(facts)
    if error is None:
        assert facts.status is None or 200 <= facts.status < 300
        return None
    assert isinstance(error, BackstayError)
    assert CLASSES[error.type] is type(error)
    assert error.rule is not None
    assert error.rule.startswith(f"{vendor}.")
    str(error).encode("utf-8")
    json.dumps(error.to_response())
    return error


def right(vendor: str) -> float:
    """The share of the corpus' real answers that are right in type and in `retryable`."""
    name = NAMES.get(vendor, vendor)
    path = CORPUS / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("the corpus of real answers lies beside the project, not in it")
    found = score(rows_of(path))[name]
    return found.right_in_both / found.rows
