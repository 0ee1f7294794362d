"""Campaigns as a spec says: a plan of what would be created and changed, applied once; drift; all off at once."""

from backstay.services.campaigns.file import campaigns_of
from backstay.services.campaigns.manager import CampaignManager
from backstay.services.campaigns.plan import CampaignPlan, Differs, Field, Left, Step, Trouble, Unread
from backstay.services.campaigns.report import Applied, Drift, Drifted, Failed, NotPaused, PausedAll, Skipped
from backstay.services.campaigns.spec import CampaignSet, Place, Target
from backstay.services.campaigns.words import Cause, Do, Who

__all__ = [
    "Applied",
    "CampaignManager",
    "CampaignPlan",
    "CampaignSet",
    "Cause",
    "Differs",
    "Do",
    "Drift",
    "Drifted",
    "Failed",
    "Field",
    "Left",
    "NotPaused",
    "PausedAll",
    "Place",
    "Skipped",
    "Step",
    "Target",
    "Trouble",
    "Unread",
    "Who",
    "campaigns_of",
]
