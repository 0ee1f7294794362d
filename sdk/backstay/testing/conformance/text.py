"""What makes text generators swappable: the same requests, results, errors and costs, whoever writes.

class TestPoet(TextGeneratorConformance):
    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        return ContentBench(PoetSandbox(), lambda runtime, transport: Poet(..., runtime=runtime), ...)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Final

import pytest

from backstay.answer import is_stale
from backstay.content import (
    ContentCapability,
    Finish,
    Message,
    Streaming,
    TextDelta,
    TextGenerator,
    TextRequest,
    TextResult,
    TextSoFar,
    Tool,
    ToolResult,
)
from backstay.content.protocols import Call
from backstay.errors import BadResponseError, CreativeRejectedError, InvalidRequestError, TruncatedOutputError
from backstay.sandbox import FaultRule
from backstay.testing.conformance.generating import GeneratingCases
from backstay.testing.content_bench import ContentBench

ASKED: Final = TextRequest.ask("Why do sails billow in the wind?", max_output_tokens=400)
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 60},
        "slides": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 4},
    },
    "required": ["title", "slides"],
    "additionalProperties": False,
}
OUTLINE: Final = TextRequest.ask("An outline of 3 slides about winches", json_schema=SCHEMA, max_output_tokens=2_000)

TOOL: Final = Tool(
    name="wind",
    description="The wind at a place, in knots.",
    input_schema={"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
)


class TextGeneratorConformance(GeneratingCases):
    """Subclass it and override the fixture `bench`."""

    asked = ASKED
    keeps = TextSoFar
    needs: ClassVar = {
        ContentCapability.TEMPERATURE: {"temperature": 0.5},
        ContentCapability.STOP: {"stop": ("END",)},
        ContentCapability.SYSTEM: {"system": "Be brief."},
        ContentCapability.EFFORT: {"effort": "low"},
        ContentCapability.TOOLS: {"tools": (TOOL,)},
    }

    def ask(self, adapter: TextGenerator, asked: TextRequest = ASKED, **options: Any) -> Call[TextResult]:
        """See `GeneratingFaultCases.ask`."""
        return adapter.generate(asked, **options)

    def stream(self, adapter: TextGenerator) -> Streaming[TextDelta, TextResult]:
        """See `GeneratingFaultCases.stream`."""
        return adapter.stream(ASKED)

    def words(self, result: TextResult) -> str:
        """See `GeneratingFaultCases.words`."""
        return result.text

    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        """The adapter under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: ContentBench[TextGenerator]) -> None:
        """The adapter has every method of TextGenerator."""
        assert isinstance(bench.adapter(), TextGenerator)

    def test_t01_every_word_for_an_ending_has_a_meaning(self, bench: ContentBench[TextGenerator]) -> None:
        """T1: no word that the vendor documents is UNKNOWN to us."""
        assert bench.finishes
        assert [word for word, finish in bench.finishes.items() if finish is Finish.UNKNOWN] == []

    def test_t02_json_is_decoded_and_fits_the_schema(self, bench: ContentBench[TextGenerator]) -> None:
        """T2: `data` is the decoded answer, in one piece or as a stream."""
        adapter = bench.adapter()

        async def main() -> tuple[TextResult, TextResult]:
            return await adapter.generate(OUTLINE), (await self.collected(adapter.stream(OUTLINE)))[1]

        for result in bench.run(main()):
            assert set(result.data) == {"title", "slides"}
            assert 2 <= len(result.data["slides"]) <= 4
            assert not result.repaired

    def test_t03_a_schema_that_cannot_be_checked_is_refused(self) -> None:
        """T3: a keyword that nobody would check is refused when the request is made, by its name."""
        with pytest.raises(InvalidRequestError) as caught:
            TextRequest.ask("x", json_schema={"type": "object", "unevaluatedProperties": False})
        assert "unevaluatedProperties" in str(caught.value.field)

    # What the model does not give -------------------------------------------------------------------------------

    def test_t04_a_refusal_is_an_error_unless_it_is_allowed(self, bench: ContentBench[TextGenerator]) -> None:
        """T4: HTTP 200 with a refusal is CREATIVE_REJECTED, once, and billed; `allow_refusal` gives it back."""
        adapter = bench.adapter()
        bench.break_with(bench.rules["refusal"])

        async def main() -> TextResult:
            with pytest.raises(CreativeRejectedError) as caught:
                await adapter.generate(ASKED)
            assert caught.value.partial.finish is Finish.REFUSED
            with pytest.raises(CreativeRejectedError):
                await adapter.stream(ASKED).whole()
            return await adapter.generate(ASKED.but(allow_refusal=True))

        assert bench.run(main()).finish is Finish.REFUSED
        assert bench.sent == 3

    def test_t05_a_cut_text_is_an_error_that_keeps_it(self, bench: ContentBench[TextGenerator]) -> None:
        """T5: TruncatedOutput carries what there is; `allow_truncated` gives it back, for text and never for JSON."""
        adapter = bench.adapter()
        bench.break_with(bench.rules["truncated"])

        async def main() -> TextResult:
            with pytest.raises(TruncatedOutputError) as caught:
                await adapter.generate(ASKED)
            assert caught.value.partial.text
            assert not caught.value.retry_allowed
            with pytest.raises(TruncatedOutputError):
                await adapter.generate(OUTLINE.but(allow_truncated=True))
            return await adapter.generate(ASKED.but(allow_truncated=True))

        assert bench.run(main()).finish is Finish.LENGTH

    def test_t06_json_that_cannot_be_read_is_repaired_once(self, bench: ContentBench[TextGenerator]) -> None:
        """T6: one further request with the fault named; both are in usage and cost, and the result says so."""
        adapter = bench.adapter()
        bench.break_with(_once(bench.rules["bad_json"]))
        result = bench.run(adapter.generate(OUTLINE))
        assert result.repaired
        assert set(result.data) == {"title", "slides"}
        assert bench.sent == 2
        total = bench.runtime.ledger.total()
        assert result.cost is not None
        assert (total.spent, total.calls) == (result.cost.amount, 2)

    def test_t07_json_that_stays_unreadable_is_an_error_and_nothing_is_made_up(
        self, bench: ContentBench[TextGenerator]
    ) -> None:
        """T7: after one repair BAD_RESPONSE, with the model's own words in `.partial`; the breaker stays closed."""
        adapter = bench.adapter()
        bench.break_with(bench.rules["bad_json"])

        async def main() -> None:
            for _ in range(12):
                with pytest.raises(BadResponseError) as caught:
                    await adapter.generate(OUTLINE)
                assert caught.value.rule == "content.unreadable_json"
                assert caught.value.partial.text

        bench.run(main())
        assert bench.sent == 24

    # Cache, tools, tokens ---------------------------------------------------------------------------------

    def test_t08_texts_are_kept_only_when_asked(self, bench: ContentBench[TextGenerator]) -> None:
        """T8: twice the same request are two texts; with `cache=` the second is the first, marked, and free."""
        adapter = bench.adapter()

        async def main() -> TextResult:
            await adapter.generate(ASKED)
            await adapter.generate(ASKED)
            await adapter.generate(ASKED, cache=60)
            return await adapter.generate(ASKED, cache=60)

        result = bench.run(main())
        assert (result.served.source, bench.sent) == ("cache", 3)
        assert not is_stale(result)
        assert bench.runtime.ledger.total().calls == 3

    def test_t09_a_tool_is_called_and_its_result_goes_back(self, bench: ContentBench[TextGenerator]) -> None:
        """T9: the call has a name and decoded arguments; the answer goes on from its result."""
        adapter = bench.adapter()
        if ContentCapability.TOOLS not in adapter.capabilities:
            pytest.skip("this vendor calls no tools")
        asked = ASKED.but(tools=(TOOL,), tool_choice="any")

        async def main() -> tuple[TextResult, TextResult, TextResult]:
            called = await adapter.generate(asked)
            streamed = (await self.collected(adapter.stream(asked)))[1]
            said = ToolResult(call_id=called.tool_calls[0].id, content="12 knots")
            turns = (*asked.messages, Message.assistant(*called.parts), Message.user(said))
            return called, streamed, await adapter.generate(asked.but(messages=turns, tool_choice=None))

        called, streamed, ended = bench.run(main())
        assert called.finish is Finish.TOOL_USE
        assert (called.tool_calls[0].name, set(called.tool_calls[0].input)) == ("wind", {"place"})
        assert [call.name for call in streamed.tool_calls] == ["wind"]
        assert ended.finish is Finish.STOP
        assert ended.text

    def test_t10_tokens_are_counted(self, bench: ContentBench[TextGenerator]) -> None:
        """T10: counting costs nothing and agrees with what the answer says."""
        adapter = bench.adapter()
        if ContentCapability.COUNT_TOKENS not in adapter.capabilities:
            pytest.skip("this vendor counts no tokens")

        async def main() -> tuple[int, int]:
            count = await adapter.count_tokens(ASKED)
            return count.input_tokens, (await adapter.generate(ASKED)).usage.input_tokens

        counted, used = bench.run(main())
        assert counted == used
        assert bench.runtime.ledger.total().calls == 1


def _once(rule: FaultRule) -> FaultRule:
    return replace(rule, times=1)


__all__ = ["ContentBench", "TextGeneratorConformance"]
