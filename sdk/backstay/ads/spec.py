"""What is created: specs of campaigns, ad groups, ads, whole trees and uploads. Everything is created paused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from backstay.ads.parts import AttributionSetting, Bid, Budget, Compliance, Creative, Schedule, Targeting
from backstay.ads.words import BidStrategy, BillingEvent, BudgetPeriod, MediaKind, Objective, OptimizationGoal
from backstay.errors import InvalidRequestError
from backstay.spec import Spec
from backstay.values import EMPTY, Extra
from backstay.writes.marker import unmark

S = TypeVar("S", bound=Spec)


def check_name(name: str) -> str:
    """A name that all vendors take and that is not taken for one of ours."""
    if not name.strip() or any(character < " " or character == "\x7f" for character in name):
        raise _refuse("name", name, "a name is one line of text", "leave out line breaks and control characters")
    if unmark(name)[1] is not None:
        raise _refuse("name", name, "the name ends like a marker of ours", "leave the suffix out; creates add it")
    return name


def check_budget(budget: Budget | None) -> Budget | None:
    """A positive amount for a period, or none at all."""
    if budget is None or (budget.period is BudgetPeriod.NONE and budget.amount is None):
        return budget
    if budget.period in {BudgetPeriod.NONE, BudgetPeriod.UNKNOWN} or budget.amount is None:
        raise _refuse("budget", budget, "amount and period do not fit", "use Budget.daily, .lifetime or .none")
    if budget.amount.amount <= 0:
        raise _refuse("budget.amount", str(budget.amount), "a budget is more than nothing", "pause it to stop spending")
    return budget


def check_bid(bid: Bid | None) -> Bid | None:
    """The strategy's own number and no other."""
    if bid is None:
        return None
    money, roas = bid.strategy in {BidStrategy.COST_CAP, BidStrategy.BID_CAP}, bid.strategy is BidStrategy.MIN_ROAS
    amount_fits = bid.amount is None if not money else bid.amount is not None and bid.amount.amount > 0
    roas_fits = bid.roas is None if not roas else bid.roas is not None and bid.roas > 0
    if bid.strategy is BidStrategy.UNKNOWN or not amount_fits or not roas_fits:
        raise _refuse("bid", repr(bid), "strategy and number do not fit", "use Bid.cost_cap(money) and its siblings")
    return bid


def check_schedule(schedule: Schedule) -> Schedule:
    """An end after the start."""
    if schedule.start and schedule.end and schedule.end <= schedule.start:
        raise _refuse("schedule.end", schedule.end, "it ends before it starts", "give an end after the start")
    return schedule


def check_targeting(targeting: Targeting) -> Targeting:
    """Ages in order."""
    low, high = targeting.age_min, targeting.age_max
    if low is not None and high is not None and high < low:
        raise _refuse("targeting.age_max", high, f"below age_min {low}", "give age_min <= age_max")
    return targeting


def check_known(word: Any) -> Any:
    """UNKNOWN is for reading."""
    if word is not None and word == "unknown":
        raise _refuse(type(word).__name__, word, "UNKNOWN cannot be asked for", "choose a word, or use extra")
    return word


Name = Annotated[str, Field(min_length=1, max_length=480), AfterValidator(check_name)]
"""Room for the marker within TikTok's 512; adapters refuse what their own limit does not hold."""
BudgetSpec = Annotated[Budget | None, AfterValidator(check_budget)]
BidSpec = Annotated[Bid | None, AfterValidator(check_bid)]
ScheduleSpec = Annotated[Schedule, AfterValidator(check_schedule)]


class ConversionSource(Spec):
    """What counts as a conversion: a pixel (or other source) and its event, in the vendor's words."""

    source_id: str
    event: str | None = None


class CampaignSpec(Spec):
    """A campaign to make; without a budget its ad groups must have theirs."""

    name: Name
    objective: Annotated[Objective, AfterValidator(check_known)]
    compliance: Compliance
    """Required: vendors refuse late, or worse, accept what was not declared."""
    budget: BudgetSpec = None
    bid: BidSpec = None
    schedule: ScheduleSpec = Field(default_factory=Schedule)
    extra: Extra = EMPTY

    @model_validator(mode="after")
    def _lifetime_ends(self) -> Self:
        return _need_end(self, self.budget, self.schedule)


class AdGroupSpec(Spec):
    """An ad group to make in a campaign."""

    name: Name
    optimization: Annotated[OptimizationGoal, AfterValidator(check_known)]
    billing: Annotated[BillingEvent | None, AfterValidator(check_known)] = None
    """None takes the vendor's usual one for the goal."""
    targeting: Annotated[Targeting, AfterValidator(check_targeting)] = Field(default_factory=Targeting)
    budget: BudgetSpec = None
    bid: BidSpec = None
    schedule: ScheduleSpec = Field(default_factory=Schedule)
    conversion: ConversionSource | None = None
    attribution: AttributionSetting | None = None
    extra: Extra = EMPTY

    @model_validator(mode="after")
    def _lifetime_ends(self) -> Self:
        return _need_end(self, self.budget, self.schedule)


class AdSpec(Spec):
    """An ad to make in an ad group."""

    name: Name
    creative: Creative
    extra: Extra = EMPTY


class GroupTree(Spec):
    """An ad group with its ads."""

    ad_group: AdGroupSpec
    ads: tuple[AdSpec, ...] = ()


class CampaignTree(Spec):
    """A campaign with its ad groups and their ads: what is built as one and activated last."""

    campaign: CampaignSpec
    groups: tuple[GroupTree, ...] = ()

    @model_validator(mode="after")
    def _one_level_has_the_budget(self) -> Self:
        above = _limited(self.campaign.budget)
        for number, group in enumerate(self.groups):
            if above == _limited(group.ad_group.budget):
                both = (
                    "both the campaign and the ad group have" if above else "neither the campaign nor the ad group has"
                )
                raise _refuse(
                    f"groups.{number}.ad_group.budget", str(group.ad_group.budget), f"{both} a budget",
                    "give it to the campaign or to every ad group",
                )  # fmt: skip
        _unique("groups", (group.ad_group.name for group in self.groups))
        for number, group in enumerate(self.groups):
            _unique(f"groups.{number}.ads", (ad.name for ad in group.ads))
        return self


class MediaUpload(Spec):
    """An image or video to upload: its bytes, or an https URL that the vendor fetches."""

    kind: Annotated[MediaKind, AfterValidator(check_known)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    data: Annotated[bytes | None, Field(repr=False)] = None
    url: str | None = None
    media_type: str | None = None
    """For example image/png; None lets the vendor see for itself."""
    extra: Extra = EMPTY

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.data is None) == (self.url is None):
            raise _refuse("data", self.url, "exactly one of data and url is needed", "give the bytes or an https URL")
        if self.data == b"":
            raise _refuse("data", b"", "the file is empty", "give its bytes")
        if self.url is not None and not self.url.startswith("https://"):
            raise _refuse("url", self.url, "vendors fetch over https only", "give an https URL or the bytes")
        return self

    @property
    def sha256(self) -> str | None:
        """Of the bytes, in hex."""
        return None if self.data is None else hashlib.sha256(self.data).hexdigest()


def _need_end(spec: S, budget: Budget | None, schedule: Schedule) -> S:
    if budget is not None and budget.period is BudgetPeriod.LIFETIME and schedule.end is None:
        raise _refuse("schedule.end", None, "a lifetime budget needs an end", "give schedule=Schedule(end=...)")
    return spec


def _limited(budget: Budget | None) -> bool:
    return budget is not None and budget.amount is not None


def _unique(field: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _refuse(field, name, "the name appears twice under one parent", "give each its own name")
        seen.add(name)


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint)
