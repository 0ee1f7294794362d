"""The rules of a journal, for whoever keeps records somewhere: who may hold one, and what a change does to it. Pure."""

from __future__ import annotations

from backstay.writes.journal import DONE, FREE, Moment, Record, State, abandoned, conflict, copied
from backstay.writes.sightings import Sightings


def claimed(stored: Record | None, fresh: Record, now: Moment, lease: float, seen: Sightings) -> Record:
    """What a claim makes of the stored record: the same object where nothing changes.

    Raises:
        IdempotencyConflictError: the key stands for another payload, or was abandoned.
    """
    over = stored is None or seen.lease_over(stored, now)
    if stored is None or (stored.state in FREE and over):
        return copied(fresh, beat=now.wall, lease=lease, created=now.wall, updated=now.wall, begun=True)
    if stored.state in FREE:  # nothing has been sent yet, and perhaps nothing will be: then another payload is welcome
        return stored
    if stored.key != fresh.key or stored.payload != fresh.payload:
        raise conflict(stored)
    if stored.state is State.ABANDONED:
        raise abandoned(stored)
    if stored.state in DONE or not over:
        return stored
    return held(stored, fresh.owner, now, lease)


def held(stored: Record, owner: str, now: Moment, lease: float) -> Record:
    """The record in the hands of an owner."""
    return copied(stored, owner=owner, beat=now.wall, lease=lease, begun=False)


def saved(record: Record, now: Moment, lease: float, *, release: bool) -> Record:
    """What is stored of a change."""
    if release:
        return copied(record, owner="", beat=0.0, lease=0.0, updated=now.wall)
    return copied(record, beat=now.wall, lease=lease, updated=now.wall)


def moves_on(stored: Record | None, state: State) -> bool:
    """Whether marking brings a done record forward."""
    return stored is not None and stored.state in DONE and DONE.index(state) > DONE.index(stored.state)
