"""Where a new campaign goes: by weights, or by a rule of the caller's. Pure: the same key gives the same name."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backstay.ads import CampaignSpec, CampaignTree
from backstay.errors import InvalidRequestError

Rule = Callable[[CampaignSpec | CampaignTree], str]
"""Gives the name of the member that shall make a campaign or a tree."""

_WHOLE: Final = 2**64


@dataclass(frozen=True)
class Weights:
    """Shares by member, such as `Weights({"tiktok": 2, "meta": 1})`; a stable hash of the key picks one.

    The same key falls to the same member in every process. 0 takes a member out for new keys.
    """

    shares: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        for name, share in self.shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share) or share < 0:
                raise _refuse(f"weights.{name}", share, "a share is a number from 0 upwards", "for example 2 and 1")
        if not sum(self.shares.values()) > 0:
            raise _refuse(
                "weights", dict(self.shares), "no member has a share", "give at least one of them more than 0"
            )
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))

    def pick(self, key: str) -> str:
        """The member of a key."""
        point = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / _WHOLE
        names = sorted(name for name, share in self.shares.items() if share > 0)
        left = point * sum(self.shares[name] for name in names)
        for name in names:
            left -= self.shares[name]
            if left < 0:
                return name
        return names[-1]  # rounding only


def check_rule(rule: Rule | Weights, members: Collection[str]) -> Rule | Weights:
    """The rule, if it is one and its weights name members."""
    if not isinstance(rule, Weights):
        if not callable(rule):
            raise _refuse("rule", rule, "neither weights nor a function", "pass Weights({...}) or a function")
        return rule
    for name in rule.shares:
        if name not in members:
            raise _refuse("rule.shares", name, "no such member", f"members are {', '.join(sorted(members))}")
    return rule


def chosen(rule: Rule | Weights, what: CampaignSpec | CampaignTree, key: str, members: Collection[str]) -> str:
    """The member that a rule names; raises InvalidRequestError for anybody else."""
    name = rule.pick(key) if isinstance(rule, Weights) else rule(what)
    if name not in members:
        raise _refuse("rule", name, "the rule names no member", f"members are {', '.join(sorted(members))}")
    return name


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint)
