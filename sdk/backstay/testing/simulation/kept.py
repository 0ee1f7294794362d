"""Dead letters: whatever was given up for good and is worth another call has left one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from backstay.letters import Letter
from backstay.policies.letters import deserves_letter
from backstay.testing.simulation.history import CHANGES, CREATES, Said
from backstay.testing.simulation.judge import Wrong

WRITES: Final = (*CREATES, *CHANGES, "create_tree")


def judge_letters(calls: Sequence[Said], letters: Sequence[Letter]) -> Iterator[Wrong]:
    """Of every write that failed at its caller; what was called again later and succeeded has one that is over."""
    kept = {(letter.vendor, letter.operation, letter.key.rpartition("/")[2]) for letter in letters}
    changed = {(letter.vendor, letter.operation) for letter in letters}
    for said in calls:
        if said.error is None or said.method not in WRITES or not said.top or said.given.get("dry_run"):
            continue
        if not deserves_letter(said.error, wrote=False) or said.replayed:
            continue
        key = said.given.get("idempotency_key")
        left = (said.vendor, said.method) in changed if key is None else (said.vendor, said.method, key) in kept
        if not left and not _carried_out(said):
            yield Wrong("record", f"{said} has left no letter", (f"#{said.number} ",))


def _carried_out(said: Said) -> bool:
    """A change that was made and only not read back leaves none."""
    return said.method in CHANGES and not said.denies


__all__ = ["judge_letters"]
