"""The conformance suite: what makes "swappable" true. It runs against an adapter on its simulator.

    class TestPinterest(AdPlatformConformance):
        @pytest.fixture
        def bench(self) -> Bench:
            return Bench(PinterestSandbox(), lambda runtime, transport: PinterestAds(..., runtime=runtime))

The numbers are those of the common model (C1 to C18); C19 (dry runs) and C20 (dead letters) are ours.
"""

from __future__ import annotations

import pytest

from backstay.ads import AdPlatform
from backstay.testing.bench import Bench
from backstay.testing.conformance.answers import AnswerCases
from backstay.testing.conformance.capabilities import CapabilityCases
from backstay.testing.conformance.guard import GuardCases
from backstay.testing.conformance.host import HostBench, MediaHostConformance
from backstay.testing.conformance.image import ImageGeneratorConformance
from backstay.testing.conformance.keys import KeyCases
from backstay.testing.conformance.letters import LetterCases
from backstay.testing.conformance.publish import PublisherConformance
from backstay.testing.conformance.research import ResearcherConformance
from backstay.testing.conformance.text import TextGeneratorConformance
from backstay.testing.conformance.values import ValueCases
from backstay.testing.content_bench import ContentBench
from backstay.testing.publish_bench import PublishBench


class AdPlatformConformance(KeyCases, CapabilityCases, ValueCases, AnswerCases, LetterCases, GuardCases):
    """Subclass it and override the fixture `bench`."""

    @pytest.fixture
    def bench(self) -> Bench:
        """The adapter under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: Bench) -> None:
        """The adapter has every method of AdPlatform."""
        assert isinstance(bench.adapter(), AdPlatform)


__all__ = [
    "AdPlatformConformance", "Bench", "ContentBench", "HostBench", "ImageGeneratorConformance", "MediaHostConformance",
    "PublishBench", "PublisherConformance", "ResearcherConformance", "TextGeneratorConformance",
]  # fmt: skip
