"""Claude: the whole adapter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

from backstay.auth import Credentials, Secret
from backstay.content.models import ModelList, TokenCount
from backstay.content.text import TextDelta, TextRequest, TextResult
from backstay.content_adapter import ListsModels, Network, TextAdapter, as_set, note_request_id, variable
from backstay.cost import PriceTable
from backstay.endpoint import address
from backstay.operation import CallOptions
from backstay.policies.settings import text, whole
from backstay_adapters.claude.adapter.capabilities import CAPABILITIES
from backstay_adapters.claude.adapter.wire import Setting, Wire
from backstay_adapters.claude.prices import PRICES
from backstay_adapters.claude.profile import API, API_VERSION, DEFAULT_MODEL, MAX_OUTPUT_TOKENS, claude_profile
from backstay_adapters.claude.wire import read
from backstay_adapters.claude.wire.stream import Assembly
from backstay_adapters.claude.wire.write import body_of, counted

if TYPE_CHECKING:
    import httpx2

    from backstay.content.capabilities import ContentCapabilities
    from backstay.profile import Profile
    from backstay.runtime import Runtime


class Claude(TextAdapter, ListsModels):
    """Anthropic's Messages API for one key, over the official SDK.

        async with Claude("sk-...") as claude:
            answer = await claude.generate(TextRequest.ask("Why do sails billow?"))
            print(answer.text, answer.cost)

    `model` writes where a request names none, `max_output_tokens` bounds a text where a request does not. `prices` is
    what costs are computed from: a dated table that you can replace. Providers of keys go into
    `credentials=Credentials(provider=..., name=...)`. `account` names the workspace in caches and the ledger.
    """

    vendor = "claude"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        key: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        account: str = "default",
        model: str = DEFAULT_MODEL,
        max_output_tokens: int = MAX_OUTPUT_TOKENS,
        prices: PriceTable | None = PRICES,
        api_version: str = API_VERSION,
        base_url: str = API,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx2.AsyncClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        super().__init__(
            credentials=credentials or Credentials(key),
            account=account,
            host=address("base_url", base_url),
            profile=claude_profile() if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        whole("max_output_tokens", max_output_tokens, 1)
        text("model", model)
        self.model = model
        self.max_output_tokens = max_output_tokens
        self.prices = prices
        self._wire = Wire(Setting(base_url, api_version, Network(self, client, transport)), self.runtime.clock)

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from ANTHROPIC_API_KEY; CLAUDE_MODEL and ANTHROPIC_BASE_URL as set."""
        key = variable("ANTHROPIC_API_KEY", "pass the key to Claude(key)")
        told = as_set(model="CLAUDE_MODEL", base_url="ANTHROPIC_BASE_URL")
        return cls(key, **{**told, **arguments})

    async def connect(self) -> None:
        """Import the vendor's SDK off the loop; the first request opens the connection."""
        await asyncio.to_thread(self._wire.load)

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._wire.aclose()

    async def read_models(self) -> ModelList:
        """See `ListsModels.read_models`."""
        facts = await self._wire.models(await self.credentials.get())
        return read.models(facts.data)

    # The hooks of TextAdapter -----------------------------------------------------------------------------------

    async def write_text(self, request: TextRequest) -> TextResult:
        """See `TextAdapter.write_text`."""
        facts = await self._wire.write(self._body(request), request.extra, await self.credentials.get())
        return read.message(facts.data, request_id=facts.request_id, prices=self.prices)

    async def stream_text(self, request: TextRequest) -> AsyncGenerator[TextDelta | TextResult, None]:
        """See `TextAdapter.stream_text`."""
        key, made = await self.credentials.get(), Assembly()
        async with self._wire.stream(self._body(request), request.extra, key) as (request_id, events):
            note_request_id(*((request_id,) if request_id else ()))
            async for event in events:
                if event.event == "error":
                    raise self._wire.event_error(event.data, request_id)
                if event.event in {None, "ping"} or not event.data:
                    continue
                with read.reading("an event", event.data):
                    piece = made.take(json.loads(event.data))
                if piece is not None:
                    yield piece
        if not made.ended:
            raise read.ANSWERS.cut(request_id)
        yield read.message(made.whole(), request_id=request_id, prices=self.prices)

    async def count_text(self, request: TextRequest) -> TokenCount:
        """See `TextAdapter.count_text`."""
        body = counted(self._body(request))
        facts = await self._wire.count(body, await self.credentials.get())
        return read.token_count(facts.data, body["model"])

    def _body(self, request: TextRequest) -> dict[str, Any]:
        schema = None if request.json_schema is None else self._wire.schema(request.json_schema)
        return body_of(
            request, request.model or self.model, request.max_output_tokens or self.max_output_tokens, schema
        )


__all__ = ["Claude"]
