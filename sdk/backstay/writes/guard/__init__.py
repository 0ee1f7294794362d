"""The spend guard: caps, the ledger of what may be spent, and the audit record; below every write of every adapter."""

from __future__ import annotations

from backstay.policies.caps import Dial
from backstay.policies.exchange import Rates
from backstay.policies.spend import UNBOUNDED
from backstay.writes.guard.audit import AUDIT, Audit, FileAudit, MemoryAudit, read_audit
from backstay.writes.guard.gate import Act, Gate, Passage
from backstay.writes.guard.ledger import Ledger, MemoryLedger, SqliteLedger
from backstay.writes.guard.rules import SpendGuard
from backstay.writes.guard.spending import Spending

__all__ = [
    "AUDIT",
    "UNBOUNDED",
    "Act",
    "Audit",
    "Dial",
    "FileAudit",
    "Gate",
    "Ledger",
    "MemoryAudit",
    "MemoryLedger",
    "Passage",
    "Rates",
    "SpendGuard",
    "Spending",
    "SqliteLedger",
    "read_audit",
]
