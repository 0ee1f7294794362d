"""T10 to T16: what goes wrong between a text generator and its vendor, before, in the middle of and after a text."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

import pytest

from backstay.content import Finish, Streaming, TextDelta, TextGenerator, TextRequest, TextResult, TextSoFar
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import TYPES
from backstay.testing.content_bench import ContentBench

ASKED: Final = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=400)
LOST: Final = (FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.EMPTY)


async def collected(stream: Streaming[TextDelta, TextResult]) -> tuple[str, TextResult]:
    """All pieces of a stream as one text, and its result."""
    kept = TextSoFar()
    async with stream:
        async for piece in stream:
            kept.add(piece)
    return kept.partial().text, stream.result


class TextFaultCases:
    """What goes wrong."""

    @pytest.mark.parametrize("kind", LOST, ids=lambda kind: kind.value)
    def test_t10_a_lost_answer_is_asked_for_again_and_counts_as_spent(
        self, bench: ContentBench[TextGenerator], kind: FaultKind
    ) -> None:
        """T10: text leaves nothing behind, so it is written again; the lost one stands in the ledger as spent."""
        adapter = bench.adapter()
        bench.break_writing(kind, times=1)
        result = bench.run(adapter.generate(ASKED))
        assert (result.served.attempts, bench.written) == (2, 2)
        total = bench.runtime.ledger.total()
        assert result.cost is not None
        assert total.calls == 2
        assert total.lost > 0
        assert total.spent == total.lost + (result.cost.amount or Decimal(0))

    def test_t11_what_was_never_sent_costs_nothing(self, bench: ContentBench[TextGenerator]) -> None:
        """T11: a refused connection is retried, and the ledger has nothing for it."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.CONNECT_REFUSED, times=1)
        result = bench.run(adapter.generate(ASKED))
        assert (result.served.attempts, bench.written) == (2, 1)
        assert bench.runtime.ledger.total().lost == 0

    def test_t12_a_stream_is_asked_again_only_before_its_first_piece(self, bench: ContentBench[TextGenerator]) -> None:
        """T12: a failure before the first piece is retried in silence."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.HTTP_5XX, times=2)
        text, result = bench.run(collected(adapter.stream(ASKED)))
        assert text == result.text
        assert (result.served.attempts, bench.sent) == (3, 3)

    @pytest.mark.parametrize("how", ["broken_stream", "cut", "ends_early", "stall"])
    def test_t13_a_stream_that_breaks_keeps_what_had_arrived(
        self, bench: ContentBench[TextGenerator], how: str
    ) -> None:
        """T13: typed, never retried, `.partial` has the pieces that the reader has seen, every place is free."""
        adapter = bench.adapter()
        rules = {
            "broken_stream": bench.rules["broken_stream"],
            "cut": FaultRule(FaultKind.HALF_JSON, wrong_length=True, operation=bench.generate),
            "ends_early": FaultRule(FaultKind.HALF_JSON, operation=bench.generate),
            "stall": FaultRule(FaultKind.STALL, operation=bench.generate),
        }
        bench.break_with(rules[how])
        kept = TextSoFar()

        async def main() -> BackstayError:
            async def read() -> None:
                async with adapter.stream(ASKED) as stream:
                    async for piece in stream:
                        kept.add(piece)

            with pytest.raises(BackstayError) as caught:
                await read()
            return caught.value

        error = bench.run(main())
        assert error.partial.text == kept.partial().text != ""
        assert error.partial.finish is Finish.INTERRUPTED
        assert (error.why, error.retry_allowed, bench.sent, bench.busy()) == ("started", False, 1, 0)
        assert bench.runtime.ledger.total().lost > 0

    def test_t14_leaving_a_stream_early_frees_its_place(self, bench: ContentBench[TextGenerator]) -> None:
        """T14: a reader that stops gives every permit back; what was written counts as spent."""
        adapter = bench.adapter()

        async def main() -> None:
            async with adapter.stream(ASKED) as stream:
                async for _ in stream:
                    break
            assert stream.partial.text

        bench.run(main())
        assert bench.busy() == 0
        assert bench.runtime.ledger.total().calls == 1

    def test_t15_a_cancelled_stream_frees_its_place(self, bench: ContentBench[TextGenerator]) -> None:
        """T15: cancellation in the middle of a piece leaves nothing taken."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.STALL)

        async def main() -> None:
            reading = asyncio.ensure_future(adapter.stream(ASKED).whole())
            await bench.clock.sleep(5.0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

        bench.run(main())
        assert bench.busy() == 0

    def test_t16_errors_have_their_type(self, bench: ContentBench[TextGenerator]) -> None:
        """T16: each of the vendor's answers gets its type, whether it may pass, and how long to wait."""
        assert bench.errors
        for error in bench.errors:
            adapter = bench.adapter().with_options(max_attempts=1)
            with bench.answering(error), pytest.raises(BackstayError) as caught:
                bench.run(adapter.generate(ASKED))
            found = caught.value
            assert (found.type, found.retryable) == (error.type, error.retryable), error.body
            assert found.type in TYPES
            assert found.retry_after == error.retry_after, error.body


__all__ = ["ASKED", "TextFaultCases", "collected"]
