"""Rules: conditions on live numbers, and what is done when they are true, within limits and with a record."""

from backstay.services.rules.condition import All, Any, Comparison, MinData, Not, Other, Window
from backstay.services.rules.decide import Decided, Decision, Inputs, decide
from backstay.services.rules.engine import RuleEngine
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.record import End, EndRecord, FileAudit, MemoryAudit, RunRecord, replay
from backstay.services.rules.rule import (
    Back,
    Limits,
    Notify,
    Pause,
    Quiet,
    Resume,
    Rule,
    ScaleBudget,
    Schedule,
    Scope,
    SetBudget,
)
from backstay.services.rules.words import IfUndefined, Kind, Metric, Mode, Op, Outcome, Reason, Span, Truth

__all__ = [
    "All",
    "Any",
    "Back",
    "Comparison",
    "Decided",
    "Decision",
    "End",
    "EndRecord",
    "Facts",
    "FileAudit",
    "IfUndefined",
    "Inputs",
    "Kind",
    "Limits",
    "MemoryAudit",
    "Metric",
    "MinData",
    "Mode",
    "Not",
    "Notify",
    "Numbers",
    "Op",
    "Other",
    "Outcome",
    "Pause",
    "Quiet",
    "Reason",
    "Resume",
    "Rule",
    "RuleEngine",
    "RunRecord",
    "ScaleBudget",
    "Schedule",
    "Scope",
    "SetBudget",
    "Span",
    "Truth",
    "Window",
    "decide",
    "replay",
]
