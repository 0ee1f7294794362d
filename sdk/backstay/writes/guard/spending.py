"""What an adapter says of one write: the budgets that it touches, and what is to be seen of it in the audit record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backstay.policies.caps import Dial


@dataclass(frozen=True, slots=True)
class Spending:
    """How one write may spend; made by the method that an operation names in `spend=`."""

    dials: tuple[Dial, ...] = ()
    zone: str = "UTC"
    """The account's time zone."""
    lifts: str | None = None
    """The text of the ref of what is switched on and has no budget of its own, if `dials` are all below it."""
    stops: tuple[str, ...] = ()
    """The texts of the refs of what is switched off."""
    wakes: bool = False
    """It switches something on."""
    ref: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
