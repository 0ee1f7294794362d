"""R6 to R10: what goes wrong with research: the vendor is away; jobs lose their beginning or a look, or fail."""

from __future__ import annotations

from typing import Final

import pytest

from backstay.answer import is_stale
from backstay.content import ContentCapability, Depth, Researcher, ResearchRequest, ResearchResult
from backstay.errors import BackstayError, TokenInvalidError
from backstay.sandbox import FaultKind
from backstay.testing.conformance.generating import GeneratingCases
from backstay.testing.content_bench import ContentBench

ASKED: Final = ResearchRequest(question="Why do sails billow in the wind?")
DEEP: Final = ASKED.but(depth=Depth.DEEP)
HOURS: Final = 7_200.0
"""Seconds after which an answer is fresh no more, and can still be served stale."""


class ResearchFaultCases(GeneratingCases):
    """What goes wrong. `bench.rules` needs also "lost_look" and "job_failed" where the vendor digs deep."""

    def test_r06_an_old_answer_is_served_while_the_vendor_is_away(self, bench: ContentBench[Researcher]) -> None:
        """R6: marked as stale, with its age and why; it costs nothing."""
        adapter = bench.adapter()

        async def main() -> tuple[ResearchResult, ResearchResult]:
            first = await adapter.research(ASKED)
            await bench.clock.sleep(HOURS)
            bench.break_writing(FaultKind.HTTP_5XX)
            return first, await adapter.research(ASKED)

        first, old = bench.run(main())
        assert old == first
        assert is_stale(old)
        assert (old.served.age or 0.0) >= HOURS
        assert old.served.cause is not None
        assert bench.written == 1

    def test_r07_a_refusal_is_not_papered_over(self, bench: ContentBench[Researcher]) -> None:
        """R7: a key that is good no more raises, whatever is in the cache."""
        adapter = bench.adapter()

        async def main() -> None:
            await adapter.research(ASKED)
            await bench.clock.sleep(HOURS)
            bench.break_writing(FaultKind.TOKEN_REVOKED)
            with pytest.raises(TokenInvalidError):
                await adapter.research(ASKED)

        bench.run(main())

    @pytest.mark.parametrize("key", [None, "mine"])
    def test_r08_a_lost_beginning_of_a_job_makes_no_second_one(
        self, bench: ContentBench[Researcher], key: str | None
    ) -> None:
        """R8: the job is begun once, under the caller's key or one of the call's own."""
        adapter = self._digging(bench)
        bench.break_writing(FaultKind.RESET_AFTER, times=1)
        assert bench.run(adapter.research(DEEP, idempotency_key=key)).answer
        assert bench.written == 1

    def test_r09_a_look_that_fails_does_not_lose_the_job(self, bench: ContentBench[Researcher]) -> None:
        """R9: it goes on and is paid for, so it is looked at again."""
        adapter = self._digging(bench)
        bench.break_with(bench.rules["lost_look"])
        result = bench.run(adapter.research(DEEP))
        assert (result.served.attempts, bench.written) == (1, 1)

    def test_r10_a_job_that_fails_is_an_error_and_no_second_job(self, bench: ContentBench[Researcher]) -> None:
        """R10: typed and final."""
        adapter = self._digging(bench)
        bench.break_with(bench.rules["job_failed"])
        with pytest.raises(BackstayError) as caught:
            bench.run(adapter.research(DEEP))
        assert (caught.value.type, caught.value.retry_allowed) == ("AI_MODEL_FAILED", False)
        assert bench.written == 1

    def _digging(self, bench: ContentBench[Researcher]) -> Researcher:
        adapter = bench.adapter()
        if ContentCapability.RESEARCH_DEEP not in adapter.capabilities:
            pytest.skip("this vendor does not dig deep")
        return adapter


__all__ = ["ASKED", "DEEP", "ResearchFaultCases"]
