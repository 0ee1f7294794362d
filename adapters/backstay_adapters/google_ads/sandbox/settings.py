"""What the simulated vendor can be told to be: its customers, and each behaviour of which the truth is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TOKEN: Final = "sandbox-token"  # noqa: S105 - the simulator's own, opens nothing
DEVELOPER_TOKEN: Final = "sandbox-developer-token"  # noqa: S105 - as above

WHOLE: Final = frozenset({"CLP", "JPY", "KRW", "PYG", "VND"})
"""Currencies whose smallest billable unit is a main unit."""


@dataclass(slots=True)
class Customer:
    """An account; `timezone` is an IANA name, `status` a CustomerStatus, `manager` the id of the account above it."""

    id: str
    name: str = "Sandbox customer"
    currency: str = "USD"
    timezone: str = "UTC"
    status: str = "ENABLED"
    manager: str | None = None
    is_manager: bool = False
    test_account: bool = True

    @property
    def billable_unit(self) -> int:
        """Micros of which every amount must be a multiple."""
        return 1_000_000 if self.currency in WHOLE else 10_000


MANAGER: Final = "9990000001"
"""The manager account above the three others."""


def default_customers() -> tuple[Customer, ...]:
    """Three accounts of different currencies and zones and their manager; new ones each time."""
    return (
        Customer("1000000001", manager=MANAGER),
        Customer("1000000002", "Sandbox Tokyo", "JPY", "Asia/Tokyo", manager=MANAGER),
        Customer("1000000003", "Sandbox London", "GBP", "Europe/London", manager=MANAGER),
        Customer(MANAGER, "Sandbox manager", is_manager=True),
    )


CUSTOMERS: Final = tuple(each.id for each in default_customers() if not each.is_manager)
"""The ids that are there by default: dollars in UTC, yen in Tokyo, pounds in London."""


@dataclass(slots=True)
class Switches:
    """Behaviours that can be set either way, because public material does not settle them."""

    require_authorization: bool = False
    """Whether a call without any token is refused, as production does. A token that comes is checked in any case."""
    require_developer_token: bool = False
    """Since 2026-09 the header is optional; before, calls without it were refused."""
    reserve_removed_names: bool = False
    """Whether a removed campaign, ad group or budget keeps its name taken."""
    remove_budget_with_campaign: bool = False
    """Whether a budget that is not shared goes with its campaign."""
    same_asset: Literal["existing", "refused"] = "existing"
    """The same bytes again: answered with the first asset, or refused as DUPLICATE_ASSET."""
    remove_twice: Literal["removed", "not_found"] = "removed"
    """Removing what is removed: OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE, or RESOURCE_NOT_FOUND."""
    page_rows: int = 10_000
    """Rows of a page of Search and of a batch of SearchStream."""
    review: float = 0.0
    """Seconds until an ad has passed its review; `[deny]` in one of its texts makes it fail."""
    enabled_ads: int = 3
    """Enabled responsive search ads of an ad group at most."""
