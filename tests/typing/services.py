"""What type checkers see of the services; checked, never run."""

from __future__ import annotations

from typing import assert_type

from backstay.adapters import Claude, Instagram, OpenAIImages, Perplexity
from backstay.ads import AdPlatform, CampaignTree, Ref
from backstay.compose import Fallback, Split
from backstay.content import GeneratedImage, Post
from backstay.hosting import FolderHost
from backstay.services.ab_test import AbPlan, AbState, AbTest, Evidence, Verdict, decide, replay
from backstay.services.campaigns import Applied, CampaignManager, CampaignPlan, CampaignSet, Drift, PausedAll
from backstay.services.carousel import Carousel, CarouselPlan, CarouselState
from backstay.services.rules import Decision, EndRecord, MemoryAudit, Rule, RuleEngine, RunRecord
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


async def posting(
    plan: CarouselPlan, claude: Claude, spare: Claude, perplexity: Perplexity, openai: OpenAIImages, host: FolderHost,
    instagram: Instagram,
) -> None:  # fmt: skip
    """Adapters and rows of them fit the protocols."""
    carousel = Carousel(
        plan, research=perplexity, text=Fallback(claude, spare), images=openai, host=host, publisher=instagram,
        store=MemoryStore(),
    )  # fmt: skip
    assert_type(await carousel.run(allow_degraded=True), Post)
    assert_type(await carousel.prepare(), CarouselState)
    assert_type(await carousel.picture(1), GeneratedImage)
    Carousel(plan, research=claude, text=claude, images=openai, host=host, publisher=instagram, store=MemoryStore())  # type: ignore[arg-type]  # planted: Claude finds nothing out


async def managing(tree: CampaignTree, ads: AdPlatform, split: Split) -> None:
    """One platform, several by name, a split; trees by campaign and platform."""
    spec = CampaignSet.of("spring", {"sale": {"tiktok": tree, "all": tree}})
    CampaignManager(spec, on=ads, store=MemoryStore())
    manager = CampaignManager(spec, on={"tiktok": ads, "all": split}, store=FileStore("campaigns"))
    assert_type(await manager.plan(), CampaignPlan)
    assert_type(await manager.apply(await manager.plan()), Applied)
    assert_type(await manager.drift(), Drift)
    assert_type(await manager.pause_all(), PausedAll)


async def ruling(rule: Rule, ads: AdPlatform, split: Split) -> None:
    """Rules on platforms, with functions that they call."""

    async def page(decision: Decision) -> None:
        print(decision.ref)

    engine = RuleEngine([rule], on=[ads, split], store=MemoryStore(), audit=MemoryAudit(), hooks={"page": page})
    assert_type(await engine.run(), RunRecord)
    assert_type(await engine.undo("key"), EndRecord)
