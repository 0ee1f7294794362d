"""Rules: conditions on live numbers, and what is done when they are true, within limits and with a record."""

from backstay.services.rules.condition import All, Any, Comparison, MinData, Not, Other, Window
from backstay.services.rules.decide import Decided, Decision, Inputs, decide
from backstay.services.rules.engine import RuleEngine
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.file import RulesFile, rules_of
from backstay.services.rules.record import End, EndRecord, FileAudit, MemoryAudit, RunRecord, replay
from backstay.services.rules.rule import (
    Back,
    Hook,
    Limits,
    Notify,
    Pause,
    Quiet,
    Resume,
    Rule,
    ScaleBudget,
    Schedule,
    Scope,
    SetBid,
    SetBudget,
    Tag,
)
from backstay.services.rules.words import IfUndefined, Kind, Metric, Mode, Op, Outcome, Part, Reason, Span, Truth

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
    "Hook",
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
    "Part",
    "Pause",
    "Quiet",
    "Reason",
    "Resume",
    "Rule",
    "RuleEngine",
    "RulesFile",
    "RunRecord",
    "ScaleBudget",
    "Schedule",
    "Scope",
    "SetBid",
    "SetBudget",
    "Span",
    "Tag",
    "Truth",
    "Window",
    "decide",
    "replay",
    "rules_of",
]
