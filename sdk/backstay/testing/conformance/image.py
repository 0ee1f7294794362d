"""What makes image generators swappable: the same requests, pictures, errors and costs, whoever draws.

class TestPainter(ImageGeneratorConformance):
    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        return ContentBench(PainterSandbox(), lambda runtime, transport: Painter(..., runtime=runtime), ...)
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any, Final

import pytest

from backstay.answer import is_stale
from backstay.content import Basis, ContentCapability, ImageGenerator, ImageRequest, ImageResult, Picture
from backstay.content.pictures import sniff
from backstay.errors import SpendGuardError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import Certainty
from backstay.testing.conformance.image_faults import ASKED, ImageFaultCases
from backstay.testing.content_bench import ContentBench

TALL: Final = 0.03
"""By how much a picture's sides may miss the ratio that was asked for: vendors round to pixels that they like."""


class ImageGeneratorConformance(ImageFaultCases):
    """Subclass it and override the fixture `bench`."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        """The adapter under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: ContentBench[ImageGenerator]) -> None:
        """The adapter has every method of ImageGenerator."""
        assert isinstance(bench.adapter(), ImageGenerator)
        assert ContentCapability.IMAGE in bench.adapter().capabilities

    def test_i01_a_picture_is_here_with_its_kind_its_size_and_its_cost(
        self, bench: ContentBench[ImageGenerator]
    ) -> None:
        """I1: bytes that are a picture of the kind and size that it says, declared as made by a machine, and priced."""
        result = bench.run(bench.adapter().generate_image(ASKED))
        found = sniff(result.image.data)
        assert found is not None
        assert found == (result.image.media_type, result.image.width, result.image.height)
        assert result.ai_generated
        assert result.image.ai_generated
        assert result.model
        assert result.served.source == "live"
        assert result.cost is not None
        assert result.cost.basis in {Basis.ESTIMATED, Basis.REPORTED}
        assert (result.cost.amount or 0) > 0

    @pytest.mark.parametrize("aspect", ["1:1", "4:5", "3:2"])
    def test_i02_a_ratio_is_kept(self, bench: ContentBench[ImageGenerator], aspect: str) -> None:
        """I2: who asks for a ratio gets it, whatever sizes the vendor has."""
        image = bench.run(bench.adapter().generate_image(ASKED.but(aspect=aspect))).image
        width, height = (int(part) for part in aspect.split(":"))
        assert image.width / image.height == pytest.approx(width / height, rel=TALL)

    def test_i03_several_pictures_are_several(self, bench: ContentBench[ImageGenerator]) -> None:
        """I3: `n` pictures, each its own, all of them paid for."""
        adapter = bench.adapter()
        if ContentCapability.IMAGE_SEVERAL not in adapter.capabilities:
            pytest.skip("this vendor makes one picture a call")
        result = bench.run(adapter.generate_image(ASKED.but(n=3)))
        assert len({image.sha256 for image in result.images}) == 3
        assert bench.written == 3

    def test_i04_a_picture_is_changed(self, bench: ContentBench[ImageGenerator]) -> None:
        """I4: with `sources` the picture is an edit of them, in one call."""
        adapter = bench.adapter()
        if ContentCapability.IMAGE_EDIT not in adapter.capabilities:
            pytest.skip("this vendor changes no pictures")

        async def main() -> ImageResult:
            first = (await adapter.generate_image(ASKED)).image
            source = Picture(data=first.data, media_type=first.media_type)
            return await adapter.generate_image(ImageRequest(prompt="The same in blue", sources=(source,)))

        result = bench.run(main())
        assert sniff(result.image.data) is not None
        assert bench.written == 2

    def test_i05_what_is_off_is_refused_before_anything_is_sent(self, bench: ContentBench[ImageGenerator]) -> None:
        """I5: a field whose capability is off is refused by its name."""
        adapter = bench.adapter()
        some = Picture(data=b"\x89PNG")
        told: dict[ContentCapability, dict[str, Any]] = {
            ContentCapability.IMAGE_SEED: {"seed": 7},
            ContentCapability.IMAGE_SEVERAL: {"n": 2},
            ContentCapability.IMAGE_EDIT: {"sources": (some,)},
            ContentCapability.IMAGE_MASK: {"mask": some},
            ContentCapability.IMAGE_TRANSPARENT: {"background": "transparent"},
        }
        for capability, fields in told.items():
            if capability in adapter.capabilities:
                continue
            with pytest.raises(UnsupportedCapabilityError) as caught:
                bench.run(adapter.generate_image(ASKED.but(**fields)))
            assert caught.value.field == next(iter(fields))
        assert bench.sent == 0

    def test_i06_a_budget_stops_before_the_call(self, bench: ContentBench[ImageGenerator]) -> None:
        """I6: the call that could pass the bound is refused and nothing is sent."""
        adapter = bench.adapter()

        async def main() -> SpendGuardError:
            with bench.runtime.ledger.budget(money=Money.of("0.000001 USD"), carousel_id="c1") as work:
                with pytest.raises(SpendGuardError) as caught:
                    await adapter.generate_image(ASKED)
                assert work.spent == work.reserved == Decimal(0)
            return caught.value

        error = bench.run(main())
        assert (error.rule, error.field, error.certainty) == ("ledger.budget", "money", Certainty.NOT_SENT)
        assert bench.sent == 0

    def test_i07_the_estimate_is_no_less_than_the_cost(self, bench: ContentBench[ImageGenerator]) -> None:
        """I7: a budget that holds the estimate holds the bill."""
        adapter = bench.adapter()
        bench.break_with(FaultRule(FaultKind.LATENCY, delay=10.0))

        async def main() -> tuple[Decimal, ImageResult]:
            with bench.runtime.ledger.budget(money=Money.of("100 USD")) as work:
                drawing = asyncio.ensure_future(adapter.generate_image(ASKED))
                await bench.clock.sleep(5.0)
                return work.reserved, await drawing

        reserved, result = bench.run(main())
        assert result.cost is not None
        assert reserved >= (result.cost.amount or Decimal(0)) > 0

    def test_i08_pictures_are_kept_only_when_asked(self, bench: ContentBench[ImageGenerator]) -> None:
        """I8: twice the same request are two pictures; with `cache=` the second is the first, marked, and free."""
        adapter = bench.adapter()

        async def main() -> tuple[ImageResult, ImageResult]:
            await adapter.generate_image(ASKED)
            first = await adapter.generate_image(ASKED, cache=60)
            return first, await adapter.generate_image(ASKED, cache=60)

        first, again = bench.run(main())
        assert (again.served.source, bench.written) == ("cache", 2)
        assert again.image.data == first.image.data
        assert not is_stale(again)
        assert bench.runtime.ledger.total().calls == 2

    def test_i09_results_hold_no_vendor_type(self, bench: ContentBench[ImageGenerator]) -> None:
        """I9: a result shows no picture in its repr, and its picture is plain bytes."""
        result = bench.run(bench.adapter().generate_image(ASKED))
        assert type(result) is ImageResult
        assert type(result.image.data) is bytes
        assert len(repr(result)) < 4_000


__all__ = ["ContentBench", "ImageGeneratorConformance"]
