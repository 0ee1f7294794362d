"""Whether a post went out whose answer was lost: what its container says, and what the account shows."""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What the container of a post says."""

    LIVE = "live"
    """It was published."""
    WAITING = "waiting"
    """It is being prepared or could be published: not published, unless what was read lags."""
    DEAD = "dead"
    """It failed or ran out, and can never be published."""
    UNSEEN = "unseen"
    """The vendor does not show it."""


class Sighting(StrEnum):
    """What follows."""

    NAMED = "named"
    """It is live, and it is the one post that matches."""
    LIVE = "live"
    """It is live, and nothing says for certain which post it is."""
    UNNAMED_YET = "unnamed_yet"
    """It is live; which post it is will show when reads have caught up."""
    NEVER = "never"
    """It is not live and cannot become so."""
    QUIET = "quiet"
    """Nothing shows it: absent once reads have had time to show it."""
    UNCERTAIN = "uncertain"
    """The container and the account do not agree, or there is no container to ask: nobody may decide."""


def judge_post(
    fate: Fate, *, matches: int, telling: bool, alone: bool, caught_up: bool, explained: int = 0
) -> Sighting:  # fmt: skip
    """What a look says.

    `matches` are posts since then that nobody else is known to own and that have its kind and caption; `explained` says
    how many posts like it are out for certain without anybody knowing which they are. `telling` says that the caption
    tells posts apart (it is not empty); `alone` that no other post of the account is open now, which could have the
    same caption; `caught_up` that reads show by now all that the attempt can have done. The latest post is never taken
    for ours because it is the latest: a name needs the container's own word and one single match.
    """
    if fate is Fate.DEAD:
        return Sighting.NEVER
    if fate is Fate.UNSEEN:
        return Sighting.UNCERTAIN
    if fate is Fate.WAITING:
        return Sighting.UNCERTAIN if matches > explained else Sighting.QUIET
    if not telling:
        return Sighting.LIVE
    if matches == 1 and not explained and (alone or caught_up):
        return Sighting.NAMED
    return Sighting.LIVE if caught_up else Sighting.UNNAMED_YET


__all__ = ["Fate", "Sighting", "judge_post"]
