"""A/B tests: what is compared, when it may stop, and a verdict that can be made again from what it carries."""

from backstay.services.ab_test.decide import decide, replay
from backstay.services.ab_test.evidence import ArmEvidence, Evidence, at_once
from backstay.services.ab_test.file import evidence_of
from backstay.services.ab_test.history import watched
from backstay.services.ab_test.manager import AbTest
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.state import AbState, Stage
from backstay.services.ab_test.verdict import Verdict
from backstay.services.ab_test.words import AtEnd, Clicks, Design, Metric, Outcome, Reason, SrmMethod, Stopping

__all__ = [
    "AbPlan",
    "AbState",
    "AbTest",
    "ArmEvidence",
    "AtEnd",
    "Clicks",
    "Design",
    "Evidence",
    "Metric",
    "Outcome",
    "Reason",
    "SrmMethod",
    "Stage",
    "Stopping",
    "Verdict",
    "at_once",
    "decide",
    "evidence_of",
    "replay",
    "watched",
]
