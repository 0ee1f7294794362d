"""I10 to I16: what goes wrong between an image generator and its vendor."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from backstay.content import ImageGenerator, ImageRequest
from backstay.errors import BackstayError, CreativeRejectedError
from backstay.sandbox import FaultKind
from backstay.taxonomy import TYPES, Certainty
from backstay.testing.content_bench import ContentBench

ASKED: Final = ImageRequest(prompt="A red sail on a calm sea at dawn")
LOST: Final = (FaultKind.RESET_AFTER, FaultKind.HALF_JSON, FaultKind.EMPTY)


class ImageFaultCases:
    """What goes wrong."""

    @pytest.mark.parametrize("kind", LOST, ids=lambda kind: kind.value)
    def test_i10_a_lost_picture_is_not_paid_for_twice(
        self, bench: ContentBench[ImageGenerator], kind: FaultKind
    ) -> None:
        """I10: its outcome is unknown, nothing is asked again, and the ledger has it as spent."""
        adapter = bench.adapter()
        bench.break_writing(kind)
        with pytest.raises(BackstayError) as caught:
            bench.run(adapter.generate_image(ASKED))
        assert (caught.value.certainty, caught.value.retry_allowed) == (Certainty.UNKNOWN, False)
        assert (bench.sent, bench.written, bench.busy()) == (1, 1, 0)
        assert bench.runtime.ledger.total().lost > 0

    def test_i11_a_picture_that_does_not_come_in_time_is_not_asked_for_again(
        self, bench: ContentBench[ImageGenerator]
    ) -> None:
        """I11: a timeout is the most common way to pay twice."""
        adapter = bench.adapter().with_options(attempt_timeout=20.0)
        bench.break_writing(FaultKind.TIMEOUT, after_commit=True)
        with pytest.raises(BackstayError) as caught:
            bench.run(adapter.generate_image(ASKED))
        assert (caught.value.type, bench.sent) == ("TIMEOUT", 1)

    def test_i12_what_was_never_sent_costs_nothing_and_is_sent_again(self, bench: ContentBench[ImageGenerator]) -> None:
        """I12: a refused connection is retried, and the ledger has nothing for it."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.CONNECT_REFUSED, times=1)
        result = bench.run(adapter.generate_image(ASKED))
        assert (result.served.attempts, bench.written) == (2, 1)
        assert bench.runtime.ledger.total().lost == 0

    def test_i13_too_many_requests_are_waited_for(self, bench: ContentBench[ImageGenerator]) -> None:
        """I13: a refusal by a limit has drawn nothing, so the next try is safe."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.RATE_LIMIT, times=1)
        result = bench.run(adapter.generate_image(ASKED))
        assert (result.served.attempts, bench.written) == (2, 1)

    def test_i14_a_refusal_of_the_safety_system_is_typed_and_final(self, bench: ContentBench[ImageGenerator]) -> None:
        """I14: CREATIVE_REJECTED, once, whatever status the vendor gives it; the breaker stays closed."""
        adapter = bench.adapter()
        bench.break_with(bench.rules["refusal"])

        async def main() -> None:
            for _ in range(12):
                with pytest.raises(CreativeRejectedError) as caught:
                    await adapter.generate_image(ASKED)
                assert not caught.value.retry_allowed

        bench.run(main())
        assert bench.sent == 12

    def test_i15_a_cancelled_picture_frees_its_place(self, bench: ContentBench[ImageGenerator]) -> None:
        """I15: cancellation while the vendor draws leaves nothing taken."""
        adapter = bench.adapter()
        bench.break_writing(FaultKind.STALL)

        async def main() -> None:
            drawing = asyncio.ensure_future(adapter.generate_image(ASKED))
            await bench.clock.sleep(5.0)
            drawing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await drawing

        bench.run(main())
        assert bench.busy() == 0

    def test_i16_errors_have_their_type(self, bench: ContentBench[ImageGenerator]) -> None:
        """I16: each of the vendor's answers gets its type, whether it may pass, and how long to wait."""
        assert bench.errors
        for error in bench.errors:
            adapter = bench.adapter().with_options(max_attempts=1)
            with bench.answering(error), pytest.raises(BackstayError) as caught:
                bench.run(adapter.generate_image(ASKED))
            found = caught.value
            assert (found.type, found.retryable) == (error.type, error.retryable), error.body
            assert found.type in TYPES
            assert found.retry_after == error.retry_after, error.body


__all__ = ["ASKED", "ImageFaultCases"]
