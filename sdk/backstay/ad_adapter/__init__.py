"""What the adapters of all ad platforms share: a vendor writes the hooks of `AdHooks`, the rest is done here.

`AdAdapter` speaks the whole of `AdPlatform`: lists and cursors, filters applied exactly, look-ups by key, creates that
are journalled and read back, changes that are compared and set, dry runs, uploads, metrics and report jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from backstay.ad_adapter.answers import parsing
from backstay.ad_adapter.hooks import AdHooks
from backstay.ad_adapter.parts import Asked, Draft, Json, Made, Raw, Request, Step, compare, marked_name, same
from backstay.ad_adapter.trees import Trees
from backstay.ads import (
    Account,
    Ad,
    AdGroup,
    Balance,
    Campaign,
    Created,
    MetricsReport,
    MetricsRow,
    Page,
    PageData,
    Updated,
)
from backstay.env import flag, variable

if TYPE_CHECKING:
    from pydantic import BaseModel


class AdAdapter(Trees):
    """The base of an ad platform's adapter; see `AdHooks` for what a vendor must write."""

    models: ClassVar[tuple[type[BaseModel], ...]] = (
        Account, Balance, Campaign, AdGroup, Ad, PageData, Page, Created, Updated, MetricsRow, MetricsReport,
    )  # fmt: skip

    async def connect(self) -> None:
        """Open the pool; the first request connects."""


__all__ = [
    "AdAdapter",
    "AdHooks",
    "Asked",
    "Draft",
    "Json",
    "Made",
    "Raw",
    "Request",
    "Step",
    "compare",
    "flag",
    "marked_name",
    "parsing",
    "same",
    "variable",
]
