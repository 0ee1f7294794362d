"""Rule: what it looks at, when it is true, what it then does, and what limits it."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from backstay.ads import ConfiguredStatus, Level, Money, Platform, Ref
from backstay.errors import InvalidRequestError
from backstay.services.hashing import fingerprint
from backstay.services.rules.condition import Node, Window, windows
from backstay.services.rules.words import CatchUp, Mode
from backstay.services.store import check_name
from backstay.spec import Spec

Percent = Annotated[Decimal, Field(gt=0, le=1000)]
Name = Annotated[str, AfterValidator(check_name)]
AnyRef = Annotated[Ref, BeforeValidator(lambda told: Ref.parse(told) if isinstance(told, str) else told)]
"""Files write `tiktok/7001/campaign/18001`."""
S = TypeVar("S", bound=Spec)
_BARE: Final = re.compile(r"\s*[+-]?[\d.]+\s*")


def _with_unit(told: object) -> object:
    """A bare number would be taken for seconds, which hardly anybody means."""
    words = isinstance(told, str) and told not in {"true", "false"} and not _BARE.fullmatch(told)
    if words or isinstance(told, timedelta) or (told in (0, "0") and not isinstance(told, bool)):
        return told
    raise PydanticCustomError("no_unit", "a span of time needs its unit: write PT24H, PT15M or P1D")


Span = Annotated[timedelta, BeforeValidator(_with_unit)]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _above_nothing(spec: S, *names: str) -> S:
    """The spec, if the amounts that it gives are of some money."""
    for name in names:
        money = getattr(spec, name)
        if money is not None and money.amount <= 0:
            raise _refuse(name, str(money), "no amount above 0", "to stop spending, let the rule pause")
    return spec


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint)


class Scope(Spec):
    """Which objects; empty is all of the level."""

    level: Literal[Level.CAMPAIGN, Level.AD_GROUP, Level.AD] = Level.CAMPAIGN
    platforms: tuple[Platform, ...] = ()
    refs: tuple[AnyRef, ...] = ()
    name_contains: str | None = None
    statuses: tuple[ConfiguredStatus, ...] = (ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED)
    tagged: tuple[Name, ...] = ()
    """Only what a rule has marked with all of these."""
    untagged: tuple[Name, ...] = ()
    """Only what has none of these."""


class Pause(Spec):
    """Switch it off."""

    do: Literal["pause"] = "pause"


class Resume(Spec):
    """Switch it on."""

    do: Literal["resume"] = "resume"


class SetBudget(Spec):
    """An absolute budget; its period stays."""

    do: Literal["set_budget"] = "set_budget"
    amount: Money

    @model_validator(mode="after")
    def _some(self) -> Self:
        return _above_nothing(self, "amount")


class ScaleBudget(Spec):
    """So many percent more or less, made absolute when it is decided and rounded down to the currency's step."""

    do: Literal["scale_budget"] = "scale_budget"
    percent: Decimal = Field(gt=-100, le=1000)
    least: Money | None = None
    most: Money | None = None

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not self.percent:
            raise InvalidRequestError("percent: 0 changes nothing", field="percent", value="0", hint="for example 20")
        return _above_nothing(self, "most")


class SetBid(Spec):
    """An absolute bid; its strategy stays."""

    do: Literal["set_bid"] = "set_bid"
    amount: Money

    @model_validator(mode="after")
    def _some(self) -> Self:
        return _above_nothing(self, "amount")


class Notify(Spec):
    """Only tell: an event `rule_notified`."""

    do: Literal["notify"] = "notify"
    text: str = ""


class Tag(Spec):
    """Mark it in the rules' own state, for the scopes of other rules; the platform knows nothing of it."""

    do: Literal["tag"] = "tag"
    tag: Name
    off: bool = False
    """Take the mark away."""


class Hook(Spec):
    """Call a function that the engine was given by this name, at most once a run and object."""

    do: Literal["hook"] = "hook"
    name: Name


Change = Pause | Resume | SetBudget | ScaleBudget | SetBid
Action = Annotated[Change | Notify | Tag | Hook, Field(discriminator="do")]


class Quiet(Spec):
    """Hours of the account's zone in which nothing is done; over midnight if it ends before it begins."""

    begin: time
    end: time


class Limits(Spec):
    """What holds a rule back."""

    cool_down: Span = Field(default=HOUR, ge=timedelta(0))
    """Between two actions of this rule on one object."""
    object_cool_down: Span = Field(default=timedelta(0), ge=timedelta(0))
    """Since the last action of any rule on the object."""
    max_per_run: int = Field(default=50, ge=1)
    max_per_day: int = Field(default=200, ge=1)
    """In the account's day."""
    max_change: Percent | None = Decimal(50)
    """Percent of the budget that one action may move it."""
    max_change_per_day: Percent | None = Decimal(100)
    """Percent of the day's first budget that all rules together may have moved it after this action."""
    floor: Money | None = None
    ceiling: Money | None = None
    quiet: Quiet | None = None
    learning: bool = True
    """Leave budgets alone while the platform learns: larger edits begin learning anew."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        low, high = self.floor, self.ceiling
        if low is not None and high is not None and low.currency == high.currency and low > high:
            raise _refuse("floor", str(low), f"more than the ceiling, {high}", "give floor <= ceiling")
        return _above_nothing(self, "ceiling")


class Schedule(Spec):
    """Slots of equal length from each midnight of the account on; a rule runs at most once in each."""

    every: Span = Field(default=HOUR, ge=timedelta(minutes=1), le=DAY)
    after_midnight: Span = Field(default=timedelta(0), ge=timedelta(0), lt=DAY)
    grace: Span | None = Field(default=None, gt=timedelta(0))
    """A run that is later than this after its slot's begin is missed; None: the whole slot is in time."""
    catch_up: CatchUp = CatchUp.SKIP
    """LAST makes up for the present slot's run, however late; earlier ones are never made up for."""


class Back(Spec):
    """Hysteresis: what this rule paused is resumed by another condition, and not before some time is over."""

    when: Node
    after: Span = Field(default=DAY, ge=timedelta(0))


class Rule(Spec):
    """A rule. Its condition is judged on each object of its scope."""

    id: Name
    version: int = Field(default=1, ge=1)
    scope: Scope = Scope()
    when: Node
    then: tuple[Action, ...] = Field(min_length=1)
    back: Back | None = None
    schedule: Schedule = Schedule()
    limits: Limits = Limits()
    mode: Mode = Mode.DRY_RUN
    max_age: Span = Field(default=HOUR, gt=timedelta(0))
    """Numbers older than this are not acted on."""
    stale_ok: bool = False
    """Of a rule that pauses only: pausing on old numbers is better than not pausing."""
    expires_at: AwareDatetime | None = None
    owner: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        changing = [each.do for each in self.then if isinstance(each, Change)]
        if len(changing) > 1:
            raise _refuse("then", ", ".join(changing), "a rule does one thing to an object", "make it several rules")
        if self.stale_ok and changing != ["pause"]:
            raise _refuse("stale_ok", True, "only a rule that pauses may act on old numbers", "leave it out")
        if self.back is not None and changing != ["pause"]:
            raise _refuse("back", "given", "only what was paused can come back", "let the rule pause")
        if self.scope.level is Level.AD and {"set_budget", "scale_budget", "set_bid"} & {*changing}:
            raise _refuse("then", changing[0], "ads have no budget and no bid", "use the level campaign or ad_group")
        return self

    @property
    def hash(self) -> str:
        """Of all that the rule says."""
        return fingerprint(self)

    @property
    def change(self) -> Change | None:
        """What it does to an object; None if it only tells."""
        return next((each for each in self.then if isinstance(each, Change)), None)

    @property
    def notices(self) -> tuple[str, ...]:
        """What it tells."""
        return tuple(each.text for each in self.then if isinstance(each, Notify))

    @property
    def hooks(self) -> tuple[str, ...]:
        """The functions that it calls."""
        return tuple(each.name for each in self.then if isinstance(each, Hook))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """What it marks."""
        return tuple(each for each in self.then if isinstance(each, Tag))

    @property
    def windows(self) -> frozenset[Window]:
        """All windows that it looks at."""
        return windows(self.when) | (windows(self.back.when) if self.back is not None else frozenset())
