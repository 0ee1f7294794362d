"""What type checkers must see of the content side; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from backstay.adapters import Claude, Gemini, MCPTools, OpenAIImages, Perplexity
from backstay.compose import Fallback
from backstay.content import (
    ImageGenerator,
    ImageRequest,
    ImageResult,
    ResearchDelta,
    Researcher,
    ResearchRequest,
    ResearchResult,
    Streaming,
    TextDelta,
    TextGenerator,
    TextRequest,
    TextResult,
    ToolCall,
    ToolResult,
)
from backstay_adapters.mcp import ToolAnswer, ToolList


async def a_service(writer: TextGenerator) -> None:
    """A service knows the protocol only, and everything in it is typed."""
    request = TextRequest.ask("x")
    assert_type(await writer.generate(request, deadline=3.0), TextResult)
    stream = writer.stream(request)
    assert_type(stream, Streaming[TextDelta, TextResult])
    async for delta in stream:
        assert_type(delta, TextDelta)
    assert_type(stream.result, TextResult)
    assert_type(await writer.with_options(deadline=3.0).generate(request), TextResult)


async def an_adapter(claude: Claude) -> None:
    """The adapter is a generator, and its own methods take options and no others."""
    await a_service(claude)
    assert_type(await claude.generate(TextRequest.ask("x"), max_attempts=1), TextResult)
    await claude.generate(TextRequest.ask("x"), deadlin=1)  # type: ignore[call-arg]  # planted: a misspelled option


async def a_row(claude: Claude, other: Claude) -> None:
    """Several writers are a writer."""
    row = Fallback(claude, other, timeout=(40.0, None))
    await a_service(row)
    assert_type(await row.generate(TextRequest.ask("x"), deadline=60.0), TextResult)
    await row.generate(TextRequest.ask("x"), deadlin=1)  # type: ignore[call-arg]  # planted: a misspelled option


async def pictures(openai: OpenAIImages, gemini: Gemini) -> None:
    """One draws as the other, and one of them writes as well."""
    makers: tuple[ImageGenerator, ...] = (openai, gemini)
    assert_type(await makers[0].generate_image(ImageRequest(prompt="x"), deadline=60.0), ImageResult)
    await a_service(gemini)
    await openai.generate_image(ImageRequest(prompt="x"), deadlin=1)  # type: ignore[call-arg]  # planted: misspelled


async def research(researcher: Researcher, perplexity: Perplexity) -> None:
    """Whoever researches is asked in the same way."""
    request = ResearchRequest(question="x")
    assert_type(await researcher.research(request, idempotency_key="k", max_age=0), ResearchResult)
    assert_type(perplexity.stream_research(request), Streaming[ResearchDelta, ResearchResult])
    await research(perplexity, perplexity)


async def tools(server: MCPTools) -> None:
    """Listed, called, and called for a model."""
    assert_type(await server.list_tools(), ToolList)
    assert_type(await server.call_tool("wind", {"place": "Kiel"}, idempotency_key="k", deadline=3.0), ToolAnswer)
    assert_type(await server.answer(ToolCall(id="1", name="wind")), ToolResult)
    await server.call_tool("wind", deadlin=1)  # type: ignore[call-arg]  # planted: a misspelled option
