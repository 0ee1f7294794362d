"""What type checkers see of the services; checked, never run."""

from __future__ import annotations

from typing import assert_type

from backstay.ads import AdPlatform, CampaignTree, Ref
from backstay.compose import Split
from backstay.services.ab_test import AbPlan, AbState, AbTest, Evidence, Verdict, decide, replay
from backstay.services.store import FileStore, MemoryStore


async def testing(plan: AbPlan, tree: CampaignTree, ref: Ref, ads: AdPlatform, split: Split) -> None:
    """One platform, several, or a split; trees and refs."""
    one = AbTest(plan, {"A": tree, "B": ref}, on=ads, store=FileStore("tests"))
    AbTest(plan, {"A": tree, "B": tree}, on=split, store=MemoryStore())
    AbTest(plan, {"A": tree, "B": tree}, on={"A": ads, "B": split}, store=MemoryStore())
    assert_type(await one.start(), AbState)
    assert_type(await one.look(), Verdict)
    assert_type(await one.act(), AbState)
    assert_type(await one.run(), Verdict | None)


def deciding(evidence: Evidence) -> None:
    """Pure, there and back."""
    verdict = decide(evidence)
    assert_type(verdict, Verdict)
    assert_type(replay(verdict).arm, str | None)
