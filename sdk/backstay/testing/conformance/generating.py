"""G8 to G12: what texts and research have in common: what an answer says of itself, budgets, capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from backstay.content import Basis, ContentCapability, Finish
from backstay.errors import SpendGuardError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.taxonomy import Certainty
from backstay.testing.conformance.generating_faults import GeneratingFaultCases
from backstay.testing.content_bench import ContentBench


class GeneratingCases(GeneratingFaultCases):
    """What all that generate have in common. `asked` is the usual question, `needs` a field for each capability."""

    asked: ClassVar[Any]
    needs: ClassVar[Mapping[ContentCapability, Mapping[str, Any]]]

    @pytest.fixture
    def bench(self) -> ContentBench[Any]:
        """The adapter under test."""
        raise NotImplementedError

    def test_g8_an_answer_says_who_gave_it_what_it_used_and_what_it_cost(self, bench: ContentBench[Any]) -> None:
        """G8: words, ending, model, tokens, a cost, and where it came from."""
        result = bench.run(self.ask(bench.adapter()))
        assert self.words(result).strip()
        assert (result.finish, result.served.source) == (Finish.STOP, "live")
        assert result.model
        assert result.usage.input_tokens > 0
        assert result.usage.output_tokens > 0
        assert result.cost is not None
        assert result.cost.basis in {Basis.ESTIMATED, Basis.REPORTED}
        assert result.cost.amount is not None
        assert result.cost.amount > 0

    def test_g9_a_stream_gives_the_same_answer(self, bench: ContentBench[Any]) -> None:
        """G9: the pieces together are the result's words, and the result is as that of the whole answer."""
        adapter = bench.adapter()

        async def main() -> tuple[str, Any, Any]:
            text, result = await self.collected(self.stream(adapter))
            return text, result, await self.ask(adapter)

        text, result, whole = bench.run(main())
        assert text == self.words(result) == self.words(whole)
        assert (result.finish, result.model, result.usage) == (whole.finish, whole.model, whole.usage)
        assert result.served.source == "live"

    def test_g10_a_budget_stops_before_the_call(self, bench: ContentBench[Any]) -> None:
        """G10: the call that could pass the bound is refused and nothing is sent; what is spent is known."""
        adapter = bench.adapter()

        async def main() -> SpendGuardError:
            await self.ask(adapter)
            with bench.runtime.ledger.budget(money=Money.of("0.000001 USD"), carousel_id="c1") as work:
                with pytest.raises(SpendGuardError) as caught:
                    await self.ask(adapter)
                assert work.spent == work.reserved == Decimal(0)
            return caught.value

        error = bench.run(main())
        assert (error.rule, error.field, error.certainty) == ("ledger.budget", "money", Certainty.NOT_SENT)
        assert bench.sent == 1

    def test_g11_what_is_off_is_refused_before_anything_is_sent(self, bench: ContentBench[Any]) -> None:
        """G11: a field whose capability is off is refused by its name."""
        adapter = bench.adapter()
        for capability, fields in self.needs.items():
            if capability in adapter.capabilities:
                continue
            with pytest.raises(UnsupportedCapabilityError) as caught:
                bench.run(self.ask(adapter, asked=self.asked.but(**fields)))
            assert caught.value.field == next(iter(fields))
        assert bench.sent == 0

    def test_g12_results_hold_no_vendor_type(self, bench: ContentBench[Any]) -> None:
        """G12: a result is plain data: it survives JSON, and so a cache or a queue."""
        result = bench.run(self.ask(bench.adapter()))
        assert type(result).model_validate_json(result.model_dump_json()) == result


__all__ = ["GeneratingCases"]
