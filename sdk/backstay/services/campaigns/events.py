"""Progress of campaign plans, in the stream of all events."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event
from backstay.services.events import ServiceTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsPlanned(Event):
    """A plan was made."""

    name = "campaigns_planned"
    set: str
    steps: int
    troubles: int
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStepped(Event):
    """A step was carried out."""

    name = "campaign_stepped"
    set: str
    target: str
    step: str
    number: int
    """From 1."""
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTrouble(ServiceTrouble):
    """A step failed, or a platform could not be read; apply the same spec again."""

    name = "campaign_trouble"
    set: str
    doing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsPaused(Event):
    """All campaigns of a set were paused, as far as their platforms let it."""

    name = "campaigns_paused"
    set: str
    paused: int
    failed: int
