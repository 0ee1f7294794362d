"""One stream of frozen events, many listeners: logs, metrics, traces, alerts, tests."""

from backstay.events.model import (
    BreakerChanged,
    CallFailed,
    CostRecorded,
    DeadLetter,
    Event,
    FallbackUsed,
    LetterReplayed,
    LettersAlarm,
    LimiterWaited,
    Problem,
    RetryAttempt,
    RetryBudgetEmpty,
    RetryExhausted,
    RetrySuccess,
    StaleServed,
    WriteSettled,
    bind_context,
)
from backstay.events.stream import Listener, Stream

__all__ = [
    "BreakerChanged",
    "CallFailed",
    "CostRecorded",
    "DeadLetter",
    "Event",
    "FallbackUsed",
    "LetterReplayed",
    "LettersAlarm",
    "LimiterWaited",
    "Listener",
    "Problem",
    "RetryAttempt",
    "RetryBudgetEmpty",
    "RetryExhausted",
    "RetrySuccess",
    "StaleServed",
    "Stream",
    "WriteSettled",
    "bind_context",
]
