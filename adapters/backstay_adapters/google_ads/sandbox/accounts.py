"""Which customers a token reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backstay_adapters.google_ads.sandbox.protos import Message, message

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx


def accessible(ctx: Ctx) -> Iterable[Message]:
    """CustomerService.ListAccessibleCustomers: those that the user reaches directly, without a manager."""
    made = message("services.types.customer_service", "ListAccessibleCustomersResponse")()
    own = ctx.caller.grant.customers
    made.resource_names.extend(f"customers/{id_}" for id_ in ctx.sim.customers if own is None or id_ in own)
    return (made,)
