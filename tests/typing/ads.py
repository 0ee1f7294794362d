"""What type checkers and editors see of the ads protocol; checked, never run."""

from __future__ import annotations

from typing import assert_type

from backstay.ads import (
    UNSET,
    Ad,
    AdPlatform,
    Budget,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    Compliance,
    Created,
    MetricsReport,
    Money,
    Objective,
    Ref,
    Served,
    Updated,
)


async def reading(ads: AdPlatform) -> None:
    """Lists give their items' type in every way of reading; every answer is served."""
    async for campaign in ads.list_campaigns(max_age=60):
        assert_type(campaign, Campaign)
        assert_type(campaign.served, Served)
        assert_type(campaign.ref, Ref)
    assert_type(await ads.list_ads(), tuple[Ad, ...])
    assert_type(await ads.list_campaigns().first(), Campaign | None)
    async for page in ads.list_campaigns().pages():
        assert_type(page.items, tuple[Campaign, ...])


async def writing(ads: AdPlatform, campaign: Campaign) -> None:
    """Creates and updates keep the type of what they made."""
    spec = CampaignSpec(name="Spring", objective=Objective.SALES, compliance=Compliance.ordinary())
    created = await ads.create_campaign(spec, idempotency_key="spring/1", deadline=60.0)
    assert_type(created, Created[Campaign])
    assert_type(created.value, Campaign)
    budget = Budget.daily(Money.of("50 USD"))
    patch = CampaignPatch(name="Summer", bid=None, budget=budget)
    assert_type(await ads.update_campaign(campaign.ref, patch, expect=campaign), Updated[Campaign])
    if patch.budget is not UNSET:
        assert_type(patch.budget, Budget)


def refused(campaign: Campaign) -> None:
    """What must not pass a type checker."""
    campaign.name = "x"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] - answers are frozen
    Money(0.1, "USD")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - no floats
    CampaignSpec(name="x", objective=Objective.SALES)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - compliance


def total(report: MetricsReport) -> Money:
    """Money adds up with sum()."""
    return sum((row.spend for row in report.rows), Money.zero("USD"))
