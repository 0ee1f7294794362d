"""What lists are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from backstay.ads.refs import Ref
from backstay.ads.words import ConfiguredStatus, Objective
from backstay.spec import Spec
from backstay.values import EMPTY, Extra


class Query(Spec):
    """Which objects of a level to list; empty is all that are not deleted."""

    ids: tuple[str, ...] = ()
    name: str | None = None
    """The exact name, without our marker."""
    name_contains: str | None = None
    parent: Ref | None = None
    """Only what is under this campaign or ad group."""
    statuses: tuple[ConfiguredStatus, ...] = ()
    objectives: tuple[Objective, ...] = ()
    created_since: AwareDatetime | None = None
    deleted: bool = False
    """Deleted objects as well, where the vendor still lists them."""
    page_size: Annotated[int, Field(ge=1, le=1000)] | None = None
    """None takes the vendor's largest."""
    extra: Extra = EMPTY
