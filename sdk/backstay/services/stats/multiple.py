"""Several comparisons at once: p-values adjusted so that the family's error stays what it is said to be."""

from __future__ import annotations

from collections.abc import Sequence

from backstay.policies.settings import refuse


def bonferroni(ps: Sequence[float]) -> tuple[float, ...]:
    """Each times their number: the chance of any false claim."""
    _check(ps)
    return tuple(min(1.0, p * len(ps)) for p in ps)


def holm(ps: Sequence[float], family: int | None = None) -> tuple[float, ...]:
    """The same guarantee, never larger than Bonferroni's; `family` may count comparisons that are no longer made."""
    _check(ps)
    size, found, worst = max(family or 0, len(ps)), [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        worst = max(worst, min(1.0, ps[place] * (size - rank)))
        found[place] = worst
    return tuple(found)


def benjamini_hochberg(ps: Sequence[float]) -> tuple[float, ...]:
    """The share of false claims among all claims: for screening many arms, not for a verdict."""
    _check(ps)
    found, least = [0.0] * len(ps), 1.0
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    for rank in range(len(ps), 0, -1):
        place = order[rank - 1]
        least = min(least, ps[place] * len(ps) / rank)
        found[place] = least
    return tuple(found)


def _check(ps: Sequence[float]) -> None:
    if not all(0 <= p <= 1 for p in ps):
        refuse("ps", list(ps)[:8], "p-values from 0 to 1")
