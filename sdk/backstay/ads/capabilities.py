"""What a platform can do, known before a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backstay.ads.words import BudgetPeriod, ConfiguredStatus, Platform
from backstay.errors import UnsupportedCapabilityError
from backstay.values import FrozenDict, freeze


class Capability(StrEnum):
    """One thing that some platforms can do and others cannot."""

    AD_GROUP_BUDGET = "ad_group_budget"
    CAMPAIGN_BUDGET = "campaign_budget"
    CAMPAIGN_LIFETIME_BUDGET = "campaign_lifetime_budget"
    SHARED_BUDGET = "shared_budget"
    NO_BUDGET = "no_budget"
    BALANCE = "balance"
    ARCHIVE = "archive"
    DELETE = "delete"
    START_PAUSED = "start_paused"
    SECONDARY_STATUS = "secondary_status"
    CREATIVE_OBJECT = "creative_object"
    CREATIVE_EDIT_IN_PLACE = "creative_edit_in_place"
    IMAGE_UPLOAD = "image_upload"
    VIDEO_UPLOAD = "video_upload"
    AI_DISCLOSURE = "ai_disclosure"
    KEYWORDS = "keywords"
    ENGAGEMENT_OBJECTIVE = "engagement_objective"
    NATIVE_IDEMPOTENCY = "native_idempotency"
    ATOMIC_TREE = "atomic_tree"
    VALIDATE_ONLY = "validate_only"
    LABELS = "labels"
    NAME_UNIQUE = "name_unique"
    REPORT_JOB = "report_job"
    PLATFORM_EXPERIMENT = "platform_experiment"
    CHANGE_LOG = "change_log"


_MEANING: Final = MappingProxyType(
    {
        Capability.AD_GROUP_BUDGET: "ad groups have budgets",
        Capability.CAMPAIGN_BUDGET: "campaigns have budgets",
        Capability.CAMPAIGN_LIFETIME_BUDGET: "a campaign's budget may be for its lifetime",
        Capability.SHARED_BUDGET: "several campaigns may share a budget",
        Capability.NO_BUDGET: "a level may have no limit",
        Capability.BALANCE: "the account's balance can be read",
        Capability.ARCHIVE: "objects can be archived",
        Capability.DELETE: "objects can be deleted",
        Capability.START_PAUSED: "everything can be created paused",
        Capability.SECONDARY_STATUS: "delivery says why it does not run",
        Capability.CREATIVE_OBJECT: "creatives are objects of their own",
        Capability.CREATIVE_EDIT_IN_PLACE: "an ad's creative can be changed",
        Capability.IMAGE_UPLOAD: "images can be uploaded",
        Capability.VIDEO_UPLOAD: "videos can be uploaded",
        Capability.AI_DISCLOSURE: "AI-made content can be declared",
        Capability.KEYWORDS: "keywords can be targeted",
        Capability.ENGAGEMENT_OBJECTIVE: "campaigns may be for engagement",
        Capability.NATIVE_IDEMPOTENCY: "the vendor knows a repeated create by a key",
        Capability.ATOMIC_TREE: "a whole tree is created in one request or not at all",
        Capability.VALIDATE_ONLY: "the vendor checks a request without carrying it out",
        Capability.LABELS: "objects can be labelled",
        Capability.NAME_UNIQUE: "the vendor refuses a second object of the same name",
        Capability.REPORT_JOB: "reports run as jobs",
        Capability.PLATFORM_EXPERIMENT: "the platform splits users for A/B tests",
        Capability.CHANGE_LOG: "changes by others can be listed",
    }
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of a platform, API version and flow; a set to ask `capability in capabilities`."""

    platform: Platform
    flags: frozenset[Capability]
    version: str = ""
    """The vendor's API version that they hold for."""
    reasons: Mapping[str, str] = field(default_factory=FrozenDict, hash=False)
    """Why one is off, or what to use instead."""
    overspend: Mapping[str, Decimal] = field(default_factory=FrozenDict, hash=False)
    """How many times a budget's figure can be spent on one day, by its period; see `max_daily_exposure`."""

    @classmethod
    def of(
        cls,
        platform: Platform,
        *flags: Capability,
        version: str = "",
        reasons: Mapping[Capability, str] | None = None,
        overspend: Mapping[BudgetPeriod, Decimal] | None = None,
    ) -> Capabilities:
        """Those and no others."""
        return cls(platform, frozenset(flags), version, freeze(reasons or {}), freeze(overspend or {}))

    def __contains__(self, capability: object) -> bool:
        return capability in self.flags

    def __iter__(self) -> Iterator[Capability]:
        return iter(sorted(self.flags))

    def __len__(self) -> int:
        return len(self.flags)

    def require(self, capability: Capability, operation: str) -> None:
        """Refuse an operation before anything is sent; raises UnsupportedCapabilityError."""
        if capability not in self.flags:
            raise UnsupportedCapabilityError(
                f"{operation} needs {capability}, which {self.platform} lacks ({_MEANING[capability]})",
                operation=operation,
                vendor=self.platform,
                field="capability",
                value=capability.value,
                hint=self.reasons.get(capability)
                or f"ask `Capability.{capability.name} in adapter.capabilities` first",
            )

    def require_switch(self, status: ConfiguredStatus) -> None:
        """Refuse to archive or delete where that is off; raises UnsupportedCapabilityError."""
        needs = {ConfiguredStatus.ARCHIVED: Capability.ARCHIVE, ConfiguredStatus.DELETED: Capability.DELETE}
        if status in needs:
            self.require(needs[status], f"set_status({status})")

    def with_changes(self, *, add: Iterable[Capability] = (), remove: Iterable[Capability] = ()) -> Capabilities:
        """Other facts of an account or a flow."""
        flags = (self.flags | frozenset(add)) - frozenset(remove)
        return replace(self, flags=flags)

    def table(self) -> tuple[tuple[str, bool, str], ...]:
        """Rows of name, on or off, and meaning (with the reason where it is off)."""
        return tuple((flag.value, flag in self.flags, self._text(flag)) for flag in Capability)

    def _text(self, flag: Capability) -> str:
        reason = None if flag in self.flags else self.reasons.get(flag)
        return f"{_MEANING[flag]}; {reason}" if reason else _MEANING[flag]
