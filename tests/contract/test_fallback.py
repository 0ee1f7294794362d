"""A fallback under the conformance suites of its steps: whoever can be swapped can stand in."""

from __future__ import annotations

import pytest

from backstay.compose import Fallback
from backstay.content import ImageGenerator, Researcher, TextGenerator
from backstay.sandbox import SimTransport, SimTransport2
from backstay.testing.conformance import (
    ContentBench,
    ImageGeneratorConformance,
    ResearcherConformance,
    TextGeneratorConformance,
)
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox
from backstay_adapters.claude.wire.read import FINISHES as CLAUDE_FINISHES
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.sandbox import KEY as OPENAI_KEY
from backstay_adapters.openai.sandbox import OpenAISandbox
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY as PERPLEXITY_KEY
from backstay_adapters.perplexity.sandbox import PerplexitySandbox
from backstay_adapters.perplexity.wire.read import FINISHES as PERPLEXITY_FINISHES
from tests.contract import test_claude, test_openai, test_perplexity


class TestFallbackOfWriters(TextGeneratorConformance):
    """A row of one writer is that writer, marked with its name."""

    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        return ContentBench[TextGenerator](
            ClaudeSandbox(seed=7),
            lambda runtime, wire: Fallback(Claude(KEY, runtime=runtime, transport=wire)),
            shell=SimTransport2, rules=test_claude.RULES, generate="messages", finishes=CLAUDE_FINISHES,
            errors=test_claude.ERRORS,
        )  # fmt: skip


class TestFallbackOfPictures(ImageGeneratorConformance):
    """A row of one maker of pictures."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        return ContentBench[ImageGenerator](
            OpenAISandbox(seed=11),
            lambda runtime, wire: Fallback(OpenAIImages(OPENAI_KEY, runtime=runtime, transport=wire)),
            shell=SimTransport2, rules=test_openai.RULES, generate="images/*", errors=test_openai.ERRORS,
        )  # fmt: skip


class TestFallbackOfResearchers(ResearcherConformance):
    """A row of one researcher."""

    @pytest.fixture
    def bench(self) -> ContentBench[Researcher]:
        return ContentBench[Researcher](
            PerplexitySandbox(seed=11),
            lambda runtime, wire: Fallback(Perplexity(PERPLEXITY_KEY, runtime=runtime, transport=wire)),
            shell=SimTransport, rules=test_perplexity.RULES, generate=test_perplexity.ASKS,
            finishes=PERPLEXITY_FINISHES, errors=test_perplexity.ERRORS,
        )  # fmt: skip
