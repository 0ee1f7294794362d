"""What nobody has written: the customers themselves, their conversion action, and the currencies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backstay_adapters.google_ads.sandbox.protos import Message, put, resource

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx
    from backstay_adapters.google_ads.sandbox.settings import Customer


def customer(own: Customer) -> Message:
    """A customer."""
    made = resource("customer")(
        resource_name=f"customers/{own.id}", id=int(own.id), descriptive_name=own.name, currency_code=own.currency,
        time_zone=own.timezone, manager=own.is_manager, test_account=own.test_account, auto_tagging_enabled=True,
    )  # fmt: skip
    put(made, "status", own.status)
    return made


def clients(ctx: Ctx, own: Customer) -> Iterator[Message]:
    """A customer and all below it, with their levels."""
    yield from _below(ctx, own, own, 0)


def _below(ctx: Ctx, top: Customer, each: Customer, level: int) -> Iterator[Message]:
    made = resource("customer_client")(
        resource_name=f"customers/{top.id}/customerClients/{each.id}", client_customer=f"customers/{each.id}",
        id=int(each.id), level=level, hidden=False, time_zone=each.timezone, test_account=each.test_account,
        manager=each.is_manager, descriptive_name=each.name, currency_code=each.currency,
    )  # fmt: skip
    put(made, "status", each.status)
    yield made
    for child in ctx.sim.customers.values():
        if child.manager == each.id:
            yield from _below(ctx, top, child, level + 1)


def conversions(_: Ctx, own: Customer) -> Iterator[Message]:
    """One conversion action: purchases on the website."""
    made = resource("conversion_action")(
        resource_name=f"customers/{own.id}/conversionActions/1", id=1, name="Sandbox purchase", primary_for_goal=True,
        owner_customer=f"customers/{own.id}", include_in_conversions_metric=True,
        click_through_lookback_window_days=30, view_through_lookback_window_days=1,
    )  # fmt: skip
    put(made, "status", "ENABLED")
    put(made, "type_", "WEBPAGE")
    put(made, "category", "PURCHASE")
    put(made, "counting_type", "MANY_PER_CLICK")
    put(made.attribution_model_settings, "attribution_model", "GOOGLE_SEARCH_ATTRIBUTION_DATA_DRIVEN")
    yield made


def currencies(ctx: Ctx, _: Customer) -> Iterator[Message]:
    """The currencies of the simulator's customers."""
    for code, unit in sorted({each.currency: each.billable_unit for each in ctx.sim.customers.values()}.items()):
        yield resource("currency_constant")(
            resource_name=f"currencyConstants/{code}", code=code, name=code, billable_unit_micros=unit
        )
