"""The words of an A/B test: what is compared, how it may be read, when it stops, and how it ended."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """What the arms are compared by."""

    CTR = "ctr"
    """Clicks of impressions."""
    CVR = "cvr"
    """Conversions of clicks."""
    CPA = "cpa"
    """Spend for one conversion; less is better."""
    ROAS = "roas"
    """Revenue for one unit of spend."""


class Design(StrEnum):
    """Who decided which user sees which arm. It says what a difference means."""

    RANDOMISED_PLATFORM_SPLIT = "randomised_platform_split"
    """The platform split users between the arms; delivery within an arm still differs."""
    OBSERVATIONAL_ARMS = "observational_arms"
    """Two campaigns side by side: the platform chose who saw which."""
    CROSS_PLATFORM = "cross_platform"
    """Arms on different platforms: no common users, unequal attribution; only cost per result as reported."""


class Stopping(StrEnum):
    """How a test knows that it may stop."""

    MSPRT = "msprt"
    """Mixture sequential test, sharpest for effects of about `effect`; any look, any number of looks."""
    CONFIDENCE_SEQUENCE = "confidence_sequence"
    """Asymptotic confidence sequence, sharpest at `planned` units; any look, any number of looks."""
    GROUP_SEQUENTIAL = "group_sequential"
    """Looks planned beforehand, equally spaced until `max_days`; no other look counts."""


class Clicks(StrEnum):
    """Which clicks count."""

    ALL = "all"
    LINK = "link"


class SrmMethod(StrEnum):
    """How a sample ratio mismatch is found."""

    SEQUENTIAL = "sequential"
    """For any number of looks."""
    CHI_SQUARE = "chi_square"
    """For one look; sees smaller mismatches."""


class AtEnd(StrEnum):
    """What the manager does with the arms of a test that ended without a winner."""

    LEAVE = "leave"
    KEEP_CONTROL = "keep_control"
    """Pause all but the control."""
    PAUSE_ALL = "pause_all"


class Outcome(StrEnum):
    """What a look came to."""

    CONTINUE = "continue"
    WINNER = "winner"
    NO_DIFFERENCE = "no_difference"
    """All that the data still allow is a difference too small to care about."""
    HARM = "harm"
    """An arm is surely worse than the control, or costs much and brings nothing."""
    INVALID = "invalid"
    """The numbers cannot be compared; `reasons` say why."""
    TIMEOUT = "timeout"


class Reason(StrEnum):
    """Why."""

    BASIS = "basis"
    """The arms are counted differently, or differently than before."""
    SRM = "sample_ratio_mismatch"
    INTERRUPTED = "interrupted"
    """An arm was paused, edited, or alone short of budget."""
    UNDEFINED = "undefined"
    """A platform reports no such number."""
    STALE = "stale_metrics"
    """Stale metrics never stop a test."""
    NO_DATA = "no_settled_days"
    TOO_FEW_DAYS = "too_few_days"
    TOO_FEW_RESULTS = "too_few_results"
    BETWEEN_LOOKS = "between_planned_looks"
    NOT_DECIDED = "not_decided"
    BETTER = "better_than_control"
    CONTROL_BETTER = "control_better_than_all"
    WORSE = "worse_than_control"
    STOP_LOSS = "stop_loss"
    EQUIVALENT = "practically_equivalent"
    OUT_OF_TIME = "out_of_time"
    ONE_ORDER = "depends_on_one_order"
    """Without the largest order the better arm is no longer the better one."""
