"""G1 to G7: what goes wrong between whoever generates and the vendor, before, in the middle of and after an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, ClassVar, Final

import pytest

from backstay.content import Finish
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import TYPES
from backstay.testing.content_bench import ContentBench

LOST: Final = (FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.EMPTY)


class GeneratingFaultCases:
    """What goes wrong. A kind of generator gives the four hooks; `keeps` collects the pieces of its streams."""

    keeps: ClassVar[Any]

    def ask(self, adapter: Any, **options: Any) -> Coroutine[Any, Any, Any]:
        """The usual question, asked of the vendor and not of a cache."""
        raise NotImplementedError

    def stream(self, adapter: Any) -> Any:
        """The same as a stream."""
        raise NotImplementedError

    def words(self, result: Any) -> str:
        """The words of a result or of a piece."""
        raise NotImplementedError

    async def collected(self, stream: Any) -> tuple[str, Any]:
        """All pieces of a stream as one text, and its result."""
        kept = self.keeps()
        async with stream:
            async for piece in stream:
                kept.add(piece)
        return self.words(kept.partial()), stream.result

    @pytest.mark.parametrize("kind", LOST, ids=lambda kind: kind.value)
    def test_g1_a_lost_answer_is_asked_for_again_and_counts_as_spent(
        self, bench: ContentBench[Any], kind: FaultKind
    ) -> None:
        """G1: what leaves nothing behind is made again; the lost one stands in the ledger as spent."""
        adapter = bench.adapter()
        bench.break_writing(kind, times=1)
        result = bench.run(self.ask(adapter))
        assert (result.served.attempts, bench.written) == (2, 2)
        total = bench.runtime.ledger.total()
        assert result.cost is not None
        assert total.calls == 2
        assert total.lost > 0
        assert total.spent == total.lost + (result.cost.amount or Decimal(0))

    def test_g2_what_was_never_sent_costs_nothing(self, bench: ContentBench[Any]) -> None:
        """G2: a refused connection is retried, and the ledger has nothing for it."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.CONNECT_REFUSED, times=1)
        result = bench.run(self.ask(adapter))
        assert (result.served.attempts, bench.written) == (2, 1)
        assert bench.runtime.ledger.total().lost == 0

    def test_g3_a_stream_is_asked_again_only_before_its_first_piece(self, bench: ContentBench[Any]) -> None:
        """G3: a failure before the first piece is retried in silence."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.HTTP_5XX, times=2)
        text, result = bench.run(self.collected(self.stream(adapter)))
        assert text == self.words(result)
        assert (result.served.attempts, bench.sent) == (3, 3)

    @pytest.mark.parametrize("how", ["broken_stream", "cut", "ends_early", "stall"])
    def test_g4_a_stream_that_breaks_keeps_what_had_arrived(self, bench: ContentBench[Any], how: str) -> None:
        """G4: typed, never retried, `.partial` has the pieces that the reader has seen, every place is free."""
        adapter = bench.adapter()
        rules = {
            "broken_stream": bench.rules["broken_stream"],
            "cut": FaultRule(FaultKind.HALF_JSON, wrong_length=True, operation=bench.generate),
            "ends_early": FaultRule(FaultKind.HALF_JSON, operation=bench.generate),
            "stall": FaultRule(FaultKind.STALL, operation=bench.generate),
        }
        bench.break_with(rules[how])
        kept = self.keeps()

        async def main() -> BackstayError:
            async def read() -> None:
                async with self.stream(adapter) as stream:
                    async for piece in stream:
                        kept.add(piece)

            with pytest.raises(BackstayError) as caught:
                await read()
            return caught.value

        error = bench.run(main())
        assert self.words(error.partial) == self.words(kept.partial()) != ""
        assert error.partial.finish is Finish.INTERRUPTED
        assert (error.why, error.retry_allowed, bench.sent, bench.busy()) == ("started", False, 1, 0)
        assert bench.runtime.ledger.total().lost > 0

    def test_g5_leaving_a_stream_early_frees_its_place(self, bench: ContentBench[Any]) -> None:
        """G5: a reader that stops gives every permit back; what was written counts as spent."""
        adapter = bench.adapter()

        async def main() -> None:
            async with self.stream(adapter) as stream:
                async for _ in stream:
                    break
            assert self.words(stream.partial)

        bench.run(main())
        assert bench.busy() == 0
        assert bench.runtime.ledger.total().calls == 1

    def test_g6_a_cancelled_stream_frees_its_place(self, bench: ContentBench[Any]) -> None:
        """G6: cancellation in the middle of a piece leaves nothing taken."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.STALL)

        async def main() -> None:
            reading = asyncio.ensure_future(self.stream(adapter).whole())
            await bench.clock.sleep(5.0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

        bench.run(main())
        assert bench.busy() == 0

    def test_g7_errors_have_their_type(self, bench: ContentBench[Any]) -> None:
        """G7: each of the vendor's answers gets its type, whether it may pass, and how long to wait."""
        assert bench.errors
        for error in bench.errors:
            adapter = bench.adapter().with_options(max_attempts=1)
            with bench.answering(error), pytest.raises(BackstayError) as caught:
                bench.run(self.ask(adapter))
            found = caught.value
            assert (found.type, found.retryable) == (error.type, error.retryable), error.body
            assert found.type in TYPES
            assert found.retry_after == error.retry_after, error.body


__all__ = ["GeneratingFaultCases"]
