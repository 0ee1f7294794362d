"""Perplexity: the whole adapter."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack
from weakref import WeakKeyDictionary

from backstay.auth import Credentials, Secret
from backstay.clock import utc
from backstay.content.research import ResearchDelta, ResearchRequest, ResearchResult
from backstay.content.words import Depth
from backstay.content_adapter import ResearchAdapter, as_set, tokens_at_most, variable
from backstay.cost import Cost, PriceTable
from backstay.endpoint import address
from backstay.engine.call import current
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions
from backstay.policies.settings import text
from backstay_adapters.perplexity.adapter.capabilities import CAPABILITIES
from backstay_adapters.perplexity.adapter.deep import dig
from backstay_adapters.perplexity.adapter.wire import Wire, event_error
from backstay_adapters.perplexity.prices import PRICES, REQUEST
from backstay_adapters.perplexity.profile import (
    API,
    DEEP_MODEL,
    DEFAULT_MODEL,
    MAX_OUTPUT_TOKENS,
    QUICK_MODEL,
    perplexity_profile,
)
from backstay_adapters.perplexity.wire import read
from backstay_adapters.perplexity.wire.stream import Assembly
from backstay_adapters.perplexity.wire.write import CONTEXTS, body_of

if TYPE_CHECKING:
    import httpx

    from backstay.content.capabilities import ContentCapabilities
    from backstay.engine.call import Call
    from backstay.profile import Profile
    from backstay.runtime import Runtime
    from backstay.table import Facts


class Perplexity(ResearchAdapter):
    """Perplexity's Sonar API for one key.

        async with Perplexity("...") as perplexity:
            found = await perplexity.research(ResearchRequest(question="How fast is the America's Cup class?"))
            print(found.answer, [source.url for source in found.sources], found.cost)

    `model` answers at STANDARD depth where a request names none; QUICK takes `sonar`, DEEP `sonar-deep-research`.
    `tier` is the account's usage tier (0 to 5): its limits are kept on our side, since no answer tells them. `prices`
    is for answers that do not name their cost. `account` names the project in caches and the ledger.
    """

    vendor = "perplexity"
    CAPABILITIES: ClassVar[ContentCapabilities] = CAPABILITIES

    def __init__(
        self,
        key: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        account: str = "default",
        model: str = DEFAULT_MODEL,
        tier: int = 0,
        prices: PriceTable | None = PRICES,
        base_url: str = API,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        from backstay.http import Http  # httpx is half of what importing this adapter would cost

        super().__init__(
            credentials=credentials or Credentials(key),
            account=account,
            host=address("base_url", base_url),
            profile=perplexity_profile(tier) if profile is None else profile,
            runtime=runtime,
            options=options,
        )
        text("model", model)
        self.model = model
        self.prices = prices
        self._keys: WeakKeyDictionary[Call, str] = WeakKeyDictionary()
        self._wire = Wire(Http.of(self, base_url, client, transport))

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from PERPLEXITY_API_KEY; PERPLEXITY_BASE_URL as set."""
        key = variable("PERPLEXITY_API_KEY", "pass the key to Perplexity(key)")
        return cls(key, **{**as_set(base_url="PERPLEXITY_BASE_URL"), **arguments})

    async def disconnect(self) -> None:
        """Close the pool, unless the client was the user's."""
        await self._wire.aclose()

    # The hooks of ResearchAdapter -------------------------------------------------------------------------------

    def check_research(self, request: ResearchRequest) -> None:
        """Refuse what the vendor lacks or would refuse, before anything is sent."""
        super().check_research(request)
        self._body(request)

    def most(self, request: ResearchRequest) -> Cost | None:
        """See `ResearchAdapter.most`; deep research is paid by searches that nobody can count beforehand."""
        if self.prices is None or request.depth is Depth.DEEP:
            return None
        model, fee = self._model(request), f"{REQUEST}{CONTEXTS[request.depth]}"
        output = request.max_output_tokens or MAX_OUTPUT_TOKENS
        return self.prices.cost(model, input=tokens_at_most(request.size), output=output, each={fee: 1})

    async def find_out(self, request: ResearchRequest, idempotency_key: str | None) -> ResearchResult:
        """See `ResearchAdapter.find_out`; at DEEP depth the key makes a repeated request the same job."""
        body = self._body(request)
        if request.depth is not Depth.DEEP:
            return self._found_out(await self._wire.ask(body, await self.credentials.get()))
        clock, key = self.runtime.clock, idempotency_key or self._key()
        facts = await dig(self._wire, self.credentials, clock, body, key)
        return self._found_out(facts, facts.data.get("response"))

    async def stream_findings(self, request: ResearchRequest) -> AsyncGenerator[ResearchDelta | ResearchResult, None]:
        """See `ResearchAdapter.stream_findings`."""
        if request.depth is Depth.DEEP:
            raise InvalidRequestError(
                "deep research runs as a job and has no stream", field="depth", value=request.depth.value,
                hint="call research(), or stream with depth=Depth.STANDARD",
            )  # fmt: skip
        made = Assembly()
        async with self._wire.stream(self._body(request), await self.credentials.get()) as flow:
            async with aclosing(flow.events()) as events:
                async for event in events:
                    error = event_error(event.data, flow.headers, named=event.name == "error")
                    if error is not None:
                        raise error
                    piece = made.take(event.data)
                    if piece is not None:
                        yield piece
                    if made.ended:
                        break
            ids = flow.headers.get("x-request-id")
        if not made.ended:
            raise read.ANSWERS.cut(ids)
        if made.left():
            yield ResearchDelta(text=made.left())
        yield self._completion(made.whole(), ids)

    def _found_out(self, facts: Facts, data: Any = None) -> ResearchResult:
        return self._completion(facts.data if data is None else data, facts.request_id)

    def _completion(self, data: Any, request_id: str | None) -> ResearchResult:
        now = utc(self.runtime.clock.wall())
        return read.completion(data, request_id=request_id, now=now, prices=self.prices)

    def _key(self) -> str:
        """A key for a call that brought none: the same for all of its attempts, so that a lost answer costs once."""
        call = current()
        if call is None:
            return self.runtime.clock.token()
        return self._keys.setdefault(call, self.runtime.clock.token())

    def _body(self, request: ResearchRequest) -> dict[str, Any]:
        return body_of(request, self._model(request))

    def _model(self, request: ResearchRequest) -> str:
        usual = {Depth.QUICK: QUICK_MODEL, Depth.STANDARD: self.model, Depth.DEEP: DEEP_MODEL}
        return request.model or usual[request.depth]


__all__ = ["Perplexity"]
