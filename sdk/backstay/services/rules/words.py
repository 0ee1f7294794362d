"""The vocabularies of rules."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """What a condition looks at. Money is in the account's currency."""

    SPEND = "spend"
    IMPRESSIONS = "impressions"
    CLICKS = "clicks"
    CONVERSIONS = "conversions"
    REVENUE = "revenue"
    CTR = "ctr"
    """Clicks by impressions."""
    CVR = "cvr"
    """Conversions by clicks."""
    CPC = "cpc"
    CPM = "cpm"
    CPA = "cpa"
    """Spend by conversions."""
    ROAS = "roas"
    """Revenue by spend."""


class Op(StrEnum):
    """How a metric is compared; files may write the sign."""

    GREATER_THAN = "greater_than"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    AT_MOST = "at_most"
    EQUAL = "equal"
    NOT_EQUAL = "not_equal"


SIGNS = {
    ">": Op.GREATER_THAN, ">=": Op.AT_LEAST, "<": Op.LESS_THAN, "<=": Op.AT_MOST, "==": Op.EQUAL, "!=": Op.NOT_EQUAL,
}  # fmt: skip


class Span(StrEnum):
    """Which days, in the account's zone."""

    TODAY = "today"
    LAST_DAYS = "last_days"
    LIFETIME = "lifetime"


class Truth(StrEnum):
    """Three values: what has no value is neither true nor false."""

    TRUE = "true"
    FALSE = "false"
    UNDEFINED = "undefined"


class IfUndefined(StrEnum):
    """What a comparison is whose metric has no value."""

    UNDEFINED = "undefined"
    """Undefined, and so is its negation: nothing is done for it."""
    TRUE = "true"
    FALSE = "false"
    USE_BOUND = "use_bound"
    """A cost is at least what was spent: CPA without conversions is at least spend / 1. What this leaves open is
    undefined."""


class Mode(StrEnum):
    """How far a rule goes."""

    DRY_RUN = "dry_run"
    PROPOSE = "propose"
    """Keep what it would do until somebody agrees."""
    APPLY = "apply"


class Part(StrEnum):
    """Which amount of an object is changed."""

    BUDGET = "budget"
    BID = "bid"


class Kind(StrEnum):
    """What is done to an object, the most careful first."""

    PAUSE = "pause"
    DECREASE = "decrease"
    INCREASE = "increase"
    RESUME = "resume"


class CatchUp(StrEnum):
    """What becomes of runs that were missed."""

    SKIP = "skip"
    LAST = "last"


class Outcome(StrEnum):
    """What becomes of a rule on an object."""

    ACT = "act"
    NO_ACTION = "no_action"
    """Its condition is not true."""
    NO_CHANGE = "no_change"
    """It is as the rule wants it already."""
    HELD = "held"
    """A limit holds it back; `reason` says which."""
    SUPPRESSED = "suppressed"
    """A more careful rule has the object; `suppressed_by` names it."""
    SKIPPED_STALE = "skipped_stale"
    REFUSED = "refused"
    """It cannot be done here: no budget or bid of its own, another currency."""


class Reason(StrEnum):
    """Which limit or circumstance."""

    CONDITION = "condition"
    ALREADY = "already"
    COOL_DOWN = "cool_down"
    OBJECT_COOL_DOWN = "object_cool_down"
    MAX_PER_RUN = "max_per_run"
    MAX_PER_DAY = "max_per_day"
    MAX_CHANGE_PER_DAY = "max_change_per_day"
    FLOOR = "floor"
    CEILING = "ceiling"
    QUIET_HOURS = "quiet_hours"
    LEARNING = "learning"
    KILL_SWITCH = "kill_switch"
    LOCKED = "locked"
    """The outcome of an earlier write to it is not known yet."""
    DONE = "done"
    """This very action was decided before."""
    HYSTERESIS = "hysteresis"
    STALE = "stale"
    NO_BUDGET = "no_budget"
    NO_BID = "no_bid"
    """It has no bid that is an amount of money."""
    CURRENCY = "currency"
    STATUS = "status"
    CONFLICT = "conflict"


class Skip(StrEnum):
    """Why a whole rule was not looked at."""

    NOT_DUE = "not_due"
    MISSED = "missed"
    EXPIRED = "expired"
    DISABLED = "disabled"
