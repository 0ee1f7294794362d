"""What makes researchers swappable: the same questions, answers, sources, errors and costs, whoever finds out.

class TestLibrarian(ResearcherConformance):
    @pytest.fixture
    def bench(self) -> ContentBench[Researcher]:
        return ContentBench(LibrarySandbox(), lambda runtime, transport: Librarian(..., runtime=runtime), ...)
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from backstay.answer import is_stale
from backstay.content import (
    ContentCapability,
    Depth,
    Finish,
    Recency,
    ResearchDelta,
    Researcher,
    ResearchRequest,
    ResearchResult,
    ResearchSoFar,
    SourceKind,
    Streaming,
)
from backstay.content.protocols import Call
from backstay.testing.conformance.research_faults import ASKED, DEEP, ResearchFaultCases
from backstay.testing.content_bench import ContentBench


class ResearcherConformance(ResearchFaultCases):
    """Subclass it and override the fixture `bench`."""

    asked = ASKED
    keeps = ResearchSoFar
    needs: ClassVar = {
        ContentCapability.DOMAINS: {"domains": ("example.org",)},
        ContentCapability.RECENCY: {"recency": Recency.WEEK},
        ContentCapability.COUNTRY: {"country": "DE"},
        ContentCapability.LANGUAGE: {"language": "de"},
        ContentCapability.RESEARCH_DEEP: {"depth": Depth.DEEP},
    }

    def ask(self, adapter: Researcher, asked: ResearchRequest = ASKED, **options: Any) -> Call[ResearchResult]:
        """See `GeneratingFaultCases.ask`."""
        return adapter.research(asked, max_age=0, **options)

    def stream(self, adapter: Researcher) -> Streaming[ResearchDelta, ResearchResult]:
        """See `GeneratingFaultCases.stream`."""
        return adapter.stream_research(ASKED)

    def words(self, result: ResearchResult) -> str:
        """See `GeneratingFaultCases.words`."""
        return result.answer

    @pytest.fixture
    def bench(self) -> ContentBench[Researcher]:
        """The adapter under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: ContentBench[Researcher]) -> None:
        """The adapter has every method of Researcher."""
        assert isinstance(bench.adapter(), Researcher)

    def test_r01_every_marker_of_an_answer_has_its_source(self, bench: ContentBench[Researcher]) -> None:
        """R1: marker [n] is source n; each has an address, a kind that we know, and the answer its hour."""
        result = bench.run(bench.adapter().research(ASKED))
        assert result.sources
        assert {f"[{number}]" in result.answer for number in range(1, len(result.sources) + 1)} == {True}
        assert all(urlsplit(source.url).hostname for source in result.sources)
        assert SourceKind.UNKNOWN not in {source.kind for source in result.sources}
        assert result.retrieved_at is not None
        assert result.degraded == ()

    def test_r02_every_word_for_an_ending_has_a_meaning(self, bench: ContentBench[Researcher]) -> None:
        """R2: no word that the vendor documents is UNKNOWN to us."""
        assert bench.finishes
        assert [word for word, finish in bench.finishes.items() if finish is Finish.UNKNOWN] == []

    def test_r03_answers_are_kept(self, bench: ContentBench[Researcher]) -> None:
        """R3: the same question again is answered from the cache, marked, and free; another one is asked."""
        adapter = bench.adapter()

        async def main() -> ResearchResult:
            await adapter.research(ASKED)
            await adapter.research(ASKED.but(question="Why do keels hum?"))
            return await adapter.research(ASKED)

        result = bench.run(main())
        assert (result.served.source, bench.sent) == ("cache", 2)
        assert not is_stale(result)
        assert bench.runtime.ledger.total().calls == 2

    def test_r04_sources_are_of_the_hosts_that_were_asked_for(self, bench: ContentBench[Researcher]) -> None:
        """R4: only of `domains`, and never of `exclude_domains`."""
        adapter = bench.adapter()
        if ContentCapability.DOMAINS not in adapter.capabilities:
            pytest.skip("this vendor takes no hosts")

        async def main() -> tuple[set[str | None], set[str | None]]:
            only = await adapter.research(ASKED.but(domains=("example.org",)))
            without = await adapter.research(ASKED.but(exclude_domains=("example.org",)))
            hosts = [{urlsplit(source.url).hostname for source in each.sources} for each in (only, without)]
            return hosts[0], hosts[1]

        only, without = bench.run(main())
        assert only == {"example.org"}
        assert "example.org" not in without

    def test_r05_deep_research_is_one_job_for_a_key(self, bench: ContentBench[Researcher]) -> None:
        """R5: it takes minutes within its own deadline; the same key again is the same job, another one a second."""
        adapter = self._digging(bench)

        async def main() -> tuple[ResearchResult, ResearchResult]:
            first = await adapter.research(DEEP, idempotency_key="a", max_age=0)
            again = await adapter.research(DEEP, idempotency_key="a", max_age=0)
            await adapter.research(DEEP, idempotency_key="b", max_age=0)
            return first, again

        first, again = bench.run(main())
        assert (first.answer, first.sources) == (again.answer, again.sources)
        assert first.answer
        assert bench.written == 2


__all__ = ["ContentBench", "ResearcherConformance"]
